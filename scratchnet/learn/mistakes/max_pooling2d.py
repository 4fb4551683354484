"""Max-pooling layers with one mistake each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from scratchnet.layers import MaxPooling2D
from scratchnet.layers.windows import _pixels, col2im, im2col
from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.layers import Setting, layer_protocol

Array = Any

IMAGE = (3, 6, 7, 2)


class Parts(MaxPooling2D):
    """MaxPooling2D that pays by shares, so that each mutant shows nothing but its mistake. No mutant itself.

    ``shares(windows)`` says which part of dy each pixel of a window gets, (N, OH, OW, KH·KW, C).
    """

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self._shares = self.shares(self.cut(x))
        return y

    def cut(self, x: Array, fill: float = -np.inf) -> Array:
        N, _, _, C = x.shape
        return im2col(x, self._windows, fill).reshape(N, *self._windows.count, -1, C)  # (N, OH, OW, KH·KW, C)

    def shares(self, windows: Array) -> Array:
        return self.one_hot(windows, windows.argmax(axis=3))

    @staticmethod
    def one_hot(windows: Array, winner: Array) -> Array:
        return (np.arange(windows.shape[3])[:, None] == winner[:, :, :, None]).astype(float)

    def backward(self, dy: Array) -> Array:
        dwindows = (self._shares * dy[:, :, :, None]).astype(dy.dtype)  # (N, OH, OW, KH·KW, C)
        return self.pay(dwindows.reshape(*dy.shape[:3], *self.pool_size, dy.shape[3]))

    def pay(self, dwindows: Array) -> Array:
        return col2im(dwindows, self._windows, self._x_shape)


BATCHES = ("drawn", "rounded", "negative")
SETTINGS = [
    Setting((3, 6, 7, 2), batches=BATCHES),
    Setting((2, 6, 7, 2), (3,), {"strides": 1}, BATCHES),
    Setting((2, 6, 7, 2), (3,), {"strides": 2, "padding": "same"}, BATCHES),
    Setting((2, 6, 7, 2), ((2, 3),), {}, BATCHES),
    Setting((2, 7, 7, 2), (2,), {"strides": 3}, BATCHES),
]

max_pooling2d = register("max_pooling2d", layer_protocol(SETTINGS), Parts)


@max_pooling2d.mistake("pays-every-tie", IMAGE)
class PaysEveryTie(Parts):
    """At a tie, every one of the largest gets the whole of dy."""

    def shares(self, windows: Array) -> Array:
        return (windows == windows.max(axis=3, keepdims=True)).astype(float)


@max_pooling2d.mistake("splits-ties", IMAGE)
class SplitsTies(Parts):
    """At a tie, the largest share dy among them."""

    def shares(self, windows: Array) -> Array:
        largest = windows == windows.max(axis=3, keepdims=True)
        return largest / largest.sum(axis=3, keepdims=True)


@max_pooling2d.mistake("pays-the-last", IMAGE)
class PaysTheLast(Parts):
    """At a tie, the last of the largest gets dy."""

    def shares(self, windows: Array) -> Array:
        last = windows.shape[3] - 1 - windows[:, :, :, ::-1].argmax(axis=3)
        return self.one_hot(windows, last)


@max_pooling2d.mistake("pays-a-padded-cell", IMAGE, 3, strides=2, padding="same")
class PaysAPaddedCell(Parts):
    """backward takes the padding for zeros, and pays it where all pixels of a window are negative."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self._shares = self.shares(self.cut(x, fill=0.0))
        return y


@max_pooling2d.mistake("pays-everybody", IMAGE)
class PaysEverybody(Parts):
    """Every pixel of a window gets an equal share, as in average pooling."""

    def shares(self, windows: Array) -> Array:
        return np.full_like(windows, 1 / windows.shape[3])


@max_pooling2d.mistake("pays-the-farthest-from-zero", IMAGE)
class PaysTheFarthestFromZero(Parts):
    """backward pays the number largest in size, whatever its sign."""

    def shares(self, windows: Array) -> Array:
        return self.one_hot(windows, np.abs(windows).argmax(axis=3))


@max_pooling2d.mistake("one-winner-for-all-channels", IMAGE)
class OneWinnerForAllChannels(Parts):
    """The winner of the first channel is taken for every channel."""

    def shares(self, windows: Array) -> Array:
        return self.one_hot(windows, np.broadcast_to(windows[..., :1].argmax(axis=3), windows[..., 0, :].shape))


@max_pooling2d.mistake("windows-overwrite", IMAGE, 3, strides=1)
class WindowsOverwrite(Parts):
    """Where windows overlap, a pixel that wins twice is paid once (`=` for `+=`)."""

    def pay(self, dwindows: Array) -> Array:
        dx = np.zeros(self._x_shape, dwindows.dtype)
        for i in range(self.pool_size[0]):
            for j in range(self.pool_size[1]):
                rows, columns = _pixels(self._windows, i, j)
                part = dwindows[:, :, :, i, j]
                dx[:, rows, columns] = np.where(part != 0, part, dx[:, rows, columns])
        return dx


@max_pooling2d.mistake("winner-read-column-by-column", IMAGE, (2, 3))
class WinnerReadColumnByColumn(Parts):
    """The winner's number is read column by column, though it was counted row by row."""

    def pay(self, dwindows: Array) -> Array:
        N, OH, OW, KH, KW, C = dwindows.shape
        return super().pay(dwindows.reshape(N, OH, OW, KW, KH, C).swapaxes(3, 4))


@max_pooling2d.mistake("stride-ignored-backward", (3, 7, 7, 2), 2, strides=3)
class StrideIgnoredBackward(Parts):
    """backward takes the pool size for the stride."""

    def pay(self, dwindows: Array) -> Array:
        return col2im(dwindows, replace(self._windows, strides=self.pool_size), self._x_shape)


@max_pooling2d.mistake("padding-cropped-at-the-wrong-side", IMAGE, 3, strides=2, padding="same")
class PaddingCroppedAtTheWrongSide(Parts):
    """dx is shifted by the padding: it is cut from the padded image's upper left corner."""

    def pay(self, dwindows: Array) -> Array:
        (top, left), (bottom, right) = self._windows.pad_before, self._windows.pad_after
        whole = replace(self._windows, pad_before=(0, 0), pad_after=(top + bottom, left + right))
        return col2im(dwindows, whole, self._x_shape)


@max_pooling2d.mistake("first-winners-kept", IMAGE)
class FirstWinnersKept(Parts):
    """The winners of the first batch of each size are used for all later ones."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self._kept = getattr(self, "_kept", {})
        self._shares = self._kept.setdefault(len(x), self._shares)
        return y


@max_pooling2d.mistake("gradient-by-value", IMAGE)
class GradientByValue(Parts):
    """The winner gets dy times its own value."""

    def shares(self, windows: Array) -> Array:
        return super().shares(windows) * windows
