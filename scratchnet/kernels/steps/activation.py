"""Activation and ReLU (layers/activation.py) by themselves: a ReLU or a sigmoid that no layer before them takes in.

1. y and dx lie in buffers: a new array of some megabytes for each batch would cost more than the ReLU, since every page
   of it has to be fetched from the system first.

The loops: `loops/bias_and_relu.py`, `loops/sigmoid.py`.
"""

from __future__ import annotations

from typing import Any

from scratchnet.kernels.loops.bias_and_relu import relu, relu_backward
from scratchnet.kernels.loops.sigmoid import sigmoid, sigmoid_backward
from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array

LOOPS = {"relu": (relu, relu_backward), "sigmoid": (sigmoid, sigmoid_backward)}
"""By the activation's name: y from x, and dx from dy and y."""
OPERATIONS = {"relu": (1, 1), "sigmoid": (4, 3)}
"""For a number, forward and backward; an exponential is one."""


def are_relus_of(layer: Any, behind: list[Any]) -> bool:
    """Whether the Activations and ReLUs behind a layer, if there are any, are plain ReLUs and keep its dtype."""
    return all(other.activation.name == "relu" and other.dtype == layer.dtype for other in behind)


class ActivationStep(KernelStep):
    """A ReLU or a sigmoid by itself."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        self.name = layers[0].activation.name
        self.run_forward, self.run_backward = LOOPS[self.name]

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether it is a plain ReLU or a sigmoid."""
        return layers[0].activation.name in LOOPS

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y, shaped like x, in a buffer of the step."""
        self.y = self.buffer("y", len(x), x.shape[1:])
        self.run_forward(self.flat(x), self.y.reshape(-1))
        return self.y

    def backward(self, dy: Array) -> Array | None:
        """Return dx, shaped like x, if it is needed."""
        if not self.needs_dx:
            return None
        dx = self.buffer("dx", len(dy), dy.shape[1:])
        self.run_backward(self.flat(dy), self.y.reshape(-1), dx.reshape(-1))
        return dx

    def flops(self, n: int) -> tuple[int, int]:
        """Operations forward and backward, for n samples."""
        forward, backward = OPERATIONS[self.name]
        x, _ = self.numbers(n)
        return forward * x, backward * x if self.needs_dx else 0

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x = self.numbers(n)[0] * self.itemsize
        return 2 * x, 3 * x if self.needs_dx else 0
