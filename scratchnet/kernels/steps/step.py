"""What all kernel steps share.

1. Buffers are made once, grow with the largest batch, and are the same memory at every call: nothing is allocated in a
   training step, and what was in a cache is still there.
2. Inputs are copied only if they are not as kernels take them: contiguous, aligned, of the step's own dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros

MOST_VIEWS = 64
"""How many views of its buffers a step remembers: each size of a batch needs a few."""


def has_open_sizes(layers: list[Any]) -> bool:
    """Whether the first layer takes samples of more than one shape, for which no tables can be made beforehand."""
    return None in layers[0].input_shape[1:]


class KernelStep:
    """One or more layers run by kernels; see `scratchnet/graph/plan.py` for the contract of a step.

    Attributes:
        layers: the layers it stands for, in order.
        needs_dx: whether `backward` has to return dx.
        dtype, itemsize: of all arrays.
        calls_blas: whether `forward` leaves some product to BLAS.
    """

    calls_blas = False

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        self.layers, self.needs_dx = list(layers), needs_dx
        self.dtype = np.dtype(layers[0].dtype)
        self.itemsize = self.dtype.itemsize
        self.nothing = np.empty(0, self.dtype)
        self._buffers: dict[str, Array] = {}
        self._views: dict[tuple[str, int], Array] = {}

    def buffer(self, name: str, n: int, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """An array (n, *shape) of the step's own, the same memory at every call.

        It grows with the largest n seen; a smaller n, such as a ragged last batch, gets the first rows.
        """
        view = self._views.get((name, n))
        if view is not None:
            return view
        whole = self._buffers.get(name)
        if whole is None or len(whole) < n:
            length = n if whole is None else max(n, 5 * len(whole) // 4)  # so that it seldom has to grow again
            whole = self._buffers[name] = place_zeros((length, *shape), dtype or self.dtype)
            for key in [key for key in self._views if key[0] == name]:
                del self._views[key]  # they would keep the smaller buffer alive
        if len(self._views) >= MOST_VIEWS:
            self._views.clear()
        view = self._views[name, n] = whole[:n]
        return view

    def flat(self, x: Array) -> Array:
        """`x` as one row of numbers, copied only if it is not contiguous, aligned and writable as kernels expect."""
        if x.flags.carray and x.dtype == self.dtype:
            return x.reshape(-1)
        return np.array(x, self.dtype).reshape(-1)

    def bias_of(self, layer: Any, units: int) -> tuple[Array, Array]:
        """The bias and its gradient; without one, zeros and a place that nobody reads."""
        if layer.use_bias:
            return layer.params["bias"], layer.grads["bias"]
        return np.zeros(units, self.dtype), np.empty(units, self.dtype)


class ActivatedStep(KernelStep):
    """A step of one layer with an activation: a ReLU is part of the kernel, any other runs by its own definition."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        self.activation = layers[0].activation
        self.relu = self.activation.name == "relu"
        self.separate = self.activation.name not in ("relu", "linear")

    def activated(self, z: Array) -> Array:
        """Return y = f(z); it and z are kept for `before_activation`. What is a ReLU, the kernel has done."""
        self.y = z
        if self.separate:
            self.z, self.y = z, self.activation.forward(z)
        return self.y

    def before_activation(self, dy: Array) -> Array:
        """Return dz, or dy where the kernel itself will ask y which ReLUs were on."""
        return self.activation.gradient(dy, self.y, self.z) if self.separate else dy
