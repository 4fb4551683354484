"""Conv2D + bias + ReLU + MaxPooling2D in one pass (layers/conv2d.py, layers/max_pooling2d.py).

1. The convolution of one sample goes into a scratch that stays in the cache; only the pooled maxima and the number of
   each winner are written. Places that no pooling window looks at are not computed.
2. The rows of the scratch are in the order in which the pooling windows read them, so pooling is a walk through it.
3. Backward, dy has one number for each pooling window, not one for each place: with 2x2 windows three quarters of the
   dense products would multiply zeros (and where ReLU was off, more). So each filter keeps a list of the places where it
   won, and dkernel is a sum of patches; each place keeps a list of the filters that won it, and dx is a sum of kernels.
4. Where runs are too short for vectors (few input channels), dy is spread out and the dense product is used instead.
5. Blocks of samples add up their own dkernel; the blocks are summed in order, so threads change no bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels.conv2d import BLOCKS, scatter_product, sum_blocks, transpose
from scratchnet.kernels.geometry import crop_image, pad_image, window_geometry
from scratchnet.kernels.product import product, tile_table
from scratchnet.kernels.runtime import inner, kernel
from scratchnet.kernels.simd import TILE, VECTOR_BYTES, add_four, add_one, lanes
from scratchnet.kernels.steps import KernelStep
from scratchnet.typing import Array


@inner
def _pool_four(a, b, c, d, bias, relu, y, winners):
    """The largest of four rows (F,), and which it was."""
    zero = y.dtype.type(0)
    for f in range(y.size):
        best, second, third, fourth = a[f] + bias[f], b[f] + bias[f], c[f] + bias[f], d[f] + bias[f]
        if relu:
            best, second = zero if best <= 0 else best, zero if second <= 0 else second
            third, fourth = zero if third <= 0 else third, zero if fourth <= 0 else fourth
        winner = 1 if second > best else 0
        best = second if second > best else best
        winner = 2 if third > best else winner
        best = third if third > best else best
        winners[f] = 3 if fourth > best else winner
        y[f] = fourth if fourth > best else best


@inner
def _pool_one(z, bias, relu, q, first, y, winners):
    """Let row z (F,), number q of its window, compete with the best so far."""
    for f in range(y.size):
        v = z[f] + bias[f]
        v = y.dtype.type(0) if relu and v <= 0 else v
        better = first or v > y[f]
        y[f] = v if better else y[f]
        winners[f] = q if better else winners[f]


@inner
def _pool(z, F, bias, relu, cells, size, windows, y, winners, at):
    """Reduce z (places, F) to y[at:] (windows, F) and the number of the winner in its window."""
    for w in range(windows):
        to = at + w * F
        best, winner, window = y[to : to + F], winners[to : to + F], cells[w * size : (w + 1) * size]
        if size == 4 and window.min() >= 0:
            a, b, c, d = window[0] * F, window[1] * F, window[2] * F, window[3] * F
            _pool_four(z[a : a + F], z[b : b + F], z[c : c + F], z[d : d + F], bias, relu, best, winner)
            continue
        first = True
        for q in range(size):
            row = window[q] * F
            if row >= 0:
                _pool_one(z[row : row + F], bias, relu, q, first, best, winner)
                first = False


@inner
def _forward_block(
    x, kernel_, bias, relu, places, place_count, runs, run, image, padded_size, cells, size, windows, y, winners, keep,
    first, last,
):  # fmt: skip
    H, W, C = image[0], image[1], image[2]
    F = bias.size
    padded = np.zeros(padded_size, x.dtype)
    z = np.empty(place_count * F, x.dtype)
    for n in range(first, last):
        source, source_at = x, n * H * W * C
        if padded_size > 0:
            pad_image(x, source_at, image, padded)
            source, source_at = padded, 0
        product(source, source_at, places, 0, place_count, runs, runs.size, run, 1, kernel_, 0, F, F, z, 0, F, 0)
        at = n * windows * F
        _pool(z, F, bias, relu, cells, size, windows, y, winners, at)


@kernel(parallel=True)
def _forward(
    x, kernel_, bias, relu, places, place_count, runs, run, image, padded_size, cells, size, windows, y, winners, keep,
    samples,
):  # fmt: skip
    blocks = (samples + 3) // 4
    for block in prange(blocks):
        last = min(4 * block + 4, samples)
        _forward_block(
            x, kernel_, bias, relu, places, place_count, runs, run, image, padded_size, cells, size, windows, y,
            winners, keep, 4 * block, last,
        )  # fmt: skip


@inner
def _add(out, out_at, coefficients, offsets, list_at, count, x, x_at, width):
    """``out[out_at:][:width] += sum over the list of coefficient * x[x_at + offset:][:width]``."""
    lane = VECTOR_BYTES // x.itemsize
    i = 0
    while i + 4 * lane <= width:
        add_four(out, out_at + i, coefficients, offsets, list_at, count, x, x_at + i)
        i += 4 * lane
    while i + lane <= width:
        add_one(out, out_at + i, coefficients, offsets, list_at, count, x, x_at + i)
        i += lane
    while i < width:
        total = out[out_at + i]
        for j in range(list_at, list_at + count):
            total += coefficients[j] * x[x_at + offsets[j] + i]
        out[out_at + i] = total
        i += 1


@inner
def _backward_lists(
    dy, y, winners, relu, at, windows, size, cells, F, places, K, capacity,
    patch_count, patch_weight, patch_at, filter_count, filter_weight, filter_at, dbias, dbias_at,
):  # fmt: skip
    """List, for each filter, the patches it won, and for each place, the filters that won it."""
    patch_count[:] = 0
    filter_count[:] = 0
    for w in range(windows):
        for f in range(F):
            i = at + w * F + f
            dz = dy[i]
            if relu and y[i] <= 0:
                dz = dy.dtype.type(0)
            dbias[dbias_at + f] += dz
            place = cells[w * size + winners[i]]
            counts = 0 if dz == 0 else 1
            j = f * windows + patch_count[f]
            patch_weight[j], patch_at[j] = dz, places[place]
            patch_count[f] += counts
            j = place * capacity + filter_count[place]
            filter_weight[j], filter_at[j] = dz, f * K
            filter_count[place] += counts


@inner
def _backward_block(
    dy, y, winners, relu, x, kernel_t, places, place_count, runs, run, taps, image, padded_size, cells, size, windows,
    capacity, sparse, dx, needs_dx, F, partial, partial_at, first, last,
):  # fmt: skip
    H, W, C = image[0], image[1], image[2]
    K = runs.size * run
    padded, dpadded = np.zeros(padded_size, x.dtype), np.zeros(padded_size, x.dtype)
    rows, zero = np.arange(TILE) * F, np.zeros(1, np.int64)
    dense = 0 if sparse else 1
    dz, cols = np.empty(dense * place_count * F, x.dtype), np.empty(dense * TILE * K, x.dtype)
    patch_count, filter_count = np.empty(F, np.int64), np.empty(place_count, np.int64)
    patch_weight, patch_at = np.empty(F * windows + 1, x.dtype), np.empty(F * windows + 1, np.int64)
    filter_weight = np.empty(place_count * capacity + 1, x.dtype)
    filter_at = np.empty(place_count * capacity + 1, np.int64)
    dbias_at = partial_at + K * F
    for i in range(partial_at, partial_at + (K + 1) * F):
        partial[i] = 0
    for n in range(first, last):
        at = n * windows * F
        source, source_at = x, n * H * W * C
        if padded_size > 0:
            pad_image(x, source_at, image, padded)
            source, source_at = padded, 0
        target, target_at = dx, n * H * W * C
        if needs_dx:
            count = H * W * C
            if padded_size > 0:
                target, target_at, count = dpadded, 0, padded_size
            for i in range(target_at, target_at + count):
                target[i] = 0
        if sparse:
            _backward_lists(
                dy, y, winners, relu, at, windows, size, cells, F, places, K, capacity, patch_count, patch_weight,
                patch_at, filter_count, filter_weight, filter_at, partial, dbias_at,
            )  # fmt: skip
            for f in range(F):
                for r in range(runs.size):
                    _add(
                        partial, partial_at + f * K + r * run, patch_weight, patch_at, f * windows, patch_count[f],
                        source, source_at + runs[r], run,
                    )  # fmt: skip
            if needs_dx:
                for p in range(place_count):
                    if filter_count[p] > 0:
                        for r in range(runs.size):
                            _add(
                                target, target_at + places[p] + runs[r], filter_weight, filter_at, p * capacity,
                                filter_count[p], kernel_t, r * run, run,
                            )  # fmt: skip
        else:
            for i in range(dz.size):
                dz[i] = 0
            for w in range(windows):
                for f in range(F):
                    i = at + w * F + f
                    g = x.dtype.type(0) if relu and y[i] <= 0 else dy[i]
                    partial[dbias_at + f] += g
                    dz[cells[w * size + winners[i]] * F + f] += g
            product(
                source, source_at, taps, 0, K, places, place_count, 1, 0, dz, 0, F, F, partial, partial_at, F, 1
            )
            if needs_dx:
                scatter_product(
                    dz, 0, kernel_t, places, place_count, runs, run, F, target, target_at, rows, zero, cols
                )
        if needs_dx and padded_size > 0:
            crop_image(dpadded, image, dx, n * H * W * C)


@kernel(parallel=True)
def _backward(
    dy, y, winners, relu, x, kernel_, places, place_count, runs, run, taps, image, padded_size, cells, size, windows,
    capacity, sparse, dx, needs_dx, samples, blocks, partial, dkernel, dbias,
):  # fmt: skip
    F, K = dbias.size, runs.size * run
    kernel_t = np.empty(K * F, x.dtype)
    if needs_dx:
        transpose(kernel_, K, F, kernel_t)
    for block in prange(blocks):
        _backward_block(
            dy, y, winners, relu, x, kernel_t, places, place_count, runs, run, taps, image, padded_size, cells, size,
            windows, capacity, sparse, dx, needs_dx, F, partial, block * (K + 1) * F, block * samples // blocks,
            (block + 1) * samples // blocks,
        )  # fmt: skip
    total = np.empty((K + 1) * F, x.dtype)
    sum_blocks(partial, blocks, total.size, total)
    if sparse:
        transpose(total, F, K, dkernel)
    else:
        for i in range(K * F):
            dkernel[i] = total[i]
    for f in range(F):
        dbias[f] = total[K * F + f]


def pool_table(out: tuple[int, int], size: tuple[int, int], strides: tuple[int, int], padding: str) -> tuple[Array, Array]:
    """Which places of a convolution (OH, OW) the windows of a pooling layer look at, and where they find them.

    Returns:
        used (P,): numbers of the places in use, in the order in which the windows first ask for them.
        cells (windows, PH*PW): for each number of each window its index into `used`, -1 where the window lies on padding.
    """
    g = window_geometry((*out, 1), size, strides, padding)
    H, W, _, HP, WP, top, left = g.image
    numbers = np.full((HP, WP), -1)
    numbers[top : top + H, left : left + W] = np.arange(H * W).reshape(H, W)
    windows = numbers.reshape(-1)[g.places[: g.out[0] * g.out[1], None] + g.taps[: size[0] * size[1]]]
    seen, first_seen = np.unique(windows[windows >= 0], return_index=True)
    used = seen[np.argsort(first_seen)]
    index = np.full(H * W + 1, -1)
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
        self.cells = cells.reshape(-1)
        self.capacity = self.F * int(np.bincount(cells[cells >= 0]).max())
        self.sparse = self.geometry.run >= lanes(self.dtype)
        self.winner_type = np.uint8 if self.size <= 256 else np.int32
        self.out = pool.output_shape[1:]
        self.partial = np.empty(BLOCKS * (self.K + 1) * self.F, self.dtype)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether `layers` is a built Conv2D with ReLU or no activation and a MaxPooling2D."""
        return (
            [type(layer).__name__ for layer in layers] == ["Conv2D", "MaxPooling2D"]
            and layers[0].built
            and layers[0].activation.name in ("relu", "linear")
            and layers[0].dtype == layers[1].dtype
        )

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, OH, OW, F), in a buffer of the step."""
        g, N = self.geometry, len(x)
        self.x = self.flat(x)
        self.y = self.buffer("y", N, self.out)  # (N, OH, OW, F)
        self.winners = self.buffer("winners", N, self.out, self.winner_type)
        _forward(
            self.x, self.kernel, self.bias, self.relu, self.places, self.place_count, g.runs, g.run, g.image,
            g.padded_size, self.cells, self.size, self.windows, self.y.reshape(-1), self.winners.reshape(-1), training,
            N,
        )  # fmt: skip
        return self.y

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx (N, H, W, C) if it is needed."""
        g, N = self.geometry, len(dy)
        dx = self.buffer("dx", N, g.image[:3]) if self.needs_dx else None
        _backward(
            self.flat(dy), self.y.reshape(-1), self.winners.reshape(-1), self.relu, self.x, self.kernel, self.places,
            self.place_count, g.runs, g.run, g.taps, g.image, g.padded_size, self.cells, self.size, self.windows,
            self.capacity, self.sparse, self.nothing if dx is None else dx.reshape(-1), self.needs_dx, N,
            min(BLOCKS, N), self.partial, self.dkernel, self.dbias,
        )  # fmt: skip
        return dx

    def flops(self, n: int) -> tuple[int, int]:
        """Floating-point operations of (forward, backward) for n samples; backward counts winners only."""
        forward = 2 * n * self.place_count * self.K * self.F
        places = self.windows if self.sparse else self.place_count
        return forward, 2 * n * places * self.K * self.F * (2 if self.needs_dx else 1)

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        x, y = n * int(np.prod(self.geometry.image[:3])), n * self.windows * self.F
        winners = y * np.dtype(self.winner_type).itemsize
        return (x + y + self.kernel.size) * self.itemsize + winners, winners + self.itemsize * (
            x + 2 * y + 2 * self.kernel.size + (x if self.needs_dx else 0)
        )
