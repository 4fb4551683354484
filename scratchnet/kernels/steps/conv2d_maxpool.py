"""Conv2D + bias + ReLU + MaxPooling2D in one pass (layers/conv2d.py, layers/max_pooling2d.py).

1. Only the pooled maxima and the number of each winner are written, never the convolution's own output.
2. There are several ways to compute both directions; which of them fit depends on the shapes and on the processor's
   vectors, and the fastest of them is taken.

The loops: `loops/pooled_convolution.py` and, for the fast ways, `pooled_convolution_one_channel.py` and
`pooled_convolution_winograd.py`; backward `loops/pooled_gradients.py` and `pooled_kernel_gradient_winograd.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.kernels.loops import pooled_convolution, pooled_gradients
from scratchnet.kernels.loops import pooled_convolution_one_channel as one_channel
from scratchnet.kernels.loops import pooled_convolution_winograd as winograd
from scratchnet.kernels.loops import pooled_kernel_gradient_winograd as winograd_gradient
from scratchnet.kernels.loops.matrix_product import tile_table
from scratchnet.kernels.loops.pooling_windows import pooling_of
from scratchnet.kernels.loops.vectors import BLOCKS
from scratchnet.kernels.loops.windows import window_geometry
from scratchnet.kernels.loops.winograd import matrix_of
from scratchnet.kernels.machine.processor import TILE, lanes
from scratchnet.kernels.steps.step import ProductStep, Way
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros


class Conv2DMaxPoolStep(ProductStep):
    """A Conv2D with ReLU or no activation, followed by a MaxPooling2D.

    Attributes:
        forward_ways: how `forward` may run here, the fastest first: of "winograd", "one channel", "registers" and
            "scratch" those that fit the layers and the vectors of the machine.
        backward_ways: how `backward` may run: of "squares", "winograd", "winners" and "filters".
    """

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        conv, pool = layers
        self.F = conv.filters
        self.geometry = g = window_geometry(
            conv.input_shape[1:], conv.kernel_size, conv.strides, conv.padding, conv.dilation_rate
        )
        self.image = g.image()
        self.pooling = p = pooling_of(g, pool.pool_size, pool.strides, pool.padding)
        self.winner_type = np.uint8 if p.size <= 256 else np.int32
        self.out = pool.output_shape[1:]
        squares = (
            p.alone
            and pool.pool_size == (2, 2)
            and conv.kernel_size in ((2, 2), (3, 3))
            and conv.strides == conv.dilation_rate == (1, 1)
        )
        self.taps = conv.kernel_size[0]
        if squares:
            self.matrix = matrix_of(self.taps, self.dtype)
            self.matrix_t = np.ascontiguousarray(self.matrix.T)
            self.tiles = p.places[: p.used : 4].copy()
        self.rows, self.tile_rows = tile_table(np.arange(p.used) * self.F), tile_table(np.arange(TILE) * g.C)
        sizes = self.taps, self.F, g.C, self.itemsize
        self.forward_ways, self.backward_ways = ["scratch"], ["winners", "filters"]
        if pooled_convolution.registers_fit(p.alone, p.windows, self.F):
            self.forward_ways.insert(0, "registers")
        if squares and winograd.fits(*sizes):
            self.forward_ways.insert(0, "winograd")
        if squares and one_channel.fits(*sizes):
            self.forward_ways.insert(0, "one channel")
        few = g.run < lanes(self.dtype)  # runs shorter than a vector
        if few:
            self.backward_ways.reverse()
        if squares and not needs_dx and winograd_gradient.fits(self.taps, self.F, self.itemsize):
            self.backward_ways.insert(0 if few else 2, "winograd")
        if squares and needs_dx and pool.strides == (2, 2) and pooled_gradients.squares_fit(*sizes):
            self.backward_ways.insert(0, "squares")
        self.forward_way, self.backward_way = self.forward_ways[0], self.backward_ways[0]

    def _prepare_forward(self) -> None:
        self.calls_blas = self.forward_way == "winograd"

    def _prepare_sums(self) -> None:
        rows = self.geometry.K
        if self.backward_way == "filters":
            rows = pooled_gradients.filters_rows(rows)
        elif self.backward_way == "winograd":
            rows = winograd_gradient.partial_rows(self.taps, self.geometry.C)
        self.partial = place_zeros((BLOCKS * (rows + 1) * self.F,), self.dtype)

    forward_way = Way(_prepare_forward)
    backward_way = Way(_prepare_sums)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether the filters see all channels, and nothing but a ReLU comes before the pooling."""
        conv, pool = layers
        return conv.groups == 1 and conv.activation.name in ("relu", "linear") and conv.dtype == pool.dtype

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return y (N, OH, OW, F), in a buffer of the step."""
        N = len(x)
        self.x = self.flat(x)
        self.y = self.buffer("y", N, self.out)  # (N, OH, OW, F)
        self.winners = self.buffer("winners", N, self.out, self.winner_type)
        out = self.y.reshape(-1), self.winners.reshape(-1), N
        if self.forward_way == "winograd":
            winograd.forward(
                self.x, self.taps, self.kernel, self.matrix, self.bias, self.relu, self.image, self.tiles,
                self.tile_rows, *out,
            )  # fmt: skip
        elif self.forward_way == "one channel":
            one_channel.forward(self.x, self.taps, self.kernel, self.bias, self.relu, self.image, self.tiles, *out)
        else:
            ways = {"registers": pooled_convolution.forward_in_registers, "scratch": pooled_convolution.forward}
            ways[self.forward_way](self.x, self.kernel, self.bias, self.relu, self.geometry, self.pooling, *out)
        return self.y

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx (N, H, W, C) if it is needed."""
        g, p, N = self.geometry, self.pooling, len(dy)
        dx = self.buffer("dx", N, (g.H, g.W, g.C)) if self.needs_dx else self.nothing
        known = self.flat(dy), self.y.reshape(-1), self.winners.reshape(-1), self.relu, self.x
        out = dx.reshape(-1), self.needs_dx, N, self.partial, self.dkernel, self.dbias
        if self.backward_way == "winners":
            pooled_gradients.by_winners(*known, self.kernel, g, p, *out)
        elif self.backward_way == "squares":
            pooled_gradients.by_squares(*known, self.kernel, g, p, self.taps, self.out[1], out[0], *out[2:])
        elif self.backward_way == "filters":
            pooled_gradients.by_filters(*known, self.kernel, g, p, self.rows, *out)
        else:
            winograd_gradient.by_points(*known, self.taps, self.matrix_t, self.image, self.tiles, *out[2:])
        return dx if self.needs_dx else None

    def flops(self, n: int) -> tuple[int, int]:
        """Floating-point operations of (forward, backward) for n samples; backward counts winners only."""
        p = self.pooling
        forward = 2 * n * p.used * self.kernel.size
        places = p.windows if self.backward_way in ("winners", "squares") else p.used
        return forward, 2 * n * places * self.kernel.size * (2 if self.needs_dx else 1)

    def bytes(self, n: int) -> tuple[int, int]:
        """Bytes read and written at least by (forward, backward) for n samples."""
        winners = self.numbers(n)[1] * np.dtype(self.winner_type).itemsize
        forward, backward = super().bytes(n)
        return forward + winners, backward + winners
