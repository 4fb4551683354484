"""Embedding: a table with one row of numbers for each word; looking a word up is all that it does.

    x (N, …) whole numbers in 0…V-1 → y (N, …, D)

Forward. ``embeddings`` E (V, D) has a row for each of V words. Write p = (n, …) for a place in the batch:

    y[p,d] = E[x[p], d]                                                                   (1)

It is a Dense layer without bias, for inputs that are one-hot: with h[p,v] = 1 if v = x[p], else 0, y = h·E, since the
sum over v in Σ_v h[p,v] E[v,d] has a single term that is not zero. Looking that row up saves V - 1 products with zero.

Backward. By Dense's rule dE = hᵀ·dy, which is

    dE[v,d] = Σ_p h[p,v] dy[p,d] = Σ over the places p where x[p] = v of dy[p,d]           (2)

A word that comes up several times gets the *sum* of what its places say; ``dE[x] = dy`` would keep the last of them
only, which is why it takes ``np.add.at``. Words that do not come up have no influence on the loss, so their rows stay
zero: of a vocabulary of 20,000 words a batch touches a few hundred rows. The gradient is sparse; we keep it as a whole
array all the same, so that the optimizer need not know. (Adam moves the other rows, too, as long as its averages
remember an earlier gradient.)

x has no gradient: between word 3 and word 4 there is nothing to move along. ``backward`` returns None for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import initializers
from scratchnet.layers.weighted import Weighted
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import true_or_false, whole_number


class Embedding(Weighted):
    """Turns whole numbers into rows of a table that is learnt: ``Embedding(20000, 64)(Input((100,), dtype="int32"))``.

    Args:
        input_dim: V, how many words there are; they are numbered from 0.
        output_dim: D, how many numbers stand for a word.
        embeddings_initializer: see ``initializers``.
        embeddings_regularizer, embeddings_constraint: by keyword; see ``regularizers`` and ``constraints``.
        mask_zero: only False; True would have later layers pass over zeros, which no layer here does.

    Shapes: x (N, …) → y (N, …, D). Parameter: ``embeddings`` (V, D). x may be whole numbers of any type; floats lose
    what is behind the point, as in Keras.

    Raises:
        ValueError: if an argument makes no sense, or a number in x is not one of 0…V-1.
    """

    takes_integers = True
    weight_options = ("embeddings",)

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: str | initializers.Initializer | dict[str, Any] = "uniform",
        mask_zero: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(embeddings_initializer=embeddings_initializer, **kwargs)
        self.input_dim = whole_number("input_dim of Embedding", input_dim, 1)
        self.output_dim = whole_number("output_dim of Embedding", output_dim, 1)
        self.mask_zero = true_or_false("mask_zero of Embedding", mask_zero)
        if self.mask_zero:
            raise ValueError("mask_zero of Embedding expected False, got True: no layer here uses masks.")

    def build(self, input_shape: Shape | None = None) -> None:
        """Make ``embeddings`` (V, D), whatever the shape of x: it may be left out, as in Keras."""
        self.add_weight("embeddings", (self.input_dim, self.output_dim), **self.options_of("embeddings"))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, …, D)."""
        return (*input_shape, self.output_dim)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the rows that x numbers."""
        self._x = x.astype(np.int64)  # (N, …)
        outside = (self._x < 0) | (self._x >= self.input_dim)
        if outside.any():
            place = tuple(map(int, np.argwhere(outside)[0]))
            raise self.refuse(
                f"whole numbers in 0…{self.input_dim - 1}", f"{x[place]} at index {place}", "make input_dim larger"
            )
        return self.params["embeddings"][self._x]  # (1): (N, …, D)

    def backward(self, dy: Array) -> None:
        """Fill grads["embeddings"] with dy, added up word by word; there is no dx."""
        self.grads["embeddings"][...] = 0
        np.add.at(self.grads["embeddings"], self._x, dy)  # (2): (V, D)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "mask_zero": self.mask_zero,
        }
