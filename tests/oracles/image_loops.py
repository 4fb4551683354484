"""Layers on images as plain loops over single numbers, straight from their definitions, like ``loops.py``.

Every convolution, of whatever kind, is a list of products: y[Y] += x[X] · kernel[K]. A kind of convolution is which
(Y, X, K) there are; forward and backward then follow by the product rule, for all of them alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import numpy as np

from tests.oracles.loops import Array, Pair, taps, windows_count

Index = tuple[int, ...]
Term = tuple[Index, Index, Index]


def multiply(terms: Iterable[Term], x: Array, kernel: Array, y_shape: Index) -> Array:
    """Return y, the sum of all products."""
    y = np.zeros(y_shape)
    for Y, X, K in terms:
        y[Y] += x[X] * kernel[K]
    return y


def multiply_backward(terms: Iterable[Term], x: Array, kernel: Array, dy: Array) -> tuple[Array, Array]:
    """Return dx and dkernel: each factor of a product gets dy times the other."""
    dx, dkernel = np.zeros_like(x), np.zeros_like(kernel)
    for Y, X, K in terms:
        dx[X] += dy[Y] * kernel[K]
        dkernel[K] += dy[Y] * x[X]
    return dx, dkernel


def grouped(x: Array, kernel: Array, groups: int, geometry: tuple[Pair, Pair, str]) -> Iterator[Term]:
    """Conv2D with groups: filter f sees channel c if both are in the same group."""
    strides, dilation, padding = geometry
    C, F = x.shape[3], kernel.shape[3]
    for oh, ow, i, j, h, w in taps(x.shape[1:3], kernel.shape[:2], strides, dilation, padding):
        for n, c, f in product(range(len(x)), range(C), range(F)):
            if c // (C // groups) == f // (F // groups):
                yield (n, oh, ow, f), (n, h, w, c), (i, j, c % (C // groups), f)


def depthwise(x: Array, kernel: Array, geometry: tuple[Pair, Pair, str]) -> Iterator[Term]:
    """DepthwiseConv2D: channel c has the M filters that come out as channels c·M, c·M + 1, …"""
    strides, dilation, padding = geometry
    C, M = kernel.shape[2:]
    for oh, ow, i, j, h, w in taps(x.shape[1:3], kernel.shape[:2], strides, dilation, padding):
        for n, c, m in product(range(len(x)), range(C), range(M)):
            yield (n, oh, ow, c * M + m), (n, h, w, c), (i, j, c, m)


def transposed(x: Array, kernel: Array, out: Pair, geometry: tuple[Pair, Pair, str]) -> Iterator[Term]:
    """Conv2DTranspose: pixel (h, w) puts the kernel on the output, where a convolution's window (h, w) would lie."""
    strides, dilation, padding = geometry
    F, C = kernel.shape[2:]
    assert windows_count(out, kernel.shape[:2], strides, dilation, padding) == x.shape[1:3]
    for h, w, i, j, oh, ow in taps(out, kernel.shape[:2], strides, dilation, padding):
        for n, c, f in product(range(len(x)), range(C), range(F)):
            yield (n, oh, ow, f), (n, h, w, c), (i, j, f, c)


def average_pooling2d(x: Array, size: Pair, strides: Pair, padding: str) -> tuple[Array, dict[Pair, int]]:
    """Return the mean over the pixels of each window, and how many there are."""
    y = np.zeros((len(x), *windows_count(x.shape[1:3], size, strides, (1, 1), padding), x.shape[3]))
    pixels: dict[Pair, int] = {}
    for oh, ow, _, _, h, w in taps(x.shape[1:3], size, strides, (1, 1), padding):
        pixels[oh, ow] = pixels.get((oh, ow), 0) + 1
        y[:, oh, ow] += x[:, h, w]
    for (oh, ow), number in pixels.items():
        y[:, oh, ow] /= number
    return y, pixels


def average_pooling2d_backward(
    x: Array, dy: Array, pixels: dict[Pair, int], size: Pair, strides: Pair, padding: str
) -> Array:
    """Return dx: each pixel of a window gets its share of the window's dy."""
    dx = np.zeros_like(x)
    for oh, ow, _, _, h, w in taps(x.shape[1:3], size, strides, (1, 1), padding):
        dx[:, h, w] += dy[:, oh, ow] / pixels[oh, ow]
    return dx


def up_sample(row: list[Any], size: int, interpolation: str) -> list[Any]:
    """Return one row of pixels made longer."""
    if interpolation == "nearest":
        return [pixel for pixel in row for _ in range(size)]
    longer = []
    for p in range(size * len(row)):
        at = min(max((p + 0.5) / size - 0.5, 0), len(row) - 1)
        left = int(at)
        right = min(left + 1, len(row) - 1)
        longer.append((1 - (at - left)) * row[left] + (at - left) * row[right])
    return longer
