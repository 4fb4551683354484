"""Conv2D + bias + ReLU + MaxPooling2D for images of one channel, kernels of 2x2 or 3x3 and windows of 2x2 places.

1. A kernel of one channel is so small that its taps stay in registers while the windows of a sample pass by.
2. The 3x3 pixels (4x4 for a 3x3 kernel) under a window are read once, for all four places and all their taps.
3. Four sums, bias, maximum, winner and ReLU are registers: only maxima and winners are written.
4. Where all pixels under a window are 0, the background of an image, bias and ReLU are all there is: worked out once.
5. Whether a maximum is NaN costs an eighth of the time to ask. So the image and the kernel are asked, which are small:
   if the squares of both have finite sums, no sum of products can overflow (Cauchy and Schwarz), so none is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numba import prange
from numba.core import cgutils

from scratchnet.kernels.loops.finite import square_is_finite
from scratchnet.kernels.loops.pooled_convolution_tile import pool_four, store_pooled
from scratchnet.kernels.loops.windows import Image, pad_image
from scratchnet.kernels.machine.processor import VECTOR_BYTES, lanes
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import zeros
from scratchnet.kernels.machine.simd import INT, ZERO, Emitter, vectorised
from scratchnet.typing import Array

VECTORS = 2 if VECTOR_BYTES == 64 else 1
"""Vectors of filters whose taps fit into the registers, for a 2x2 kernel."""


def _emit_row(taps: int, vectors: int, finite: bool = True) -> Callable[[Emitter, Any], None]:
    """A row of windows; `finite` says that no sum of pixels times taps can be NaN."""

    def emit(e: Emitter, a: Any) -> None:
        builder, size = e.builder, taps + 1
        bias = [e.load(e.at(a.bias, a.filter, v * e.count)) for v in range(vectors)]
        weights = [
            [e.load(e.at(a.kernel_, a.filter, builder.mul(a.filters, INT(tap)), v * e.count)) for v in range(vectors)]
            for tap in range(taps * taps)
        ]
        background = [pool_four(e, a, [vector] * 4, finite) for vector in bias]
        with cgutils.for_range(builder, a.windows) as w:
            first = e.at(a.x, a.x_at, builder.load(e.at(a.tiles, w.index)))
            rows = [e.at(first, builder.mul(a.down, INT(i))) for i in range(size)]
            square = [[e.at(row, j) for j in range(size)] for row in rows]
            to = builder.add(a.y_at, builder.mul(w.index, a.filters))

            def pool() -> None:
                pixels = [[e.splat(builder.load(place)) for place in row] for row in square]
                for v in range(vectors):
                    places = []
                    for q in range(4):
                        total = bias[v]
                        for tap in range(taps * taps):
                            pixel = pixels[q // 2 + tap // taps][q % 2 + tap % taps]
                            total = e.multiply_add(pixel, weights[tap][v], total)
                        places.append(total)
                    store_pooled(e, a, *pool_four(e, a, places, finite), builder.add(to, INT(v * e.count)))

            if not finite:  # a zero times what is not finite is no zero
                pool()
                return
            with builder.if_else(e.all_zero(square)) as (dark, bright):
                with dark:
                    for v in range(vectors):
                        store_pooled(e, a, *background[v], builder.add(to, INT(v * e.count)))
                with bright:
                    pool()

    return emit


def _define_row(
    taps: int, vectors: int, x: Array, x_at: int, down: int, tiles: Array, windows: int, kernel_: Array, bias: Array,
    filter: int, filters: int, relu: int, y: Array, winners: Array, y_at: int,
) -> None:  # fmt: skip
    """Convolve and pool one sample with VECTORS of filters of 2x2, from `filter` on.

    The pixels (i, j) under window w are at ``x_at + tiles[w] + i * down + j``; its maxima and winners go to ``y_at + w
    * filters`` in `y` and `winners`.
    """
    width = vectors * lanes(x.dtype)
    for w in range(windows):
        z = np.tile(bias[filter : filter + width], (4, 1))  # (4, width)
        for q in range(4):
            for tap in range(taps * taps):
                at = x_at + tiles[w] + (q // 2 + tap // taps) * down + q % 2 + tap % taps
                z[q] += x[at] * kernel_[tap * filters + filter :][:width]
        to = slice(y_at + w * filters, y_at + w * filters + width)
        y[to], winners[to] = z.max(axis=0), z.argmax(axis=0)
        if relu:
            y[to][y[to] <= 0] = 0


wide_row_2 = vectorised(_emit_row(2, VECTORS))(partial(_define_row, 2, VECTORS))
row_2 = vectorised(_emit_row(2, 1))(partial(_define_row, 2, 1))
row_3 = vectorised(_emit_row(3, 1))(partial(_define_row, 3, 1))
careful_row_2 = vectorised(_emit_row(2, 1, finite=False))(partial(_define_row, 2, 1))
careful_row_3 = vectorised(_emit_row(3, 1, finite=False))(partial(_define_row, 3, 1))


@inner
def _block(
    x: Array, taps: int, kernel_: Array, bias: Array, on: int, g: Image, tiles: Array, y: Array, winners: Array,
    first: int, last: int,
) -> None:  # fmt: skip
    F, lane, windows = bias.size, VECTOR_BYTES // x.itemsize, tiles.size
    padded, small = zeros(g.padded, x), square_is_finite(kernel_)
    for n in range(first, last):
        image, at, f = x, n * g.pixels, ZERO
        careful = not (small and square_is_finite(x[at : at + g.pixels]))
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, at = padded, ZERO
        while f < F:
            to = n * windows * F + f
            if careful:
                if taps == 3:
                    careful_row_3(image, at, g.WP, tiles, windows, kernel_, bias, f, F, on, y, winners, to)
                else:
                    careful_row_2(image, at, g.WP, tiles, windows, kernel_, bias, f, F, on, y, winners, to)
                f += lane
            elif taps == 3:
                row_3(image, at, g.WP, tiles, windows, kernel_, bias, f, F, on, y, winners, to)
                f += lane
            elif f + VECTORS * lane <= F:
                wide_row_2(image, at, g.WP, tiles, windows, kernel_, bias, f, F, on, y, winners, to)
                f += VECTORS * lane
            else:
                row_2(image, at, g.WP, tiles, windows, kernel_, bias, f, F, on, y, winners, to)
                f += lane


def fits(taps: int, filters: int, channels: int, itemsize: int) -> bool:
    """Whether `forward` can do it: kernels of 2x2 or 3x3, one channel, filters in whole vectors."""
    return 2 <= taps <= 3 and filters > 0 and filters % (VECTOR_BYTES // itemsize) == 0 and channels == 1


_fits = inner(fits)


@kernel(parallel=True)
def forward(
    x: Array, taps: int, kernel_: Array, bias: Array, relu: bool, g: Image, tiles: Array, y: Array, winners: Array,
    samples: int,
) -> None:  # fmt: skip
    """Convolve and pool: y (samples, windows, F) and the numbers of the winners.

    `tiles` (windows,) says where the pixels under each window begin in the padded image.

    Raises:
        ValueError: it does not fit (see `fits`), or the arrays have other sizes.
    """
    if not _fits(taps, bias.size, g.C, x.itemsize):
        raise ValueError("one_channel.forward takes kernels of 2x2 or 3x3, one channel and filters in whole vectors.")
    if not (
        x.size == samples * g.pixels
        and kernel_.size == taps * taps * bias.size
        and y.size == winners.size == samples * tiles.size * bias.size
    ):
        raise ValueError("one_channel.forward was given arrays whose sizes do not belong together.")
    for block in prange((samples + 3) // 4):
        _block(
            x, taps, kernel_, bias, np.int64(relu), g, tiles, y, winners, 4 * block, min(4 * block + 4, samples)
        )  # fmt: skip
