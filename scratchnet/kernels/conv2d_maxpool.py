"""Conv2D + bias + ReLU + MaxPooling2D in one pass (layers/conv2d.py, layers/max_pooling2d.py).

1. Only the pooled maxima and the number of each winner are written. The convolution's places are computed in the order
   in which the pooling windows ask for them; places that no window looks at are not computed at all.
2. Where windows of four places do not overlap (2x2 with stride 2, say), bias, ReLU and pooling happen in registers
   (`pool_tile`). Otherwise one sample's convolution goes into a scratch in the cache and is pooled from there.
3. Backward, dy has one number for each pooling window, not one for each place: with 2x2 windows three quarters of the
   dense products would multiply zeros. So dkernel is a sum of the winners' patches, and dx a sum of the winners' kernels
   (`winners.py`), with nothing spread out. With few input channels `add_taps` takes vectors of filters instead.
4. Blocks of samples add up their own dkernel; the blocks are summed in order, so threads change no bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.conv2d import BLOCKS, fill, scatter_product, sum_blocks
from scratchnet.kernels.geometry import copy_to, crop_image, pad_image, window_geometry
from scratchnet.kernels.max_pooling2d import window_pixels
from scratchnet.kernels.product import product, tile_table, transpose
from scratchnet.kernels.runtime import inner, kernel
from scratchnet.kernels.simd import TILE, VECTOR_BYTES, lanes, no_overlap
from scratchnet.kernels.steps import KernelStep, aligned
from scratchnet.kernels.winners import (
    POOLED,
    TAPS,
    add_kernels,
    add_narrow_kernels,
    add_narrow_patches,
    add_narrow_taps,
    add_patches,
    add_single_kernels,
    add_single_patches,
    add_taps,
    narrow_pool_tile,
    wide_pool_tile,
)
from scratchnet.typing import Array


@inner
def _pool_row(z, bias, relu, q, first, y, winners):
    """Let row z (F,), number q of its window, compete with the best so far."""
    no_overlap()
    zero, number = y.dtype.type(0), winners.dtype.type(q)
    for f in range(y.size):
        v = z[f] + bias[f]
        v = zero if relu and v <= 0 else v
        better = first or v > y[f]
        y[f] = v if better else y[f]
        winners[f] = number if better else winners[f]


@inner
def _pool(z, F, bias, relu, cells, size, windows, y, winners, at):
    """Reduce z (places, F) to y[at:] (windows, F) and the number of the winner in its window."""
    for w in range(windows):
        to = at + w * F
        first = True
        for q in range(size):
            row = cells[w * size + q] * F
            if row >= 0:
                _pool_row(z[row : row + F], bias, relu, q, first, y[to : to + F], winners[to : to + F])
                first = False


@inner
def _convolve_and_pool(x, x_at, kernel_, bias, relu, places, runs, run, windows, y, winners, at):
    """One sample whose windows have four places each, of their own: all in registers."""
    F, on = bias.size, np.int64(relu)
    lane = VECTOR_BYTES // x.itemsize
    for w in range(0, windows, POOLED):
        first = min(w, windows - POOLED)
        f = np.int64(0)
        while f + 2 * lane <= F:
            wide_pool_tile(
                x, x_at, places, 4 * first, runs, runs.size, run, 1, kernel_, f, F, bias, f, on, y, winners,
                at + first * F + f, F,
            )  # fmt: skip
            f += 2 * lane
        if f < F:
            narrow_pool_tile(
                x, x_at, places, 4 * first, runs, runs.size, run, 1, kernel_, f, F, bias, f, on, y, winners,
                at + first * F + f, F,
            )  # fmt: skip


@inner
def _forward_block(
    x, kernel_, bias, relu, places, place_count, runs, run, image, padded_size, cells, size, windows, fused, y,
    winners, first, last,
):  # fmt: skip
    H, W, C = image[0], image[1], image[2]
    F, zero = bias.size, np.int64(0)
    padded, z = np.zeros(padded_size, x.dtype), np.empty(0 if fused else place_count * F, x.dtype)
    for n in range(first, last):
        source, source_at = x, n * H * W * C
        if padded_size > 0:
            pad_image(x, source_at, image, padded)
            source, source_at = padded, zero
        at = n * windows * F
        if fused:
            _convolve_and_pool(source, source_at, kernel_, bias, relu, places, runs, run, windows, y, winners, at)
        else:
            product(
                source, source_at, places, zero, place_count, runs, runs.size, run, 1, kernel_, zero, F, F, z, zero, F,
                zero,
            )  # fmt: skip
            _pool(z, F, bias, relu, cells, size, windows, y, winners, at)


@kernel(parallel=True)
def _forward(
    x, kernel_, bias, relu, places, place_count, runs, run, image, padded_size, cells, size, windows, fused, y,
    winners, samples,
):  # fmt: skip
    blocks = (samples + 3) // 4
    for block in prange(blocks):
        last = min(4 * block + 4, samples)
        _forward_block(
            x, kernel_, bias, relu, places, place_count, runs, run, image, padded_size, cells, size, windows, fused, y,
            winners, 4 * block, last,
        )  # fmt: skip


@inner
def _read_sample(dy, y, winners, relu, dz, won, dbias):
    """dz (windows * F,) = dy where ReLU was on, `won` = the winners, and their sum added to dbias (F,)."""
    no_overlap()
    zero = dy.dtype.type(0)
    for i in range(y.size):
        dz[i] = zero if relu and y[i] <= 0 else dy[i]
        won[i] = winners[i]
    F = dbias.size
    for w in range(y.size // F):
        row = dz[w * F : (w + 1) * F]
        for f in range(F):
            dbias[f] += row[f]


@inner
def _kernel_gradient_wide(x, x_at, runs, run, win_places, size, dz, won, F, windows, K, out, out_at):
    """Add one sample's gradient to `out` (F, K): each filter's patches, two runs at a time."""
    lane = VECTOR_BYTES // x.itemsize
    for f in range(F):
        for r in range(0, runs.size, 2):
            to, start, i = out_at + f * K + r * run, x_at + runs[r], np.int64(0)
            pair = r + 1 < runs.size
            gap = runs[r + 1] - runs[r] if pair else np.int64(0)
            while i + 4 * lane <= run:
                if pair:
                    add_patches(
                        out, to + i, run, x, start + i, gap, win_places, size, dz, won, f, F, windows, 4 * lane
                    )
                else:
                    add_single_patches(
                        out, to + i, run, x, start + i, gap, win_places, size, dz, won, f, F, windows, 4 * lane
                    )
                i += 4 * lane
            while i < run:
                width = min(lane, run - i)
                for piece in range(2 if pair else 1):
                    add_narrow_patches(
                        out, to + piece * run + i, run, x, start + piece * gap + i, gap, win_places, size, dz, won, f,
                        F, windows, width,
                    )  # fmt: skip
                i += lane


@inner
def _kernel_gradient_narrow(x, x_at, taps, K, win_places, size, dz, won, F, windows, out, out_at):
    """Add one sample's gradient to `out` (K rounded up to TAPS, F): a few numbers of all patches at a time."""
    lane = VECTOR_BYTES // x.itemsize
    for k in range(0, K, TAPS):
        f = np.int64(0)
        while f + 2 * lane <= F:
            to = out_at + k * F + f
            add_taps(out, to, x, x_at, win_places, size, taps, k, dz, won, f, F, windows, 2 * lane)
            f += 2 * lane
        while f < F:
            to, width = out_at + k * F + f, min(lane, F - f)
            add_narrow_taps(out, to, x, x_at, win_places, size, taps, k, dz, won, f, F, windows, width)
            f += lane


@inner
def _input_gradient_wide(kernel_t, K, runs, run, win_places, cells, size, dz, won, F, windows, dx, dx_at):
    """Add one sample's gradient to the padded image at `dx_at`: under each place, the kernels that won there."""
    lane = VECTOR_BYTES // dx.itemsize
    for cell in range(windows * size):
        if cells[cell] < 0:
            continue
        at, q = cell // size * F, cell % size
        for r in range(0, runs.size, 2):
            to, start, i = dx_at + win_places[cell] + runs[r], r * run, np.int64(0)
            pair = r + 1 < runs.size
            gap = runs[r + 1] - runs[r] if pair else np.int64(0)
            while i + 4 * lane <= run:
                if pair:
                    add_kernels(dx, to + i, gap, kernel_t, start + i, run, K, dz, won, at, q, F, 4 * lane)
                else:
                    add_single_kernels(dx, to + i, gap, kernel_t, start + i, run, K, dz, won, at, q, F, 4 * lane)
                i += 4 * lane
            while i < run:
                width = min(lane, run - i)
                for piece in range(2 if pair else 1):
                    add_narrow_kernels(
                        dx, to + piece * gap + i, gap, kernel_t, start + piece * run + i, run, K, dz, won, at, q, F,
                        width,
                    )  # fmt: skip
                i += lane


@inner
def _spread(dz, won, cells, size, F, windows, out):
    """`out` (places, F) = dz at the winners, 0 elsewhere."""
    fill(out)
    for w in range(windows):
        for f in range(F):
            out[cells[w * size + np.int64(won[w * F + f])] * F + f] += dz[w * F + f]


@inner
def _backward_block(
    dy, y, winners, relu, x, kernel_t, places, place_count, rows, runs, run, taps, image, padded_size, cells, win_places,
    size, windows, wide, dx, needs_dx, F, partial, partial_at, first, last,
):  # fmt: skip
    H, W, C = image[0], image[1], image[2]
    K, pixels, slack = runs.size * run, H * W * C, VECTOR_BYTES
    padded, dpadded = np.zeros(padded_size, x.dtype), np.zeros(padded_size, x.dtype)
    dz, won = np.zeros(windows * F + slack, x.dtype), np.zeros(windows * F + slack, winners.dtype)
    spread = 1 if needs_dx and not wide else 0
    dense, cols = np.empty(spread * place_count * F, x.dtype), np.empty(spread * TILE * K, x.dtype)
    nothing, zero = np.zeros(1, np.int64), np.int64(0)
    dbias = partial[partial_at : partial_at + F]
    for n in range(first, last):
        at = n * windows * F
        end = at + windows * F
        _read_sample(dy[at:end], y[at:end], winners[at:end], relu, dz, won, dbias)
        source, source_at = x, n * pixels
        if padded_size > 0:
            pad_image(x, source_at, image, padded)
            source, source_at = padded, zero
        if wide:
            _kernel_gradient_wide(
                source, source_at, runs, run, win_places, size, dz, won, F, windows, K, partial, partial_at + F
            )
        else:
            _kernel_gradient_narrow(
                source, source_at, taps, K, win_places, size, dz, won, F, windows, partial, partial_at + F
            )
        if needs_dx:
            target, target_at = dx, n * pixels
            if padded_size > 0:
                target, target_at = dpadded, zero
                fill(dpadded)
            else:
                fill(dx[target_at : target_at + pixels])
            if wide:
                _input_gradient_wide(
                    kernel_t, K, runs, run, win_places, cells, size, dz, won, F, windows, target, target_at
                )
            else:
                _spread(dz, won, cells, size, F, windows, dense)
                scatter_product(
                    dense, rows, kernel_t, places, place_count, runs, run, F, target, target_at, nothing, cols
                )
            if padded_size > 0:
                crop_image(dpadded, image, dx, n * pixels)


@kernel(parallel=True)
def _backward(
    dy, y, winners, relu, x, kernel_, places, place_count, rows, runs, run, taps, image, padded_size, cells, win_places,
    size, windows, wide, dx, needs_dx, samples, blocks, partial, dkernel, dbias,
):  # fmt: skip
    F, K = dbias.size, runs.size * run
    kernel_t = np.empty(K * F, x.dtype)
    if needs_dx:
        transpose(kernel_, 0, F, K, F, kernel_t, 0, K)
    length = partial.size // BLOCKS
    for block in prange(blocks):
        fill(partial[block * length : (block + 1) * length])
        _backward_block(
            dy, y, winners, relu, x, kernel_t, places, place_count, rows, runs, run, taps, image, padded_size, cells,
            win_places, size, windows, wide, dx, needs_dx, F, partial, block * length, block * samples // blocks,
            (block + 1) * samples // blocks,
        )  # fmt: skip
    total = np.empty(length, x.dtype)
    sum_blocks(partial, blocks, total)
    copy_to(dbias, total[:F])
    if wide:
        transpose(total, F, K, F, K, dkernel, 0, F)
    else:
        copy_to(dkernel, total[F : F + K * F])


def pool_table(out: tuple[int, int], size: tuple[int, int], strides: tuple[int, int], padding: str) -> tuple[Array, Array]:
    """Which places of a convolution (OH, OW) the windows of a pooling layer look at, and where they find them.

    Returns:
        used (P,): numbers of the places in use, in the order in which the windows first ask for them.
        cells (windows, PH*PW): for each number of each window its index into `used`, -1 where the window lies on padding.
    """
    windows = window_pixels(out, size, strides, padding)  # (windows, PH*PW)
    seen, first_seen = np.unique(windows[windows >= 0], return_index=True)
    used = seen[np.argsort(first_seen)]
    index = np.full(out[0] * out[1] + 1, -1)
    index[used] = np.arange(used.size)  # the last entry stays -1, and numbers that are -1 find it
    return used, np.ascontiguousarray(index[windows])  # (P,), (windows, PH*PW)


class Conv2DMaxPoolStep(KernelStep):
    """A Conv2D with ReLU or no activation, followed by a MaxPooling2D."""

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        conv, pool = layers
        self.relu = conv.activation.name == "relu"
        self.kernel, self.dkernel = conv.params["kernel"].reshape(-1), conv.grads["kernel"].reshape(-1)
        self.F = conv.filters
        self.K = self.kernel.size // self.F
        self.bias, self.dbias = self.bias_of(conv, self.F)
        self.geometry = window_geometry(
            conv.input_shape[1:], conv.kernel_size, conv.strides, conv.padding, conv.dilation_rate
        )
        used, cells = pool_table(self.geometry.out, pool.pool_size, pool.strides, pool.padding)
        self.place_count, self.windows, self.size = used.size, len(cells), cells.shape[1]
        self.places = tile_table(self.geometry.places[used])
        self.rows = tile_table(np.arange(self.place_count) * self.F)
        self.cells = cells.reshape(-1)
        self.win_places = self.places[np.maximum(cells, 0)].reshape(-1)  # (windows * PH*PW,)
        self.fused = self.fits_tile(cells)
        self.wide = self.geometry.run >= lanes(self.dtype)
        self.winner_type = np.uint8 if self.size <= 256 else np.int32
        self.out = pool.output_shape[1:]
        self.partial = aligned((BLOCKS * (-(-self.K // TAPS) * TAPS + 1) * self.F,), self.dtype)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether `layers` is a built Conv2D with ReLU or no activation and a MaxPooling2D."""
        return (
            [type(layer).__name__ for layer in layers] == ["Conv2D", "MaxPooling2D"]
            and layers[0].built
            and layers[0].activation.name in ("relu", "linear")
            and layers[0].dtype == layers[1].dtype
        )

    def fits_tile(self, cells: Array) -> bool:
        """Whether each window has four places that no other window looks at, and filters come in whole vectors."""
        alone = np.array_equal(cells.reshape(-1), np.arange(cells.size))
        return bool(alone and self.size == 4 and len(cells) >= POOLED and self.F % lanes(self.dtype) == 0)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, OH, OW, F), in a buffer of the step."""
        g, N = self.geometry, len(x)
        self.x = self.flat(x)
        self.y = self.buffer("y", N, self.out)  # (N, OH, OW, F)
        self.winners = self.buffer("winners", N, self.out, self.winner_type)
        _forward(
            self.x, self.kernel, self.bias, self.relu, self.places, self.place_count, g.runs, g.run, g.image,
            g.padded_size, self.cells, self.size, self.windows, self.fused, self.y.reshape(-1),
            self.winners.reshape(-1), N,
        )  # fmt: skip
        return self.y

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx (N, H, W, C) if it is needed."""
        g, N = self.geometry, len(dy)
        dx = self.buffer("dx", N, g.image[:3]) if self.needs_dx else None
        _backward(
            self.flat(dy), self.y.reshape(-1), self.winners.reshape(-1), self.relu, self.x, self.kernel, self.places,
            self.place_count, self.rows, g.runs, g.run, g.taps, g.image, g.padded_size, self.cells, self.win_places, self.size,
            self.windows, self.wide, self.nothing if dx is None else dx.reshape(-1), self.needs_dx, N, min(BLOCKS, N),
            self.partial, self.dkernel, self.dbias,
        )  # fmt: skip
        return dx

    def flops(self, n: int) -> tuple[int, int]:
        """Floating-point operations of (forward, backward) for n samples; backward counts winners only."""
        forward = 2 * n * self.place_count * self.K * self.F
        places = self.windows if self.wide else self.place_count
        return forward, 2 * n * places * self.K * self.F * (2 if self.needs_dx else 1)

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x, y = n * int(np.prod(self.geometry.image[:3])), n * self.windows * self.F
        winners = y * np.dtype(self.winner_type).itemsize
        return (x + y + self.kernel.size) * self.itemsize + winners, winners + self.itemsize * (
            x + 2 * y + 2 * self.kernel.size + (x if self.needs_dx else 0)
        )
