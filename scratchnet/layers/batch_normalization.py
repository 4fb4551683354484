"""BatchNormalization: shift and scale each channel so that over the batch it has mean 0 and variance 1.

    x (N, …, C) → x̂ = (x - mean) / σ (N, …, C) → y = γ·x̂ + β (N, …, C)

Each channel is treated by itself, so below there is only one. In a batch it has M numbers x[m]; of images, M = N·H·W.

Forward, in training:

    mean = (1/M) Σ x[m]              (1)        var = (1/M) Σ (x[m] - mean)²                        (2)
    σ = √(var + ε)                   (3)        x̂[m] = (x[m] - mean) / σ                            (4)
    y[m] = γ x̂[m] + β                (5)        moving = momentum·moving + (1 - momentum)·batch's   (6)

(6), for mean and var alike, is what inference puts in place of the batch's own, so that there an output depends on its
own sample only. γ and β are learned: they may undo the normalization where that serves the loss.

Backward. y[m] is a line in x̂[m]; γ and β touch every y[m] of the channel:

    dβ = Σ dy[m]      (7)            dγ = Σ dy[m] x̂[m]      (8)            dx̂[m] = γ dy[m]      (9)

Now x[m] touches not only its own x̂[m] but, through var and mean, *every* x̂ of its channel. So first the slopes of these
two. var is in all x̂[m], and (x[m] - mean)/σ is x̂[m] again:

    dvar = Σ dx̂[m] (x[m] - mean)·(-½)(var + ε)^(-3/2) = -1/(2σ²) Σ dx̂[m] x̂[m] = -γ dγ / (2σ²)      (10)

mean is in all x̂[m] with slope -1/σ. It is in var too, with slope -(2/M) Σ (x[m] - mean), but by (1) this sum is 0:

    dmean = -1/σ Σ dx̂[m] = -γ dβ / σ                                                                (11)

x[m] has slope 1/σ in its x̂[m], slope 2(x[m] - mean)/M = 2σ x̂[m]/M in var, and slope 1/M in mean:

    dx[m] = dx̂[m] / σ      (12)      + dvar·2σ x̂[m] / M      (13)      + dmean / M      (14)

At inference mean and var are constants, and (12) is all. In training, with (9) to (11) put in, it is what books print:

    dx[m] = γ/σ·(dy[m] - dβ/M - x̂[m] dγ/M)

dy less its mean, less its part along x̂: shifting or stretching a channel leaves x̂ as it is, so dx must do neither.

Ioffe and Szegedy, 2015, arXiv 1502.03167.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import initializers
from scratchnet.layers.normalizing import AnyInitializer, Normalizing
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import real_number, whole_number


class BatchNormalization(Normalizing):
    """Normalizes each channel over the batch in training, by running mean and variance at inference.

    As in Keras, ``trainable = False`` freezes these as well: the layer then does in training what it does at inference.

    Args:
        axis: where the channels are; not 0, which is the batch.
        momentum: how much of the running mean and variance stays at each batch, 0 to 1.
        epsilon: ε ≥ 0, which keeps σ from 0.
        center, scale: whether there is a β, and a γ.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: see ``initializers``.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: by keyword; see ``regularizers`` and
            ``constraints``.

    Shapes: x (N, …, C) → y (N, …, C). Parameters: ``gamma`` (C,), ``beta`` (C,). Not trained: ``moving_mean`` (C,),
    ``moving_variance`` (C,).

    Raises:
        ValueError: if an argument makes no sense, or the input has no such axis, or another length along it.
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: AnyInitializer = "zeros",
        gamma_initializer: AnyInitializer = "ones",
        moving_mean_initializer: AnyInitializer = "zeros",
        moving_variance_initializer: AnyInitializer = "ones",
        **kwargs: Any,
    ) -> None:
        options = {"beta_initializer": beta_initializer, "gamma_initializer": gamma_initializer, **kwargs}
        super().__init__(epsilon, center, scale, **options)
        self.axis = whole_number("axis of BatchNormalization", axis)
        self.momentum = real_number("momentum of BatchNormalization", momentum, 0, 1)
        self.moving_mean_initializer = initializers.get_or_default(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get_or_default(moving_variance_initializer)

    def build(self, input_shape: Shape) -> None:
        """Make γ, β, and the running mean and variance, each (C,)."""
        C = input_shape[self.axis]
        assert C is not None
        self.add_gamma_and_beta((C,))
        self.add_weight("moving_mean", (C,), self.moving_mean_initializer, trainable=False)
        variance = self.add_weight("moving_variance", (C,), self.moving_variance_initializer, trainable=False)
        if (variance < 0).any():
            raise ValueError(
                f"Layer {self.name!r} expected moving_variance_initializer to draw variances, which are ≥ 0, got "
                f"{variance.min():g}: take 'ones'."
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape."""
        if not -len(input_shape) < self.axis < len(input_shape) or self.axis == 0:
            raise self.refuse(f"an input with channels along axis {self.axis}, beside the batch", input_shape)
        if self.built and input_shape[self.axis] != len(self.non_trainable["moving_mean"]):
            raise self.refuse(f"{len(self.non_trainable['moving_mean'])} channels along axis {self.axis}", input_shape)
        return tuple(input_shape)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return γ·x̂ + β; in training also move the running mean and variance."""
        self._shared = tuple(i for i in range(x.ndim) if i != self.axis % x.ndim)
        self._by_batch = training and self.trainable
        moving_mean, moving_variance = self.non_trainable["moving_mean"], self.non_trainable["moving_variance"]
        if self._by_batch:
            mean = x.mean(self._shared)  # (1) (C,)
            x_hat = x - self.repeated(mean)
            variance = np.square(x_hat).mean(self._shared)  # (2) (C,)
            for moving, of_batch in ((moving_mean, mean), (moving_variance, variance)):
                moving[...] = moving * self.momentum + of_batch * (1 - self.momentum)  # (6)
        else:
            variance = moving_variance
            x_hat = x - self.repeated(moving_mean)
        self._sigma = self.repeated(np.sqrt(variance + self.epsilon))  # (3) (1, …, C)
        x_hat /= self._sigma  # (4): until here it was x - mean
        self._x_hat = x_hat
        gamma, beta = self.gamma_and_beta()
        y = x_hat * gamma
        y += beta  # (5)
        return y

    def backward(self, dy: Array) -> Array:
        """Return dx; fill grads["gamma"] and grads["beta"]."""
        x_hat, sigma, M = self._x_hat, self._sigma, dy.size // self._sigma.size
        gamma, _ = self.gamma_and_beta()
        dbeta = dy.sum(self._shared, keepdims=True)  # (7) (1, …, C)
        dgamma = (dy * x_hat).sum(self._shared, keepdims=True)  # (8) (1, …, C)
        if self.center:
            self.grads["beta"][...] = dbeta.ravel()  # (C,)
        if self.scale:
            self.grads["gamma"][...] = dgamma.ravel()  # (C,)
        dx_hat = dy * gamma  # (9)
        dx: Array = dx_hat / sigma  # (12)
        if self._by_batch:
            dvar = -gamma * dgamma / (2 * sigma**2)  # (10) (1, …, C)
            dmean = -gamma * dbeta / sigma  # (11) (1, …, C)
            dx += x_hat * (2 * sigma * dvar / M)  # (13)
            dx += dmean / M  # (14)
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
        }
