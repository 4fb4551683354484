"""Activation functions: one number in, one number out (softmax, log_softmax: one row in, one row out).

Each class has the function and, directly below, its derivative. ``backward`` takes the gradient ``dy`` that arrives
and the output ``y`` of the forward pass, and returns ``dx = dy·f'(x)``. Most derivatives can be written in terms of the
output alone, so nothing else need be remembered. Where that is not so, as for ``gelu``, the class says
``needs_input = True``; then the input is remembered too, and ``backward`` takes it as third argument.

An activation of your own is a subclass with ``name``, ``forward`` and ``backward``. The functions themselves, as in
``activations.relu(x)``, stand at the end; each may be passed wherever its name may.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from scratchnet import config
from scratchnet.typing import Array
from scratchnet.utils import changes
from scratchnet.utils.naming import described, look_up, made_from
from scratchnet.utils.numbers import real_number, true_or_false, whole_number


class ActivationFunction:
    """Base class. ``x``, ``y``, ``dy`` and ``dx`` have one shape and one float dtype."""

    name: ClassVar[str]
    needs_input: ClassVar[bool] = False
    """Whether ``backward`` takes x as third argument, as it cannot tell the slope from y."""

    def __setattr__(self, attribute: str, value: Any) -> None:
        super().__setattr__(attribute, value)
        changes.note()  # a plan may have been made for the old value

    def forward(self, x: Array) -> Array:
        """Return y = f(x), a new array."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(x).")

    def backward(self, dy: Array, y: Array) -> Array:
        """Return dx, the gradient with respect to x, a new array."""
        raise NotImplementedError(f"{type(self).__name__} has no backward(dy, y).")

    def gradient(self, dy: Array, y: Array, x: Array | None) -> Array:
        """Return what ``backward`` does, which gets x only if it ``needs_input``: what layers call."""
        return self.backward(dy, y, x) if self.needs_input else self.backward(dy, y)  # type: ignore[call-arg]

    def __call__(self, x: Any, *arguments: Any, **options: Any) -> Array:
        """Return f(x) for an array or numbers; with arguments as for the class, such as ``relu(x, max_value=6)``."""
        function = type(self)(*arguments, **options) if arguments or options else self
        return function.forward(
            x if isinstance(x, np.ndarray) and x.dtype.kind == "f" else np.asarray(x, config.floatx())
        )

    def __eq__(self, other: object) -> bool:
        """Whether ``other`` is the same function: of the same class, one of those below, with the same arguments."""
        ours = type(self) in ACTIVATIONS.values() and type(self) is type(other)
        return self is other or (ours and vars(self) == vars(other))

    def __hash__(self) -> int:
        return hash(type(self))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal activation function, ready for JSON."""
        return {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.get_config().items())})"


class Linear(ActivationFunction):
    """y = x, hence dx = dy (1)."""

    name = "linear"

    def forward(self, x: Array) -> Array:
        """Return x itself, copied."""
        return x.copy()

    def backward(self, dy: Array, y: Array) -> Array:
        """Return dy itself, copied."""
        return dy.copy()  # (1)


class ReLU(ActivationFunction):
    """y = max(x, 0). The slope is 1 where x > 0, else 0; at the kink x = 0 we take 0, as every framework does.

    That is with the default arguments. In general y is made of three straight pieces:

        y = negative_slope·(x - threshold)   for x ≤ threshold, there y ≤ 0
        y = x                                above it, there y > 0
        y = max_value                        where x is larger than that

    so the slope is 1 on the middle piece, where 0 < y < max_value (1), and 0 above it, the corner included, as in
    TensorFlow's relu6; and it is negative_slope below (2).
    """

    name = "relu"

    def __init__(self, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> None:
        self.negative_slope = real_number("negative_slope of ReLU", negative_slope, 0)
        self.threshold = real_number("threshold of ReLU", threshold, 0)
        self.max_value = None
        if max_value is not None:
            self.max_value = real_number("max_value of ReLU", max_value, 0, open_ends="least")

    def forward(self, x: Array) -> Array:
        """Return x cut off below threshold and above max_value."""
        below = self.negative_slope * (x - self.threshold) if self.negative_slope else 0
        y = np.where(x <= self.threshold, below, x)
        return y if self.max_value is None else np.minimum(y, self.max_value)

    def backward(self, dy: Array, y: Array) -> Array:
        """Let dy through where x came through, which is where y is positive, and leak a part of it elsewhere."""
        through = dy if self.max_value is None else np.where(y < self.max_value, dy, 0)  # (1)
        return np.where(y > 0, through, self.negative_slope * dy if self.negative_slope else 0)  # (2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal function."""
        return {
            "negative_slope": self.negative_slope,
            "max_value": self.max_value,
            "threshold": self.threshold,
        }


class LeakyReLU(ActivationFunction):
    """y = x for x > 0, else negative_slope·x: a ReLU that lets a part of the gradient through when it is off.

    dy/dx = 1 where y > 0, which is where x is, else negative_slope (1).
    """

    name = "leaky_relu"

    def __init__(self, negative_slope: float = 0.2) -> None:
        self.negative_slope = real_number("negative_slope of LeakyReLU", negative_slope, 0)

    def forward(self, x: Array) -> Array:
        """Return x, scaled down where it is negative."""
        return np.where(x > 0, x, self.negative_slope * x)

    def backward(self, dy: Array, y: Array) -> Array:
        """Return dy, scaled down where x was negative."""
        return np.where(y > 0, dy, self.negative_slope * dy)  # (1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal function."""
        return {"negative_slope": self.negative_slope}


class ELU(ActivationFunction):
    """y = x for x > 0, else α(eˣ - 1): a ReLU that levels off at -α, without a corner if α = 1.

    dy/dx = 1 for x > 0, else α·eˣ = α(eˣ - 1) + α = y + α (1).
    """

    name = "elu"

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = real_number("alpha of ELU", alpha, 0)

    def forward(self, x: Array) -> Array:
        """Return elu of x. Only what is negative is put into the exponential, which cannot overflow then."""
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope, 1 or y + α."""
        return np.where(y > 0, dy, dy * (y + self.alpha))  # (1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal function."""
        return {"alpha": self.alpha}


class SELU(ActivationFunction):
    """y = λ·elu(x) with α = 1.673… and λ = 1.050…, chosen so that mean 0 and variance 1 stay so from layer to layer.

    dy/dx is λ times that of elu: λ for x ≥ 0, else λα·eˣ = λα(eˣ - 1) + λα = y + λα (1). At the corner x = 0
    either would do; TensorFlow takes the first.
    The two constants: Klambauer and others, "Self-Normalizing Neural Networks", 2017.
    """

    name = "selu"
    ALPHA: ClassVar[float] = 1.6732632423543772848170429916717
    SCALE: ClassVar[float] = 1.0507009873554804934193349852946

    def forward(self, x: Array) -> Array:
        """Return selu of x."""
        return self.SCALE * np.where(x > 0, x, self.ALPHA * np.expm1(np.minimum(x, 0)))

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope, λ or y + λα."""
        return dy * np.where(y < 0, y + self.SCALE * self.ALPHA, self.SCALE)  # (1)


class Sigmoid(ActivationFunction):
    """y = 1 / (1 + e⁻ˣ).

    dy/dx = e⁻ˣ / (1 + e⁻ˣ)², and since 1 - y = e⁻ˣ / (1 + e⁻ˣ), this is y·(1 - y) (1).
    """

    name = "sigmoid"

    def forward(self, x: Array) -> Array:
        """Return the sigmoid of x, without overflow: with e = e^(-|x|) it is 1/(1+e) or, for x < 0, e/(1+e)."""
        e = np.exp(-np.abs(x))
        return np.where(x >= 0, 1, e) / (1 + e)

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope y(1 - y)."""
        return dy * y * (1 - y)  # (1)


class HardSigmoid(ActivationFunction):
    """y = x/6 + 1/2, cut off at 0 and 1: a sigmoid of three straight pieces, without an exponential.

    dy/dx = 1/6 where 0 < y < 1, else 0; and 0 at both corners (1).
    """

    name = "hard_sigmoid"

    def forward(self, x: Array) -> Array:
        """Return x/6 + 1/2, cut off."""
        return np.clip(x + 3, 0, 6) / 6

    def backward(self, dy: Array, y: Array) -> Array:
        """Let a sixth of dy through between the corners."""
        return np.where((y > 0) & (y < 1), dy / 6, 0)  # (1)


class Tanh(ActivationFunction):
    """y = tanh x = sinh x / cosh x; by the quotient rule dy/dx = 1 - sinh²x / cosh²x = 1 - y² (1)."""

    name = "tanh"

    def forward(self, x: Array) -> Array:
        """Return tanh of x."""
        return np.tanh(x)

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope 1 - y²."""
        return dy * (1 - y * y)  # (1)


class Exponential(ActivationFunction):
    """y = eˣ, which is its own derivative: dy/dx = y (1)."""

    name = "exponential"

    def forward(self, x: Array) -> Array:
        """Return eˣ."""
        return np.exp(x)

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope y."""
        return dy * y  # (1)


class Softplus(ActivationFunction):
    """y = log(1 + eˣ), a ReLU with a round corner.

    dy/dx = eˣ / (1 + eˣ), the sigmoid. Since 1 + eˣ = e^y, this is (e^y - 1) / e^y = 1 - e^(-y) (1).
    """

    name = "softplus"

    def forward(self, x: Array) -> Array:
        """Return log(e⁰ + eˣ), which ``logaddexp`` works out without overflow."""
        return np.logaddexp(x, 0)

    def backward(self, dy: Array, y: Array) -> Array:
        """Multiply by the slope; ``expm1`` keeps the digits of a small one."""
        return dy * -np.expm1(-y)  # (1)


class SiLU(ActivationFunction):
    """y = x·s with s = sigmoid(x), also called swish.

    By the product rule, and with ds/dx = s(1 - s): dy/dx = s + x·s(1 - s) (1). It needs x: y falls and rises again, so
    one y belongs to two different x.
    """

    name = "silu"
    needs_input = True

    def forward(self, x: Array) -> Array:
        """Return x·sigmoid(x)."""
        return x * Sigmoid().forward(x)

    def backward(self, dy: Array, y: Array, x: Array) -> Array:  # type: ignore[override]
        """Multiply by the slope."""
        s = Sigmoid().forward(x)
        return dy * (s + x * s * (1 - s))  # (1)


class GELU(ActivationFunction):
    """y = x·Φ(x): x times the probability that a standard normal number is below x.

    Φ(x) = (1 + erf(x/√2)) / 2, and its derivative is the density φ(x) = e^(-x²/2) / √(2π) (1). By the product rule

        dy/dx = Φ(x) + x·φ(x)                                                             (2)

    ``approximate=True`` takes (1 + tanh u)/2 for Φ, with u = √(2/π)(x + 0.044715x³). Its derivative, to stand for φ, is
    (1 - tanh²u)/2 · du/dx with du/dx = √(2/π)(1 + 3·0.044715x²) (3). Like silu, it needs x.

    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
    """

    name = "gelu"
    needs_input = True

    def __init__(self, approximate: bool = False) -> None:
        self.approximate = true_or_false("approximate of GELU", approximate)

    def forward(self, x: Array) -> Array:
        """Return x·Φ(x)."""
        return x * self._probability_and_density(x)[0]

    def backward(self, dy: Array, y: Array, x: Array) -> Array:  # type: ignore[override]
        """Multiply by the slope Φ + x·φ."""
        probability, density = self._probability_and_density(x)
        return dy * (probability + x * density)  # (2)

    def _probability_and_density(self, x: Array) -> tuple[Array, Array]:
        """Return Φ(x) and φ(x), or what is taken for them."""
        if not self.approximate:
            from scipy.special import erf  # here, since it takes a while to load

            return (1 + erf(x / math.sqrt(2))) / 2, np.exp(-x * x / 2) / math.sqrt(2 * math.pi)  # (1)
        c, k = math.sqrt(2 / math.pi), 0.044715
        t = np.tanh(c * (x + k * x * x * x))
        return (1 + t) / 2, (1 - t * t) / 2 * c * (1 + 3 * k * x * x)  # (3)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal function."""
        return {"approximate": self.approximate}


class Softmax(ActivationFunction):
    """yᵢ = e^xᵢ / S with S = Σₖ e^xₖ along the last axis: positive numbers that sum to one.

    ``axis`` may be another one, or several, whose numbers then are one row.

    Every output depends on every input of its row, through S. So there is no single f'(x) to multiply dy by,
    but a whole matrix of slopes ∂yᵢ/∂xⱼ, the Jacobian. By the quotient rule, with ∂S/∂xⱼ = e^xⱼ,

        i = j:   ∂yᵢ/∂xᵢ = (e^xᵢ·S - e^xᵢ·e^xᵢ) / S² = yᵢ - yᵢyᵢ
        i ≠ j:   ∂yᵢ/∂xⱼ = (  0·S  - e^xᵢ·e^xⱼ) / S² =    - yᵢyⱼ

    or both at once ∂yᵢ/∂xⱼ = yᵢ(δᵢⱼ - yⱼ), where δᵢⱼ is one if i = j and else zero. The chain rule sums over
    the outputs:

        dxⱼ = Σᵢ dyᵢ ∂yᵢ/∂xⱼ = Σᵢ dyᵢyᵢδᵢⱼ - Σᵢ dyᵢyᵢyⱼ = yⱼ (dyⱼ - Σᵢ dyᵢyᵢ)

    So all that a row's gradients share is one number, and the matrix never has to be made:

        s = Σᵢ dyᵢyᵢ                                                                      (1)
        dxⱼ = yⱼ (dyⱼ - s)                                                                (2)

    Adding a constant to a row of x changes nothing in y, so the row's maximum is taken off first and
    e^x cannot overflow.
    """

    name = "softmax"

    def __init__(self, axis: int | Sequence[int] = -1) -> None:
        self.axis = _axes("axis of Softmax", axis)

    def forward(self, x: Array) -> Array:
        """Return the softmax of every row of x."""
        e = np.exp(x - x.max(axis=self.axis, keepdims=True))
        return e / e.sum(axis=self.axis, keepdims=True)

    def backward(self, dy: Array, y: Array) -> Array:
        """Return y (dy - Σ dy y), the sum taken along each row."""
        s = (dy * y).sum(axis=self.axis, keepdims=True)  # (1)
        return y * (dy - s)  # (2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal softmax."""
        return {"axis": list(self.axis) if isinstance(self.axis, tuple) else self.axis}


class LogSoftmax(ActivationFunction):
    """yᵢ = log softmax(x)ᵢ = xᵢ - log S with S = Σₖ e^xₖ along the last axis.

    ∂(log S)/∂xⱼ = e^xⱼ/S, which is softmax(x)ⱼ = e^yⱼ. So ∂yᵢ/∂xⱼ = δᵢⱼ - e^yⱼ, and summed over the outputs

        dxⱼ = Σᵢ dyᵢ (δᵢⱼ - e^yⱼ) = dyⱼ - e^yⱼ Σᵢ dyᵢ                                     (1)

    As for softmax, the row's maximum is taken off first.
    """

    name = "log_softmax"

    def __init__(self, axis: int | Sequence[int] = -1) -> None:
        self.axis = _axes("axis of LogSoftmax", axis)

    def forward(self, x: Array) -> Array:
        """Return the logarithm of the softmax of every row of x."""
        shifted = x - x.max(axis=self.axis, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=self.axis, keepdims=True))

    def backward(self, dy: Array, y: Array) -> Array:
        """Return dy - e^y Σ dy, the sum taken along each row."""
        return dy - np.exp(y) * dy.sum(axis=self.axis, keepdims=True)  # (1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal function."""
        return {"axis": list(self.axis) if isinstance(self.axis, tuple) else self.axis}


def _axes(what: str, axis: Any) -> int | tuple[int, ...]:
    """Return an axis, or several as a tuple."""
    if isinstance(axis, (list, tuple)) and axis:
        return tuple(whole_number(what, one) for one in axis)
    return whole_number(what, axis)


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
        f"got {activation!r}."
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
