"""Activation functions: one number in, one number out (softmax, log_softmax: one row in, one row out).

Each class has the function and, directly below, its derivative. ``backward`` takes the gradient ``dy`` that arrives
and the output ``y`` of the forward pass, and returns ``dx = dy·f'(x)``. Most derivatives can be written in terms of the
output alone, so nothing else need be remembered. Where that is not so, as for ``gelu``, the class says
``needs_input = True``; then the input is remembered too, and ``backward`` takes it as third argument.

An activation of your own is a subclass with ``name``, ``forward`` and ``backward``. The functions themselves, as in
``activations.relu(x)``, are made below; each may be passed wherever its name may.

``rectifiers.py``, ``smooth.py`` and ``softmax.py`` have the functions, ``function.py`` what they share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scratchnet.activations.function import ActivationFunction
from scratchnet.activations.rectifiers import ELU, SELU, LeakyReLU, Linear, ReLU
from scratchnet.activations.smooth import GELU, Exponential, HardSigmoid, Sigmoid, SiLU, Softplus, Tanh
from scratchnet.activations.softmax import LogSoftmax, Softmax
from scratchnet.errors import nothing_else
from scratchnet.utils.naming import described, look_up, made_from
from scratchnet.utils.numbers import shown

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "SELU",
    "ActivationAttribute",
    "ActivationFunction",
    "Exponential",
    "HardSigmoid",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "hard_sigmoid",
    "is_plain",
    "leaky_relu",
    "linear",
    "log_softmax",
    "relu",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "swish",
    "tanh",
]

ACTIVATIONS: dict[str, type[ActivationFunction]] = {
    function.name: function
    for function in (
        Linear,
        ReLU,
        Sigmoid,
        Tanh,
        Softmax,
        ELU,
        Exponential,
        GELU,
        HardSigmoid,
        LeakyReLU,
        LogSoftmax,
        SELU,
        SiLU,
        Softplus,
    )
}
ACTIVATIONS["swish"] = SiLU

linear, relu, leaky_relu, elu, selu = Linear(), ReLU(), LeakyReLU(), ELU(), SELU()
sigmoid, hard_sigmoid, tanh, exponential, softplus = Sigmoid(), HardSigmoid(), Tanh(), Exponential(), Softplus()
silu = swish = SiLU()
gelu, softmax, log_softmax = GELU(), Softmax(), LogSoftmax()


class ActivationAttribute:
    """A layer's attribute ``activation``, which can be set to a name, an ``ActivationFunction``, or None for linear."""

    def __get__(self, layer: Any, owner: type | None = None) -> Any:
        if layer is None:
            return self
        try:
            return vars(layer)["activation"]
        except KeyError:
            raise AttributeError(f"{type(layer).__name__!r} object has no attribute 'activation'") from None

    def __set__(self, layer: Any, value: str | ActivationFunction | dict[str, Any] | None) -> None:
        vars(layer)["activation"] = get(value)


def get(activation: str | ActivationFunction | dict[str, Any] | None) -> ActivationFunction:
    """Return the activation function of a name or of a saved configuration; ``None`` means linear.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything that is neither a name nor an ``ActivationFunction``.
    """
    if activation is None:
        return Linear()
    if isinstance(activation, str):
        return look_up("activation", activation, ACTIVATIONS)()
    if isinstance(activation, (ActivationFunction, dict)):
        return deserialize(activation)
    raise TypeError(
        f"An activation is given as a name ({', '.join(ACTIVATIONS)}) or as an ActivationFunction object, "
        f"got {shown(activation)}."
    )


def is_plain(activation: ActivationFunction) -> bool:
    """Whether the name says it all: one of the classes above, with the arguments that it has by default.

    A subclass of ReLU inherits its name, but may mean something else.
    """
    known = ACTIVATIONS.get(activation.name)
    return type(activation) is known and activation.get_config() == known().get_config()


def serialize(activation: ActivationFunction) -> str | dict[str, Any] | None:
    """Return what ``get`` makes an equal function from: its name, if that says it all; it can be written as JSON."""
    return activation.name if is_plain(activation) else described(activation)


def deserialize(config: Any, custom_objects: Mapping[str, type] | None = None) -> ActivationFunction:
    """Return what ``serialize`` was given, or a function by name; ``custom_objects`` are your own classes by name.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else.
    """
    return made_from("activation", config, ACTIVATIONS, ActivationFunction, custom_objects) or Linear()


__getattr__ = nothing_else("activation", __name__)
