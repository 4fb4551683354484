"""Optimizers: how the parameters move, once the gradient is known.

All parameters of a model lie in one flat vector w and all gradients in one vector g, so an optimizer is a few lines
on vectors. ``update`` defines the rule in NumPy; it changes w and the optimizer's own vectors in place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, overload

import numpy as np

from scratchnet import schedules
from scratchnet.typing import Array
from scratchnet.utils.memory import place_zeros
from scratchnet.utils.naming import look_up
from scratchnet.utils.numbers import real_number, true_or_false

UpdateRule = Callable[[Array, Array, tuple[Array, ...], float], None]


class Optimizer:
    """Base class. An optimizer of your own defines ``update`` and lists its vectors in ``slot_names``.

    Args:
        learning_rate: a number, or a ``LearningRateSchedule``.
        weight_decay: if given, every step first takes this share, times the learning rate, off every parameter
            (decoupled: it does not pass through the gradient; Loshchilov and Hutter, 2019).

    Attributes:
        iterations: the number of steps taken.
        slots: the optimizer's vectors by name, each as long as w; empty before the first step.

    Raises:
        ValueError: if the learning rate or the decay is negative or no finite number.
    """

    slot_names: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, learning_rate: float | schedules.LearningRateSchedule, weight_decay: float | None = None
    ) -> None:
        self.learning_rate = learning_rate
        if weight_decay is not None:
            weight_decay = real_number(f"weight_decay of {type(self).__name__}", weight_decay, 0)
        self.weight_decay = weight_decay
        self.iterations = 0
        self.slots: dict[str, Array] = {}
        self.owner: object = None

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the next step; setting it also replaces a schedule."""
        rate = self._learning_rate
        if not isinstance(rate, schedules.LearningRateSchedule):
            return rate
        return real_number(f"{type(rate).__name__} of {type(self).__name__}", rate(self.iterations), 0)

    @learning_rate.setter
    def learning_rate(self, value: float | schedules.LearningRateSchedule) -> None:
        if not isinstance(value, schedules.LearningRateSchedule):
            value = real_number(f"learning_rate of {type(self).__name__}", value, 0)
        self._learning_rate = value

    @property
    def has_schedule(self) -> bool:
        """Whether the learning rate follows a schedule."""
        return isinstance(self._learning_rate, schedules.LearningRateSchedule)

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        """Take one step in place: change w (P,) by its gradient g (P,), and the optimizer's vectors, each (P,).

        ``self.iterations`` already counts this step.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update(w, g, slots, learning_rate).")

    def build(self, size: int, dtype: Any) -> None:
        """Make the optimizer's vectors for ``size`` parameters, unless they are there."""
        if len(self.slots) != len(self.slot_names) or any(len(s) != size for s in self.slots.values()):
            self.slots = {name: place_zeros(size, dtype) for name in self.slot_names}

    def start(self, owner: object) -> None:
        """Begin afresh, for the model that ``owner`` stands for; a model that it served before can no longer step."""
        self.iterations, self.slots, self.owner = 0, {}, owner

    def step(self, segments: Sequence[tuple[slice, Array, Array]], rule: UpdateRule | None = None) -> None:
        """Take one step on every segment.

        Args:
            segments: ``(place, w, g)``: parameters and gradients, and their place in the optimizer's vectors.
            rule: what to call for ``update``, if not this class's own: a kernel that computes the same.
        """
        learning_rate = self.learning_rate
        self.iterations += 1
        for place, w, g in segments:
            if self.weight_decay:
                w -= w * self.weight_decay * learning_rate
            slots = tuple(slot[place] for slot in self.slots.values())
            (rule or self.update)(w, g, slots, learning_rate)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {"learning_rate": schedules.serialize(self._learning_rate), "weight_decay": self.weight_decay}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Optimizer:
        """Make an optimizer from what ``get_config`` returned."""
        if "learning_rate" in config:
            config = {**config, "learning_rate": schedules.deserialize(config["learning_rate"])}
        return cls(**config)


class SGD(Optimizer):
    """Stochastic gradient descent: straight down the slope, w ← w - η g.

    With momentum μ the parameters move with a velocity that remembers earlier gradients, v ← μ v - η g, w ← w + v;
    with Nesterov's variant they move to where the velocity will have carried them, w ← w + μ v - η g
    (Sutskever et al., 2013).

    Raises:
        ValueError: if ``momentum`` is not in 0…1.
    """

    def __init__(
        self,
        learning_rate: float | schedules.LearningRateSchedule = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.momentum = real_number("momentum of SGD", momentum, 0, 1)
        self.nesterov = true_or_false("nesterov of SGD", nesterov)
        if self.momentum:
            self.slot_names = ("momentum",)  # type: ignore[misc]

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        """Take one step in place."""
        if not slots:
            w -= learning_rate * g
            return
        (v,) = slots
        v *= self.momentum
        v -= learning_rate * g
        w += self.momentum * v - learning_rate * g if self.nesterov else v

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}


class Adam(Optimizer):
    """Adam: a step of about the learning rate in every direction, however steep it is.

    m is a running mean of the gradient, v of its square; g/√(g²) is ±1, so m/√v is a step of size one where the
    gradient keeps its sign, and a small one where it is mostly noise:

        m ← m + (g - m)(1 - β₁)          v ← v + (g² - v)(1 - β₂)

    Both start at zero, so after t steps they hold only 1 - β₁ᵗ and 1 - β₂ᵗ of a mean's weight. The correction for
    that is folded into the step size:

        α = η √(1 - β₂ᵗ) / (1 - β₁ᵗ)          w ← w - α m / (√v + ε)

    This is the formula at the end of section 2 of Kingma and Ba (2015), with their "epsilon hat", and Keras's. PyTorch
    corrects m and v themselves, which makes its ε count differently.

    Raises:
        ValueError: if a beta is not in 0…1, below 1, or epsilon is negative or no finite number.
    """

    slot_names = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate: float | schedules.LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.beta_1 = real_number("beta_1 of Adam", beta_1, 0, 1, open_ends="most")
        self.beta_2 = real_number("beta_2 of Adam", beta_2, 0, 1, open_ends="most")
        self.epsilon = real_number("epsilon of Adam", epsilon, 0)

    def step_size(self, learning_rate: float) -> float:
        """Return α for the step that ``iterations`` counts."""
        t = self.iterations
        return learning_rate * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        """Take one step in place."""
        m, v = slots
        m += (g - m) * (1 - self.beta_1)
        v += (g * g - v) * (1 - self.beta_2)
        w -= self.step_size(learning_rate) * m / (np.sqrt(v) + self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


OPTIMIZERS: dict[str, type[Optimizer]] = {"adam": Adam, "sgd": SGD}


@overload
def get(optimizer: None) -> None: ...
@overload
def get(optimizer: str | Optimizer | dict[str, Any]) -> Optimizer: ...
def get(optimizer: str | Optimizer | dict[str, Any] | None) -> Optimizer | None:
    """Return the optimizer of a name with its default settings, of a saved configuration, or the object itself.

    None stays None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
        TypeError: for anything else.
    """
    if optimizer is None or isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, str):
        return look_up("optimizer", optimizer.lower(), OPTIMIZERS)()  # type: ignore[call-arg]
    if isinstance(optimizer, dict):
        return look_up("optimizer", optimizer.get("name"), OPTIMIZERS).from_config(optimizer.get("config", {}))
    raise TypeError(f"An optimizer is given as a name ({', '.join(OPTIMIZERS)}) or as an Optimizer, got {optimizer!r}.")


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return what ``get`` makes an equal optimizer from; it can be written as JSON."""
    return {"name": type(optimizer).__name__.lower(), "config": optimizer.get_config()}
