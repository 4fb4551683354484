"""Augmentations of images with one mistake each."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers import RandomCrop, RandomErasing, RandomFlip, RandomTranslation
from tests.mutants.catalogue import layer

Array = Any

IMAGE = (4, 5, 4, 2)


@layer(IMAGE, "horizontal", seed=1)
class FlipNotUndone(RandomFlip):
    """backward hands dy on as if nothing had been flipped."""

    def backward(self, dy: Array) -> Array:
        return dy.copy()


@layer(IMAGE, "horizontal", seed=1)
class FlipAlwaysUndone(RandomFlip):
    """backward flips every image, the ones that were left alone as well."""

    def backward(self, dy: Array) -> Array:
        return np.flip(dy, 2).copy()


@layer(IMAGE, seed=1)
class FlipUndoneOneWay(RandomFlip):
    """Of a flip both ways, backward undoes the horizontal one only."""

    def backward(self, dy: Array) -> Array:
        dx = dy.copy()
        dx[self._flipped] = np.flip(dy[self._flipped], 2)
        return dx


@layer(IMAGE, "horizontal", seed=1)
class FlipDrawsAgain(RandomFlip):
    """backward draws anew in place of remembering which images were flipped."""

    def backward(self, dy: Array) -> Array:
        self._flipped = self.seed_generator.next().random(len(dy)) < 0.5
        return super().backward(dy)


@layer(IMAGE, 3, 2, seed=1)
class CropPutBackAtTheCorner(RandomCrop):
    """backward lays dy into the top left corner, wherever the part was."""

    def backward(self, dy: Array) -> Array:
        dx = np.zeros(self._x_shape, dy.dtype)
        dx[:, : self.height, : self.width] = dy
        return dx


@layer(IMAGE, 3, 2, seed=1)
class CropStretchesTheEdge(RandomCrop):
    """What was cut away gets the mean of dy in place of zero."""

    def backward(self, dy: Array) -> Array:
        dx = np.full(self._x_shape, dy.mean(), dy.dtype)
        dx[self._part] = dy
        return dx


@layer(IMAGE, 1.0, (0.3, 0.6), 0.5, seed=1)
class ErasingForgetsItsMask(RandomErasing):
    """dy goes through under the paint as well."""

    def backward(self, dy: Array) -> Array:
        return dy.copy()


@layer(IMAGE, 1.0, (0.3, 0.6), 0.5, seed=1)
class ErasingMaskInverted(RandomErasing):
    """dy goes through only under the paint."""

    def backward(self, dy: Array) -> Array:
        return np.where(self._mask, dy, 0)


@layer(IMAGE, 1.0, (0.3, 0.6), 0.5, seed=1)
class ErasingScalesTheRest(RandomErasing):
    """What is left is scaled up backward, as a dropout would."""

    def backward(self, dy: Array) -> Array:
        return np.where(self._mask, 0, dy / (1 - self._mask.mean()))


@layer(IMAGE, 0.3, 0.3, seed=1)
class TranslationMovesOn(RandomTranslation):
    """backward moves dy once more the same way: R and S are not transposed."""

    def backward(self, dy: Array) -> Array:
        return self._move(dy, self._R, self._S)


@layer(IMAGE, 0.3, 0.3, seed=1)
class TranslationOverwrites(RandomTranslation):
    """A pixel that went to several places gets the gradient of the heaviest alone."""

    def backward(self, dy: Array) -> Array:
        R = np.where(self._R.max(axis=1, keepdims=True) > self._R, 0, self._R)
        return self._move(dy, R.transpose(0, 2, 1), self._S.transpose(0, 2, 1))


@layer(IMAGE, 0.3, 0.3, "constant", fill_value=0.5, seed=1)
class TranslationPaysTheConstant(RandomTranslation):
    """The constant's share of dy is handed to x."""

    def backward(self, dy: Array) -> Array:
        missing = 1 - self._R.sum(axis=2)[:, :, None] * self._S.sum(axis=2)[:, None, :]
        return super().backward(dy) + missing[..., None] * dy


@layer(IMAGE, 0.3, 0.3, seed=1)
class TranslationWithoutRounding(RandomTranslation):
    """backward moves dy by whole pixels, though forward mixed two of them."""

    def backward(self, dy: Array) -> Array:
        return self._move(dy, np.round(self._R).transpose(0, 2, 1), np.round(self._S).transpose(0, 2, 1))
