"""Random numbers: one seed for everything, one generator for each use.

Each use (one kernel's initial values, one ``fit``'s shuffling) takes a generator of its own, a numbered child of the
one seed. So the tenth draw of the shuffling does not depend on how many numbers an initializer took before.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from scratchnet.utils.numbers import seed_or_none, whole_number

_seeds = np.random.SeedSequence()
_stream = 0


def set_random_seed(seed: int) -> None:
    """Make everything after this call repeatable: initial weights and shuffling.

    The same seed on the same machine gives the same bits, whatever the number of threads. As in Keras, what a program
    draws for itself from ``np.random`` and ``random`` is repeatable too; scratchnet draws nothing from there.

    Raises:
        ValueError: if ``seed`` is not a non-negative integer.
    """
    global _seeds
    seed = whole_number("seed of set_random_seed", seed, 0)
    _seeds = np.random.SeedSequence(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Use another seed for what is inside; afterwards the random numbers go on as if nothing had been drawn."""
    global _seeds
    before, _seeds = _seeds, np.random.SeedSequence(seed)
    try:
        yield
    finally:
        _seeds = before


@contextmanager
def given_back_on_error() -> Iterator[None]:
    """Draw from the global seed as ever; if an error leaves the block, as if nothing had been drawn inside."""
    before = global_state()
    try:
        yield
    except BaseException:
        set_global_state(before)
        raise


@contextmanager
def given_back() -> Iterator[None]:
    """Draw inside as ever, from ``np.random`` and ``random`` too; afterwards it is as if nothing had been drawn."""
    seeds, numpy, python = global_state(), np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        set_global_state(seeds)
        np.random.set_state(numpy)
        random.setstate(python)


@contextmanager
def stream(number: int) -> Iterator[None]:
    """Let every ``SeedGenerator`` give other numbers inside, for each ``number`` others; 0 gives the usual ones.

    So processes whose layers have the same keys, and have drawn as often, draw different masks for different samples.
    """
    global _stream
    before, _stream = _stream, number
    try:
        yield
    finally:
        _stream = before


def new_generator(seed: int | None = None) -> np.random.Generator:
    """Return a generator for one use: of ``seed`` if given, else the next child of the global seed."""
    return np.random.default_rng(seed if seed is not None else _seeds.spawn(1)[0])


def global_state() -> dict[str, Any]:
    """Return the state of the global seed, ready for JSON: which seed, and how many uses have taken a generator."""
    return {
        "entropy": _seeds.entropy,
        "spawn_key": list(_seeds.spawn_key),
        "pool_size": _seeds.pool_size,
        "n_children_spawned": _seeds.n_children_spawned,
    }


def set_global_state(state: Mapping[str, Any]) -> None:
    """Make the global seed what it was when ``global_state`` was called."""
    global _seeds
    _seeds = np.random.SeedSequence(**state)


class SeedGenerator:
    """A layer's own source of random numbers, which can be replayed: keep one as an attribute of the layer.

        self.seed_generator = SeedGenerator(seed)                     # in __init__
        mask = self.seed_generator.next().random(x.shape) < 0.5       # in forward, if training

    The numbers depend on the key and on how many generators were taken before, on nothing else: not on threads, nor on
    what other layers draw. Both are in ``state``, which is saved and copied with the layer.

    Args:
        seed: a whole number ≥ 0; without one, the key is drawn from the global seed.

    Attributes:
        state: uint64 (2,): the key, and the number of generators taken so far.

    Raises:
        ValueError: for any other seed, True and False included.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed_or_none("seed of SeedGenerator", seed)
        self.state = np.array([new_generator(self.seed).integers(2**63), 0], np.uint64)

    def next(self) -> np.random.Generator:
        """Return the generator for the next use, and count it."""
        key, taken = map(int, self.state)
        self.state[1] += np.uint64(1)
        return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, _stream, taken]))
