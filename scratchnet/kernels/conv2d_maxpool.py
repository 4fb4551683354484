"""Conv2D + bias + ReLU + MaxPooling2D in one pass (layers/conv2d.py, layers/max_pooling2d.py).

1. Only the pooled maxima and the number of each winner are written. The convolution's places are computed in the order
   in which the pooling windows ask for them; places that no window looks at are not computed at all.
2. Where windows of four places do not overlap (2x2 with stride 2, say), bias, ReLU and pooling happen in registers
   (`pool_tiles.py`, `one_channel.py`, with fewer products `winograd.py`), else from a scratch of one sample's places.
3. Backward see `conv2d_maxpool_backward.py` and `winograd_gradient.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from scratchnet.kernels import conv2d_maxpool_backward, one_channel, winograd, winograd_gradient
from scratchnet.kernels.conv2d import BLOCKS
from scratchnet.kernels.geometry import Geometry, pad_image, window_geometry
from scratchnet.kernels.max_pooling2d import compete
from scratchnet.kernels.pool_tiles import POOLED, narrow_pool_tile, wide_pool_tile
from scratchnet.kernels.pooled_places import Pooling, pooling_of
from scratchnet.kernels.product import product, tile_table
from scratchnet.kernels.runtime import inner, kernel
from scratchnet.kernels.scratch import scratch, zeros
from scratchnet.kernels.simd import TILE, VECTOR_BYTES, ZERO, lanes, never_inline
from scratchnet.kernels.steps import KernelStep
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros


@inner
def _pool(z: Array, bias: Array, relu: bool, p: Pooling, y: Array, winners: Array) -> None:
    """Reduce z (used, F) to y (windows, F) and the numbers of the winners in their windows."""
    F, zero = bias.size, z.dtype.type(0)
    for i in range(p.used):
        row = z[i * F : (i + 1) * F]
        for f in range(F):
            v = row[f] + bias[f]
            row[f] = zero if relu and v <= 0 else v
    for w in range(p.windows):
        first = True
        for q in range(p.size):
            i = p.cells[w * p.size + q] * F
            if i >= 0:
                compete(z[i : i + F], q, first, y[w * F : (w + 1) * F], winners[w * F : (w + 1) * F])
                first = False


@inner
def _convolve_and_pool(
    x: Array, x_at: int, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array,
    to: int,
) -> None:  # fmt: skip
    """One sample whose windows have four places each, of their own: all in registers."""
    F, on = bias.size, np.int64(relu)
    lane = VECTOR_BYTES // x.itemsize
    for w in range(0, p.windows, POOLED):
        first = min(w, p.windows - POOLED)
        f = ZERO
        while f + 2 * lane <= F:
            wide_pool_tile(
                x, x_at, p.places, 4 * first, g.runs, g.runs.size, g.run, 1, kernel_, f, F, bias, f, on, y, winners,
                to + first * F + f, F,
            )  # fmt: skip
            f += 2 * lane
        if f < F:
            narrow_pool_tile(
                x, x_at, p.places, 4 * first, g.runs, g.runs.size, g.run, 1, kernel_, f, F, bias, f, on, y, winners,
                to + first * F + f, F,
            )  # fmt: skip


@inner
def _in_registers_block(
    x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array, first: int,
    last: int,
) -> None:  # fmt: skip
    padded = zeros(g.padded, x)
    for n in range(first, last):
        image, at = x, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, at = padded, ZERO
        _convolve_and_pool(image, at, kernel_, bias, relu, g, p, y, winners, n * p.windows * bias.size)


@inner
def _sizes_belong(
    x: Array, kernel_: Array, bias: Array, g: Geometry, p: Pooling, y: Array, winners: Array, samples: int
) -> bool:
    never_inline()
    return (
        x.size == samples * g.pixels
        and kernel_.size == g.K * bias.size
        and y.size == winners.size == samples * p.windows * bias.size
    )


def registers_fit(alone: bool, windows: int, filters: int, itemsize: int) -> bool:
    """Whether pooling can happen in registers: windows of four places of their own, filters in whole vectors."""
    return alone and windows >= POOLED and filters > 0 and filters % (VECTOR_BYTES // itemsize) == 0


_registers_fit = inner(registers_fit)


@kernel(parallel=True)
def _forward_in_registers(
    x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array, samples: int
) -> None:
    if not _registers_fit(p.alone, p.windows, bias.size, x.itemsize):
        raise ValueError("Pooling in registers takes windows of four places of their own and filters in whole vectors.")
    if not _sizes_belong(x, kernel_, bias, g, p, y, winners, samples):
        raise ValueError("A pooled convolution was given arrays whose sizes do not belong together.")
    for block in prange((samples + 3) // 4):
        _in_registers_block(x, kernel_, bias, relu, g, p, y, winners, 4 * block, min(4 * block + 4, samples))


@inner
def _forward_block(
    x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array, first: int,
    last: int,
) -> None:  # fmt: skip
    F = bias.size
    padded, z = zeros(g.padded, x), scratch(p.used * F, x)
    for n in range(first, last):
        image, at = x, n * g.pixels
        if g.padded > 0:
            pad_image(x, at, g, padded)
            image, at = padded, ZERO
        i, j = n * p.windows * F, (n + 1) * p.windows * F
        product(
            image, at, p.places, ZERO, p.used, g.runs, g.runs.size, g.run, 1, kernel_, ZERO, F, F, z, ZERO, F, ZERO
        )  # (used, F)
        _pool(z, bias, relu, p, y[i:j], winners[i:j])


@kernel(parallel=True)
def _forward(
    x: Array, kernel_: Array, bias: Array, relu: bool, g: Geometry, p: Pooling, y: Array, winners: Array, samples: int
) -> None:
    if not _sizes_belong(x, kernel_, bias, g, p, y, winners, samples):
        raise ValueError("A pooled convolution was given arrays whose sizes do not belong together.")
    for block in prange((samples + 3) // 4):
        _forward_block(x, kernel_, bias, relu, g, p, y, winners, 4 * block, min(4 * block + 4, samples))


class Conv2DMaxPoolStep(KernelStep):
    """A Conv2D with ReLU or no activation, followed by a MaxPooling2D.

    Attributes:
        forward_ways: how `forward` may run here, the fastest first: of "winograd", "one channel", "registers" and
            "scratch" those that fit the layers and the vectors of the machine.
        backward_ways: how `backward` may run: of "squares", "winograd", "winners" and "filters".
    """

    def __init__(self, layers: list[Any], needs_dx: bool) -> None:
        super().__init__(layers, needs_dx)
        conv, pool = layers
        self.relu = conv.activation.name == "relu"
        self.kernel, self.dkernel = conv.params["kernel"].reshape(-1), conv.grads["kernel"].reshape(-1)
        self.F = conv.filters
        self.bias, self.dbias = self.bias_of(conv, self.F)
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
            self.matrix = winograd.matrix_of(self.taps, self.dtype)
            self.matrix_t = np.ascontiguousarray(self.matrix.T)
            self.tiles = p.places[: p.used : 4].copy()
        self.rows, self.tile_rows = tile_table(np.arange(p.used) * self.F), tile_table(np.arange(TILE) * g.C)
        sizes = self.taps, self.F, g.C, self.itemsize
        self.forward_ways, self.backward_ways = ["scratch"], ["winners", "filters"]
        if registers_fit(p.alone, p.windows, self.F, self.itemsize):
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
        if squares and needs_dx and pool.strides == (2, 2) and conv2d_maxpool_backward.squares_fit(*sizes):
            self.backward_ways.insert(0, "squares")
        self.forward_way, self.backward_way = self.forward_ways[0], self.backward_ways[0]

    @property
    def forward_way(self) -> str:
        """How `forward` runs: one of `forward_ways`, the fastest if not set to another."""
        return self._forward_way

    @forward_way.setter
    def forward_way(self, way: str) -> None:
        if way not in self.forward_ways:
            raise ValueError(f"forward_way must be one of {self.forward_ways} here, not {way!r}.")
        self._forward_way, self.calls_blas = way, way == "winograd"

    @property
    def backward_way(self) -> str:
        """How `backward` runs: one of `backward_ways`, the fastest if not set to another."""
        return self._backward_way

    @backward_way.setter
    def backward_way(self, way: str) -> None:
        if way not in self.backward_ways:
            raise ValueError(f"backward_way must be one of {self.backward_ways} here, not {way!r}.")
        self._backward_way, rows = way, self.geometry.K
        if way == "filters":
            rows = conv2d_maxpool_backward.filters_rows(rows)
        elif way == "winograd":
            rows = winograd_gradient.partial_rows(self.taps, self.geometry.C)
        self.partial = place_zeros((BLOCKS * (rows + 1) * self.F,), self.dtype)

    @classmethod
    def fits(cls, layers: list[Any]) -> bool:
        """Whether `layers` is a built Conv2D with ReLU or no activation and a MaxPooling2D."""
        return (
            [type(layer).__name__ for layer in layers] == ["Conv2D", "MaxPooling2D"]
            and layers[0].built
            and layers[0].groups == 1
            and layers[0].activation.name in ("relu", "linear")
            and layers[0].dtype == layers[1].dtype
        )

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
            run = _forward_in_registers if self.forward_way == "registers" else _forward
            run(self.x, self.kernel, self.bias, self.relu, self.geometry, self.pooling, *out)
        return self.y

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients; return dx (N, H, W, C) if it is needed."""
        g, p, N = self.geometry, self.pooling, len(dy)
        dx = self.buffer("dx", N, (g.H, g.W, g.C)) if self.needs_dx else self.nothing
        known = self.flat(dy), self.y.reshape(-1), self.winners.reshape(-1), self.relu, self.x
        out = dx.reshape(-1), self.needs_dx, N, self.partial, self.dkernel, self.dbias
        if self.backward_way == "winners":
            conv2d_maxpool_backward.by_winners(*known, self.kernel, g, p, *out)
        elif self.backward_way == "squares":
            conv2d_maxpool_backward.by_squares(*known, self.kernel, g, p, self.taps, self.out[1], out[0], *out[2:])
        elif self.backward_way == "filters":
            conv2d_maxpool_backward.by_filters(*known, self.kernel, g, p, self.rows, *out)
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
        x, y, w = n * self.geometry.pixels, n * self.pooling.windows * self.F, self.kernel.size
        winners = y * np.dtype(self.winner_type).itemsize
        return (x + y + w) * self.itemsize + winners, winners + self.itemsize * (
            x + 2 * y + 2 * w + (x if self.needs_dx else 0)
        )
