"""Conv2D (layers/conv2d.py): the convolution, its bias and its ReLU in one pass.

1. An activation other than ReLU runs after the kernel: a sigmoid in one pass, any other by its own definition.
2. Where the windows lie is worked out once, as tables (`loops/windows.py`).
3. A 3x3 kernel with stride 1 or 2 and whole vectors of channels and filters takes fewer products.

The loops: `loops/convolution.py`; `loops/convolution_winograd.py`, `loops/convolution_winograd_gradient.py`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scratchnet.kernels.loops import convolution, convolution_winograd, convolution_winograd_gradient
from scratchnet.kernels.loops.convolution_points import FOUR, PAIR, STRIDED, Points
from scratchnet.kernels.loops.convolution_tiles import Tiles, tiles_of
from scratchnet.kernels.loops.matrix_product import tile_table
from scratchnet.kernels.loops.vectors import BLOCKS
from scratchnet.kernels.loops.windows import Geometry, window_geometry
from scratchnet.kernels.machine.processor import TILE
from scratchnet.kernels.steps.step import ProductStep, Way
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros

GROUP = 128
"""The most tiles that are done together."""
GROUP_BYTES = 1280 * 1024
"""Bytes of their points at most: they stay in the second cache, or most of them, where a core has 1 MiB."""
SAMPLES = 4
"""The fewest samples whose tiles are worked out together."""

FEW = {1: (10, 0), 2: (20, 8)}
"""By stride: where channels times filters are below this many times their sum, (forward, backward) are faster directly.
There the points cost more than the products they save."""
LARGE = 64
"""Places of an image from which its gradients take tiles of 4x4: smaller ones have too few tiles for so many points."""
MANY = 16 * 4096
"""Numbers of a block's sums above which the blocks are half as many: what they add up would fill the last cache."""


class Tiling(NamedTuple):
    """The tiles of "winograd", one way.

    Attributes:
        tiles: where they lie.
        matrix: what makes the points of the kernel.
        together: the samples whose tiles are worked out together.
        group: how many of these tiles, so that their points stay near.
    """

    tiles: Tiles
    matrix: Array
    together: int
    group: int

    @classmethod
    def of(cls, points: Points, g: Geometry, F: int, dtype: Any, fewest: int) -> Tiling:
        """Cut some images into parts of about one size, which tiles of a product divide, or not at all.

        Backward a block of samples takes `fewest` tiles together, if it has them; forward a few samples are a block.
        """
        tiles, matrix = tiles_of(points, (g.H, g.W, g.C), (g.OH, g.OW), (g.top, g.left)), points.matrix(dtype)
        of_kernel = len(matrix) ** 2 * g.C * F * matrix.itemsize  # bytes that pass by once for each group
        near = max(GROUP_BYTES, of_kernel)
        most = max(TILE, min(GROUP, near // (tiles.needs.size * (g.C + F) * matrix.itemsize)))
        together = max(SAMPLES, fewest // tiles.first.size)
        whole = together * tiles.first.size
        part = -(-whole // -(-whole // most))
        return cls(tiles, matrix, together, whole if whole <= most else -(-part // TILE) * TILE)


class Conv2DStep(ProductStep):
    """A Conv2D layer, with ReLU in the same pass or any other activation after it.

    Attributes:
        forward_ways: how `forward` may run here, the fastest first: "winograd" where it fits, and "direct".
        backward_ways: the same for `backward`.
    """

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        layer = layers[0]
        self.F = layer.filters
        self.geometry = g = window_geometry(
            layer.input_shape[1:], layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate
        )
        self.places = g.windows
        plain = layer.kernel_size == (3, 3) and layer.dilation_rate == (1, 1) and layer.strides in ((1, 1), (2, 2))
        fits = plain and convolution_winograd.fits(self.F, g.C, self.itemsize)
        self.forward_ways, self.backward_ways = ["direct"], ["direct"]
        if fits:
            self._prepare_tiles(layer.strides[0])
            for ways, few in zip((self.forward_ways, self.backward_ways), FEW[layer.strides[0]]):
                ways.insert(1 if few * (g.C + self.F) > g.C * self.F else 0, "winograd")
        self.forward_way, self.backward_way = self.forward_ways[0], self.backward_ways[0]

    def _prepare_tiles(self, stride: int) -> None:
        """Work out where the tiles of "winograd" lie, how many are done together, and where rows of numbers begin."""
        g, F, dtype = self.geometry, self.F, self.dtype
        forward = PAIR if stride == 1 else STRIDED
        backward = FOUR if stride == 1 and self.places >= LARGE else forward
        self.tiling = Tiling.of(forward, g, F, dtype, fewest=0)
        self.gradient_tiling = Tiling.of(backward, g, F, dtype, fewest=GROUP)
        self.steps = tile_table(np.arange(self.tiling.group) * g.C)
        self.gradient_steps = tile_table(np.arange(self.gradient_tiling.group) * F)
        self.channel_rows = tile_table(np.arange(g.C))

    def _prepare_sums(self) -> None:
        g, rows = self.geometry, self.geometry.K
        self.blocks = BLOCKS
        if self.backward_way == "direct":
            self.rows = tile_table(np.arange(g.windows) * self.F)
        else:
            rows = len(self.gradient_tiling.matrix) ** 2 * g.C
            self.blocks = BLOCKS if rows * self.F <= MANY else BLOCKS // 2
        self.partial = place_zeros((self.blocks * (rows + 1) * self.F,), self.dtype)

    forward_way = Way()
    backward_way = Way(_prepare_sums)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether the filters see all channels."""
        return bool(layers[0].groups == 1)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, OH, OW, F), in a buffer of the step."""
        g, N = self.geometry, len(x)
        self.x = self.flat(x)
        self.y = self.buffer("y", N, (g.OH, g.OW, self.F))  # (N, OH, OW, F)
        if self.forward_way == "winograd":
            t = self.tiling
            convolution_winograd.forward(
                self.x, self.kernel, t.matrix, self.bias, self.relu, t.tiles, self.steps, t.group, t.together,
                self.y.reshape(-1), N,
            )  # fmt: skip
        else:
            convolution.forward(self.x, self.kernel, self.bias, self.relu, g, self.y.reshape(-1), N)
        return self.activated(self.y)

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx (N, H, W, C) if it is needed."""
        g, N = self.geometry, len(dy)
        dy = self.before_activation(dy)
        dx = self.buffer("dx", N, (g.H, g.W, g.C)) if self.needs_dx else self.nothing
        dy = self.flat(dy)
        known = dy, self.y.reshape(-1) if self.relu else dy, self.relu, self.x, self.kernel
        if self.backward_way == "winograd":
            t = self.gradient_tiling
            convolution_winograd_gradient.backward(
                *known, t.matrix, t.tiles, self.gradient_steps, self.channel_rows, t.group, t.together, dx.reshape(-1),
                self.needs_dx, N, self.blocks, self.partial, self.dkernel, self.dbias,
            )  # fmt: skip
        else:
            convolution.backward(
                *known, g, self.rows, dx.reshape(-1), self.needs_dx, N, self.partial, self.dkernel, self.dbias
            )
        return dx if self.needs_dx else None
