"""The mean of each window of an image, or of the whole image as one window; each channel by itself.

1. All channels of one window place are added at once: the inner loops run over C contiguous numbers.
2. A large window is added up in spans, and then the spans: fewer roundings follow each other.
3. Padding is skipped, and how many pixels a window has is known beforehand. Samples are divided among threads; each
   writes only to its own, so threads change no bit.
"""

from __future__ import annotations

from numba import prange

from scratchnet.kernels.loops.vectors import add_to, fill
from scratchnet.kernels.machine.hints import never_inline, no_overlap
from scratchnet.kernels.machine.runtime import inner, kernel
from scratchnet.kernels.machine.scratch import scratch
from scratchnet.typing import Array

SPAN = 32
"""Pixels that are added up by themselves."""


@inner
def _divided(x: Array, count: float, out: Array) -> None:
    no_overlap()
    for c in range(out.size):
        out[c] = x[c] / count


@inner
def _pool(x: Array, pixels: Array, size: int, counts: Array, y: Array) -> None:
    """y (windows * C,) of one sample x (H * W * C,)."""
    never_inline()
    C = y.size // counts.size
    total, part = scratch(C, y), scratch(C, y)
    for w in range(counts.size):
        fill(total)
        for start in range(0, size, SPAN):
            fill(part)
            for q in range(start, min(start + SPAN, size)):
                pixel = pixels[w * size + q]
                if pixel >= 0:
                    add_to(part, x[pixel * C : (pixel + 1) * C])
            add_to(total, part)
        _divided(total, counts[w], y[w * C : (w + 1) * C])


@inner
def _share(dy: Array, pixels: Array, size: int, counts: Array, dx: Array) -> None:
    """dx (H * W * C,) of one sample: each pixel gets its part of the dy of all its windows."""
    never_inline()
    C = dy.size // counts.size
    each = scratch(C, dy)
    fill(dx)
    for w in range(counts.size):
        _divided(dy[w * C : (w + 1) * C], counts[w], each)
        for q in range(size):
            pixel = pixels[w * size + q]
            if pixel >= 0:
                add_to(dx[pixel * C : (pixel + 1) * C], each)


@inner
def _belong_together(x: Array, y: Array, samples: int, pixels: Array, size: int, windows: int) -> bool:
    """Whether images and their pooled images are whole ones, and no window looks beyond an image."""
    x_size, y_size = x.size // max(samples, 1), y.size // max(samples, 1)
    whole = x.size == samples * x_size and y.size == samples * y_size and y_size % windows == 0
    return whole and pixels.size == windows * size and (pixels.max() + 1) * (y_size // windows) <= x_size


@kernel(parallel=True)
def forward(x: Array, pixels: Array, size: int, counts: Array, y: Array, samples: int) -> None:
    """y (samples, OH, OW, C) = the mean of each window of x (samples, H, W, C).

    `pixels` is that of `window_pixels`, `size` the number of places of a window, `counts` how many of them are pixels.

    Raises:
        ValueError: the arrays have other sizes.
    """
    windows, some = counts.size, max(samples, 1)
    x_size, y_size = x.size // some, y.size // some
    if not _belong_together(x, y, samples, pixels, size, windows):
        raise ValueError("An average-pooling was given arrays whose sizes do not belong together.")
    for n in prange(samples):
        _pool(x[n * x_size : (n + 1) * x_size], pixels, size, counts, y[n * y_size : (n + 1) * y_size])


@kernel(parallel=True)
def backward(dy: Array, pixels: Array, size: int, counts: Array, dx: Array, samples: int) -> None:
    """Fill dx (samples, H, W, C): the pixels of each window share its dy.

    Raises:
        ValueError: the arrays have other sizes.
    """
    windows, some = counts.size, max(samples, 1)
    x_size, y_size = dx.size // some, dy.size // some
    if not _belong_together(dx, dy, samples, pixels, size, windows):
        raise ValueError("An average-pooling's gradient was given arrays whose sizes do not belong together.")
    for n in prange(samples):
        _share(dy[n * y_size : (n + 1) * y_size], pixels, size, counts, dx[n * x_size : (n + 1) * x_size])
