"""BatchNormalization (layers/batch_normalization.py) along the last axis: each pass reads x once, and no x̂ is stored.

1. Channels last means rows of C contiguous numbers; all inner loops run along a row, so vectors hold channels.
2. Rows are divided into at most BLOCKS blocks, whatever the number of threads. Each adds up its sums; the blocks are
   then summed in order, so threads change no bit.
3. x̂ is worked out again from x where it is needed: reading x costs as much as reading x̂ would, and writing is saved.
4. Sums are taken of x - mean, not of x², whose difference to mean² would lose what float32 has.
5. The backward pass is the compact form, the last line of the layer's derivation: dx is dy and x̂ with one number each
   for every channel, and a third added.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.conv2d import BLOCKS, sum_blocks
from scratchnet.kernels.runtime import inner, kernel
from scratchnet.kernels.simd import never_inline, no_overlap
from scratchnet.kernels.steps import KernelStep
from scratchnet.typing import Array


@inner
def _add_rows(x: Array, rows: int, C: int, total: Array) -> None:
    """total (C,) = the sum of the rows x (rows * C,)."""
    never_inline()
    no_overlap()
    for c in range(C):
        total[c] = 0
    for row in range(rows):
        for c in range(C):
            total[c] += x[row * C + c]


@inner
def _add_squares(x: Array, rows: int, C: int, mean: Array, total: Array) -> None:
    """total (C,) = the sum of (x - mean)² over the rows."""
    never_inline()
    no_overlap()
    for c in range(C):
        total[c] = 0
    for row in range(rows):
        for c in range(C):
            centred = x[row * C + c] - mean[c]
            total[c] += centred * centred


@inner
def _scale_rows(
    x: Array, rows: int, C: int, mean: Array, sigma: Array, gamma: Array, beta: Array, y: Array
) -> None:  # fmt: skip
    """y = γ (x - mean) / σ + β, row by row."""
    never_inline()
    no_overlap()
    for row in range(rows):
        for c in range(C):
            y[row * C + c] = gamma[c] * ((x[row * C + c] - mean[c]) / sigma[c]) + beta[c]


@inner
def _add_products(
    dy: Array, x: Array, rows: int, C: int, mean: Array, sigma: Array, dbeta: Array, dgamma: Array
) -> None:  # fmt: skip
    """dbeta (C,) = the sum of dy, dgamma (C,) = the sum of dy x̂."""
    never_inline()
    no_overlap()
    for c in range(C):
        dbeta[c] = 0
        dgamma[c] = 0
    for row in range(rows):
        for c in range(C):
            d = dy[row * C + c]
            dbeta[c] += d
            dgamma[c] += d * (x[row * C + c] - mean[c])
    for c in range(C):
        dgamma[c] /= sigma[c]


@inner
def _gradient_rows(
    dy: Array, x: Array, rows: int, C: int, mean: Array, factor: Array, level: Array, along: Array, dx: Array
) -> None:  # fmt: skip
    """dx = factor (dy - level - (x - mean) along), row by row."""
    never_inline()
    no_overlap()
    for row in range(rows):
        for c in range(C):
            i = row * C + c
            dx[i] = factor[c] * (dy[i] - level[c] - (x[i] - mean[c]) * along[c])


@kernel(parallel=True)
def _statistics(x: Array, M: int, C: int, partial: Array, mean: Array, variance: Array) -> None:
    if x.size != M * C or partial.size < BLOCKS * C or mean.size != C or variance.size != C:
        raise ValueError("A batch normalization was given arrays whose sizes do not belong together.")
    blocks = min(BLOCKS, M)
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        _add_rows(x[first * C : last * C], last - first, C, partial[block * C : (block + 1) * C])
    sum_blocks(partial, blocks, mean)
    for c in range(C):
        mean[c] /= M
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        _add_squares(x[first * C : last * C], last - first, C, mean, partial[block * C : (block + 1) * C])
    sum_blocks(partial, blocks, variance)
    for c in range(C):
        variance[c] /= M


@kernel(parallel=True)
def _forward(
    x: Array, M: int, C: int, mean: Array, sigma: Array, gamma: Array, beta: Array, y: Array
) -> None:  # fmt: skip
    if x.size != M * C or y.size != x.size or not mean.size == sigma.size == gamma.size == beta.size == C:
        raise ValueError("A batch normalization was given arrays whose sizes do not belong together.")
    blocks = min(BLOCKS, M)
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        i, j = first * C, last * C
        _scale_rows(x[i:j], last - first, C, mean, sigma, gamma, beta, y[i:j])


@kernel(parallel=True)
def _sums(
    dy: Array, x: Array, M: int, C: int, mean: Array, sigma: Array, partial: Array, total: Array
) -> None:  # fmt: skip
    """total (2 * C,) = dbeta, then dgamma."""
    if dy.size != M * C or x.size != dy.size or partial.size < BLOCKS * 2 * C or total.size != 2 * C:
        raise ValueError("A batch normalization's gradient was given arrays whose sizes do not belong together.")
    if not mean.size == sigma.size == C:
        raise ValueError("A batch normalization's gradient was given arrays whose sizes do not belong together.")
    blocks = min(BLOCKS, M)
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        i, j, k = first * C, last * C, block * 2 * C
        _add_products(dy[i:j], x[i:j], last - first, C, mean, sigma, partial[k : k + C], partial[k + C : k + 2 * C])
    sum_blocks(partial, blocks, total)


@kernel(parallel=True)
def _backward(
    dy: Array, x: Array, M: int, C: int, mean: Array, factor: Array, level: Array, along: Array, dx: Array
) -> None:  # fmt: skip
    if not dy.size == x.size == dx.size == M * C or not mean.size == factor.size == level.size == along.size == C:
        raise ValueError("A batch normalization's gradient was given arrays whose sizes do not belong together.")
    blocks = min(BLOCKS, M)
    for block in prange(blocks):
        first, last = block * M // blocks, (block + 1) * M // blocks
        i, j = first * C, last * C
        _gradient_rows(dy[i:j], x[i:j], last - first, C, mean, factor, level, along, dx[i:j])


class BatchNormalizationStep(KernelStep):
    """A BatchNormalization layer whose channels are the last axis."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        self.layer = layers[0]
        self.inner = self.layer.input_shape[1:]
        self.C, self.rows = self.inner[-1], int(np.prod(self.inner[:-1]))
        self.ones, self.zeros = np.ones(self.C, self.dtype), np.zeros(self.C, self.dtype)
        self.partial = np.empty(BLOCKS * 2 * self.C, self.dtype)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether `layers` is one built BatchNormalization along the last axis."""
        layer = layers[0]
        if len(layers) != 1 or type(layer).__name__ != "BatchNormalization" or not layer.built:
            return False
        return layer.axis in (-1, len(layer.input_shape) - 1)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, …, C), in a buffer of the step."""
        layer, C, M = self.layer, self.C, len(x) * self.rows
        self.x, self.by_batch = self.flat(x), training and layer.trainable
        moving_mean, moving_variance = layer.non_trainable["moving_mean"], layer.non_trainable["moving_variance"]
        if self.by_batch:
            self.mean, variance = np.empty(C, self.dtype), np.empty(C, self.dtype)
            _statistics(self.x, M, C, self.partial, self.mean, variance)
            for moving, of_batch in ((moving_mean, self.mean), (moving_variance, variance)):
                moving[...] = moving * layer.momentum + of_batch * (1 - layer.momentum)
        else:
            self.mean, variance = moving_mean.copy(), moving_variance
        self.sigma = np.sqrt(variance + layer.epsilon)
        y = self.buffer("y", len(x), self.inner)
        gamma, beta = layer.params.get("gamma", self.ones), layer.params.get("beta", self.zeros)
        _forward(self.x, M, C, self.mean, self.sigma, gamma, beta, y.reshape(-1))
        return y

    def backward(self, dy: Array) -> Array | None:
        """Return dx (N, …, C) if it is needed; fill grads."""
        layer, C, M = self.layer, self.C, len(dy) * self.rows
        flat = self.flat(dy)
        total = np.empty(2 * C, self.dtype)
        _sums(flat, self.x, M, C, self.mean, self.sigma, self.partial, total)
        dbeta, dgamma = total[:C], total[C:]
        if layer.center:
            layer.grads["beta"][...] = dbeta
        if layer.scale:
            layer.grads["gamma"][...] = dgamma
        if not self.needs_dx:
            return None
        level, along = (dbeta / M, dgamma / (M * self.sigma)) if self.by_batch else (self.zeros, self.zeros)
        dx = self.buffer("dx", len(dy), self.inner)
        factor = layer.params.get("gamma", self.ones) / self.sigma
        _backward(flat, self.x, M, C, self.mean, factor, level, along, dx.reshape(-1))
        return dx

    def flops(self, n: int) -> tuple[int, int]:
        """Operations forward and backward in training, for n samples."""
        x = n * int(np.prod(self.inner))
        return 8 * x, (9 if self.needs_dx else 4) * x

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x = n * int(np.prod(self.inner)) * self.itemsize
        return 2 * x, (3 if self.needs_dx else 2) * x
