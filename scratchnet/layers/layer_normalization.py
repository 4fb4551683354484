"""LayerNormalization: shift and scale the features of each sample so that they have mean 0 and variance 1.

    x (N, …, D) → x̂ = (x - mean) / σ (N, …, D) → y = γ·x̂ + β (N, …, D)

The idea of ``batch_normalization.py``, which is to be read first, along another axis: mean and variance are those of
one row of D features. So no sample knows of another, and training and inference are the same. γ and β have a number for
each feature, and all rows share them.

Forward, for row n and feature d:

    mean[n] = (1/D) Σ_d x[n,d]         (1)        var[n] = (1/D) Σ_d (x[n,d] - mean[n])²        (2)
    σ[n] = √(var[n] + ε)               (3)        x̂[n,d] = (x[n,d] - mean[n]) / σ[n]            (4)
    y[n,d] = γ[d] x̂[n,d] + β[d]        (5)

Backward. γ[d] and β[d] touch feature d in every row:

    dβ[d] = Σ_n dy[n,d]      (6)       dγ[d] = Σ_n dy[n,d] x̂[n,d]      (7)       dx̂[n,d] = γ[d] dy[n,d]      (8)

From x̂ to x, a row is what a channel is in a batch normalization, with D numbers in place of M. As there,

    dvar[n] = -1/(2σ[n]²) Σ_d dx̂[n,d] x̂[n,d]            dmean[n] = -1/σ[n] Σ_d dx̂[n,d]
    dx[n,d] = dx̂[n,d]/σ[n] + dvar[n]·2σ[n] x̂[n,d]/D + dmean[n]/D

Put in and sorted, this takes from dx̂ what it has in common along the row, and what lies along x̂:

    common[n] = (1/D) Σ_d dx̂[n,d]      (9)        along[n] = (1/D) Σ_d dx̂[n,d] x̂[n,d]           (10)
    dx[n,d] = (dx̂[n,d] - common[n] - x̂[n,d] along[n]) / σ[n]                                    (11)

γ cannot be drawn out of these sums, as it could in a batch normalization: it changes along the row.

Ba, Kiros and Hinton, 2016, arXiv 1607.06450.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.layers.normalizing import AnyInitializer, Normalizing
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import whole_number


class LayerNormalization(Normalizing):
    """Normalizes each sample's features.

    Args:
        axis: where the features are, an axis or several of them; not 0, which is the batch.
        epsilon: ε ≥ 0, which keeps σ from 0.
        center, scale: whether there is a β, and a γ.
        beta_initializer, gamma_initializer: see ``initializers``.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: by keyword; see ``regularizers`` and
            ``constraints``.

    Shapes: x (N, …, D) → y (N, …, D). Parameters: ``gamma`` (D,), ``beta`` (D,); an axis for each in ``axis``.

    Raises:
        ValueError: if an argument makes no sense, or the input has no such axis, or another length along it.
    """

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: AnyInitializer = "zeros",
        gamma_initializer: AnyInitializer = "ones",
        **kwargs: Any,
    ) -> None:
        options = {"beta_initializer": beta_initializer, "gamma_initializer": gamma_initializer, **kwargs}
        super().__init__(epsilon, center, scale, **options)
        several = axis if isinstance(axis, (list, tuple)) and axis else (axis,)
        axes = tuple(whole_number("axis of LayerNormalization", i) for i in several)
        self.axis = axes if len(axes) > 1 else axes[0]

    def build(self, input_shape: Shape) -> None:
        """Make γ and β, with the input's lengths along ``axis``."""
        self.add_gamma_and_beta(tuple(input_shape[i] or 0 for i in self._axes(input_shape)))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape."""
        lengths = tuple(input_shape[i] for i in self._axes(input_shape))
        for parameter in self.params.values():
            if parameter.shape != lengths:
                raise self.refuse(f"lengths {parameter.shape} along axis {self.axis}", input_shape)
        return tuple(input_shape)

    def _axes(self, x_shape: Any) -> tuple[int, ...]:
        """Return the axes along which a row lies, counted from the front and in order."""
        ndim, given = len(x_shape), self.axis if isinstance(self.axis, tuple) else (self.axis,)
        axes = sorted({i % ndim for i in given if -ndim <= i < ndim})
        if 0 in axes or len(axes) < len(given):
            raise self.refuse(f"an input with features along axis {self.axis}, beside the batch", x_shape)
        return tuple(axes)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return γ·x̂ + β."""
        self._row = self._axes(x.shape)
        self._shared = tuple(i for i in range(x.ndim) if i not in self._row)
        mean = x.mean(self._row, keepdims=True)  # (1) (N, …, 1)
        x_hat = x - mean
        variance = np.square(x_hat).mean(self._row, keepdims=True)  # (2) (N, …, 1)
        self._sigma = np.sqrt(variance + self.epsilon)  # (3) (N, …, 1)
        x_hat /= self._sigma  # (4): until here it was x - mean
        self._x_hat = x_hat
        gamma, beta = self.gamma_and_beta()
        y = x_hat * gamma
        y += beta  # (5)
        return y

    def backward(self, dy: Array) -> Array:
        """Return dx; fill grads["gamma"] and grads["beta"]."""
        x_hat, (gamma, _) = self._x_hat, self.gamma_and_beta()
        if self.center:
            self.grads["beta"][...] = dy.sum(self._shared)  # (6) (D,)
        if self.scale:
            self.grads["gamma"][...] = (dy * x_hat).sum(self._shared)  # (7) (D,)
        dx_hat = dy * gamma  # (8)
        common = dx_hat.mean(self._row, keepdims=True)  # (9) (N, …, 1)
        along = (dx_hat * x_hat).mean(self._row, keepdims=True)  # (10) (N, …, 1)
        return (dx_hat - common - x_hat * along) / self._sigma  # (11)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "axis": self.axis}
