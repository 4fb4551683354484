"""Permute: the axes of each sample in another order; for a matrix, its transpose.

    x (N, A₁, A₂, …) → y (N, A_{p₁}, A_{p₂}, …)        for dims = (p₁, p₂, …)

Axis i of y is axis pᵢ of x. Nothing is computed, each y *is* one x, with slope 1:

    y[n, k_{p₁}, k_{p₂}, …] = x[n, k₁, k₂, …]                                             (1)

So dx is dy with the axes put back: axis pᵢ of dx is axis i of dy. The order q that does this is the inverse of p,

    q_{pᵢ} = i                                                                            (2)
    dx = dy with its axes in the order q                                                  (3)

For (2, 3, 1), say, it is (3, 1, 2): no order of more than two axes need be its own inverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.layers.layer import Layer
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import shown, whole_number


class Permute(Layer):
    """Reorders the axes of each sample: ``Permute((2, 1))`` swaps two. The batch stays in front.

    Args:
        dims: which axis of x becomes the first axis of y, the second, …; counted from 1, as the batch is axis 0.

    Shapes: x (N, A₁, A₂, …) → y (N, A_{p₁}, A_{p₂}, …).

    Raises:
        ValueError: if ``dims`` is not every number from 1 on once, or the input has another number of axes.
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        order = dims if isinstance(dims, (tuple, list)) else ()
        self.dims = tuple(whole_number("dims of Permute", n) for n in order)
        if not order or sorted(self.dims) != list(range(1, len(order) + 1)):
            raise ValueError(
                f"dims of Permute expected the numbers from 1 on in some order, as (2, 1), got {shown(dims)}."
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, A_{p₁}, A_{p₂}, …)."""
        if len(input_shape) != len(self.dims) + 1:
            raise self.refuse(f"an input of {len(self.dims)} axes beside the batch, for dims={self.dims}", input_shape)
        return (input_shape[0], *(input_shape[p] for p in self.dims))

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return x with its axes in the order of ``dims``."""
        return x.transpose(0, *self.dims).copy()  # (1): (N, A_{p₁}, A_{p₂}, …)

    def backward(self, dy: Array) -> Array:
        """Return dy with its axes put back."""
        order = np.argsort((0, *self.dims))  # (2): where in `dims` each axis stands
        return dy.transpose(order).copy()  # (3): (N, A₁, A₂, …)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "dims": self.dims}
