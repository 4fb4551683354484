"""Where the numbers of a sliding window lie in an image, as tables that the kernels read.

1. All tables count numbers from the start of one *padded* image (HP, WP, C); without padding that is the image itself,
   and no copy is made. With padding, a kernel copies one sample at a time into a scratch image with a zero border.
2. A window is a few *runs* of contiguous numbers: KH runs of KW*C without dilation across, else KH*KW runs of C.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scratchnet.kernels.product import tile_table
from scratchnet.kernels.runtime import inner
from scratchnet.kernels.simd import no_overlap
from scratchnet.typing import Array


@dataclass(frozen=True)
class Geometry:
    """A window of (KH, KW) pixels that slides over an image (H, W, C); see `window_geometry`.

    Attributes:
        image: H, W, C, HP, WP, top, left: the image, its padded size, and where the image lies in it.
        out: OH, OW, the number of windows down and across.
        places: (OH*OW,) the first number of each window, row by row.
        runs: (R,) the first number of each run, counted from the first of its window.
        run: the length of a run.
        taps: (KH*KW*C,) each number of a window, counted from its first; the order is that of a kernel (KH, KW, C).
        step_down, step_across: from one window to the next, in numbers.
    """

    image: tuple[int, int, int, int, int, int, int]
    out: tuple[int, int]
    places: Array
    runs: Array
    run: int
    taps: Array
    step_down: int
    step_across: int

    @property
    def padded_size(self) -> int:
        """The number of numbers in a padded image, 0 if there is no padding."""
        H, W, C, HP, WP, _, _ = self.image
        return 0 if (H, W) == (HP, WP) else HP * WP * C


def _axis(length: int, size: int, stride: int, dilation: int, padding: str) -> tuple[int, int, int]:
    """Return (number of windows, padding before, padded length), as TensorFlow pads."""
    span = (size - 1) * dilation + 1
    if padding == "valid":
        return (length - span) // stride + 1, 0, length
    count = -(-length // stride)
    missing = max((count - 1) * stride + span - length, 0)
    return count, missing // 2, length + missing


def window_geometry(
    image: tuple[int, int, int],
    size: tuple[int, int],
    strides: tuple[int, int] = (1, 1),
    padding: str = "valid",
    dilation: tuple[int, int] = (1, 1),
) -> Geometry:
    """The tables of a window of `size` that slides over one image (H, W, C)."""
    H, W, C = image
    (KH, KW), (down, across), (gap_down, gap_across) = size, strides, dilation
    OH, top, HP = _axis(H, KH, down, gap_down, padding)
    OW, left, WP = _axis(W, KW, across, gap_across, padding)
    rows, columns, channels = np.arange(KH) * gap_down * WP * C, np.arange(KW) * gap_across * C, np.arange(C)
    pixels = rows[:, None] + columns  # (KH, KW)
    contiguous = gap_across == 1 or KW == 1
    places = (np.arange(OH) * down * WP * C)[:, None] + np.arange(OW) * across * C  # (OH, OW)
    return Geometry(
        image=(H, W, C, HP, WP, top, left),
        out=(OH, OW),
        places=tile_table(places),
        runs=np.ascontiguousarray(rows if contiguous else pixels.reshape(-1), np.int64),
        run=KW * C if contiguous else C,
        taps=tile_table(pixels[:, :, None] + channels),
        step_down=down * WP * C,
        step_across=across * C,
    )


@inner
def copy_to(out, x):
    """Copy x to `out`, an array apart from it."""
    no_overlap()
    for i in range(out.size):
        out[i] = x[i]


@inner
def pad_image(x, x_at, image, padded):
    """Copy the image (H, W, C) at `x_at` into the middle of `padded` (HP, WP, C), whose border is left alone."""
    H, W, C, HP, WP, top, left = image
    for h in range(H):
        to, start = ((top + h) * WP + left) * C, x_at + h * W * C
        copy_to(padded[to : to + W * C], x[start : start + W * C])


@inner
def crop_image(padded, image, x, x_at):
    """Copy the middle of `padded` (HP, WP, C) to the image (H, W, C) at `x_at`."""
    H, W, C, HP, WP, top, left = image
    for h in range(H):
        start, to = ((top + h) * WP + left) * C, x_at + h * W * C
        copy_to(x[to : to + W * C], padded[start : start + W * C])
