"""Which places of a convolution a pooling window looks at, as tables that the kernels read (see `windows.py`).

1. Places are numbered in the order in which the windows ask for them; one that no window looks at is left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchnet.kernels.loops.matrix_product import tile_table
from scratchnet.kernels.loops.max_pooling import window_pixels
from scratchnet.kernels.loops.windows import Geometry
from scratchnet.typing import Array


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
