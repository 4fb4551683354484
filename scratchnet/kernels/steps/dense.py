"""Dense (layers/dense.py): the product, its bias and its ReLU in one pass.

1. An activation other than ReLU runs by its own definition, after the kernel.
2. Zeros in x and in dy are passed over where there are many of them.
3. `backward` also says whether all gradients are finite, most often without reading them once more.
4. What a batch of N samples needs is looked up once, and again only when N changes: a small network's batch takes about
   as long as some hundred such look-ups.

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
from scratchnet.kernels.steps.step import ProductStep
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
        self.N = self.backward_N = -1
        self.d_rows, self.kernel_rows = tile_table(np.arange(self.D)), tile_table(np.arange(self.D) * self.U)

    def prepare(self, N: int) -> None:
        """Make ready for `forward` with N samples.

        Where the rows of x lie is told by a table for just N of them: a tile that looks beyond the last must find it
        again.
        """
        self.N = N
        self.z = self.buffer("y", N, (self.U,))  # (N, U)
        self.flat_z, self.rows = self.z.reshape(-1), tile_table(np.arange(N) * self.D)
        self.half = self.nothing if self.middle == self.D else self.buffer("half", N * self.U, ())
        self.x_words = self.buffer("x_words", N * -(-self.D // WORD), (), np.int64)

    def prepare_backward(self, N: int) -> None:
        """Make ready for `backward` with N samples."""
        self.backward_N = N
        self.dx = self.buffer("dx", N, (self.D,)) if self.needs_dx else None  # (N, D)
        self.flat_dx = self.nothing if self.dx is None else self.dx.reshape(-1)
        self.dz, self.dz_t = self.buffer("dz", N * self.U, ()), self.buffer("dz_t", N * self.U, ())
        self.dz_words = self.buffer("dz_words", N * -(-self.U // WORD), (), np.int64)
        self.dz_t_words = self.buffer("dz_t_words", -(-N // WORD) * self.U, (), np.int64)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, ..., U), in a buffer of the step."""
        self.x, self.shape = self.flat(x), x.shape
        N = self.x.size // self.D
        if N != self.N:
            self.prepare(N)
        dense_products.forward(
            self.x, self.kernel, self.bias, self.relu, self.rows, self.D, self.middle, self.flat_z, self.half, N,
            self.x_words, self.sparse_below,
        )  # fmt: skip
        y = self.activated(self.z)
        return y if x.ndim == 2 else y.reshape(*x.shape[:-1], self.U)

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx, shaped like x, if it is needed."""
        N = len(self.y)
        if self.backward_N != N:
            self.prepare_backward(N)
        if self.separate:
            dy = self.before_activation(dy.reshape(N, self.U))
        self.finite = dense_products.backward(
            self.flat(dy), self.flat_z, self.relu, self.x, self.kernel, self.d_rows, self.kernel_rows, self.D,
            self.flat_dx, self.needs_dx, N, self.dkernel, self.dbias, self.dz, self.dz_t, self.dz_words,
            self.dz_t_words, self.sparse_below,
        )  # fmt: skip
        return self.dx if self.dx is None or len(self.shape) == 2 else self.dx.reshape(self.shape)
