"""Where the tiles of places of a 3x3 convolution lie, as tables that the kernels read (see `windows.py`).

1. With stride 1 a tile of 2x2 places reads 4x4 pixels and its neighbour begins two pixels on, with stride 2 it reads
   5x5 and the next begins four on. Where they would reach beyond the image, kernels copy one sample at a time into a
   scratch image with a border of zeros.
2. At the edges a tile may have places that do not exist. Forward, its step down or across is then 0, so that they are
   written to the place that does exist, which is written last; backward, dz is copied into an image that has them all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchnet.kernels.loops.convolution_points import Points
from scratchnet.typing import Array


class Tiles(NamedTuple):
    """The tiles of one convolution; made by `tiles_of`.

    Attributes:
        H, W, C, HP, WP, top, left, pixels, padded: the image that is read and its border, as in `Geometry`.
        OH, OW: the places.
        places: OH*OW.
        OHP, OWP: the places of all tiles, with those that do not exist.
        first: (T,) the first pixel of each tile in the image with its border, in numbers.
        place: (T,) the first place of each tile.
        corner: (T,) the same, counted among the OHP*OWP places.
        down, across: (T,) from a place of the tile to the one below it and beside it, in places; 0 at an odd edge.
        side: the places of a tile, down and across.
        stride: 1 or 2.
        kernel_points, needs: for each point of a tile, as in `convolution_points.py`.
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
    places: int
    OHP: int
    OWP: int
    first: Array
    place: Array
    corner: Array
    down: Array
    across: Array
    side: int
    stride: int
    kernel_points: Array
    needs: Array


def tiles_of(points: Points, image: tuple[int, int, int], places: tuple[int, int], before: tuple[int, int]) -> Tiles:
    """The tiles of a 3x3 convolution.

    Args:
        points: how a tile takes fewer products.
        image: what is read, (H, W, C).
        places: how many places there are down and across.
        before: how many rows and columns of zeros come before the image.
    """
    (H, W, C), (OH, OW), (top, left), side, stride = image, places, before, points.side, points.stride
    down, across = -(-OH // side), -(-OW // side)
    HP, WP = (max((side * tiles - 1) * stride + 3, length) for tiles, length in ((down, top + H), (across, left + W)))
    row, column = (side * np.arange(n, dtype=np.int64) for n in (down, across))
    one = np.ones((down, across), np.int64)
    return Tiles(
        H=H, W=W, C=C, HP=HP, WP=WP, top=top, left=left,
        pixels=H * W * C,
        padded=0 if (H, W) == (HP, WP) else HP * WP * C,
        OH=OH, OW=OW,
        places=OH * OW,
        OHP=side * down, OWP=side * across,
        first=(stride * (row[:, None] * WP + column) * C).reshape(-1),
        place=(row[:, None] * OW + column).reshape(-1),
        corner=(row[:, None] * side * across + column).reshape(-1),
        down=(one * np.where(row + 1 < OH, OW, 0)[:, None]).reshape(-1),
        across=(one * np.where(column + 1 < OW, 1, 0)).reshape(-1),
        side=side,
        stride=stride,
        kernel_points=points.kernel_points(),
        needs=points.needs(),
    )  # fmt: skip
