"""Dense (layers/dense.py): the product, its bias and its ReLU in one pass.

1. An activation other than ReLU runs by its own definition, after the kernel.
2. Zeros in x and in dy are passed over where there are many of them.
3. `backward` looks at each gradient while it is in the cache anyway: whether all is finite is then known for nothing.

The loops: `loops/dense_products.py`.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from scratchnet.kernels.loops import dense_products
from scratchnet.kernels.loops.dense_products import middle_of
from scratchnet.kernels.loops.matrix_product import tile_table
from scratchnet.kernels.loops.nonzero_product import SPARSE
from scratchnet.kernels.machine.simd import WORD
from scratchnet.kernels.steps.step import MOST_VIEWS, ProductStep
from scratchnet.typing import Array


class DenseStep(ProductStep):
    """A Dense layer, with ReLU in the same pass or any other activation after it.

    Attributes:
        sparse_below: zeros are passed over where the share of other numbers is below this; never, if it is 0.
        finite: whether no gradient of the last `backward` was NaN or infinite, dx aside.
    """

    sparse_below: float = SPARSE
    finite: bool = True

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        layer = layers[0]
        self.D, self.U = layer.params["kernel"].shape
        self.middle = middle_of(self.D)
        self.places = prod(layer.input_shape[1:-1])
        self.rows: dict[int, Array] = {}
        self.d_rows, self.kernel_rows = tile_table(np.arange(self.D)), tile_table(np.arange(self.D) * self.U)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, ..., U), in a buffer of the step."""
        self.x, self.shape = self.flat(x), x.shape
        N = self.x.size // self.D
        self.y = self.buffer("y", N, (self.U,))  # (N, U)
        dense_products.forward(
            self.x, self.kernel, self.bias, self.relu, self.row_table(N), self.D, self.middle, self.y.reshape(-1),
            self.nothing if self.middle == self.D else self.buffer("half", N * self.U, ()), N,
            self.buffer("x_words", N * -(-self.D // WORD), (), np.int64), self.sparse_below,
        )  # fmt: skip
        self.activated(self.y)
        return self.y if x.ndim == 2 else self.y.reshape(*x.shape[:-1], self.U)

    def row_table(self, N: int) -> Array:
        """Where N rows of x lie. One table for each N: a tile that looks beyond the last row must find it again."""
        if N not in self.rows:
            if len(self.rows) >= MOST_VIEWS:  # of samples that come in ever other numbers
                self.rows.clear()
            self.rows[N] = tile_table(np.arange(N) * self.D)
        return self.rows[N]

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx, shaped like x, if it is needed."""
        N = len(self.y)
        if self.separate:
            dy = self.before_activation(dy.reshape(N, self.U))
        dx = self.buffer("dx", N, (self.D,)) if self.needs_dx else None  # (N, D)
        self.finite = dense_products.backward(
            self.flat(dy), self.y.reshape(-1), self.relu, self.x, self.kernel, self.d_rows, self.kernel_rows, self.D,
            self.nothing if dx is None else dx.reshape(-1), self.needs_dx, N, self.dkernel, self.dbias,
            self.buffer("dz", N * self.U, ()), self.buffer("dz_t", N * self.U, ()),
            self.buffer("dz_words", N * -(-self.U // WORD), (), np.int64),
            self.buffer("dz_t_words", -(-N // WORD) * self.U, (), np.int64), self.sparse_below,
        )  # fmt: skip
        return dx if dx is None or len(self.shape) == 2 else dx.reshape(self.shape)
