"""Convolutions with one mistake each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from scratchnet.layers import Conv2D
from scratchnet.layers.windows import Windows, _pixels, col2im, im2col
from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.layers import Setting, layer_protocol

Array = Any

IMAGE = (3, 6, 7, 2)


class Parts(Conv2D):
    """Conv2D with its backward pass taken apart, so that each mutant shows only its mistake. No mutant itself."""

    def backward(self, dy: Array) -> Array:
        dz = self.dz(dy).reshape(-1, self.filters)  # (N·OH·OW, F)
        self.grads["kernel"][...] = self.dkernel(dz)
        if self.use_bias:
            self.grads["bias"][...] = self.dbias(dz)
        return self.dx(self.dcols(dz), self._windows(self._x_shape[1:3]))

    def dz(self, dy: Array) -> Array:
        return self.activation.backward(dy, self._y)

    def dkernel(self, dz: Array) -> Array:
        return (self._cols[0].T @ dz).reshape(self.params["kernel"].shape)  # (KH, KW, C, F)

    def dbias(self, dz: Array) -> Array:
        return dz.sum(axis=0)  # (F,)

    def dcols(self, dz: Array, kernel: Array | None = None) -> Array:
        kernel = self.params["kernel"] if kernel is None else kernel
        dcols = dz @ kernel.reshape(-1, self.filters).T  # (N·OH·OW, KH·KW·C)
        windows = self._windows(self._x_shape[1:3])
        return dcols.reshape(self._x_shape[0], *windows.count, *self.kernel_size, -1)  # (N, OH, OW, KH, KW, C)

    def dx(self, dcols: Array, windows: Windows) -> Array:
        return col2im(dcols, windows, self._x_shape)  # (N, H, W, C)


def padded_sum(dcols: Array, windows: Windows, x_shape: tuple[int, ...]) -> Array:
    """Return what col2im adds up, the padding still around it."""
    H, W = x_shape[1:3]
    (top, left), (bottom, right) = windows.pad_before, windows.pad_after
    whole = replace(windows, pad_before=(0, 0), pad_after=(0, 0))
    return col2im(dcols, whole, (x_shape[0], top + H + bottom, left + W + right, x_shape[3]))


SETTINGS = [
    Setting((3, 6, 7, 2), (3, 3)),
    Setting((2, 5, 6, 2), (2, (2, 3)), {"activation": "relu"}),
    Setting((2, 5, 6, 2), (3, 2), {"padding": "same"}),
    Setting((2, 5, 4, 2), (3, 3), {"padding": "same", "activation": "tanh"}),
    Setting((2, 6, 6, 2), (3, 2), {"strides": 2}),
    Setting((2, 7, 7, 2), (3, 2), {"strides": (1, 3)}),
    Setting((2, 7, 7, 2), (3, 2), {"dilation_rate": 2}),
]

conv2d = register("conv2d", layer_protocol(SETTINGS), Parts)


@conv2d.mistake("windows-overwrite", IMAGE, 3, 3)
class WindowsOverwrite(Parts):
    """col2im has `=` for `+=`: of the windows that cover a pixel, only the last one counts."""

    def dx(self, dcols: Array, windows: Windows) -> Array:
        padded = np.zeros(self._x_shape, dcols.dtype)  # 'valid': nothing is padded
        for i in range(windows.size[0]):
            for j in range(windows.size[1]):
                rows, columns = _pixels(windows, i, j)
                padded[:, rows, columns] = dcols[:, :, :, i, j]
        return padded


@conv2d.mistake("kernel-flipped-for-dx", IMAGE, 3, 3)
class KernelFlippedForDx(Parts):
    """dx uses the kernel turned by 180°, as if the forward pass were a true convolution."""

    def dcols(self, dz: Array, kernel: Array | None = None) -> Array:
        return super().dcols(dz, self.params["kernel"][::-1, ::-1])


@conv2d.mistake("kernel-gradient-flipped", IMAGE, 3, 3)
class KernelGradientFlipped(Parts):
    """dkernel comes out turned by 180°."""

    def dkernel(self, dz: Array) -> Array:
        return super().dkernel(dz)[::-1, ::-1]


@conv2d.mistake("kernel-gradient-transposed", IMAGE, 3, 3)
class KernelGradientTransposed(Parts):
    """dkernel has height and width swapped."""

    def dkernel(self, dz: Array) -> Array:
        return super().dkernel(dz).swapaxes(0, 1)


@conv2d.mistake("channels-and-filters-swapped", IMAGE, 2, 3)
class ChannelsAndFiltersSwapped(Parts):
    """dkernel has channels and filters swapped, which fits because there are as many."""

    def dkernel(self, dz: Array) -> Array:
        return super().dkernel(dz).swapaxes(2, 3)


@conv2d.mistake("kernel-gradient-laid-out-wrongly", IMAGE, 3, (2, 3))
class KernelGradientLaidOutWrongly(Parts):
    """dkernel is reshaped from (F, …) as if it were (…, F)."""

    def dkernel(self, dz: Array) -> Array:
        return (dz.T @ self._cols[0]).reshape(self.params["kernel"].shape)


@conv2d.mistake("padding-cropped-at-the-wrong-side", IMAGE, 3, 2, padding="same")
class PaddingCroppedAtTheWrongSide(Parts):
    """The row and column of padding are cut off at the top and left, though they were added at the bottom and right."""

    def dx(self, dcols: Array, windows: Windows) -> Array:
        H, W = self._x_shape[1:3]
        padded = padded_sum(dcols, windows, self._x_shape)
        return padded[:, -H:, -W:].copy()


@conv2d.mistake("padding-not-cropped", IMAGE, 3, 3, padding="same")
class PaddingNotCropped(Parts):
    """dx is cut from the upper left corner of the padded image."""

    def dx(self, dcols: Array, windows: Windows) -> Array:
        H, W = self._x_shape[1:3]
        return padded_sum(dcols, windows, self._x_shape)[:, :H, :W].copy()


@conv2d.mistake("border-lost", IMAGE, 3, 3, padding="same")
class BorderLost(Parts):
    """Windows that overlap the padding pay nothing to the pixels under them."""

    def dx(self, dcols: Array, windows: Windows) -> Array:
        inside = np.zeros_like(dcols)
        inside[:, 1:-1, 1:-1] = dcols[:, 1:-1, 1:-1]
        return super().dx(inside, windows)


@conv2d.mistake("stride-ignored-backward", IMAGE, 3, 2, strides=2)
class StrideIgnoredBackward(Parts):
    """col2im puts the windows next to each other, as if the stride were 1."""

    def dx(self, dcols: Array, windows: Windows) -> Array:
        return super().dx(dcols, replace(windows, strides=(1, 1)))


@conv2d.mistake("stride-axes-swapped", (3, 7, 7, 2), 3, 2, strides=(1, 3))
class StrideAxesSwapped(Parts):
    """dx takes the stride down for the stride across, and the other way round."""

    def dx(self, dcols: Array, windows: Windows) -> Array:
        swapped = replace(windows, strides=windows.strides[::-1], count=windows.count[::-1])
        return super().dx(dcols.swapaxes(1, 2), swapped)


@conv2d.mistake("dilation-ignored-backward", (3, 7, 7, 2), 3, 2, dilation_rate=2)
class DilationIgnoredBackward(Parts):
    """col2im puts the numbers of a window next to each other, as if the dilation were 1."""

    def dx(self, dcols: Array, windows: Windows) -> Array:
        return super().dx(dcols, replace(windows, dilation=(1, 1)))


@conv2d.mistake("dilation-ignored-in-kernel-gradient", (3, 7, 7, 2), 3, 2, dilation_rate=2)
class DilationIgnoredInKernelGradient(Parts):
    """dkernel looks at the windows of dilation 1."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        windows = replace(self._windows(x.shape[1:3]), dilation=(1, 1))
        self._cols = im2col(x, windows).reshape(self._cols.shape)
        return y


@conv2d.mistake("mean-over-places", IMAGE, 3, 3)
class MeanOverPlaces(Parts):
    """dbias is the mean over batch and places in place of the sum."""

    def dbias(self, dz: Array) -> Array:
        return dz.mean(axis=0)


@conv2d.mistake("bias-of-one-image", IMAGE, 3, 3)
class BiasOfOneImage(Parts):
    """dbias is summed over the places of the first image only."""

    def dbias(self, dz: Array) -> Array:
        return dz[: len(dz) // self._x_shape[0]].sum(axis=0)


@conv2d.mistake("kernel-gradient-of-one-image", IMAGE, 3, 3)
class KernelGradientOfOneImage(Parts):
    """dkernel is that of the last image: the loop over the batch overwrites."""

    def dkernel(self, dz: Array) -> Array:
        places = len(dz) // self._x_shape[0]
        return (self._cols[0, -places:].T @ dz[-places:]).reshape(self.params["kernel"].shape)


@conv2d.mistake("input-gradient-shifted", IMAGE, 3, 3)
class InputGradientShifted(Parts):
    """dx lies one pixel too far to the right."""

    def dx(self, dcols: Array, windows: Windows) -> Array:
        return np.roll(super().dx(dcols, windows), 1, axis=2)


@conv2d.mistake("first-filter-only", IMAGE, 3, 3)
class FirstFilterOnly(Parts):
    """dx takes in only the first filter."""

    def dcols(self, dz: Array, kernel: Array | None = None) -> Array:
        return super().dcols(np.where(np.arange(self.filters) == 0, dz, 0))


@conv2d.mistake("channels-reversed", IMAGE, 3, 3)
class ChannelsReversed(Parts):
    """dx has its channels in reverse order, as after reading BGR for RGB."""

    def dx(self, dcols: Array, windows: Windows) -> Array:
        return super().dx(dcols, windows)[..., ::-1].copy()


@conv2d.mistake("mask-forgotten-in-dx", IMAGE, 3, 3, activation="relu")
class MaskForgottenInDx(Parts):
    """dx leaves out the ReLU's slope; dkernel and dbias have it."""

    def backward(self, dy: Array) -> Array:
        super().backward(dy)
        return self.dx(self.dcols(dy.reshape(-1, self.filters)), self._windows(self._x_shape[1:3]))


@conv2d.mistake("windows-cut-late", IMAGE, 3, 3)
class WindowsCutLate(Parts):
    """The layer remembers x itself and cuts the windows in backward, when x may have changed."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._late = x
        return super().forward(x, training)

    def dkernel(self, dz: Array) -> Array:
        self._cols = im2col(self._late, self._windows(self._late.shape[1:3])).reshape(self._cols.shape)
        return super().dkernel(dz)


@conv2d.mistake("slope-one-at-zero", IMAGE, 3, 3, use_bias=True, activation="relu")
class SlopeOneAtZero(Parts):
    """The ReLU's slope at 0 is taken as 1 (`>=` for `>`)."""

    def dz(self, dy: Array) -> Array:
        return np.where(self._at_z >= 0, dy, 0) if self.activation.name == "relu" else super().dz(dy)

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        z = self._cols[0] @ self.params["kernel"].reshape(-1, self.filters) + self.params["bias"]
        self._at_z = z.reshape(y.shape)
        return y
