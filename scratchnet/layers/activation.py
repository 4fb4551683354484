"""Activation, ReLU, Softmax: an activation function as a layer of its own.

    x → y = f(x), of the same shape

The functions and their derivatives stand in ``scratchnet/activations.py``. ``Dense(10, activation="relu")`` and
``Dense(10)`` followed by ``ReLU()`` compute the same.
"""

from __future__ import annotations

from typing import Any

from scratchnet import activations
from scratchnet.layers.layer import Layer
from scratchnet.typing import Array


class Activation(Layer):
    """Applies an activation function, given by name or as an ``ActivationFunction``."""

    activation = activations.ActivationAttribute()

    def __init__(self, activation: str | activations.ActivationFunction, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activation

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return f(x)."""
        self._y = self.activation.forward(x)
        return self._y.copy()

    def backward(self, dy: Array) -> Array:
        """Return dy·f'(x)."""
        return self.activation.backward(dy, self._y)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "activation": self.activation.name}


class ReLU(Activation):
    """max(x, 0)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("relu", **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {k: v for k, v in super().get_config().items() if k != "activation"}


class Softmax(Activation):
    """Turns the numbers along ``axis`` into probabilities that sum to one."""

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(activations.Softmax(axis), **kwargs)
        self.axis: int = self.activation.axis

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**{k: v for k, v in super().get_config().items() if k != "activation"}, "axis": self.axis}
