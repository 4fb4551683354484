"""MaxPooling2D (layers/max_pooling2d.py) by itself, where no convolution before it takes it in.

1. All channels of one window place are compared at once: the inner loops run over C contiguous numbers.
2. The number of the winner within its window is remembered, one byte each, not its position in the image.
3. Padding is skipped rather than filled with minus infinity. Samples are divided among threads; each writes only to its
   own, so threads change no bit.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from scratchnet.kernels.loops.windows import window_geometry
from scratchnet.kernels.machine.hints import no_overlap
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.typing import Array


@inner
def compete(x: Array, q: int, first: bool, y: Array, winners: Array) -> None:
    """Let the row x (C,), number q of its window, compete with the best so far; a tie leaves the winner.

    NaN is the largest number, as in NumPy, so that what went wrong before a pooling is still seen behind it; which of
    several NaN has won is not said.
    """
    no_overlap()
    number = winners.dtype.type(q)
    for c in range(y.size):
        better = first or x[c] > y[c] or x[c] != x[c]
        y[c] = x[c] if better else y[c]
        winners[c] = number if better else winners[c]


@kernel(parallel=True)
def forward(x: Array, pixels: Array, size: int, C: int, y: Array, winners: Array, samples: int, x_size: int) -> None:
    """y (samples, OH, OW, C) = the largest number of each window, and its number in the window.

    `pixels` is that of `window_pixels`, `size` the number of places of a window.

    Raises:
        ValueError: the arrays have other sizes.
    """
    windows = pixels.size // size
    if not (
        x.size == samples * x_size
        and y.size == winners.size == samples * windows * C
        and (pixels.max() + 1) * C <= x_size
    ):
        raise ValueError("A max-pooling was given arrays whose sizes do not belong together.")
    for n in prange(samples):
        for w in range(windows):
            to = (n * windows + w) * C
            first = True
            for q in range(size):
                pixel = pixels[w * size + q]
                if pixel >= 0:
                    start = n * x_size + pixel * C
                    compete(x[start : start + C], q, first, y[to : to + C], winners[to : to + C])
                    first = False


@inner
def _pay(dy: Array, winners: Array, pixels: Array, C: int, dx: Array) -> None:
    """Add each dy (windows * C,) of one sample to the pixel that won."""
    for i in range(dx.size):
        dx[i] = 0
    size = pixels.size * C // dy.size
    for i in range(dy.size):
        dx[pixels[i // C * size + np.int64(winners[i])] * C + i % C] += dy[i]


@kernel(parallel=True)
def backward(dy: Array, winners: Array, pixels: Array, size: int, C: int, dx: Array, samples: int, x_size: int) -> None:
    """Fill dx (samples, H, W, C): each dy goes to the pixel that won.

    Raises:
        ValueError: the arrays have other sizes.
    """
    y_size = pixels.size // size * C
    if not (
        dx.size == samples * x_size and dy.size == winners.size == samples * y_size and (pixels.max() + 1) * C <= x_size
    ):
        raise ValueError("A max-pooling's gradient was given arrays whose sizes do not belong together.")
    for n in prange(samples):
        i, j = n * y_size, (n + 1) * y_size
        _pay(dy[i:j], winners[i:j], pixels, C, dx[n * x_size : (n + 1) * x_size])


def window_pixels(image: tuple[int, int], size: tuple[int, int], strides: tuple[int, int], padding: str) -> Array:
    """Which pixel of an image (H, W) each number of each window is: (OH*OW, KH*KW), -1 where it lies on padding."""
    g = window_geometry((*image, 1), size, strides, padding)
    numbers = np.full((g.HP, g.WP), -1)
    numbers[g.top : g.top + g.H, g.left : g.left + g.W] = np.arange(g.pixels).reshape(g.H, g.W)
    pixels: Array = numbers.reshape(-1)[g.places[: g.windows, None] + g.taps[: g.K]]  # (OH*OW, KH*KW)
    return pixels
