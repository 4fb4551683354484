"""Dense: every output is a weighted sum of every input, plus a bias, through an activation function.

    x (N, D) → z = x·kernel + bias (N, U) → y = f(z) (N, U)

Forward, for sample n and unit u:

    z[n,u] = Σ_d x[n,d] kernel[d,u] + bias[u]   (1)        y = f(z)   (2)

Backward. The activation comes first, since it came last: dz = dy·f'(z) (3), which ``activations`` derives. (Not so
for a softmax, where each y depends on every z of its row: there dz is dy times a whole Jacobian.) Now the chain rule
for each thing that z depends on; each sum runs over every z that the thing touches.

- ``kernel[d,u]`` touches z[n,u] in every sample n, with slope x[n,d]:

      dkernel[d,u] = Σ_n x[n,d] dz[n,u]        as matrices   xᵀ·dz        (D, N)·(N, U) = (D, U)   (4)

- ``bias[u]`` touches the same z[n,u], with slope 1:

      dbias[u] = Σ_n dz[n,u]                   as matrices   sum of the rows of dz       (U,)     (5)

- ``x[n,d]`` touches z[n,u] for every unit u, with slope kernel[d,u]:

      dx[n,d] = Σ_u dz[n,u] kernel[d,u]        as matrices   dz·kernelᵀ   (N, U)·(U, D) = (N, D)   (6)

The shapes alone would have told: no other product of these matrices has the shape that is needed.
"""

from __future__ import annotations

from typing import Any

from scratchnet import activations, initializers
from scratchnet.layers.weighted import Weighted
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import true_or_false, whole_number


class Dense(Weighted):
    """A fully connected layer.

    Args:
        units: U, the number of outputs.
        activation: a name (relu, gelu, softmax, …, see ``activations``) or an ``ActivationFunction``; None is linear.
        use_bias: whether there is a ``bias``.
        kernel_initializer, bias_initializer: see ``initializers``; None is glorot_uniform for either, as in Keras.
        kernel_regularizer, kernel_constraint, bias_regularizer, bias_constraint: by keyword; see ``regularizers`` and
            ``constraints``.

    Shapes: x (N, D) → y (N, U); with more axes, (N, …, D) → (N, …, U), each row by itself. Parameters: ``kernel``
    (D, U), ``bias`` (U,).

    Raises:
        ValueError: if ``units`` is not a positive whole number, or the input has no axis beside the batch.
    """

    activation = activations.ActivationAttribute()
    weight_options = ("kernel", "bias")

    def __init__(
        self,
        units: int,
        activation: str | activations.ActivationFunction | None = None,
        use_bias: bool = True,
        kernel_initializer: str | initializers.Initializer | dict[str, Any] | None = "glorot_uniform",
        bias_initializer: str | initializers.Initializer | dict[str, Any] | None = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(kernel_initializer=kernel_initializer, bias_initializer=bias_initializer, **kwargs)
        self.units = whole_number("units of Dense", units, 1)
        self.activation = activation
        self.use_bias = true_or_false("use_bias of Dense", use_bias)

    def build(self, input_shape: Shape) -> None:
        """Make ``kernel`` (D, U) and ``bias`` (U,)."""
        features = input_shape[-1]
        assert features is not None
        self.add_weight("kernel", (features, self.units), **self.options_of("kernel"))
        if self.use_bias:
            self.add_weight("bias", (self.units,), **self.options_of("bias"))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, …, U)."""
        if len(input_shape) < 2:
            raise self.refuse("an input of shape (N, D)", input_shape)
        if self.built and input_shape[-1] != len(self.params["kernel"]):
            raise self.refuse(f"{len(self.params['kernel'])} features in the last axis", input_shape)
        return (*input_shape[:-1], self.units)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return f(x·kernel + bias)."""
        self._x = x.copy()  # (N, D), or (N, …, D)
        z = x @ self.params["kernel"]  # (1) (N, U)
        if self.use_bias:
            z += self.params["bias"]
        self._z = z if self.activation.needs_input else None
        self._y = self.activation.forward(z)  # (2) (N, U)
        return self._y.copy()

    def backward(self, dy: Array) -> Array:
        """Return dz·kernelᵀ; fill grads["kernel"] with xᵀ·dz and grads["bias"] with the sum of dz over the batch."""
        dz = self.activation.gradient(dy, self._y, self._z)  # (3) (N, U)
        x_rows = self._x.reshape(-1, self._x.shape[-1])  # (N, D): further axes are rows like the batch
        dz_rows = dz.reshape(-1, self.units)  # (N, U)
        self.grads["kernel"][...] = x_rows.T @ dz_rows  # (4) (D, U)
        if self.use_bias:
            self.grads["bias"][...] = dz_rows.sum(axis=0)  # (5) (U,)
        return dz @ self.params["kernel"].T  # (6) (N, D)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
        }
