"""The state that all models of a session share: automatic names and the global seed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from scratchnet.utils import naming, random


@contextmanager
def global_state_kept() -> Iterator[None]:
    """Let layers be made inside without counting up the automatic names or drawing from the global seed."""
    names, seeds = naming._names_given.copy(), random._seeds
    random._seeds = np.random.SeedSequence(0)
    try:
        yield
    finally:
        random._seeds = seeds
        naming._names_given.clear()
        naming._names_given.update(names)


@contextmanager
def global_state_given_back_on_error() -> Iterator[None]:
    """Draw from the global seed and count names as ever; if an error leaves the block, as if it had not been."""
    names = naming._names_given.copy()
    try:
        with random.given_back_on_error():
            yield
    except BaseException:
        naming._names_given.clear()
        naming._names_given.update(names)
        raise
