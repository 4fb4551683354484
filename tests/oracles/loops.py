"""The layers once more, as plain loops over single numbers, straight from their definitions.

Nothing here is fast, and nothing is shared with scratchnet, not even the arithmetic of padding. Every backward pass
is the chain rule spelled out: for each product in the forward pass, the gradient of each factor gets dy times the
other. All arrays are float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product
from statistics import NormalDist
from typing import Any

import numpy as np

Array = Any
Pair = tuple[int, int]


def dense(x: Array, kernel: Array, bias: Array) -> Array:
    """Return y[n,u] = Σ_d x[n,d] kernel[d,u] + bias[u]."""
    (N, D), U = x.shape, kernel.shape[1]
    y = np.zeros((N, U))
    for n, u in product(range(N), range(U)):
        y[n, u] = sum(x[n, d] * kernel[d, u] for d in range(D)) + bias[u]
    return y


def dense_backward(x: Array, kernel: Array, dy: Array) -> tuple[Array, Array, Array]:
    """Return dx, dkernel, dbias."""
    dx, dkernel, dbias = np.zeros_like(x), np.zeros_like(kernel), np.zeros(kernel.shape[1])
    for n, u in product(range(dy.shape[0]), range(dy.shape[1])):
        dbias[u] += dy[n, u]
        for d in range(x.shape[1]):
            dx[n, d] += dy[n, u] * kernel[d, u]
            dkernel[d, u] += dy[n, u] * x[n, d]
    return dx, dkernel, dbias


def window_starts(length: int, k: int, stride: int, dilation: int, padding: str) -> list[int]:
    """Return the first pixel of each window along one axis; it may lie outside the image if that is padded."""
    reach = dilation * (k - 1) + 1
    if padding == "valid":
        return list(range(0, length - reach + 1, stride))
    count = math.ceil(length / stride)
    needed = (count - 1) * stride + reach  # pixels that all windows together span
    before = max(needed - length, 0) // 2
    return [i * stride - before for i in range(count)]


def taps(
    image: Pair, size: Pair, strides: Pair, dilation: Pair, padding: str
) -> Iterator[tuple[int, int, int, int, int, int]]:
    """Yield (oh, ow, i, j, h, w): number (i, j) of window (oh, ow) lies on pixel (h, w), for pixels that exist."""
    rows = window_starts(image[0], size[0], strides[0], dilation[0], padding)
    columns = window_starts(image[1], size[1], strides[1], dilation[1], padding)
    for (oh, top), (ow, left) in product(enumerate(rows), enumerate(columns)):
        for i, j in product(range(size[0]), range(size[1])):
            h, w = top + i * dilation[0], left + j * dilation[1]
            if 0 <= h < image[0] and 0 <= w < image[1]:
                yield oh, ow, i, j, h, w


def windows_count(image: Pair, size: Pair, strides: Pair, dilation: Pair, padding: str) -> Pair:
    """Return (OH, OW)."""
    down, across = (len(window_starts(image[a], size[a], strides[a], dilation[a], padding)) for a in (0, 1))
    return down, across


def conv2d(x: Array, kernel: Array, bias: Array, strides: Pair, dilation: Pair, padding: str) -> Array:
    """Return y (N, OH, OW, F): the sum over each window of pixel times weight, plus the filter's bias."""
    image, size = x.shape[1:3], kernel.shape[:2]
    C, F = kernel.shape[2:]
    y = np.zeros((len(x), *windows_count(image, size, strides, dilation, padding), F)) + bias
    for oh, ow, i, j, h, w in taps(image, size, strides, dilation, padding):
        for n, c, f in product(range(len(x)), range(C), range(F)):
            y[n, oh, ow, f] += x[n, h, w, c] * kernel[i, j, c, f]
    return y


def conv2d_backward(
    x: Array, kernel: Array, dy: Array, strides: Pair, dilation: Pair, padding: str
) -> tuple[Array, Array, Array]:
    """Return dx, dkernel, dbias."""
    C, F = kernel.shape[2:]
    dx, dkernel, dbias = np.zeros_like(x), np.zeros_like(kernel), np.zeros(F)
    for n, oh, ow, f in product(*map(range, dy.shape)):
        dbias[f] += dy[n, oh, ow, f]
    for oh, ow, i, j, h, w in taps(x.shape[1:3], kernel.shape[:2], strides, dilation, padding):
        for n, c, f in product(range(len(x)), range(C), range(F)):
            dx[n, h, w, c] += dy[n, oh, ow, f] * kernel[i, j, c, f]
            dkernel[i, j, c, f] += dy[n, oh, ow, f] * x[n, h, w, c]
    return dx, dkernel, dbias


def max_pooling2d(x: Array, size: Pair, strides: Pair, padding: str) -> tuple[Array, dict[Any, Pair]]:
    """Return y (N, OH, OW, C) and for each of its entries the pixel that won: the first of the largest."""
    image = x.shape[1:3]
    y = np.full((len(x), *windows_count(image, size, strides, (1, 1), padding), x.shape[3]), -np.inf)
    winners: dict[Any, Pair] = {}
    for oh, ow, _, _, h, w in taps(image, size, strides, (1, 1), padding):
        for n, c in product(range(len(x)), range(x.shape[3])):
            if x[n, h, w, c] > y[n, oh, ow, c]:
                y[n, oh, ow, c] = x[n, h, w, c]
                winners[n, oh, ow, c] = h, w
    return y, winners


def max_pooling2d_backward(x: Array, winners: dict[Any, Pair], dy: Array) -> Array:
    """Return dx: each window pays its winner."""
    dx = np.zeros_like(x)
    for (n, oh, ow, c), (h, w) in winners.items():
        dx[n, h, w, c] += dy[n, oh, ow, c]
    return dx


def sigmoid(z: float) -> float:
    """Return 1 / (1 + e⁻ᶻ)."""
    return 1 / (1 + math.exp(-z))


normal = NormalDist()
ALPHA, LAMBDA = 1.6732632423543772, 1.0507009873554805
SCALAR: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "linear": (lambda z: z, lambda z: 1.0),
    "relu": (lambda z: max(z, 0.0), lambda z: 1.0 if z > 0 else 0.0),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * sigmoid(-z)),
    "tanh": (math.tanh, lambda z: 1 / math.cosh(z) ** 2),
    "leaky_relu": (lambda z: z if z > 0 else 0.2 * z, lambda z: 1.0 if z > 0 else 0.2),
    "elu": (lambda z: z if z > 0 else math.exp(z) - 1, lambda z: 1.0 if z > 0 else math.exp(z)),
    "selu": (
        lambda z: LAMBDA * (z if z > 0 else ALPHA * (math.exp(z) - 1)),
        lambda z: LAMBDA * (1.0 if z >= 0 else ALPHA * math.exp(z)),
    ),
    "hard_sigmoid": (lambda z: min(max(z / 6 + 0.5, 0.0), 1.0), lambda z: 1 / 6 if -3 < z < 3 else 0.0),
    "exponential": (math.exp, math.exp),
    "softplus": (lambda z: math.log1p(math.exp(-abs(z))) + max(z, 0.0), sigmoid),
    "silu": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * sigmoid(-z))),
    "gelu": (lambda z: z * normal.cdf(z), lambda z: normal.cdf(z) + z * normal.pdf(z)),
}
"""Functions of one number, with their derivatives as functions of the input."""


def activate(name: str, z: Array) -> Array:
    """Return f(z); softmax and its logarithm along the last axis."""
    if name == "log_softmax":
        return np.log(activate("softmax", z))
    y = np.zeros_like(z)
    if name != "softmax":
        for index in np.ndindex(z.shape):
            y[index] = SCALAR[name][0](float(z[index]))
        return y
    for row in np.ndindex(z.shape[:-1]):
        exponentials = [math.exp(v) for v in z[row]]
        y[row] = [e / math.fsum(exponentials) for e in exponentials]
    return y


def activate_backward(name: str, z: Array, dy: Array) -> Array:
    """Return dz; the softmax by its whole Jacobian ∂yᵢ/∂zⱼ = yᵢ (δᵢⱼ - yⱼ)."""
    if name == "log_softmax":  # d log y = dy / y
        return activate_backward("softmax", z, dy / activate("softmax", z))
    dz = np.zeros_like(z)
    if name != "softmax":
        for index in np.ndindex(z.shape):
            dz[index] = dy[index] * SCALAR[name][1](float(z[index]))
        return dz
    y = activate(name, z)
    for row in np.ndindex(z.shape[:-1]):
        for i, j in product(range(z.shape[-1]), repeat=2):
            dz[row][j] += dy[row][i] * y[row][i] * ((i == j) - y[row][j])
    return dz


def crossentropy(targets: Array, z: Array, weight: Array) -> tuple[float, Array]:
    """Return the mean of -Σ t log softmax(z) and its gradient by the softmax's whole Jacobian."""
    N, C = z.shape
    loss, dz = 0.0, np.zeros_like(z)
    for n in range(N):
        exponentials = [math.exp(v) for v in z[n]]
        p = [e / math.fsum(exponentials) for e in exponentials]
        for k in range(C):
            loss -= weight[n] * targets[n, k] * math.log(p[k]) / N
            for j in range(C):
                dz[n, j] -= weight[n] * targets[n, k] / p[k] * p[k] * ((k == j) - p[j]) / N
    return loss, dz
