"""Activation, ReLU, LeakyReLU, Softmax: an activation function as a layer of its own.

    x → y = f(x), of the same shape

The functions and their derivatives stand in ``scratchnet/activations``. ``Dense(10, activation="relu")`` and
``Dense(10)`` followed by ``ReLU()`` compute the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scratchnet import activations
from scratchnet.layers.layer import Layer
from scratchnet.typing import Array, Shape
from scratchnet.utils.numbers import axes_within


class Activation(Layer):
    """Applies an activation function, given by name or as an ``ActivationFunction``."""

    activation = activations.ActivationAttribute()
    _x: Array | None = None  # remembered only where the slope cannot be told from y

    def __init__(self, activation: str | activations.ActivationFunction, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activation

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return f(x)."""
        if self.activation.needs_input:
            self._x = x.copy()
        self._y = self.activation.forward(x)
        return self._y.copy()

    def backward(self, dy: Array) -> Array:
        """Return dy·f'(x)."""
        return self.activation.gradient(dy, self._y, self._x)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class _Named(Activation):
    """A layer that is named after its function, and has the function's arguments as its own."""

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**Layer.get_config(self), **self.activation.get_config()}


def _of_the_function(name: str) -> property:
    """Return an argument of the layer's function as one of the layer's; set, it makes a new function, checked anew."""

    def change(layer: _Named, value: Any) -> None:
        function = layer.activation
        layer.activation = type(function)(**{**function.get_config(), name: value})

    return property(lambda layer: getattr(layer.activation, name), change)


class ReLU(_Named):
    """max(x, 0); with the further arguments cut off at ``max_value``, leaking and beginning at ``threshold``."""

    max_value, negative_slope, threshold = map(_of_the_function, ("max_value", "negative_slope", "threshold"))

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(activations.ReLU(negative_slope, max_value, threshold), **kwargs)


class LeakyReLU(_Named):
    """x where it is positive, ``negative_slope``·x elsewhere. Keras's slope for the layer is 0.3, for the name 0.2."""

    negative_slope = _of_the_function("negative_slope")

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        super().__init__(activations.LeakyReLU(negative_slope), **kwargs)


class Softmax(_Named):
    """Turns the numbers along ``axis``, or several axes, into probabilities that sum to one."""

    axis = _of_the_function("axis")

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(activations.Softmax(axis), **kwargs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape, once the axes are found in it."""
        axes_within(f"axis of layer {self.name!r}", self.axis, tuple(n or 1 for n in input_shape))
        return tuple(input_shape)
