"""The course notebook's CNN and its training step in plain Python: lists and loops, and nothing that hides a loop.

This is the lowest rung of the ladder, and the definitions of the layers once more, for readers who trust nothing but
indices. One image at a time; letters as everywhere: H W C input, KH KW kernel, OH OW F output, D features, U units.
"""

from __future__ import annotations

import math
from typing import Any

Nested = list[Any]


def zeros_like(a: Nested) -> Nested:
    """Return nested lists of the same shape, filled with 0."""
    return [zeros_like(b) if isinstance(b, list) else 0.0 for b in a]


def zeros(*shape: int) -> Nested:
    """Return nested lists of this shape, filled with 0."""
    return [0.0] * shape[0] if len(shape) == 1 else [zeros(*shape[1:]) for _ in range(shape[0])]


def conv2d_forward(x: Nested, kernel: Nested, bias: Nested) -> Nested:
    """Return z (OH, OW, F) for an image x (H, W, C) and a kernel (KH, KW, C, F)."""
    H, W, C, KH, KW, F = len(x), len(x[0]), len(x[0][0]), len(kernel), len(kernel[0]), len(bias)
    OH, OW = H - KH + 1, W - KW + 1
    z = zeros(OH, OW, F)
    for oh in range(OH):
        for ow in range(OW):
            for f in range(F):
                total = bias[f]
                for i in range(KH):
                    for j in range(KW):
                        for c in range(C):
                            total += x[oh + i][ow + j][c] * kernel[i][j][c][f]
                z[oh][ow][f] = total
    return z


def conv2d_backward(dz: Nested, x: Nested, kernel: Nested, dkernel: Nested, dbias: Nested) -> Nested:
    """Return dx (H, W, C); add this image's part to dkernel and dbias."""
    OH, OW, C, KH, KW, F = len(dz), len(dz[0]), len(x[0][0]), len(kernel), len(kernel[0]), len(dbias)
    dx = zeros_like(x)
    for oh in range(OH):
        for ow in range(OW):
            for f in range(F):
                d = dz[oh][ow][f]
                dbias[f] += d
                for i in range(KH):
                    for j in range(KW):
                        for c in range(C):
                            dkernel[i][j][c][f] += x[oh + i][ow + j][c] * d
                            dx[oh + i][ow + j][c] += kernel[i][j][c][f] * d
    return dx


def relu_forward(z: Nested) -> Nested:
    """Return max(z, 0)."""
    return [relu_forward(a) if isinstance(a, list) else (a if a > 0 else 0.0) for a in z]


def relu_backward(dy: Nested, y: Nested) -> Nested:
    """Return dy where y > 0, else 0."""
    return [relu_backward(d, a) if isinstance(a, list) else (d if a > 0 else 0.0) for d, a in zip(dy, y)]


def max_pool_forward(x: Nested) -> tuple[Nested, Nested]:
    """Return the maxima (OH, OW, C) of windows of 2×2, and the place (h, w) of each: the first of equals."""
    OH, OW, C = len(x) // 2, len(x[0]) // 2, len(x[0][0])
    y, winners = zeros(OH, OW, C), zeros(OH, OW, C)
    for oh in range(OH):
        for ow in range(OW):
            for c in range(C):
                best = (2 * oh, 2 * ow)
                for i in range(2):
                    for j in range(2):
                        if x[2 * oh + i][2 * ow + j][c] > x[best[0]][best[1]][c]:
                            best = (2 * oh + i, 2 * ow + j)
                y[oh][ow][c], winners[oh][ow][c] = x[best[0]][best[1]][c], best
    return y, winners


def max_pool_backward(dy: Nested, winners: Nested, x: Nested) -> Nested:
    """Return dx: each winner gets its window's dy."""
    dx = zeros_like(x)
    for dy_row, winner_row in zip(dy, winners):
        for dy_place, winner_place in zip(dy_row, winner_row):
            for c, (h, w) in enumerate(winner_place):
                dx[h][w][c] += dy_place[c]
    return dx


def dense_forward(x: Nested, kernel: Nested, bias: Nested) -> Nested:
    """Return z (U,) for features x (D,) and a kernel (D, U)."""
    z = list(bias)
    for d in range(len(x)):
        for u in range(len(z)):
            z[u] += x[d] * kernel[d][u]
    return z


def dense_backward(dz: Nested, x: Nested, kernel: Nested, dkernel: Nested, dbias: Nested) -> Nested:
    """Return dx (D,); add this image's part to dkernel and dbias."""
    dx = zeros_like(x)
    for u in range(len(dz)):
        dbias[u] += dz[u]
    for d in range(len(x)):
        for u in range(len(dz)):
            dkernel[d][u] += x[d] * dz[u]
            dx[d] += kernel[d][u] * dz[u]
    return dx


def crossentropy(logits: Nested, label: int, N: int) -> tuple[float, Nested]:
    """Return one image's part of the mean loss over N images, and the gradient of its logits."""
    largest = max(logits)
    exponentials = [math.exp(z - largest) for z in logits]
    total = sum(exponentials)
    dlogits = [(e / total - (u == label)) / N for u, e in enumerate(exponentials)]
    return -(logits[label] - largest - math.log(total)) / N, dlogits


def adam(w: Nested, g: Nested, m: Nested, v: Nested, alpha: float) -> None:
    """Take Adam's step in place, alpha being the learning rate with the bias correction in it."""
    for i in range(len(w)):
        if isinstance(w[i], list):
            adam(w[i], g[i], m[i], v[i], alpha)
        else:
            m[i] += (g[i] - m[i]) * (1 - 0.9)
            v[i] += (g[i] * g[i] - v[i]) * (1 - 0.999)
            w[i] -= alpha * m[i] / (math.sqrt(v[i]) + 1e-7)


class PlainCnn:
    """The CNN with its weights as nested lists.

    Args:
        weights: kernel and bias of both convolutions and both dense layers, in the order of ``Model.get_weights()``,
            as arrays (anything with ``tolist``).
    """

    def __init__(self, weights: list[Any]) -> None:
        self.weights: list[Nested] = [w.tolist() for w in weights]
        self.grads = [zeros_like(w) for w in self.weights]
        self.m, self.v = zeros_like(self.weights), zeros_like(self.weights)
        self.t = 0

    def train_step(self, images: Nested, labels: Nested) -> float:
        """Learn from images (N, H, W, C) and labels (N,), and return the mean loss."""
        self.grads = zeros_like(self.weights)
        loss = sum(self.learn(x, label, len(images)) for x, label in zip(images, labels))
        self.t += 1
        alpha = 0.001 * math.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t)
        adam(self.weights, self.grads, self.m, self.v, alpha)
        return loss

    def learn(self, x: Nested, label: int, N: int) -> float:
        """Run one image forward and backward, add up its gradients, and return its part of the loss."""
        k1, b1, k2, b2, k3, b3, k4, b4 = self.weights
        dk1, db1, dk2, db2, dk3, db3, dk4, db4 = self.grads
        y1 = relu_forward(conv2d_forward(x, k1, b1))
        p1, winners1 = max_pool_forward(y1)
        y2 = relu_forward(conv2d_forward(p1, k2, b2))
        p2, winners2 = max_pool_forward(y2)
        flat = [a for row in p2 for place in row for a in place]
        y3 = relu_forward(dense_forward(flat, k3, b3))
        loss, dlogits = crossentropy(dense_forward(y3, k4, b4), label, N)

        dy3 = dense_backward(dlogits, y3, k4, dk4, db4)
        dflat = iter(dense_backward(relu_backward(dy3, y3), flat, k3, dk3, db3))
        dp2 = [[[next(dflat) for _ in place] for place in row] for row in p2]
        dy2 = max_pool_backward(dp2, winners2, y2)
        dp1 = conv2d_backward(relu_backward(dy2, y2), p1, k2, dk2, db2)
        dy1 = max_pool_backward(dp1, winners1, y1)
        conv2d_backward(relu_backward(dy1, y1), x, k1, dk1, db1)
        return loss
