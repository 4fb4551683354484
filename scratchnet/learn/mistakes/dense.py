"""Dense layers with one mistake each.

``Parts`` is the right layer, taken apart: a subclass that defines ``dbias`` is a layer in which all the rest is right.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers import Dense
from scratchnet.learn.mistakes.mistake import register
from scratchnet.learn.protocols.layers import Setting, layer_protocol

Array = Any


class Parts(Dense):
    """Dense with its backward pass taken apart, so that each mutant shows nothing but its mistake. No mutant itself."""

    def backward(self, dy: Array) -> Array:
        dz = self.dz(dy)
        self.write(self.dkernel(dz), self.dbias(dz))
        return self.dx(dz)

    @property
    def is_relu(self) -> bool:
        """Whether the activation is a ReLU, where some mistakes are made and elsewhere not."""
        return self.activation.name == "relu"

    def write(self, dkernel: Array, dbias: Array) -> None:
        self.grads["kernel"][...] = dkernel
        if self.use_bias:
            self.grads["bias"][...] = dbias

    def dz(self, dy: Array) -> Array:
        return self.activation.backward(dy, self._y)

    def dkernel(self, dz: Array) -> Array:
        return self._x.T @ dz

    def dbias(self, dz: Array) -> Array:
        return dz.sum(axis=0)

    def dx(self, dz: Array) -> Array:
        return dz @ self.params["kernel"].T


SETTINGS = [
    Setting((4, 5), (5,)),
    Setting((4, 6), (5,), {"activation": "relu"}),
    Setting((3, 4), (6,), {"activation": "tanh"}),
    Setting((5, 3), (4,), {"activation": "sigmoid"}),
    Setting((5, 4), (5,)),  # as many samples as units: sums along the wrong axis fit, and show their numbers
]

dense = register("dense", layer_protocol(SETTINGS), Parts)


@dense.mistake("kernel-gradient-transposed", (4, 5), 5)
class KernelGradientTransposed(Parts):
    """dkernel is dzᵀ·x in place of xᵀ·dz."""

    def dkernel(self, dz: Array) -> Array:
        return dz.T @ self._x


@dense.mistake("kernel-gradient-is-a-mean", (4, 6), 5)
class KernelGradientIsAMean(Parts):
    """The layer divides dkernel by the batch size, which the loss has already done."""

    def dkernel(self, dz: Array) -> Array:
        return super().dkernel(dz) / len(dz)


@dense.mistake("kernel-gradient-times-batch", (4, 6), 5)
class KernelGradientTimesBatch(Parts):
    """The layer multiplies dkernel by the batch size."""

    def dkernel(self, dz: Array) -> Array:
        return super().dkernel(dz) * len(dz)


@dense.mistake("bias-gradient-is-a-mean", (4, 6), 5)
class BiasGradientIsAMean(Parts):
    """dbias is the mean over the batch in place of the sum."""

    def dbias(self, dz: Array) -> Array:
        return dz.mean(axis=0)


@dense.mistake("bias-summed-over-units", (5, 6), 5)
class BiasSummedOverUnits(Parts):
    """dbias is summed over the units in place of the batch."""

    def dbias(self, dz: Array) -> Array:
        return dz.sum(axis=1)


@dense.mistake("bias-doubled", (4, 6), 5)
class BiasDoubled(Parts):
    """dbias is added up twice."""

    def dbias(self, dz: Array) -> Array:
        return 2 * dz.sum(axis=0)


@dense.mistake("bias-before-the-activation", (4, 6), 5, activation="relu")
class BiasBeforeTheActivation(Parts):
    """dbias is the sum of dy in place of dz: the activation's slope is left out."""

    def backward(self, dy: Array) -> Array:
        dx = super().backward(dy)
        self.grads["bias"][...] = dy.sum(axis=0)
        return dx


@dense.mistake("bias-forgotten", (4, 6), 5)
class BiasForgotten(Parts):
    """dbias is never written."""

    def write(self, dkernel: Array, dbias: Array) -> None:
        self.grads["kernel"][...] = dkernel


@dense.mistake("input-gradient-untransposed", (4, 5), 5)
class InputGradientUntransposed(Parts):
    """dx is dz·kernel in place of dz·kernelᵀ; the shapes agree because the layer is square."""

    def dx(self, dz: Array) -> Array:
        return dz @ self.params["kernel"]


@dense.mistake("sign-turned", (4, 6), 5)
class SignTurned(Parts):
    """dx has the wrong sign."""

    def dx(self, dz: Array) -> Array:
        return -super().dx(dz)


@dense.mistake("activation-forgotten", (4, 6), 5, activation="tanh")
class ActivationForgotten(Parts):
    """dz is dy: the activation's slope is left out everywhere."""

    def dz(self, dy: Array) -> Array:
        return dy


@dense.mistake("activation-twice-in-dx", (4, 6), 5, activation="sigmoid")
class ActivationTwiceInDx(Parts):
    """dx goes through the activation's slope twice."""

    def dx(self, dz: Array) -> Array:
        return super().dx(self.activation.backward(dz, self._y))


@dense.mistake("mask-from-the-gradient", (4, 6), 5, activation="relu")
class MaskFromTheGradient(Parts):
    """The ReLU lets through what is positive in dy in place of what was positive in x."""

    def dz(self, dy: Array) -> Array:
        return np.where(dy > 0, dy, 0) if self.is_relu else super().dz(dy)


@dense.mistake("mask-from-the-input", (4, 6), 5, activation="relu")
class MaskFromTheInput(Parts):
    """The ReLU's mask is taken from the sign of the sample's first feature, not from the unit."""

    def dz(self, dy: Array) -> Array:
        return np.where(self._x[:, :1] > 0, dy, 0) if self.is_relu else super().dz(dy)


@dense.mistake("gradients-add-up", (4, 6), 5)
class GradientsAddUp(Parts):
    """Gradients are added to those of earlier calls."""

    def write(self, dkernel: Array, dbias: Array) -> None:
        self.grads["kernel"] += dkernel
        self.grads["bias"] += dbias


@dense.mistake("bias-adds-up", (4, 6), 5)
class BiasAddsUp(Parts):
    """Only dbias is added to that of earlier calls."""

    def write(self, dkernel: Array, dbias: Array) -> None:
        self.grads["kernel"][...] = dkernel
        self.grads["bias"] += dbias


@dense.mistake("gradients-written-to-a-copy", (4, 6), 5)
class GradientsWrittenToACopy(Parts):
    """The gradients are written into flatten(), which is a copy: the optimizer finds what was there before."""

    def write(self, dkernel: Array, dbias: Array) -> None:
        self.grads["kernel"].flatten()[...] = dkernel.ravel()
        self.grads["bias"].flatten()[...] = dbias


@dense.mistake("input-remembered-itself", (4, 6), 5)
class InputRememberedItself(Parts):
    """The layer remembers x itself; what the caller does to it later changes dkernel."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self._x = x
        return y


@dense.mistake("output-handed-out", (4, 6), 5, activation="tanh")
class OutputHandedOut(Parts):
    """forward returns the array that backward needs; what the caller does to it changes the gradient."""

    def forward(self, x: Array, training: bool = False) -> Array:
        super().forward(x, training)
        return self._y


@dense.mistake("input-changed", (4, 6), 5)
class InputChanged(Parts):
    """forward centres x in place, on the caller's array."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        x -= x.mean()
        return y


@dense.mistake("upstream-changed", (4, 6), 5, activation="relu")
class UpstreamChanged(Parts):
    """backward masks dy in place, on the caller's array."""

    def dz(self, dy: Array) -> Array:
        if not self.is_relu:
            return super().dz(dy)
        dy[self._y <= 0] = 0
        return dy


@dense.mistake("first-batch-kept", (4, 6), 5)
class FirstBatchKept(Parts):
    """x is remembered at the first call only."""

    def forward(self, x: Array, training: bool = False) -> Array:
        y = super().forward(x, training)
        self._first = getattr(self, "_first", self._x)
        return y

    def dkernel(self, dz: Array) -> Array:
        n = min(len(dz), len(self._first))
        return self._first[:n].T @ dz[:n]


@dense.mistake("rounded-to-float32", (4, 6), 5)
class RoundedToFloat32(Parts):
    """The gradient goes through float32, whatever the layer's dtype."""

    def dz(self, dy: Array) -> Array:
        return dy.astype(np.float32).astype(dy.dtype)


@dense.mistake("promoted-to-float64", (4, 6), 5)
class PromotedToFloat64(Parts):
    """dx comes out as float64, whatever the layer's dtype."""

    def dx(self, dz: Array) -> Array:
        return super().dx(dz).astype(np.float64)


@dense.mistake("last-sample-dropped", (4, 6), 5)
class LastSampleDropped(Parts):
    """The last sample of the batch is left out of dkernel."""

    def dkernel(self, dz: Array) -> Array:
        return self._x[:-1].T @ dz[:-1]


@dense.mistake("first-sample-counts-twice", (4, 6), 5)
class FirstSampleCountsTwice(Parts):
    """The first sample of the batch counts twice in dbias, so the order of samples matters."""

    def dbias(self, dz: Array) -> Array:
        return dz.sum(axis=0) + dz[0]


@dense.mistake("last-unit-dropped", (4, 6), 5)
class LastUnitDropped(Parts):
    """dx leaves out the last unit."""

    def dx(self, dz: Array) -> Array:
        return dz[:, :-1] @ self.params["kernel"][:, :-1].T


@dense.mistake("gradient-clipped", (4, 6), 5)
class GradientClipped(Parts):
    """backward clips dy at ±1, so it is not linear."""

    def dz(self, dy: Array) -> Array:
        return np.clip(dy, -1, 1)


@dense.mistake("weight-decay-in-the-layer", (4, 6), 5)
class WeightDecayInTheLayer(Parts):
    """backward adds a weight decay of 0.01 to dkernel."""

    def dkernel(self, dz: Array) -> Array:
        return super().dkernel(dz) + 0.01 * self.params["kernel"]


@dense.mistake("kernel-copied-at-build", (4, 6), 5)
class KernelCopiedAtBuild(Parts):
    """forward uses a copy of the kernel made at build, so training never changes it."""

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self._built_kernel = self.params["kernel"].copy()

    def forward(self, x: Array, training: bool = False) -> Array:
        super().forward(x, training)
        self._y = self.activation.forward(self._x @ self._built_kernel + self.params["bias"])
        return self._y.copy()


@dense.mistake("bias-not-added", (4, 6), 5)
class BiasNotAdded(Parts):
    """forward forgets the bias, backward does not."""

    def forward(self, x: Array, training: bool = False) -> Array:
        super().forward(x, training)
        self._y = self.activation.forward(self._x @ self.params["kernel"])
        return self._y.copy()


@dense.mistake("slightly-off", (4, 6), 5)
class SlightlyOff(Parts):
    """dx is 0.1 % too large."""

    def dx(self, dz: Array) -> Array:
        return 1.001 * super().dx(dz)
