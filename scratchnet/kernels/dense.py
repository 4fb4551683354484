"""Dense (layers/dense.py): y = relu(x * kernel + bias), and its gradients.

1. Forward, each block is a strip of columns and a strip of rows, with bias and ReLU added while it is in the cache.
2. Backward, each block is a strip of rows of the kernel: it makes its rows of dkernel = x^T dz and its columns of
   dx = dz kernel^T, so the two products read dz from the cache and write to places of their own.
3. dx is computed as (kernel dz^T)^T: what is transposed are dz, which is small, and tiles of the result in the cache,
   never the kernel.
4. Strips depend on shapes only, so threads change no bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.conv2d import bias_and_relu, fill, masked_gradient
from scratchnet.kernels.product import product, tile_table, transpose
from scratchnet.kernels.runtime import inner, kernel
from scratchnet.kernels.simd import TILE, ZERO, lanes
from scratchnet.kernels.steps import KernelStep
from scratchnet.typing import Array

STRIP = 8 * TILE
"""Rows of a strip, forward (samples) and backward (features)."""


@inner
def _forward_block(
    x: Array, kernel_: Array, bias: Array, relu: bool, rows: Array, D: int, y: Array,
    first_row: int, last_row: int, first: int, last: int,
) -> None:  # fmt: skip
    U, nothing = bias.size, np.zeros(1, np.int64)
    product(
        x, ZERO, rows, first_row, last_row - first_row, nothing, 1, D, 1, kernel_, first, U, last - first,
        y, first_row * U + first, U, ZERO,
    )  # fmt: skip
    for n in range(first_row, last_row):
        bias_and_relu(y[n * U + first : n * U + last], last - first, bias[first:last], relu)


@kernel(parallel=True)
def _forward(
    x: Array, kernel_: Array, bias: Array, relu: bool, rows: Array, D: int, y: Array, samples: int,
    row_strip: int, column_strip: int,
) -> None:  # fmt: skip
    U = bias.size
    across = (U + column_strip - 1) // column_strip
    blocks = across * ((samples + row_strip - 1) // row_strip)
    for block in prange(blocks):
        row, column = block // across * row_strip, block % across * column_strip
        _forward_block(
            x, kernel_, bias, relu, rows, D, y, row, min(row + row_strip, samples), column,
            min(column + column_strip, U),
        )  # fmt: skip


@inner
def _backward_block(
    x: Array, kernel_: Array, dz: Array, dz_t: Array, samples: int, D: int, U: int, d_rows: Array, kernel_rows: Array,
    dkernel: Array, dx: Array, needs_dx: bool, first: int, last: int,
) -> None:  # fmt: skip
    nothing = np.zeros(1, np.int64)
    product(
        x, ZERO, d_rows, first, last - first, nothing, 1, samples, D, dz, ZERO, U, U, dkernel, first * U, U, ZERO
    )  # (D strip, U)
    if needs_dx:
        tile = np.empty(2 * TILE * samples, x.dtype)
        for d in range(first, last, 2 * TILE):
            count = min(2 * TILE, last - d)
            product(
                kernel_, ZERO, kernel_rows, d, count, nothing, 1, U, 1, dz_t, ZERO, samples, samples,
                tile, ZERO, samples, ZERO,
            )  # (2 TILE, N)
            transpose(tile, ZERO, samples, count, samples, dx, d, D)


@kernel(parallel=True)
def _backward(
    dy: Array, y: Array, relu: bool, x: Array, kernel_: Array, d_rows: Array, kernel_rows: Array, D: int,
    dx: Array, needs_dx: bool, samples: int, dkernel: Array, dbias: Array, dz: Array, dz_t: Array,
) -> None:  # fmt: skip
    U = dbias.size
    fill(dbias)
    masked_gradient(dy, y, relu, U, dz, dbias)
    if needs_dx:
        transpose(dz, 0, U, samples, U, dz_t, 0, samples)
    blocks = (D + STRIP - 1) // STRIP
    for block in prange(blocks):
        _backward_block(
            x, kernel_, dz, dz_t, samples, D, U, d_rows, kernel_rows, dkernel, dx, needs_dx, block * STRIP,
            min(block * STRIP + STRIP, D),
        )  # fmt: skip


class DenseStep(KernelStep):
    """A Dense layer, with ReLU in the same pass or any other activation by its own definition."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        layer = layers[0]
        self.activation = layer.activation
        self.relu = layer.activation.name == "relu"
        self.separate = layer.activation.name not in ("relu", "linear")
        self.D, self.U = layer.params["kernel"].shape
        self.kernel, self.dkernel = layer.params["kernel"].reshape(-1), layer.grads["kernel"].reshape(-1)
        self.bias, self.dbias = self.bias_of(layer, self.U)
        self.rows: dict[int, Array] = {}
        self.d_rows, self.kernel_rows = tile_table(np.arange(self.D)), tile_table(np.arange(self.D) * self.U)
        self.columns = 2 * lanes(self.dtype)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether `layers` is one built Dense."""
        return len(layers) == 1 and type(layers[0]).__name__ == "Dense" and layers[0].built

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, ..., U), in a buffer of the step."""
        self.x, self.shape = self.flat(x), x.shape
        N = self.x.size // self.D
        if N not in self.rows:  # one table for each N: a tile may look beyond the last row, and must find it again
            self.rows[N] = tile_table(np.arange(N) * self.D)
        self.y = self.buffer("y", N, (self.U,))  # (N, U)
        row_strip = STRIP if self.columns < self.U else TILE
        _forward(
            self.x, self.kernel, self.bias, self.relu, self.rows[N], self.D, self.y.reshape(-1), N, row_strip,
            self.columns,
        )  # fmt: skip
        if self.separate:
            self.y = self.activation.forward(self.y)
        return self.y if x.ndim == 2 else self.y.reshape(*x.shape[:-1], self.U)

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx, shaped like x, if it is needed."""
        N = len(self.y)
        if self.separate:
            dy = self.activation.backward(dy.reshape(N, self.U), self.y)
        dx = self.buffer("dx", N, (self.D,)) if self.needs_dx else None  # (N, D)
        _backward(
            self.flat(dy), self.y.reshape(-1), self.relu, self.x, self.kernel, self.d_rows, self.kernel_rows, self.D,
            self.nothing if dx is None else dx.reshape(-1), self.needs_dx, N, self.dkernel, self.dbias,
            self.buffer("dz", N, (self.U,)).reshape(-1), self.buffer("dz_t", N, (self.U,)).reshape(-1),
        )  # fmt: skip
        return dx if dx is None or len(self.shape) == 2 else dx.reshape(self.shape)

    def flops(self, n: int) -> tuple[int, int]:
        """Floating-point operations of (forward, backward) for n samples."""
        return 2 * n * self.D * self.U, 2 * n * self.D * self.U * (2 if self.needs_dx else 1)

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x, y, w = n * self.D, n * self.U, self.D * self.U
        return (x + y + w) * self.itemsize, (x + 2 * y + 2 * w + (x if self.needs_dx else 0)) * self.itemsize
