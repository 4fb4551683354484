"""Embeddings with one mistake each."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers import Embedding
from tests.mutants.catalogue import layer

Array = Any


class _OfWords(Embedding):
    """Takes any number for a word, so that it can be checked on random ones: four times it, rounded down, modulo V."""

    def forward(self, x: Array, training: bool = False) -> Array:
        return super().forward(np.floor(4 * x) % self.input_dim, training)

    def backward(self, dy: Array) -> Any:
        super().backward(dy)
        return np.zeros(dy.shape[:-1], dy.dtype)


@layer((4, 6), 5, 3)
class EmbeddingKeepsTheLast(_OfWords):
    """A word that comes up several times gets only what its last place says."""

    def backward(self, dy: Array) -> Any:
        self.grads["embeddings"][...] = 0
        self.grads["embeddings"][self._x] = dy
        return np.zeros(dy.shape[:-1], dy.dtype)


@layer((4, 6), 5, 3)
class EmbeddingAddsToOldGradients(_OfWords):
    """The table's gradient is not cleared before the batch is added up."""

    def backward(self, dy: Array) -> Any:
        np.add.at(self.grads["embeddings"], self._x, dy)
        return np.zeros(dy.shape[:-1], dy.dtype)


@layer((4, 6), 5, 3)
class EmbeddingAveragesWords(_OfWords):
    """What the places of a word say is averaged in place of summed."""

    def backward(self, dy: Array) -> Any:
        dx = super().backward(dy)
        count = np.bincount(self._x.ravel(), minlength=self.input_dim)
        self.grads["embeddings"][...] /= np.maximum(count, 1)[:, None]
        return dx


@layer((4, 6), 5, 3)
class EmbeddingOffByOne(_OfWords):
    """backward counts words from 1."""

    def backward(self, dy: Array) -> Any:
        self.grads["embeddings"][...] = 0
        np.add.at(self.grads["embeddings"], (self._x + 1) % self.input_dim, dy)
        return np.zeros(dy.shape[:-1], dy.dtype)
