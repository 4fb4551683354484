"""One weight of a layer, as Keras's users read and set it: ``layer.kernel``, an entry of ``model.weights``.

A ``Variable`` holds no numbers. It knows its layer and its name there, and asks the layer for the array each time it is
used. So it stays right when a model moves its layers' arrays into one vector, and nobody ever holds a stale copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from scratchnet.layers.arrays import fitting
from scratchnet.typing import Array


class Variable(np.lib.mixins.NDArrayOperatorsMixin):
    """A weight by reference. It calculates, indexes and prints like its array; what comes out are plain arrays.

    Set it with ``assign``, ``layer.kernel[...] = a`` or ``layer.kernel += a``: the numbers are copied to where
    the optimizer finds them.

    Args:
        layer: whose it is.
        name: as in the layer's ``params`` or ``non_trainable``: ``"kernel"``.
        path: ``"layer/name"``, by which a model's ``params`` has it; ``"layer/way/to/the/layer/inside/name"``.
    """

    __hash__ = object.__hash__  # "==" compares numbers, one by one

    def __init__(self, layer: Any, name: str, path: str) -> None:
        self._layer, self.name, self.path = layer, name, path

    @property
    def value(self) -> Array:
        """The array itself; it is another one once a model has taken the layer in."""
        params = self._layer.params
        return params[self.name] if self.name in params else self._layer.non_trainable[self.name]

    @property
    def trainable(self) -> bool:
        """Whether the optimizer moves it: it is a parameter, and its layer is not frozen."""
        return self.name in self._layer.params and self._layer.trainable

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return self.value.shape

    @property
    def dtype(self) -> str:
        """The name of the array's type, as in Keras: ``"float32"``."""
        return self.value.dtype.name

    def numpy(self) -> Array:
        """Return a copy."""
        return self.value.copy()

    def assign(self, value: Any) -> Variable:
        """Copy numbers into it.

        Returns:
            The variable.

        Raises:
            ValueError: if they have another shape (nothing is broadcast), or are no real numbers.
        """
        here = self.value
        here[...] = fitting(value, here.shape, f"assign of {self.path}", "an array")
        return self

    def assign_add(self, value: Any) -> Variable:
        """Add numbers of its shape to it; otherwise as ``assign``."""
        return self.assign(self.value + fitting(value, self.shape, f"assign_add of {self.path}", "an array"))

    def assign_sub(self, value: Any) -> Variable:
        """Subtract numbers of its shape from it; otherwise as ``assign``."""
        return self.assign(self.value - fitting(value, self.shape, f"assign_sub of {self.path}", "an array"))

    # What makes it stand for its array ----------------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.value, dtype, copy=copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = (), **options: Any) -> Any:
        if out:
            options["out"] = tuple(map(_array, out))
        result = getattr(ufunc, method)(*map(_array, inputs), **options)
        return (out[0] if len(out) == 1 else out) if out else result

    def __getitem__(self, key: Any) -> Any:
        return self.value[_array(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.value[_array(key)] = value

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self.value, name)  # T, sum, reshape, …

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name in dir(self.value) if name[0] != "_")})

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, value={self.value}>"


def _array(value: Any) -> Any:
    return value.value if isinstance(value, Variable) else value


def listed(layers: Iterable[Any], trainable: bool | None = None, whole: bool = True) -> list[Variable]:
    """Return the weights of layers, those of the layers inside included, in Keras's order: as ``get_weights`` has them.

    Args:
        layers: whose.
        trainable: True for those that the optimizer moves only, False for the others, None for all.
        whole: False if what holds the layers is frozen.
    """
    return [
        Variable(leaf, name, f"{layer.name}/{path}{name}")
        for layer in layers
        for path, leaf, learns in layer.leaves(trainable=whole)
        for kind in ("params", "non_trainable")
        for name in leaf.own(kind)
        if trainable is None or trainable == (learns and kind == "params")
    ]
