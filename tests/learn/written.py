"""Layers as learners write them: plain classes, in loops or with einsum, nothing taken from our definitions."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


class Loops:
    """A Dense layer in loops, with the activations of the protocol."""

    def __init__(self, units: int, activation: str | None = None, dtype: str = "float64") -> None:
        self.units, self.activation, self.dtype = units, activation, dtype
        self.params: dict[str, Array] = {}
        self.grads: dict[str, Array] = {}

    def build(self, shape: Any) -> None:
        self.params = {
            "kernel": np.zeros((shape[-1], self.units), self.dtype),
            "bias": np.zeros(self.units, self.dtype),
        }
        self.grads = {name: np.zeros_like(array) for name, array in self.params.items()}

    def forward(self, x: Array, training: bool = False) -> Array:
        self.x = np.array(x)
        z = np.zeros((len(x), self.units), x.dtype)
        for n in range(len(x)):
            for u in range(self.units):
                z[n, u] = sum(x[n, d] * self.params["kernel"][d, u] for d in range(x.shape[1])) + self.params["bias"][u]
        functions: Any = {
            None: lambda z: z,
            "relu": lambda z: (z > 0) * z,
            "tanh": np.tanh,
            "sigmoid": lambda z: 0.5 * (1 + np.tanh(z / 2)),
        }
        self.y = functions[self.activation](z).astype(x.dtype)
        return self.y.copy()

    def slope(self) -> Array:
        slopes = {
            None: lambda y: np.ones_like(y),
            "relu": lambda y: (y > 0).astype(y.dtype),
            "tanh": lambda y: 1 - y**2,
            "sigmoid": lambda y: y - y**2,
        }
        return slopes[self.activation](self.y)

    def backward(self, dy: Array) -> Array:
        dz = dy * self.slope()
        self.grads["kernel"] = self.dkernel(dz)
        self.grads["bias"] = self.dbias(dz)
        return self.dx(dz)

    def dkernel(self, dz: Array) -> Array:
        total = np.zeros_like(self.params["kernel"])
        for n in range(len(dz)):
            total += self.x[n][:, None] * dz[n][None, :]
        return total

    def dbias(self, dz: Array) -> Array:
        return np.ones(len(dz), dz.dtype) @ dz

    def dx(self, dz: Array) -> Array:
        return np.einsum("nu,du->nd", dz, self.params["kernel"])


class LoopsMeanBias(Loops):
    def dbias(self, dz: Array) -> Array:
        return sum(dz[n] for n in range(len(dz))) / len(dz)


class LoopsTransposed(Loops):
    def dkernel(self, dz: Array) -> Array:
        return np.einsum("nd,nu->ud", self.x, dz)


class LoopsOverUnits(Loops):
    def dbias(self, dz: Array) -> Array:
        return np.array([row.sum() for row in dz])


class LoopsUntransposed(Loops):
    def dx(self, dz: Array) -> Array:
        return dz @ self.params["kernel"]


class LoopsWithoutSlope(Loops):
    def slope(self) -> Array:
        return np.ones_like(self.y)


class LoopsLastSampleLost(Loops):
    def dkernel(self, dz: Array) -> Array:
        total = np.zeros_like(self.params["kernel"])
        for n in range(len(dz) - 1):
            total += np.outer(self.x[n], dz[n])
        return total


class LoopsMeanTwice(LoopsMeanBias):
    def dkernel(self, dz: Array) -> Array:
        return super().dkernel(dz) / dz.shape[0]


class Convolved:
    """A convolution that slides its window over the image, place by place; stride 1, or any."""

    def __init__(self, filters: int, kernel_size: Any, dtype: str = "float64", **options: Any) -> None:
        self.size = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        self.filters, self.dtype, self.options = filters, dtype, options

    def build(self, shape: Any) -> None:
        self.params = {
            "kernel": np.zeros((*self.size, shape[-1], self.filters), self.dtype),
            "bias": np.zeros(self.filters, self.dtype),
        }
        self.grads = {name: np.zeros_like(array) for name, array in self.params.items()}

    def windows(self, H: int, W: int) -> Any:
        """Yield each place with the rows and columns of the padded image under its window."""
        s, d = self.options.get("strides", 1), self.options.get("dilation_rate", 1)
        s = (s, s) if isinstance(s, int) else s
        for i in range(self.count(H, 0, s[0], d)):
            for j in range(self.count(W, 1, s[1], d)):
                rows = i * s[0] + d * np.arange(self.size[0])
                yield i, j, np.ix_(rows, j * s[1] + d * np.arange(self.size[1]))

    def count(self, length: int, axis: int, stride: int, dilation: int) -> int:
        if self.options.get("padding") == "same":
            return -(-length // stride)
        return (length - (self.size[axis] - 1) * dilation - 1) // stride + 1

    def forward(self, x: Array, training: bool = False) -> Array:
        N, H, W, _ = self.shape = x.shape
        pad = [(k - 1 if self.options.get("padding") == "same" else 0) for k in self.size]
        self.before = [p // 2 for p in pad]
        self.padded = np.pad(x, ((0, 0), *((b, p - b) for b, p in zip(self.before, pad)), (0, 0)))
        places = list(self.windows(H, W))
        self.z = np.zeros((N, places[-1][0] + 1, places[-1][1] + 1, self.filters), x.dtype)
        for i, j, (rows, columns) in places:
            patch = self.padded[:, rows, columns]
            self.z[:, i, j] = np.tensordot(patch, self.params["kernel"], 3) + self.params["bias"]
        activation = self.options.get("activation")
        functions: Any = {None: lambda z: z, "relu": lambda z: np.maximum(z, 0), "tanh": np.tanh}
        self.y = functions[activation](self.z)
        return self.y.copy()

    def backward(self, dy: Array) -> Array:
        activation = self.options.get("activation")
        slope = {None: 1, "relu": self.z > 0, "tanh": 1 - self.y**2}[activation]
        dz = (dy * slope).astype(dy.dtype)
        dkernel, dpadded = np.zeros_like(self.params["kernel"]), np.zeros_like(self.padded)
        for i, j, (rows, columns) in self.windows(*self.shape[1:3]):
            dkernel += np.einsum("nabc,nf->abcf", self.padded[:, rows, columns], dz[:, i, j])
            self.pay(dpadded, rows, columns, np.einsum("nf,abcf->nabc", dz[:, i, j], self.params["kernel"]))
        self.grads["kernel"][...] = dkernel
        self.grads["bias"][...] = self.dbias(dz)
        (top, left), (H, W) = self.before, self.shape[1:3]
        return dpadded[:, top : top + H, left : left + W].copy()

    def pay(self, dpadded: Array, rows: Array, columns: Array, dpatch: Array) -> None:
        dpadded[:, rows, columns] += dpatch

    def dbias(self, dz: Array) -> Array:
        return np.einsum("nhwf->f", dz)


class ConvolvedMeanBias(Convolved):
    def dbias(self, dz: Array) -> Array:
        return dz.mean(axis=(0, 1, 2))


class ConvolvedOneImage(Convolved):
    def dbias(self, dz: Array) -> Array:
        return dz[0].sum(axis=(0, 1))


class Pooled:
    """Max-pooling that looks for each window's winner in a loop; all paddings and strides of the protocol."""

    def __init__(self, pool_size: Any = 2, strides: Any = None, padding: str = "valid", dtype: str = "float64") -> None:
        self.size = (pool_size, pool_size) if isinstance(pool_size, int) else pool_size
        self.strides = self.size if strides is None else (strides, strides)
        self.same, self.params, self.grads = padding == "same", {}, {}

    def build(self, shape: Any) -> None:
        pass

    def windows(self) -> Any:
        """Yield each place with its rows and columns, what lies beside the image left out."""
        spans = []
        for n, k, s in zip(self.shape[1:3], self.size, self.strides):
            count = -(-n // s) if self.same else (n - k) // s + 1
            before = max((count - 1) * s + k - n, 0) // 2 if self.same else 0
            spans.append([range(max(i * s - before, 0), min(i * s - before + k, n)) for i in range(count)])
        for i, rows in enumerate(spans[0]):
            for j, columns in enumerate(spans[1]):
                yield i, j, rows, columns

    def forward(self, x: Array, training: bool = False) -> Array:
        self.x, self.shape = x.copy(), x.shape
        places = list(self.windows())
        y = np.zeros((len(x), places[-1][0] + 1, places[-1][1] + 1, x.shape[3]), x.dtype)
        for i, j, rows, columns in places:
            y[:, i, j] = x[:, rows.start : rows.stop, columns.start : columns.stop].max(axis=(1, 2))
        self.y = y
        return y.copy()

    def backward(self, dy: Array) -> Array:
        dx = np.zeros_like(self.x)
        for i, j, rows, columns in self.windows():
            for n in range(len(dy)):
                for c in range(dy.shape[3]):
                    winners = [(h, w) for h in rows for w in columns if self.x[n, h, w, c] == self.y[n, i, j, c]]
                    for h, w in self.paid(winners):
                        dx[n, h, w, c] += dy[n, i, j, c]
        return dx

    def paid(self, winners: list[Any]) -> list[Any]:
        return winners[:1]


class PooledEveryTie(Pooled):
    def paid(self, winners: list[Any]) -> list[Any]:
        return winners


class PooledLast(Pooled):
    def paid(self, winners: list[Any]) -> list[Any]:
        return winners[-1:]


class Softmaxed:
    """A softmax whose backward multiplies by each row's whole Jacobian."""

    def __init__(self, dtype: str = "float64") -> None:
        self.params, self.grads = {}, {}

    def build(self, shape: Any) -> None:
        pass

    def forward(self, x: Array, training: bool = False) -> Array:
        shifted = x - x.max(axis=-1)[:, None]
        self.y = np.exp(shifted - np.log(np.exp(shifted).sum(axis=-1))[:, None])
        return self.y.copy()

    def backward(self, dy: Array) -> Array:
        return np.stack([self.jacobian(y) @ d for y, d in zip(self.y, dy)])

    def jacobian(self, y: Array) -> Array:
        return np.diag(y) - np.outer(y, y)


class SoftmaxedDiagonal(Softmaxed):
    def jacobian(self, y: Array) -> Array:
        return np.diag(y) - np.diag(y * y)
