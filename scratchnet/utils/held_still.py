"""Holding random layers still: drawing the same numbers again, wherever they come from."""

from __future__ import annotations

import random
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from scratchnet.utils import random as ours
from scratchnet.utils.variables_read import names_in, variables_read_by


def held_still(*objects: Any) -> AbstractContextManager[None]:
    """Return a context that takes back all draws: what runs in it twice gets the same random numbers twice.

    ``objects`` draw them, such as layers; see ``RandomSources`` for where theirs may come from.
    """
    return RandomSources(*objects).held_still()


@dataclass
class _Source:
    """Something with a state that draws change."""

    get: Callable[[], Any]
    set: Callable[[Any], Any]


class RandomSources:
    """Where ``objects`` may get random numbers from.

    These are NumPy's and Python's global states, the global seed, the entropy that NumPy asks of the operating
    system for a generator without a seed, and every generator that can be reached from the objects: through their
    attributes, lists and dictionaries, their classes, and what their methods read from their modules or closures.
    Whole numbers, in attributes and among the variables that are not trained, begin each block as they were when this
    object was made: a layer may count its calls and draw by the count.

    What cannot be held: numbers from the operating system itself (``os.urandom``), the clock, other libraries.

    Attributes:
        touched: whether the last block in ``held_still`` drew anything.
    """

    def __init__(self, *objects: Any) -> None:
        search = _Search()
        for thing in objects:
            search.visit(thing, 0)
        self.touched = False
        self._sources = [
            _Source(np.random.get_state, np.random.set_state),
            _Source(random.getstate, random.setstate),
            *search.sources,
        ]
        self._counters = [
            (holder, {name: n for name, n in holder.items() if type(n) is int}) for holder in search.holders
        ]
        variables = [a for holder in search.holders for a in dict(holder.get("non_trainable") or {}).values()]
        self._variables = [(a, a.copy()) for a in variables if isinstance(a, np.ndarray) and a.dtype.kind in "iu"]

    @contextmanager
    def held_still(self) -> Iterator[None]:
        """Take back at the end what is drawn inside."""
        for holder, counters in self._counters:
            holder.update({name: n for name, n in counters.items() if type(holder.get(name)) is int})
        for variable, value in self._variables:
            variable[...] = value
        states = [source.get() for source in self._sources]
        before = ours._seeds
        ours._seeds = _copy_of(before)
        entropy: list[random.Random] = []  # made when asked for
        bit_generator: Any = sys.modules["numpy.random.bit_generator"]
        randbits = bit_generator.randbits  # what a generator without a seed is seeded with

        def same_bits(count: int) -> int:
            if not entropy:
                entropy.append(random.Random(0))
            return entropy[0].getrandbits(count)

        bit_generator.randbits = same_bits
        try:
            yield
        finally:
            bit_generator.randbits = randbits
            self.touched = bool(entropy) or ours._seeds.n_children_spawned != before.n_children_spawned
            ours._seeds = before
            for source, state in zip(self._sources, states):
                if not _equal(source.get(), state):
                    self.touched = True
                    source.set(state)


def _copy_of(seeds: np.random.SeedSequence) -> np.random.SeedSequence:
    return np.random.SeedSequence(
        seeds.entropy,
        spawn_key=seeds.spawn_key,
        pool_size=seeds.pool_size,
        n_children_spawned=seeds.n_children_spawned,
    )


def _equal(a: Any, b: Any) -> bool:
    """Compare two states, which may be nested and hold arrays."""
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    try:
        return bool(a == b)
    except ValueError:  # of arrays inside
        return all(_equal(a[key], b[key]) for key in a) if isinstance(a, dict) else all(map(_equal, a, b))


class _Search:
    """Walks from an object to the generators that it may draw from."""

    DEEPEST = 6
    FOREIGN = ("numpy", "numba", "scipy", *sys.stdlib_module_names)  # their functions draw from the global states
    OURS = ("scratchnet",)  # and ours from these, or from what they are handed
    LEFT_OUT = ("params", "grads", "_outputs", "input_shape", "output_shape")  # of a layer: arrays, and the graph

    def __init__(self) -> None:
        self.sources: list[_Source] = []
        self.holders: list[dict[str, Any]] = []
        self._seen: dict[int, Any] = {}  # keeps the objects, so that no two get the same id

    def visit(self, thing: Any, depth: int) -> None:
        """Find what can be reached from ``thing``."""
        if depth > self.DEEPEST or id(thing) in self._seen or isinstance(thing, (str, bytes, int, float, np.ndarray)):
            return
        self._seen[id(thing)] = thing
        source = _as_source(thing)
        if source is not None:
            self.sources.append(source)
            return
        for part in self._parts(thing):
            self.visit(part, depth + 1)

    def _parts(self, thing: Any) -> Iterator[Any]:
        if isinstance(thing, dict):
            yield from list(thing.values())
        elif isinstance(thing, (list, tuple, set, frozenset, deque)):
            yield from list(thing)
        elif isinstance(thing, partial):
            yield from (thing.func, thing.args, thing.keywords)
        elif isinstance(thing, types.FunctionType):
            if not _comes_from(thing, self.FOREIGN + self.OURS):
                yield from self._read_by(thing)
        elif isinstance(thing, types.MethodType):
            yield from (thing.__self__, thing.__func__)
        elif isinstance(thing, (staticmethod, classmethod)):
            yield thing.__func__
        elif isinstance(thing, property):
            yield thing.fget
        elif isinstance(thing, type):
            for cls in thing.__mro__:
                if not _comes_from(cls, self.FOREIGN):
                    yield from list(vars(cls).values())
        elif not isinstance(thing, types.ModuleType):
            if isinstance(getattr(thing, "__dict__", None), dict):
                self.holders.append(vars(thing))
                yield from [value for name, value in vars(thing).items() if name not in self.LEFT_OUT]
            for name in [name for cls in type(thing).__mro__ for name in getattr(cls, "__slots__", ())]:
                yield getattr(thing, name, None)
            yield type(thing)

    def _read_by(self, function: types.FunctionType) -> Iterator[Any]:
        """Yield what a function reads: closure, default values, and the globals that its code names."""
        yield from function.__defaults__ or ()
        yield from (function.__kwdefaults__ or {}).values()
        names = names_in(function.__code__)
        for value in variables_read_by(function).values():
            if isinstance(value, types.ModuleType):
                if value.__name__.partition(".")[0] not in self.FOREIGN:
                    yield from [vars(value)[inner] for inner in names & vars(value).keys()]
            else:
                yield value


def _comes_from(thing: Any, packages: tuple[str, ...]) -> bool:
    return (getattr(thing, "__module__", None) or "builtins").partition(".")[0] in packages


def _as_source(thing: Any) -> _Source | None:
    """Return how to read and write the state of a generator; None if ``thing`` is none."""
    if isinstance(thing, np.random.Generator):
        thing = thing.bit_generator
    if isinstance(thing, np.random.RandomState):
        return _Source(thing.get_state, thing.set_state)
    if isinstance(thing, np.random.BitGenerator):
        return _Source(lambda: thing.state, lambda state: setattr(thing, "state", state))
    if isinstance(thing, random.Random) and not isinstance(thing, random.SystemRandom):
        return _Source(thing.getstate, thing.setstate)
    if isinstance(thing, (type, types.ModuleType, types.FunctionType)):
        return None
    try:
        state = thing.state
    except Exception:  # none, or a property that cannot answer now
        return None
    if not isinstance(state, np.ndarray) or state.dtype.kind != "u":
        return None

    def put_back(before: Any) -> None:
        thing.state[...] = before

    return _Source(lambda: thing.state.copy(), put_back)  # a counter to draw by, changed in place
