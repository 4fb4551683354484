"""Where the numbers of a sliding window lie in an image, as tables that the kernels read.

1. All tables count numbers from the start of one *padded* image (HP, WP, C); without padding that is the image itself,
   and no copy is made. With padding, a kernel copies one sample at a time into a scratch image with a zero border.
2. A window is a few *runs* of contiguous numbers: KH runs of KW*C without dilation across, else KH*KW runs of C.
3. The tables travel as one named tuple, which Numba takes as an argument (its parallel loops only if it is flat).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchnet.kernels.loops.matrix_product import tile_table
from scratchnet.kernels.loops.vectors import copy_to
from scratchnet.kernels.machine.runtime import inner
from scratchnet.typing import Array


class Image(NamedTuple):
    """The part of a `Geometry` that kernels with windows of one fixed shape need: a call with it costs less.

    Attributes: those of `Geometry`.
    """

    H: int
    W: int
    C: int
    HP: int
    WP: int
    top: int
    left: int
    pixels: int
    padded: int


class Geometry(NamedTuple):
    """A window of (KH, KW) pixels that slides over an image (H, W, C); made by `window_geometry`.

    Attributes:
        H, W, C: the image.
        HP, WP: height and width of the padded image.
        top, left: where the image lies in it.
        pixels: H*W*C, the numbers of an image.
        padded: HP*WP*C, the numbers of a padded image; 0 if there is no padding.
        OH, OW: the number of windows down and across.
        windows: OH*OW.
        places: (OH*OW,) the first number of each window, row by row.
        down: (OH,) the first number of the first window of each row of windows.
        across: from one window to the next in its row, in numbers.
        runs: (R,) the first number of each run, counted from the first of its window.
        run: the length of a run.
        taps: (KH*KW*C,) each number of a window, counted from its first; the order is that of a kernel (KH, KW, C).
        K: KH*KW*C.
    """

    H: int
    W: int
    C: int
    HP: int
    WP: int
    top: int
    left: int
    pixels: int
    padded: int
    OH: int
    OW: int
    windows: int
    places: Array
    down: Array
    across: int
    runs: Array
    run: int
    taps: Array
    K: int

    def image(self) -> Image:
        """The image alone."""
        return Image(self.H, self.W, self.C, self.HP, self.WP, self.top, self.left, self.pixels, self.padded)


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
    first_of_row = np.arange(OH) * down * WP * C
    return Geometry(
        H=H, W=W, C=C, HP=HP, WP=WP, top=top, left=left,
        pixels=H * W * C,
        padded=0 if (H, W) == (HP, WP) else HP * WP * C,
        OH=OH, OW=OW,
        windows=OH * OW,
        places=tile_table(first_of_row[:, None] + np.arange(OW) * across * C),
        down=first_of_row,
        across=across * C,
        runs=rows if contiguous else pixels.reshape(-1),
        run=KW * C if contiguous else C,
        taps=tile_table(pixels[:, :, None] + channels),
        K=KH * KW * C,
    )  # fmt: skip


def of_samples(g: Geometry, samples: int) -> Geometry:
    """The same with tables for the windows of several images, which lie one behind the other."""
    firsts = np.arange(samples)[:, None] * (g.padded or g.pixels)
    places, down = firsts + g.places[: g.windows], (firsts + g.down).reshape(-1)
    return g._replace(places=tile_table(places), down=down)


@inner
def pad_image(x: Array, x_at: int, g: Geometry | Image, padded: Array) -> None:
    """Copy the image (H, W, C) at `x_at` into the middle of `padded` (HP, WP, C), whose border is left alone."""
    row = g.W * g.C
    for h in range(g.H):
        to, start = ((g.top + h) * g.WP + g.left) * g.C, x_at + h * row
        copy_to(padded[to : to + row], x[start : start + row])


@inner
def crop_image(padded: Array, g: Geometry, x: Array, x_at: int) -> None:
    """Copy the middle of `padded` (HP, WP, C) to the image (H, W, C) at `x_at`."""
    row = g.W * g.C
    for h in range(g.H):
        start, to = ((g.top + h) * g.WP + g.left) * g.C, x_at + h * row
        copy_to(x[to : to + row], padded[start : start + row])
