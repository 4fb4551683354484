"""Activation("relu") and ReLU (layers/activation.py) by themselves, where no layer before them takes them in.

1. y and dx lie in buffers: a new array of some megabytes for each batch would cost more than the ReLU, since every page
   of it has to be fetched from the system first.

The loops: `loops/bias_and_relu.py`.
"""

from __future__ import annotations

from typing import Any

from scratchnet.kernels.loops import bias_and_relu
from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array


def are_relus_of(layer: Any, behind: list[Any]) -> bool:
    """Whether the Activations and ReLUs behind a layer, if there are any, are plain ReLUs and keep its dtype."""
    return all(other.activation.name == "relu" and other.dtype == layer.dtype for other in behind)


class ActivationStep(KernelStep):
    """A ReLU by itself."""

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether it is a plain ReLU."""
        return are_relus_of(layers[0], layers)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y, shaped like x, in a buffer of the step."""
        self.y = self.buffer("y", len(x), x.shape[1:])
        bias_and_relu.relu(self.flat(x), self.y.reshape(-1))
        return self.y

    def backward(self, dy: Array) -> Array | None:
        """Return dx, shaped like x, if it is needed."""
        if not self.needs_dx:
            return None
        dx = self.buffer("dx", len(dy), dy.shape[1:])
        bias_and_relu.relu_backward(self.flat(dy), self.y.reshape(-1), dx.reshape(-1))
        return dx

    def flops(self, n: int) -> tuple[int, int]:
        """Comparisons forward and backward, for n samples."""
        x, _ = self.numbers(n)
        return x, x if self.needs_dx else 0

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x = self.numbers(n)[0] * self.itemsize
        return 2 * x, 3 * x if self.needs_dx else 0
