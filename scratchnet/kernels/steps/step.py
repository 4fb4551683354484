"""What all kernel steps share.

1. Buffers are made once, grow with the largest batch, and are the same memory at every call: nothing is allocated in a
   training step, and what was in a cache is still there.
2. Inputs are copied only if they are not as kernels take them: contiguous, aligned, of the step's own dtype.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.kernels.loops import sigmoid
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros

MOST_VIEWS = 64
"""How many views of its buffers a step remembers: each size of a batch needs a few."""


class KernelStep:
    """One or more layers run by kernels; see `scratchnet/graph/plan.py` for the contract of a step.

    Which classes these are is said in `RUNS` of `scratchnet/graph/kernel_steps.py`, where a step is asked whether it
    `fits` them as they were made.

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

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether the step computes all that these layers' arguments ask for."""
        return True

    def numbers(self, n: int) -> tuple[int, int]:
        """How many numbers n samples are, going in and coming out."""
        return n * prod(self.layers[0].input_shape[1:]), n * prod(self.layers[-1].output_shape[1:])

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


class ProductStep(KernelStep):
    """A step that begins with a layer of products: kernel, bias and activation.

    A ReLU is part of the loops; a sigmoid follows them in one pass, any other activation by its own definition.

    Attributes:
        kernel, dkernel, bias, dbias: flat, and their gradients; without a bias, zeros and a place that nobody reads.
        places: how often a sample meets each number of the kernel.
    """

    places = 1

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        layer = layers[0]
        self.kernel, self.dkernel = layer.params["kernel"].reshape(-1), layer.grads["kernel"].reshape(-1)
        units = layer.output_shape[-1]
        self.bias, self.dbias = np.zeros(units, self.dtype), np.empty(units, self.dtype)
        if layer.use_bias:
            self.bias, self.dbias = layer.params["bias"], layer.grads["bias"]
        self.activation = layer.activation
        self.relu, self.sigmoid = self.activation.name == "relu", self.activation.name == "sigmoid"
        self.separate = self.activation.name not in ("relu", "linear")

    def activated(self, z: Array) -> Array:
        """Return y = f(z); it and z are kept for `before_activation`. What is a ReLU, the kernel has done."""
        self.y = z
        if self.sigmoid:
            self.y = self.buffer("sigmoid", len(z), z.shape[1:])
            sigmoid.sigmoid(z.reshape(-1), self.y.reshape(-1))
        elif self.separate:
            self.z, self.y = z, self.activation.forward(z)
        return self.y

    def before_activation(self, dy: Array) -> Array:
        """Return dz, or dy where the kernel itself will ask y which ReLUs were on."""
        if self.sigmoid:
            dz = self.buffer("dsigmoid", len(self.y), self.y.shape[1:])
            sigmoid.sigmoid_backward(self.flat(dy), self.y.reshape(-1), dz.reshape(-1))
            return dz
        return self.activation.gradient(dy, self.y, self.z) if self.separate else dy

    def flops(self, n: int) -> tuple[int, int]:
        """Floating-point operations of (forward, backward) for n samples."""
        forward = 2 * n * self.places * self.kernel.size
        return forward, forward * (2 if self.needs_dx else 1)

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        (x, y), w = self.numbers(n), self.kernel.size
        return (x + y + w) * self.itemsize, (x + 2 * y + 2 * w + (x if self.needs_dx else 0)) * self.itemsize


class Way:
    """An attribute of a step that is one of those which another names: `forward_way` is one of `forward_ways`.

    Args:
        prepare: called with the step when it is set.
    """

    def __init__(self, prepare: Callable[[Any], None] = lambda step: None) -> None:
        self.prepare = prepare

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    if TYPE_CHECKING:  # what is read is what `__set__` leaves in the step

        def __get__(self, step: Any, owner: type) -> Any: ...

    def __set__(self, step: Any, way: str) -> None:
        ways = getattr(step, f"{self.name}s")
        if way not in ways:
            raise ValueError(f"{self.name} must be one of {ways} here, not {way!r}.")
        vars(step)[self.name] = way
        self.prepare(step)
