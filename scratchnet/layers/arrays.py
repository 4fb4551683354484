"""A layer's arrays by name: how they are made, what may be assigned to them, and that they stay where they are."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from scratchnet import initializers
from scratchnet.errors import ModelFileError
from scratchnet.typing import Array
from scratchnet.utils.numbers import shown

_room: ContextVar[list[int] | None] = ContextVar("room", default=None)


@contextmanager
def zeros_within(room: int) -> Iterator[None]:
    """Let weights inside begin at zero, in ``room`` bytes at the most: for a file, which brings the numbers along."""
    token = _room.set([room])
    try:
        yield
    finally:
        _room.reset(token)


def initial_values(initializer: Any, shape: tuple[int, ...], dtype: str, who: str, name: str) -> Array:
    """Return a new array with what an initializer draws.

    Raises:
        ValueError: if that has another shape, or is no array of real numbers.
        ModelFileError: if the file that is being loaded has no numbers for so large an array.
    """
    room = _room.get()
    if room is None:
        try:
            _check_possible(shape)
            return np.array(fitting(initializers.get(initializer)(shape, dtype), shape, who, name), dtype)
        except MemoryError:
            gib = 8 * math.prod(shape) / 2**30
            raise MemoryError(f"{who} expected {gib:.3g} GiB for {name} of shape {shape}, got less.") from None
    room[0] -= math.prod(shape) * np.dtype(dtype).itemsize
    if room[0] < 0:
        raise ModelFileError(f"{who} expected {name} of shape {shape}, which is larger than all arrays in the file")
    return np.zeros(shape, dtype)


def _check_possible(shape: tuple[int, ...]) -> None:
    """Raise a MemoryError for a shape that NumPy refuses with other errors, before it asks for memory."""
    if 8 * math.prod(shape) > sys.maxsize:
        raise MemoryError


class Arrays(dict[str, Array]):
    """A layer's arrays by name; in a model each is a view into one of the model's flat vectors.

    From then on an array stays where the optimizer finds it: to assign to a name is to copy the numbers there.

    Args:
        what: whose arrays they are, for error messages.
    """

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what
        self.settled = False

    def __setitem__(self, name: str, value: Array) -> None:
        if not self.settled:
            if not isinstance(name, str) or "/" in name:
                raise ValueError(f"{self.what} expected names without '/' for its arrays, got {shown(name)}.")
            super().__setitem__(name, value)
        elif name not in self:
            raise ValueError(
                f"{self.what} expected one of {', '.join(self) or 'no array'}, got {shown(name)}: a layer in "
                f"a model can get no more arrays; make them in build, with add_weight."
            )
        elif value is not self[name]:
            self[name][...] = fitting(value, self[name].shape, self.what, repr(name))

    def become(self, arrays: Mapping[str, Array]) -> None:
        """Hold these arrays instead; once settled, take their numbers."""
        if self.settled and arrays.keys() != self.keys():
            raise ValueError(f"{self.what} expected arrays {', '.join(self)}, got {', '.join(arrays) or 'none'}.")
        if not self.settled:
            self.clear()
        for name, array in arrays.items():
            self[name] = array

    def move(self, name: str, array: Array) -> None:
        """Put an array itself under a name, which may be the way to a layer's array inside."""
        super().__setitem__(name, array)

    def _kept(self, *arguments: Any, **named: Any) -> Any:
        raise TypeError(f"{self.what} cannot lose arrays: assign to their names, which copies the numbers.")

    def clear(self) -> None:
        """Remove all arrays of a layer that is in no model yet."""
        self._kept() if self.settled else super().clear()

    def update(self, *arguments: Any, **named: Any) -> None:
        """Assign several."""
        for name, array in dict(*arguments, **named).items():
            self[name] = array

    __delitem__ = pop = popitem = setdefault = __ior__ = _kept

    def __reduce__(self) -> Any:
        return _copied, (self.what, dict(self))


def _copied(what: str, arrays: dict[str, Array]) -> Arrays:
    copy = Arrays(what)
    for name, array in arrays.items():
        copy.move(name, array)
    return copy


def fitting(value: Any, shape: tuple[int, ...], who: str, name: str) -> Array:
    """Return ``value`` as an array of real numbers of that shape.

    Raises:
        ValueError: if it is not one.
    """
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        raise ValueError(f"{who} expected {name} of shape {shape}, got rows of different lengths.") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{who} expected {name} as an array of real numbers, got dtype {array.dtype}.")
    if array.shape != shape:
        raise ValueError(f"{who} expected {name} of shape {shape}, got {array.shape}.")
    return array


def try_on(thing: Any, array: Array, who: str, name: str) -> None:
    """Apply a regularizer or constraint to a weight, and see that this works, rather than in the middle of training.

    Raises:
        ValueError: if it fails, or the slope or the constrained weight has another shape than the weight.
    """
    what = type(thing).__name__
    try:
        made = thing(array.copy())
        if hasattr(thing, "gradient"):  # a regularizer, then: what it made is its penalty
            float(made)
            made = thing.gradient(array.copy())
    except Exception as error:  # of the user's own, it may raise anything
        raise ValueError(f"{who} expected {what} to be for a {name} of shape {array.shape}, but: {error}") from error
    fitting(made, array.shape, f"{who}, {what},", f"what it returns for {name}")


def check_weights(owner: str, variables: Mapping[str, Array], weights: Any) -> list[Array]:
    """Return ``weights`` as arrays once they are found to fit ``variables`` one by one.

    Raises:
        ValueError: if there are too many or too few, a shape differs, or something is no array of real numbers.
    """
    try:
        given = list(weights)
    except TypeError:
        raise ValueError(f"set_weights of {owner} expected a list of arrays, got {shown(weights)}.") from None
    if len(given) != len(variables):
        names = ", ".join(variables) or "none: it has no weights, or is not built yet"
        raise ValueError(f"set_weights of {owner} expected {len(variables)} arrays ({names}), got {len(given)}.")
    return [
        fitting(weight, here.shape, f"set_weights of {owner}", name)
        for (name, here), weight in zip(variables.items(), given)
    ]
