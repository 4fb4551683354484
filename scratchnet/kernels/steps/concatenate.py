"""Concatenate (layers/concatenate.py).

1. NumPy copies as fast as any loop; what is saved are the new arrays for each batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.kernels.steps.step import KernelStep
from scratchnet.typing import Array


class ConcatenateStep(KernelStep):
    """A Concatenate layer."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        self.shapes, self.out = [shape[1:] for shape in layers[0].input_shape], layers[0].output_shape[1:]
        self.axis = layers[0].axis % (1 + len(self.out))
        self.begins = np.cumsum([shape[self.axis - 1] for shape in self.shapes[:-1]])

    def forward(self, x: Sequence[Array], training: bool = False) -> Array:
        """Return the inputs side by side, in a buffer of the step."""
        return np.concatenate(x, self.axis, out=self.buffer("y", len(x[0]), self.out))

    def backward(self, dy: Array) -> list[Array | None]:
        """Return each input's part of dy, if it is needed."""
        if not self.needs_dx:
            return [None] * len(self.shapes)
        dxs: list[Array | None] = []
        for number, (shape, part) in enumerate(zip(self.shapes, np.split(dy, self.begins, self.axis))):
            dx = self.buffer(f"dx {number}", len(dy), shape)
            dx[...] = part
            dxs.append(dx)
        return dxs
