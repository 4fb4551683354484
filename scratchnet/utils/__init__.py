"""Small things a user of the library calls: seeds, names, label encodings, data that come in batches."""

from scratchnet.errors import nothing_else
from scratchnet.utils.labels import to_categorical
from scratchnet.utils.naming import clear_session
from scratchnet.utils.py_dataset import PyDataset, Sequence
from scratchnet.utils.random import SeedGenerator, set_random_seed

__all__ = ["PyDataset", "SeedGenerator", "Sequence", "clear_session", "set_random_seed", "to_categorical"]


__getattr__ = nothing_else("utility", __name__)
