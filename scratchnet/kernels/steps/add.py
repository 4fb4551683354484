"""Add (layers/add.py), and the ReLU behind it, as in a residual network.

1. Sum and ReLU in one pass: of two inputs, each number is read once and written once.
2. Every input gets the very same gradient, so it is one array; nobody writes into it.

The loops: `loops/merging.py` and, for the ReLU on the way back, `loops/bias_and_relu.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from scratchnet.kernels.loops import merging
from scratchnet.kernels.loops.bias_and_relu import relu_backward
from scratchnet.kernels.steps.activation import are_relus_of
from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array


class AddStep(KernelStep):
    """An Add layer, and a ReLU layer behind it if there is one."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        self.relu, self.inputs = len(layers) == 2, len(layers[0].input_shape)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether what is behind the sum is a ReLU."""
        return are_relus_of(layers[0], layers[1:])

    def forward(self, x: Sequence[Array], training: bool = False) -> Array:
        """Return y, shaped like each of the inputs, in a buffer of the step."""
        total = x[0]
        for number, summand in enumerate(x[1:], 2):
            y = self.buffer("y" if number % 2 == len(x) % 2 else "between", len(total), total.shape[1:])
            relu = self.relu and number == len(x)
            merging.add(self.flat(total), self.flat(summand), relu, y.reshape(-1))
            total = y
        self.y = total
        return total

    def backward(self, dy: Array) -> list[Array | None]:
        """Return dx once for each input, if it is needed."""
        if not self.needs_dx:
            return [None] * self.inputs
        dx = dy
        if self.relu:
            dx = self.buffer("dx", len(dy), dy.shape[1:])
            relu_backward(self.flat(dy), self.y.reshape(-1), dx.reshape(-1))
        return [dx] * self.inputs

    def flops(self, n: int) -> tuple[int, int]:
        """Operations forward and backward, for n samples."""
        y = n * prod(self.layers[-1].output_shape[1:])
        return (self.inputs - 1 + self.relu) * y, y if self.relu and self.needs_dx else 0

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        y = n * prod(self.layers[-1].output_shape[1:]) * self.itemsize
        return (self.inputs + 1) * y, 3 * y if self.relu and self.needs_dx else 0
