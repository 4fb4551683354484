"""Penalties on large weights: a term R(w) that training adds to the loss, so that a weight has to be worth its size.

The loss that is minimised is L(w) + R(w), and by the sum rule so is its slope: ∂L/∂w, which the backward pass works
out, plus ∂R/∂w, which is derived here. R knows nothing of the data, so there is no mean over a batch in it.

For an activity (``activity_regularizer=``) w is a layer's output y (N, …), and R(y) / N is added, since more samples
would add up to more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.errors import nothing_else, one_of
from scratchnet.typing import Array
from scratchnet.utils.arguments import ArgumentsByName, CheckedWhenSet
from scratchnet.utils.naming import described, made_from, snake_case
from scratchnet.utils.numbers import real_array, real_number


class Regularizer(CheckedWhenSet, ArgumentsByName):
    """Base class. A regularizer of your own defines ``forward``, the penalty, and ``gradient``, its slope.

    ``scratchnet.gradient_check.check_layer`` checks the two against each other: on
    ``Dense(3, kernel_regularizer=Mine())``, for example.
    """

    def forward(self, w: Array) -> float:
        """Return the penalty of w, one number."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(w).")

    def gradient(self, w: Array) -> Array:
        """Return the penalty's slope for each number of w, in w's shape."""
        raise NotImplementedError(f"{type(self).__name__} has no gradient(w).")

    def __call__(self, w: Any) -> float:
        """Return the penalty of an array."""
        return self.forward(real_array(f"w of {type(self).__name__}", w))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal regularizer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """Make a regularizer from what ``get_config`` returned."""
        return cls(**config)


class L1L2(Regularizer):
    """The sum of an L1 and an L2 penalty.

        R = l1·Σ |w[i]| + l2·Σ w[i]²                     (1)
        ∂R/∂w[i] = l1·sign(w[i]) + 2 l2 w[i]             (2)

    |w| has a corner at 0; its slope there is set to sign(0) = 0, as TensorFlow does.

    Args:
        l1, l2: the factors, ≥ 0; None means 0. By its name alone, ``"l1_l2"``, it has none, as in Keras: name them.
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = real_number(f"l1 of {type(self).__name__}", 0.0 if l1 is None else l1, 0)
        self.l2 = real_number(f"l2 of {type(self).__name__}", 0.0 if l2 is None else l2, 0)

    def forward(self, w: Array) -> float:
        """Return the penalty."""
        return float(self.l1 * np.abs(w).sum() + self.l2 * np.square(w).sum())  # (1)

    def gradient(self, w: Array) -> Array:
        """Return the penalty's slope."""
        return self.l1 * np.sign(w) + 2 * self.l2 * w  # (2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal regularizer."""
        return {"l1": self.l1, "l2": self.l2}


class L1(L1L2):
    """R = l1·Σ |w[i]|: every weight pays the same for each further step away from 0, so many end there exactly.

    Args:
        l1: the factor, ≥ 0; None means 0.01.
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        super().__init__(l1=0.01 if l1 is None else l1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal regularizer."""
        return {"l1": self.l1}


class L2(L1L2):
    """R = l2·Σ w[i]²: a large weight pays much for a further step, a small one little, so they become alike.

    An optimizer's ``weight_decay`` is something else. It takes its share off the weights directly (it is decoupled),
    while this slope passes through the optimizer like any other: Adam divides it by the size of the usual gradient,
    so that all weights shrink alike. It also counts in the loss that is shown, which a weight decay does not.

    Args:
        l2: the factor, ≥ 0; None means 0.01. The slope is 2 l2 w, with a 2 that some other libraries leave out.
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        super().__init__(l2=0.01 if l2 is None else l2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal regularizer."""
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """A penalty on rows (or columns) of a matrix w that point in the same direction, however long they are.

    Divide each row by its length, |w[i]| = √(Σ_k w[i,k]²), and compare each of the n rows with all others:

        u[i,k] = w[i,k] / |w[i]|                                                        (1)
        c[i,j] = Σ_k u[i,k] u[j,k]     for i ≠ j, the cosine; c[i,i] is set to 0        (2)
        R = factor · ½ Σ_i Σ_j |c[i,j]| / pairs,     pairs = n (n - 1) / 2              (3)

    Backward. u[i] is in c[i,j] and in c[j,i] for each j, both times with slope u[j], which makes up for the ½:

        du[i,k] = factor / pairs · Σ_j sign(c[i,j]) u[j,k]                              (4)

    w[i,k] is in its own u with slope 1/|w[i]|, and in the length of its row, whose slope is u[i,k], and that in all:

        dw[i,k] = (du[i,k] - u[i,k] Σ_m u[i,m] du[i,m]) / |w[i]|                        (5)

    So the step is at right angles to the row, and does not change its length to first order.

    Args:
        factor: ≥ 0.
        mode: ``"rows"`` or ``"columns"``: what shall be orthogonal to each other.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = real_number("factor of OrthogonalRegularizer", factor, 0)
        self.mode = one_of("mode of OrthogonalRegularizer", mode, ("rows", "columns"))

    def _rows(self, w: Array) -> tuple[Array, Array, Array]:
        """Return the rows, each of length 1, their lengths before that, and their cosines."""
        if w.ndim != 2:
            raise ValueError(f"OrthogonalRegularizer expected a matrix, with two axes, got the shape {w.shape}.")
        w = w if self.mode == "rows" else w.T
        lengths = np.sqrt(np.maximum(np.square(w).sum(axis=1, keepdims=True), 1e-14))  # at least 1e-7, as in Keras
        u = w / lengths  # (1)
        cosines = u @ u.T  # (2)
        np.fill_diagonal(cosines, 0)
        return u, lengths, cosines

    def _weight(self, n: int) -> float:
        return self.factor / max(n * (n - 1) / 2, 1)

    def forward(self, w: Array) -> float:
        """Return the penalty."""
        _, _, cosines = self._rows(w)
        return float(self._weight(len(cosines)) * 0.5 * np.abs(cosines).sum())  # (3)

    def gradient(self, w: Array) -> Array:
        """Return the penalty's slope."""
        u, lengths, cosines = self._rows(w)
        du = self._weight(len(u)) * (np.sign(cosines) @ u)  # (4)
        dw = (du - u * (u * du).sum(axis=1, keepdims=True)) / lengths  # (5)
        return dw if self.mode == "rows" else dw.T

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal regularizer."""
        return {"factor": self.factor, "mode": self.mode}


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

REGULARIZERS: dict[str, type[Regularizer]] = {
    name: c for c in (L1, L2, L1L2, OrthogonalRegularizer) for name in (snake_case(c.__name__), c.__name__)
}
REGULARIZERS["l1_l2"] = L1L2


def get(regularizer: Any) -> Regularizer | None:
    """Return the regularizer of a name, of a saved configuration, or the object itself; None stays None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else, such as a function alone: nobody would know its slope.
    """
    made = made_from("regularizer", regularizer, REGULARIZERS, Regularizer)
    for method in ("forward", "gradient"):
        if made is not None and getattr(type(made), method) is getattr(Regularizer, method):
            raise TypeError(
                f"A regularizer expected forward(w), the penalty, and gradient(w), its slope, got a "
                f"{type(made).__name__} that defines no {method}."
            )
    return made


def serialize(regularizer: Regularizer | None) -> dict[str, Any] | None:
    """Return what ``get`` makes an equal regularizer from; it can be written as JSON."""
    return described(regularizer)


__getattr__ = nothing_else("regularizer", __name__)
