"""Regularizers, constraints, added losses, and what a training step makes of them, with one mistake each."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from scratchnet.layers import Layer
from scratchnet.regularizers import L1L2, L2, OrthogonalRegularizer
from scratchnet.training.penalties import Penalties
from tests.mutants.catalogue import constraint, layer, penalties, regularizer

Array = Any


@regularizer(l2=0.5)
class L2WithoutItsTwo(L2):
    """The slope of l2·w² is taken for l2·w."""

    def gradient(self, w: Array) -> Array:
        return self.l2 * w


@regularizer(l2=0.5)
class L2OfTheWholeLength(L2):
    """The slope is that of the length √Σw², not of its square."""

    def gradient(self, w: Array) -> Array:
        return self.l2 * w / np.sqrt(np.square(w).sum())


@regularizer(l1=0.5, l2=0.25)
class L1AlwaysUpwards(L1L2):
    """The slope of |w| is taken for 1 where w is negative, too."""

    def gradient(self, w: Array) -> Array:
        return self.l1 + 2 * self.l2 * w


@regularizer(l1=0.5, l2=0.25)
class L1LeftOut(L1L2):
    """The slope is that of the squares alone."""

    def gradient(self, w: Array) -> Array:
        return 2 * self.l2 * w


@regularizer(l1=0.5, l2=0.25)
class FactorsExchanged(L1L2):
    """The slope takes l1 for l2 and l2 for l1."""

    def gradient(self, w: Array) -> Array:
        return self.l2 * np.sign(w) + 2 * self.l1 * w


@regularizer(l2=0.5)
class L2OfTheMean(L2):
    """The slope is divided by how many weights there are, the penalty is not."""

    def gradient(self, w: Array) -> Array:
        return super().gradient(w) / w.size


@regularizer(where="activity_regularizer", l2=0.5)
class ActivityWithoutItsMean(L2):
    """The slope of an activity's penalty is summed over the batch, while the penalty is a mean."""

    def gradient(self, w: Array) -> Array:
        return len(w) * super().gradient(w)


@regularizer(factor=2.0)
class OrthogonalForgetsTheLength(OrthogonalRegularizer):
    """A row's length is taken for a constant in the slope."""

    def gradient(self, w: Array) -> Array:
        u, lengths, cosines = self._rows(w)
        return self._weight(len(u)) * (np.sign(cosines) @ u) / lengths


@regularizer(factor=2.0)
class OrthogonalOfOneSide(OrthogonalRegularizer):
    """A row is taken to be in the cosines of its own row only, not in those of its column."""

    def gradient(self, w: Array) -> Array:
        return super().gradient(w) / 2


@regularizer(factor=2.0)
class OrthogonalOfSquares(OrthogonalRegularizer):
    """The slope is that of squared cosines, not of their absolute values."""

    def gradient(self, w: Array) -> Array:
        u, lengths, cosines = self._rows(w)
        du = self._weight(len(u)) * (cosines @ u)
        return (du - u * (u * du).sum(axis=1, keepdims=True)) / lengths


class _Squares(Layer):
    """Adds Σ x² to the loss; right."""

    def forward(self, x: Array, training: bool = False) -> Array:
        self._x, self._training = x.copy(), training
        self.add_loss(np.square(x).sum())
        return 3 * x

    def backward(self, dy: Array) -> Array:
        return 3 * dy + 2 * self._x


@layer((4, 3))
class AddedLossWithoutSlope(_Squares):
    """A loss is added, and its slope forgotten."""

    def backward(self, dy: Array) -> Array:
        return 3 * dy


@layer((4, 3))
class AddedLossTimesDy(_Squares):
    """The added loss's slope is multiplied by dy, as if the loss were the layer's output."""

    def backward(self, dy: Array) -> Array:
        return 3 * dy + 2 * self._x * dy


@layer((4, 3))
class AddedLossScaledAsTheOutput(_Squares):
    """The added loss's slope goes through the layer's own slope, though it depends on x directly."""

    def backward(self, dy: Array) -> Array:
        return 3 * (dy + 2 * self._x)


@layer((4, 3))
class AddedLossOverTheBatch(_Squares):
    """The slope of an added sum is divided by the batch size."""

    def backward(self, dy: Array) -> Array:
        return 3 * dy + 2 * self._x / len(dy)


@layer((4, 3), checking={"training": False})
class AddedLossSlopeInTrainingOnly(_Squares):
    """The loss is added always, its slope only in training."""

    def backward(self, dy: Array) -> Array:
        return 3 * dy + (2 * self._x if self._training else 0)


@penalties
class PenaltyOverTheBatch(Penalties):
    """The slope of a weight's penalty is divided by the batch size."""

    def add_slopes(self) -> None:
        for _, w, gradient, penalty in self.regularized:
            gradient += penalty.gradient(w) / 5


@penalties
class PenaltyNotShown(Penalties):
    """The penalties are missing in the loss that is shown."""

    def values(self) -> list[float]:
        return []


@penalties
class PenaltyOnlyShown(Penalties):
    """The penalties are in the loss that is shown, and their slopes are not in the gradients."""

    def add_slopes(self) -> None:
        return


@penalties
class PenaltyInPlaceOfTheLoss(Penalties):
    """The penalty's slope overwrites the loss's."""

    def add_slopes(self) -> None:
        for _, w, gradient, penalty in self.regularized:
            gradient[...] = penalty.gradient(w)


@penalties
class PenaltyDecoupled(Penalties):
    """The penalty's slope is taken off the weights after the step, past the clipping."""

    def add_slopes(self) -> None:
        return

    def constrain(self) -> None:
        for _, w, _, penalty in self.regularized:
            w -= 0.125 * penalty.gradient(w)
        super().constrain()


@penalties
class PenaltyForEveryUse(Penalties):
    """A layer that is used twice pays twice."""

    def __init__(self, layers: Any, trainable: bool = True) -> None:
        super().__init__(layers, trainable)
        self.regularized.insert(0, self.regularized[0])


@penalties
class PenaltyOnTheFrozen(Penalties):
    """A frozen weight's penalty is in the loss."""

    def __init__(self, layers: Any, trainable: bool = True) -> None:
        layers = list(layers)
        super().__init__(layers, trainable)
        self.regularized += [
            (name, one.params[name], one.grads[name], thing)
            for one in layers
            for name, thing in one.regularizers.items()
            if not one.trainable
        ]


@penalties
class PenaltyWithACornerOfOne(Penalties):
    """The slope of |w| at 0 is taken for 1."""

    def add_slopes(self) -> None:
        for _, w, gradient, penalty in self.regularized:
            gradient += penalty.gradient(np.where(w == 0, 1e-300, w))


@penalties
class PenaltyOfTheFirstWeight(Penalties):
    """Only the first weight that has a penalty pays it."""

    def __init__(self, layers: Any, trainable: bool = True) -> None:
        super().__init__(layers, trainable)
        del self.regularized[1:]


@penalties
class ConstraintBeforeTheUpdate(Penalties):
    """Weights are constrained before the update, which moves them out again."""

    def add_slopes(self) -> None:
        super().add_slopes()
        super().constrain()

    def constrain(self) -> None:
        return


@penalties
class ConstraintOnTheFrozen(Penalties):
    """A frozen weight is constrained, too."""

    def __init__(self, layers: Any, trainable: bool = True) -> None:
        layers = list(layers)
        super().__init__(layers, trainable)
        self.constrained += [
            (name, one.params[name], one.grads[name], thing)
            for one in layers
            for name, thing in one.constraints.items()
            if not one.trainable
        ]


@penalties
class ConstraintOnTheGradient(Penalties):
    """The gradient is constrained in the weight's place."""

    def constrain(self) -> None:
        for _, _, gradient, projection in self.constrained:
            gradient[...] = projection(gradient)


@penalties
class ConstraintLeftOut(Penalties):
    """Weights are not constrained at all."""

    def constrain(self) -> None:
        return


@constraint("max_norm", max_value=0.75, axis=0)
class MaxNormAlongTheOtherAxis(MaxNorm):
    """Lengths are taken of what leaves a unit before, not of what comes into a unit."""

    def __call__(self, w: Array) -> Array:
        return super().__call__(w.T).T


@constraint("max_norm", max_value=0.75)
class MaxNormOfTheWhole(MaxNorm):
    """One length is taken, of the whole matrix."""

    def __call__(self, w: Array) -> Array:
        return super().__call__(w.reshape(-1)).reshape(w.shape)


@constraint("max_norm", max_value=0.75)
class MaxNormAlwaysTheLargest(MaxNorm):
    """Short vectors are made as long as allowed."""

    def wanted(self, lengths: Array) -> Any:
        return self.max_value


@constraint("max_norm", max_value=0.75)
class MaxNormClipsNumbers(MaxNorm):
    """Each number is cut off at the largest, not each length."""

    def __call__(self, w: Array) -> Array:
        return np.clip(w, -self.max_value, self.max_value)


@constraint("unit_norm", axis=1)
class UnitNormWithoutTheRoot(UnitNorm):
    """Vectors are divided by their squared length."""

    def __call__(self, w: Array) -> Array:
        return w / (np.square(w).sum(axis=self.axis, keepdims=True) + 1e-7)


@constraint("non_neg")
class NonNegAbsolute(NonNeg):
    """Negative weights become positive ones of the same size."""

    def __call__(self, w: Array) -> Array:
        return np.abs(w)


@constraint("min_max_norm", min_value=0.5, max_value=0.75, rate=0.25)
class MinMaxNormRateTurnedRound(MinMaxNorm):
    """The rate is taken for the part of the old length that stays."""

    def wanted(self, lengths: Array) -> Any:
        return (1 - self.rate) * np.clip(lengths, self.min_value, self.max_value) + self.rate * lengths


@constraint("min_max_norm", min_value=0.5, max_value=0.75)
class MinMaxNormWithoutMinimum(MinMaxNorm):
    """Vectors that are too short stay short."""

    def wanted(self, lengths: Array) -> Any:
        return np.minimum(lengths, self.max_value)
