"""Conv2D + bias + ReLU + MaxPooling2D in one pass (layers/conv2d.py, layers/max_pooling2d.py).

1. Only the pooled maxima and the number of each winner are written. The convolution's places are computed in the order
   in which the pooling windows ask for them; places that no window looks at are not computed at all.
2. Where windows of four places do not overlap (2x2 with stride 2, say), bias, ReLU and pooling happen in registers
   (`pool_tile`, or with fewer products `winograd.py`). Otherwise one sample's convolution goes into a scratch in the
   cache and is pooled from there.
3. Backward, dy has one number for each pooling window, not one for each place: with 2x2 windows three quarters of the
   dense products would multiply zeros. So dkernel is a sum of the winners' patches, dx a sum of the winners' kernels
   (`winner_sums.py`), with nothing spread out.
4. Blocks of samples add up their own dkernel; the blocks are summed in order, so threads change no bit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import prange

from scratchnet.kernels import winograd
from scratchnet.kernels.conv2d import BLOCKS, fill, scatter_product, sum_blocks
from scratchnet.kernels.geometry import Geometry, copy_to, crop_image, pad_image, window_geometry
from scratchnet.kernels.max_pooling2d import compete, window_pixels
from scratchnet.kernels.nonzeros import mark_nonzeros, words_in
from scratchnet.kernels.product import product, tile_table, transpose
from scratchnet.kernels.relu import relu_gradient
from scratchnet.kernels.runtime import inner, kernel
from scratchnet.kernels.scratch import scratch, zeros
from scratchnet.kernels.simd import TILE, VECTOR_BYTES, ZERO, lanes
from scratchnet.kernels.steps import KernelStep
from scratchnet.kernels.winner_sums import input_gradient, kernel_gradient, kernel_gradient_by_filters
from scratchnet.kernels.winners import POOLED, TAPS, narrow_pool_tile, wide_pool_tile
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros


class Pooling(NamedTuple):
    """Which places of a convolution the pooling windows look at; made by `pooling_of`.

    Attributes:
        windows, size: the number of pooling windows, and of places in each.
        used: the number of places that some window looks at.
        places: (used,) where their patches begin in the padded image, in the order in which windows ask for them.
        cells: (windows * size,) for each number of each window its index into `places`, -1 where it lies on padding.
        window_places: (windows * size,) ``places[cells]``.
        alone: whether each window has four places that no other window looks at.
    """

    windows: int
    size: int
    used: int
    places: Array
    cells: Array
    window_places: Array
    alone: bool


def pooling_of(g: Geometry, size: tuple[int, int], strides: tuple[int, int], padding: str) -> Pooling:
    """The tables of pooling windows over the places of a convolution."""
    pixels = window_pixels((g.OH, g.OW), size, strides, padding)  # (windows, PH*PW), -1 on padding
    seen, first_seen = np.unique(pixels[pixels >= 0], return_index=True)
    used = seen[np.argsort(first_seen)]
    index = np.full(g.windows + 1, -1)
    index[used] = np.arange(used.size)  # the last entry stays -1, and pixels that are -1 find it
    cells, places = index[pixels].reshape(-1), tile_table(g.places[used])
    return Pooling(
        windows=len(pixels),
        size=pixels.shape[1],
        used=used.size,
        places=places,
        cells=cells,
        window_places=places[np.maximum(cells, 0)],
        alone=pixels.shape[1] == 4 and np.array_equal(cells, np.arange(cells.size)),
    )


@inner
def _pool(z: Array, bias: Array, relu: bool, p: Pooling, y: Array, winners: Array) -> None:
    """Reduce z (used, F) to y (windows, F) and the numbers of the winners in their windows."""
    F, zero = bias.size, z.dtype.type(0)
    for i in range(p.used):
        row = z[i * F : (i + 1) * F]
        for f in range(F):
            v = row[f] + bias[f]
            row[f] = zero if relu and v <= 0 else v
    for w in range(p.windows):
        first = True
        for q in range(p.size):
            i = p.cells[w * p.size + q] * F
            if i >= 0:
                compete(z[i : i + F], q, first, y[w * F : (w + 1) * F], winners[w * F : (w + 1) * F])
                first = False


@inner
def _convolve_and_pool(
    x: Array, x_at: int, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array,
    to: int,
) -> None:  # fmt: skip
    """One sample whose windows have four places each, of their own: all in registers."""
    F, on = bias.size, np.int64(relu)
    lane = VECTOR_BYTES // x.itemsize
    for w in range(0, p.windows, POOLED):
        first = min(w, p.windows - POOLED)
        f = ZERO
        while f + 2 * lane <= F:
            wide_pool_tile(
                x, x_at, p.places, 4 * first, g.runs, g.runs.size, g.run, 1, kernel_, f, F, bias, f, on, y, winners,
                to + first * F + f, F,
            )  # fmt: skip
            f += 2 * lane
        if f < F:
            narrow_pool_tile(
                x, x_at, p.places, 4 * first, g.runs, g.runs.size, g.run, 1, kernel_, f, F, bias, f, on, y, winners,
                to + first * F + f, F,
            )  # fmt: skip


@inner
def _in_registers_block(
    x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array, first: int,
    last: int,
) -> None:  # fmt: skip
    padded = zeros(g.padded, x)
    for n in range(first, last):
        image, at = x, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, at = padded, ZERO
        _convolve_and_pool(image, at, kernel_, bias, relu, g, p, y, winners, n * p.windows * bias.size)


@kernel(parallel=True)
def _forward_in_registers(
    x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array, samples: int
) -> None:
    for block in prange((samples + 3) // 4):
        _in_registers_block(x, kernel_, bias, relu, g, p, y, winners, 4 * block, min(4 * block + 4, samples))


@inner
def _forward_block(
    x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array, first: int,
    last: int,
) -> None:  # fmt: skip
    F = bias.size
    padded, z = zeros(g.padded, x), scratch(p.used * F, x)
    for n in range(first, last):
        image, at = x, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, at = padded, ZERO
        i, j = n * p.windows * F, (n + 1) * p.windows * F
        product(
            image, at, p.places, ZERO, p.used, g.runs, g.runs.size, g.run, 1, kernel_, ZERO, F, F, z, ZERO, F, ZERO
        )  # (used, F)
        _pool(z, bias, relu, p, y[i:j], winners[i:j])


@kernel(parallel=True)
def _forward(
    x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array, samples: int
) -> None:
    for block in prange((samples + 3) // 4):
        _forward_block(x, kernel_, bias, relu, g, p, y, winners, 4 * block, min(4 * block + 4, samples))


@inner
def _spread(dz: Array, won: Array, won_at: int, p: Pooling, F: int, out: Array) -> None:
    """`out` (used, F) = dz at the winners, 0 elsewhere."""
    fill(out)
    for w in range(p.windows):
        for f in range(F):
            out[p.cells[w * p.size + np.int64(won[won_at + w * F + f])] * F + f] += dz[w * F + f]


@inner
def _backward_block(
    dy: Array, y: Array, winners: Array, relu: bool, x: Array, kernel_t: Array, g: Geometry, p: Pooling, rows: Array,
    wide: bool, dx: Array, needs_dx: bool, dbias: Array, dkernel: Array, first: int, last: int,
) -> None:  # fmt: skip
    F = dbias.size
    padded, dpadded = zeros(g.padded, x), zeros(g.padded, x)
    dz = scratch(p.windows * F, x)
    dz_t = scratch(p.windows * F if wide else 0, x)
    words = np.empty(max(F * words_in(p.windows), p.windows * p.size), np.int64)
    spread = needs_dx and not wide
    dense, cols = scratch(p.used * F if spread else 0, x), scratch(TILE * g.K if spread else 0, x)
    for n in range(first, last):
        i = n * p.windows * F
        relu_gradient(dy, y, i, relu, p.windows, F, dz, ZERO, dbias)
        image, at = x, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, at = padded, ZERO
        dimage, dat = dx, n * g.pixels
        if needs_dx and g.padded > 0:
            dimage, dat = dpadded, ZERO
            fill(dpadded)
        elif needs_dx:
            fill(dx[dat : dat + g.pixels])
        if wide:
            transpose(dz, ZERO, F, p.windows, F, dz_t, ZERO, p.windows)
            mark_nonzeros(dz_t, F, p.windows, words)
            kernel_gradient(
                image, at, g.runs, g.run, p.window_places, p.size, p.windows, dz_t, words, winners, i, F, dkernel
            )
            if needs_dx:
                input_gradient(
                    kernel_t, g.runs, g.run, p.window_places, p.cells, p.size, p.windows, dz, winners, i, F, words,
                    dimage, dat,
                )  # fmt: skip
        else:
            kernel_gradient_by_filters(image, at, g, p.window_places, p.size, p.windows, dz, winners, i, F, dkernel)
            if needs_dx:
                _spread(dz, winners, i, p, F, dense)
                scatter_product(dense, rows, kernel_t, p.places, p.used, g, F, dimage, dat, cols)
        if needs_dx and g.padded > 0:
            crop_image(dpadded, g, dx, n * g.pixels)


@kernel(parallel=True)
def _backward(
    dy: Array, y: Array, winners: Array, relu: bool, x: Array, kernel_: Array, g: Geometry, p: Pooling, rows: Array,
    wide: bool, dx: Array, needs_dx: bool, samples: int, partial: Array, dkernel: Array, dbias: Array,
) -> None:  # fmt: skip
    F, length = dbias.size, partial.size // BLOCKS
    kernel_t = scratch(g.K * F, x)
    if needs_dx:
        transpose(kernel_, 0, F, g.K, F, kernel_t, 0, g.K)
    blocks = min(BLOCKS, samples)
    for block in prange(blocks):
        own = partial[block * length : (block + 1) * length]
        fill(own)
        _backward_block(
            dy, y, winners, relu, x, kernel_t, g, p, rows, wide, dx, needs_dx, own[:F], own[F:],
            block * samples // blocks, (block + 1) * samples // blocks,
        )  # fmt: skip
    total = scratch(length, x)
    sum_blocks(partial, blocks, total)
    copy_to(dbias, total[:F])
    if wide:
        transpose(total, F, g.K, F, g.K, dkernel, 0, F)
    else:
        copy_to(dkernel, total[F : F + g.K * F])


class Conv2DMaxPoolStep(KernelStep):
    """A Conv2D with ReLU or no activation, followed by a MaxPooling2D.

    Attributes:
        way: how `forward` runs, the fastest that fits: "winograd", "registers" or "scratch".
    """

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        conv, pool = layers
        self.relu = conv.activation.name == "relu"
        self.kernel, self.dkernel = conv.params["kernel"].reshape(-1), conv.grads["kernel"].reshape(-1)
        self.F = conv.filters
        self.bias, self.dbias = self.bias_of(conv, self.F)
        self.geometry = g = window_geometry(
            conv.input_shape[1:], conv.kernel_size, conv.strides, conv.padding, conv.dilation_rate
        )
        self.pooling = p = pooling_of(g, pool.pool_size, pool.strides, pool.padding)
        self.rows = tile_table(np.arange(p.used) * self.F)
        self.way = self._way(conv, pool)
        if self.way == "winograd":
            self.taps = conv.kernel_size[0]
            self.matrix = np.array(winograd.KERNEL[self.taps], self.dtype).reshape(-1)
            self.tiles = p.places[: p.used : 4].copy()
            self.tile_rows = tile_table(np.arange(TILE) * g.C)
        self.wide = g.run >= lanes(self.dtype)
        self.winner_type = np.uint8 if p.size <= 256 else np.int32
        self.out = pool.output_shape[1:]
        rounded_up = -(-g.K // TAPS) * TAPS
        self.partial = place_zeros((BLOCKS * (rounded_up + 1) * self.F,), self.dtype)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether `layers` is a built Conv2D with ReLU or no activation and a MaxPooling2D."""
        return (
            [type(layer).__name__ for layer in layers] == ["Conv2D", "MaxPooling2D"]
            and layers[0].built
            and layers[0].activation.name in ("relu", "linear")
            and layers[0].dtype == layers[1].dtype
        )

    def _way(self, conv: Any, pool: Any) -> str:
        g, p = self.geometry, self.pooling
        if not p.alone or self.F % lanes(self.dtype) != 0:
            return "scratch"
        squares = pool.pool_size == (2, 2) and conv.strides == conv.dilation_rate == (1, 1)
        if squares and conv.kernel_size in ((2, 2), (3, 3)) and g.C % lanes(self.dtype) == 0:
            return "winograd"
        return "registers" if p.windows >= POOLED else "scratch"

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, OH, OW, F), in a buffer of the step."""
        N = len(x)
        self.x = self.flat(x)
        self.y = self.buffer("y", N, self.out)  # (N, OH, OW, F)
        self.winners = self.buffer("winners", N, self.out, self.winner_type)
        out = self.y.reshape(-1), self.winners.reshape(-1), N
        if self.way == "winograd":
            winograd.forward(
                self.x, self.taps, self.kernel, self.matrix, self.bias, self.relu, self.geometry, self.tiles,
                self.tile_rows, *out,
            )  # fmt: skip
        else:
            run = _forward_in_registers if self.way == "registers" else _forward
            run(self.x, self.kernel, self.bias, self.relu, self.geometry, self.pooling, *out)
        return self.y

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx (N, H, W, C) if it is needed."""
        g, N = self.geometry, len(dy)
        dx = self.buffer("dx", N, (g.H, g.W, g.C)) if self.needs_dx else self.nothing
        _backward(
            self.flat(dy), self.y.reshape(-1), self.winners.reshape(-1), self.relu, self.x, self.kernel, g,
            self.pooling, self.rows, self.wide, dx.reshape(-1), self.needs_dx, N, self.partial, self.dkernel,
            self.dbias,
        )  # fmt: skip
        return dx if self.needs_dx else None

    def flops(self, n: int) -> tuple[int, int]:
        """Floating-point operations of (forward, backward) for n samples; backward counts winners only."""
        p = self.pooling
        forward, places = 2 * n * p.used * self.kernel.size, p.windows if self.wide else p.used
        return forward, 2 * n * places * self.kernel.size * (2 if self.needs_dx else 1)

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x, y, w = n * self.geometry.pixels, n * self.pooling.windows * self.F, self.kernel.size
        winners = y * np.dtype(self.winner_type).itemsize
        return (x + y + w) * self.itemsize + winners, winners + self.itemsize * (
            x + 2 * y + 2 * w + (x if self.needs_dx else 0)
        )
