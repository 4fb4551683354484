"""Activation functions: one number in, one number out (softmax: one row in, one row out).

Each class has the function and, directly below, its derivative. ``backward`` takes the gradient ``dy`` that arrives
and the output ``y`` of the forward pass, and returns ``dx``; all these derivatives can be written in terms of the
output alone, so nothing else need be remembered.

An activation of your own is a subclass with ``name``, ``forward`` and ``backward``.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from scratchnet.typing import Array
from scratchnet.utils import changes
from scratchnet.utils.naming import look_up
from scratchnet.utils.numbers import whole_number


class ActivationFunction:
    """Base class. ``x``, ``y``, ``dy`` and ``dx`` have one shape and one float dtype."""

    name: ClassVar[str]

    def __setattr__(self, attribute: str, value: Any) -> None:
        super().__setattr__(attribute, value)
        changes.note()  # a plan may have been made for the old value

    def forward(self, x: Array) -> Array:
        """Return y = f(x), a new array."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(x).")

    def backward(self, dy: Array, y: Array) -> Array:
        """Return dx, the gradient with respect to x, a new array."""
        raise NotImplementedError(f"{type(self).__name__} has no backward(dy, y).")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal activation function, ready for JSON."""
        return {}


class Linear(ActivationFunction):
    """y = x, hence dx = dy."""

    name = "linear"

    def forward(self, x: Array) -> Array:
        """Return x itself, copied."""
        return x.copy()

    def backward(self, dy: Array, y: Array) -> Array:
        """Return dy itself, copied."""
        return dy.copy()


class ReLU(ActivationFunction):
    """y = max(x, 0). The slope is 1 where x > 0, else 0; at the kink x = 0 we take 0, as every framework does."""

    name = "relu"

    def forward(self, x: Array) -> Array:
        """Return the positive part of x."""
        return np.maximum(x, 0)

    def backward(self, dy: Array, y: Array) -> Array:
        """Let dy through where x was positive, which is where y is."""
        return np.where(y > 0, dy, 0)


class Sigmoid(ActivationFunction):
    """y = 1 / (1 + e⁻ˣ).

    dy/dx = e⁻ˣ / (1 + e⁻ˣ)², and since 1 - y = e⁻ˣ / (1 + e⁻ˣ), this is y·(1 - y).
    """

    name = "sigmoid"

    def forward(self, x: Array) -> Array:
        """Return the sigmoid of x, without overflow: with e = e^(-|x|) it is 1/(1+e) or, for x < 0, e/(1+e)."""
        e = np.exp(-np.abs(x))
        return np.where(x >= 0, 1, e) / (1 + e)

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope y(1 - y)."""
        return dy * y * (1 - y)


class Tanh(ActivationFunction):
    """y = tanh x = sinh x / cosh x; by the quotient rule dy/dx = 1 - sinh²x / cosh²x = 1 - y²."""

    name = "tanh"

    def forward(self, x: Array) -> Array:
        """Return tanh of x."""
        return np.tanh(x)

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope 1 - y²."""
        return dy * (1 - y * y)


class Softmax(ActivationFunction):
    """yᵢ = e^xᵢ / Σₖ e^xₖ along the last axis: positive numbers that sum to one.

    Every output depends on every input of its row. By the quotient rule ∂yᵢ/∂xⱼ = yᵢ(δᵢⱼ - yⱼ), where δᵢⱼ is one if
    i = j and else zero. The chain rule sums over the outputs:

        dxⱼ = Σᵢ dyᵢ yᵢ (δᵢⱼ - yⱼ) = yⱼ (dyⱼ - Σᵢ dyᵢ yᵢ)

    Adding a constant to a row of x changes nothing in y, so the row's maximum is taken off first and
    e^x cannot overflow.
    """

    name = "softmax"

    def __init__(self, axis: int = -1) -> None:
        self.axis = whole_number("axis of Softmax", axis)

    def forward(self, x: Array) -> Array:
        """Return the softmax of every row of x."""
        e = np.exp(x - x.max(axis=self.axis, keepdims=True))
        return e / e.sum(axis=self.axis, keepdims=True)

    def backward(self, dy: Array, y: Array) -> Array:
        """Return y (dy - Σ dy y), the sum taken along each row."""
        return y * (dy - (dy * y).sum(axis=self.axis, keepdims=True))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal softmax."""
        return {"axis": self.axis}


class ActivationAttribute:
    """A layer's attribute ``activation``, which can be set to a name, an ``ActivationFunction``, or None for linear."""

    def __get__(self, layer: Any, owner: type | None = None) -> Any:
        if layer is None:
            return self
        try:
            return vars(layer)["activation"]
        except KeyError:
            raise AttributeError(f"{type(layer).__name__!r} object has no attribute 'activation'") from None

    def __set__(self, layer: Any, value: str | ActivationFunction | None) -> None:
        vars(layer)["activation"] = get(value)


ACTIVATIONS: dict[str, type[ActivationFunction]] = {
    function.name: function for function in (Linear, ReLU, Sigmoid, Tanh, Softmax)
}


def get(activation: str | ActivationFunction | None) -> ActivationFunction:
    """Return the activation function of a name; ``None`` means linear.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything that is neither a name nor an ``ActivationFunction``.
    """
    if activation is None:
        return Linear()
    if isinstance(activation, str):
        return look_up("activation", activation, ACTIVATIONS)()
    if isinstance(activation, ActivationFunction):
        return activation
    raise TypeError(
        f"An activation is given as a name ({', '.join(ACTIVATIONS)}) or as an ActivationFunction object, "
        f"got {activation!r}."
    )
