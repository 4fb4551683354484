"""Small things a user of the library calls: seeds, names, label encodings."""

from scratchnet.utils.labels import to_categorical
from scratchnet.utils.naming import clear_session
from scratchnet.utils.random import SeedGenerator, set_random_seed

__all__ = ["SeedGenerator", "clear_session", "set_random_seed", "to_categorical"]
