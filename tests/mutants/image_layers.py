"""Average and global pooling, zero padding, up-sampling, and the relatives of Conv2D, with one mistake each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from scratchnet.layers import (
    AveragePooling2D,
    Conv2D,
    Conv2DTranspose,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    SeparableConv2D,
    UpSampling2D,
    ZeroPadding2D,
)
from scratchnet.layers.windows import col2im, im2col, join_groups, split_groups
from tests.mutants.catalogue import layer

Array = Any

IMAGE = (3, 6, 5, 2)
SMALL = (3, 4, 3, 2)


# Average pooling --------------------------------------------------------------------------------------------------


@layer(IMAGE, 3, strides=2, padding="same")
class AverageBackwardByTheWholeWindow(AveragePooling2D):
    """backward divides by KH·KW at the border too, where forward divided by the pixels there are."""

    def backward(self, dy: Array) -> Array:
        size = self.pool_size[0] * self.pool_size[1]
        return super().backward(dy * self._size / size)


@layer(IMAGE)
class AverageNotDivided(AveragePooling2D):
    """Every pixel of a window gets the whole of dy: 1/size is forgotten."""

    def backward(self, dy: Array) -> Array:
        return super().backward(dy * self._size)


@layer(IMAGE)
class AverageByTheSideOfTheWindow(AveragePooling2D):
    """dy is divided by KH in place of KH·KW."""

    def backward(self, dy: Array) -> Array:
        return super().backward(dy * self._size / self.pool_size[0])


@layer(IMAGE)
class AveragePaysTheFirst(AveragePooling2D):
    """The first pixel of a window gets all of dy, as if it had won a maximum."""

    def backward(self, dy: Array) -> Array:
        dwindows = np.zeros((*dy.shape[:3], *self.pool_size, dy.shape[3]), dy.dtype)
        dwindows[:, :, :, 0, 0] = dy
        return col2im(dwindows, self._windows, self._x_shape)


@layer(IMAGE, 3, strides=1)
class AverageOverlapMeans(AveragePooling2D):
    """A pixel gets the mean over the windows that cover it in place of the sum."""

    def backward(self, dy: Array) -> Array:
        windows = np.ones((1, *self._windows.count, *self.pool_size, 1), dy.dtype)
        covered = col2im(windows, self._windows, (1, *self._x_shape[1:3], 1))
        return super().backward(dy) / np.maximum(covered, 1)


@layer(IMAGE, (2, 3), strides=(2, 1))
class AverageStridesSwapped(AveragePooling2D):
    """backward takes the stride down for the stride across."""

    def backward(self, dy: Array) -> Array:
        swapped = replace(self._windows, strides=self._windows.strides[::-1], count=self._windows.count[::-1])
        each = (dy / self._size).swapaxes(1, 2)[:, :, :, None, None]
        dwindows = np.broadcast_to(each, (*each.shape[:3], *self.pool_size, dy.shape[3]))
        H, W = self._x_shape[1:3]
        shape = (len(dy), max(H, W) * 3, max(H, W) * 3, dy.shape[3])
        return col2im(dwindows, swapped, shape)[:, :H, :W].copy()


# Global pooling ---------------------------------------------------------------------------------------------------


@layer(IMAGE)
class GlobalMeanNotDivided(GlobalAveragePooling2D):
    """Every pixel gets the whole of dy: 1/(H·W) is forgotten."""

    def backward(self, dy: Array) -> Array:
        return super().backward(dy) * (self._x_shape[1] * self._x_shape[2])


@layer(IMAGE)
class GlobalMeanOverBatchToo(GlobalAveragePooling2D):
    """dy is divided by N·H·W, as if the mean ran over the batch."""

    def backward(self, dy: Array) -> Array:
        return super().backward(dy) / len(dy)


@layer(IMAGE, keepdims=True)
class GlobalMeanOneRow(GlobalAveragePooling2D):
    """Only the first row of pixels gets its part."""

    def backward(self, dy: Array) -> Array:
        dx = super().backward(dy)
        dx[:, 1:] = 0
        return dx


@layer(IMAGE)
class GlobalMaximumPaysEverybody(GlobalMaxPooling2D):
    """All pixels share dy equally, as for the mean."""

    def backward(self, dy: Array) -> Array:
        N, H, W, C = self._share.shape
        return np.broadcast_to(dy.reshape(N, 1, 1, C) / (H * W), (N, H, W, C)).copy()


@layer(IMAGE)
class GlobalMaximumOfAllChannels(GlobalMaxPooling2D):
    """The pixel that won in the first channel is paid in every channel."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self._share = np.broadcast_to(self._share[..., :1], x.shape).copy()
        return y


@layer(IMAGE)
class GlobalMaximumOfTheBatch(GlobalMaxPooling2D):
    """Only the sample with the largest maximum of the batch is paid."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self._share = self._share * (x == x.max(axis=(0, 1, 2)))
        return y


# Zero padding and up-sampling -------------------------------------------------------------------------------------


@layer(SMALL, ((1, 0), (2, 3)))
class PaddingNotCropped(ZeroPadding2D):
    """dx is cut from the upper left corner of dy, as if nothing had been added there."""

    def backward(self, dy: Array) -> Array:
        return dy[:, : self._x_shape[1], : self._x_shape[2]].copy()


@layer(SMALL, ((1, 0), (2, 3)))
class PaddingCroppedFromTheEnd(ZeroPadding2D):
    """dx is cut by ``bottom`` and ``right`` where it should be by ``top`` and ``left``."""

    def backward(self, dy: Array) -> Array:
        (_, bottom), (_, right) = self.padding
        return dy[:, bottom:, right:][:, : self._x_shape[1], : self._x_shape[2]].copy()


@layer(SMALL, 1)
class PaddingPaysAView(ZeroPadding2D):
    """dx is a view into dy, which is somebody else's memory."""

    def backward(self, dy: Array) -> Array:
        return dy[:, 1:-1, 1:-1]


@layer(SMALL)
class UpSamplingPaysOneCopy(UpSampling2D):
    """A pixel gets the dy of its first copy only."""

    def backward(self, dy: Array) -> Array:
        return dy[:, :: self.size[0], :: self.size[1]].copy()


@layer(SMALL, 3)
class UpSamplingPaysTheMean(UpSampling2D):
    """A pixel gets the mean of the dy of its copies in place of the sum."""

    def backward(self, dy: Array) -> Array:
        return super().backward(dy) / (self.size[0] * self.size[1])


@layer(SMALL)
class UpSamplingTilesBackward(UpSampling2D):
    """backward takes the copies for tiles: the image repeated as a whole, not pixel by pixel."""

    def backward(self, dy: Array) -> Array:
        N, OH, OW, C = dy.shape
        s, t = self.size
        return dy.reshape(N, s, OH // s, t, OW // t, C).sum(axis=(1, 3))


@layer(SMALL, interpolation="bilinear")
class BilinearPaysTheNearest(UpSampling2D):
    """Forward blends between pixels, backward pays the nearest alone."""

    def backward(self, dy: Array) -> Array:
        N, OH, OW, C = dy.shape
        s, t = self.size
        return dy.reshape(N, OH // s, s, OW // t, t, C).sum(axis=(2, 4))


@layer(SMALL, (3, 2), interpolation="bilinear")
class BilinearEndsLost(UpSampling2D):
    """The weights of the two ends are not lifted to one in backward: half of what the border sends is lost."""

    def backward(self, dy: Array) -> Array:
        dy = dy.copy()
        dy[:, 0] /= 2
        dy[:, -1] /= 2
        return super().backward(dy)


# Convolution in groups --------------------------------------------------------------------------------------------


@layer((3, 5, 4, 4), 4, 2, groups=2)
class GroupsReadCrosswise(Conv2D):
    """backward takes the channels of a group for every G-th one, forward for neighbours."""

    def backward(self, dy: Array) -> Array:
        dx = super().backward(dy)
        return dx.reshape(*dx.shape[:3], self.groups, -1).swapaxes(3, 4).reshape(dx.shape)


@layer((3, 5, 4, 4), 4, 2, groups=2)
class GroupsSwappedForDx(Conv2D):
    """dx uses the kernel of the other group."""

    def backward(self, dy: Array) -> Array:
        dx = super().backward(dy)
        N, H, W, _ = self._x_shape
        windows = self._windows((H, W))
        dz = split_groups(self.activation.backward(dy, self._y).reshape(-1, self.filters), self.groups)
        dcols = dz @ self._kernels()[::-1].mT
        dcols = dcols.reshape(self.groups, N, *windows.count, *windows.size, -1)
        return col2im(join_groups(dcols), windows, dx.shape)


@layer((3, 5, 4, 4), 6, 2, groups=2)
class GroupsOfFiltersInterleaved(Conv2D):
    """dkernel has the filters of the groups interleaved in place of side by side."""

    def backward(self, dy: Array) -> Array:
        dx = super().backward(dy)
        g = self.grads["kernel"]
        g[...] = g.reshape(*g.shape[:3], self.groups, -1).swapaxes(3, 4).reshape(g.shape)
        return dx


@layer((3, 5, 4, 4), 4, 2, groups=2)
class FirstGroupOnly(Conv2D):
    """Only the first group of channels gets a gradient."""

    def backward(self, dy: Array) -> Array:
        dx = super().backward(dy)
        dx[..., dx.shape[3] // self.groups :] = 0
        return dx


# Transposed convolution -------------------------------------------------------------------------------------------


@layer(SMALL, 3, 3, strides=2)
class TransposedStrideForgotten(Conv2DTranspose):
    """backward cuts the windows out of dz side by side, as if the stride were 1."""

    def backward(self, dy: Array) -> Array:
        return _backward(self, dy, replace(self._windows(dy.shape[1:3]), strides=(1, 1)))


@layer(SMALL, 3, 3, padding="same")
class TransposedPaddingForgotten(Conv2DTranspose):
    """backward cuts the windows out of dz from its upper left corner, as if 'same' had cut nothing off."""

    def backward(self, dy: Array) -> Array:
        windows = self._windows(dy.shape[1:3])
        (top, left), (bottom, right) = windows.pad_before, windows.pad_after
        return _backward(self, dy, replace(windows, pad_before=(0, 0), pad_after=(top + bottom, left + right)))


@layer(SMALL, 3, (3, 2), dilation_rate=2)
class TransposedDilationForgotten(Conv2DTranspose):
    """backward cuts windows of dilation 1 out of dz."""

    def backward(self, dy: Array) -> Array:
        return _backward(self, dy, replace(self._windows(dy.shape[1:3]), dilation=(1, 1)))


@layer(SMALL, 3, 3)
class TransposedKernelFlipped(Conv2DTranspose):
    """dx uses the kernel turned by 180°."""

    def backward(self, dy: Array) -> Array:
        return _backward(self, dy, self._windows(dy.shape[1:3]), self.params["kernel"][::-1, ::-1])


@layer((3, 4, 3, 2), 2, 3)
class TransposedChannelsSwapped(Conv2DTranspose):
    """dkernel is laid out as a convolution's, (KH, KW, C, F), which fits because there are as many."""

    def backward(self, dy: Array) -> Array:
        dx = super().backward(dy)
        self.grads["kernel"][...] = self.grads["kernel"].swapaxes(2, 3).copy()
        return dx


@layer(SMALL, 3, 2, strides=2)
class TransposedBiasOncePerPixelOfX(Conv2DTranspose):
    """dbias is summed over as many pixels as x has, not over those of the larger output."""

    def backward(self, dy: Array) -> Array:
        dx = super().backward(dy)
        H, W = self._x_shape[1:3]
        self.grads["bias"][...] = dy[:, :H, :W].sum(axis=(0, 1, 2))
        return dx


@layer(SMALL, 3, 3, activation="relu")
class TransposedMaskForgotten(Conv2DTranspose):
    """dx leaves out the activation's slope."""

    def backward(self, dy: Array) -> Array:
        super().backward(dy)
        cols = im2col(dy, self._windows(dy.shape[1:3])).reshape(len(self._x), -1)
        return (cols @ self.params["kernel"].reshape(cols.shape[1], -1)).reshape(self._x_shape)


@layer(SMALL, 3, 3)
class TransposedKeepsX(Conv2DTranspose):
    """The layer remembers the caller's x itself, which may have changed by the time of backward."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self._x = x.reshape(-1, x.shape[3])
        return y


def _backward(self: Conv2DTranspose, dy: Array, windows: Any, kernel: Array | None = None) -> Array:
    """The right backward pass for a linear layer on the given windows and kernel."""
    self.grads["bias"][...] = dy.sum(axis=(0, 1, 2))
    kernel = self.params["kernel"] if kernel is None else kernel
    dcols = im2col(dy, windows).reshape(len(self._x), -1)
    self.grads["kernel"][...] = (dcols.T @ self._x).reshape(kernel.shape)
    return (dcols @ kernel.reshape(dcols.shape[1], -1)).reshape(self._x_shape)


# Depthwise and separable convolution ------------------------------------------------------------------------------


@layer(IMAGE, 3, depth_multiplier=2)
class DepthwiseFiltersLaidOutWrongly(DepthwiseConv2D):
    """backward reads the C·M channels of dz as (M, C), forward wrote them as (C, M)."""

    def backward(self, dy: Array) -> Array:
        C, M = self.params["kernel"].shape[2:]
        return super().backward(dy.reshape(*dy.shape[:3], M, C).swapaxes(3, 4).reshape(dy.shape))


@layer(IMAGE, 3, depth_multiplier=2)
class DepthwiseFirstFilterOnly(DepthwiseConv2D):
    """dx takes in only the first filter of each channel."""

    def backward(self, dy: Array) -> Array:
        super().backward(dy)
        grads = {name: g.copy() for name, g in self.grads.items()}
        M = self.depth_multiplier
        dx = super().backward(np.where(np.arange(dy.shape[3]) % M == 0, dy, 0))
        for name, g in grads.items():
            self.grads[name][...] = g
        return dx


@layer(IMAGE, 3)
class DepthwiseChannelsMix(DepthwiseConv2D):
    """dx gives every channel the mean over the channels, as if each filter had seen them all."""

    def backward(self, dy: Array) -> Array:
        dx = super().backward(dy)
        return np.broadcast_to(dx.mean(axis=3, keepdims=True), dx.shape).copy()


@layer(IMAGE, 3)
class DepthwiseMeanOverPlaces(DepthwiseConv2D):
    """dkernel is the mean over batch and places in place of the sum."""

    def backward(self, dy: Array) -> Array:
        dx = super().backward(dy)
        self.grads["kernel"] /= len(self._cols)
        return dx


@layer((3, 7, 7, 2), 2, dilation_rate=2)
class DepthwiseDilationForgotten(DepthwiseConv2D):
    """dkernel looks at the windows of dilation 1."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        windows = replace(self._windows(x.shape[1:3]), dilation=(1, 1))
        self._cols = im2col(x, windows).reshape(self._cols.shape)
        return y


@layer(IMAGE, 3, strides=2, padding="same")
class DepthwiseKernelTransposed(DepthwiseConv2D):
    """dkernel has height and width swapped."""

    def backward(self, dy: Array) -> Array:
        dx = super().backward(dy)
        self.grads["kernel"][...] = self.grads["kernel"].swapaxes(0, 1).copy()
        return dx


@layer(IMAGE, 3, 2, depth_multiplier=2)
class SeparableFirstStepFrozen(SeparableConv2D):
    """The depthwise kernel gets no gradient: the chain ends after the second step."""

    def backward(self, dy: Array) -> Array:
        dx = super().backward(dy)
        self.grads["depthwise_kernel"][...] = 0
        return dx


@layer(IMAGE, 4, 2, depth_multiplier=2)
class SeparablePointwiseNotTransposed(SeparableConv2D):
    """dt is dz·pointwise in place of dz·pointwiseᵀ, which fits because F = C·M."""

    def backward(self, dy: Array) -> Array:
        kernel = self.params["pointwise_kernel"]
        right = kernel.copy()
        kernel[...] = right.swapaxes(2, 3)
        dx = super().backward(dy)
        kernel[...] = right
        return dx


@layer(IMAGE, 3, 2, activation="relu")
class SeparableReluInTheMiddle(SeparableConv2D):
    """The second step's gradient is taken as if a ReLU stood between the two steps."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self._t = np.maximum(self._t, 0)
        return y


@layer(IMAGE, 3, 2, depth_multiplier=2)
class SeparableGradientAddsUp(SeparableConv2D):
    """The pointwise kernel's gradient is added to that of the last batch."""

    def backward(self, dy: Array) -> Array:
        before = self.grads["pointwise_kernel"].copy()
        dx = super().backward(dy)
        self.grads["pointwise_kernel"] += before
        return dx
