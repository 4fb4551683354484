"""The optimizers' base class: all that happens to gradients and parameters round the rule itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from scratchnet import schedules
from scratchnet.errors import unexpected_arguments
from scratchnet.optimizers import clipping
from scratchnet.optimizers.options import Options
from scratchnet.optimizers.set_later import SetLater
from scratchnet.typing import Array
from scratchnet.utils.arguments import argument_names
from scratchnet.utils.memory import place_zeros
from scratchnet.utils.naming import snake_case
from scratchnet.utils.numbers import real_number, text_or_none, true_or_false, whole_number

UpdateRule = Callable[[Array, Array, tuple[Array, ...], float], None]
Segments = Sequence[tuple[slice, Array, Array]]
"""``(place, w, g)``: parameters and gradients, and their place in the optimizer's vectors."""

_DEFAULTS = {"use_ema": False, "ema_momentum": 0.99}  # of the options; None for the others


class Optimizer(SetLater):
    """Base class. An optimizer of your own defines ``update`` and lists its vectors in ``slot_names``.

    Round the rule a step does what its options ask for, in Keras's order:

        (1)  add the gradient to those of the batches before, until there are gradient_accumulation_steps of them; the
             rest of the list then sees their mean
        (2)  clip it, by one of clipnorm, global_clipnorm and clipvalue
        (3)  take the weight decay off, w ← w - η λ w
        (4)  move, by the rule: ``update``
        (5)  take w into its running mean, a ← β a + (1 - β) w

    All of this is done to one flat vector, or the few runs that the frozen layers leave of it. Where an option must
    tell one variable from another (``clipnorm``; ``exclude_from_weight_decay``), the vector comes cut up at the
    variables' bounds instead, and the step is the same: see ``by_variable``.

    Args:
        learning_rate: a number; a ``LearningRateSchedule``, which is asked with the number of batches so far; or a
            function without arguments, which is asked before each step.
        weight_decay: if given, every step first takes this share, times the learning rate, off every parameter
            (decoupled: it does not pass through the gradient; Loshchilov and Hutter, 2019).
        clipnorm: how long each variable's gradient may be at most.
        clipvalue: how large each number of the gradient may be at most.
        global_clipnorm: how long the gradients of all variables together may be at most.
        use_ema: whether to keep a running mean of the parameters, which becomes the parameters at the end of ``fit``
            (Polyak and Juditsky, 1992). It evens out the last steps' noise.
        ema_momentum: the mean's β.
        ema_overwrite_frequency: if given, the mean becomes the parameters every so many steps already.
        gradient_accumulation_steps: take a step only once every so many batches, with the mean of their gradients.
        name: what to call it; ``"adam_w"`` for an ``AdamW`` if not given, as in Keras.

    Attributes:
        iterations: the number of steps taken.
        batches: the number of gradients seen; the same, unless gradients are accumulated.
        slots: the optimizer's vectors by name, each as long as w; empty before the first step.

    Raises:
        ValueError: if an option is out of its range, or several of the three that clip are given.
    """

    slot_names: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        learning_rate: schedules.LearningRate,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        if unknown:
            raise unexpected_arguments(type(self).__name__, unknown, argument_names(type(self)))
        self.learning_rate = learning_rate
        self.name = text_or_none(f"name of {type(self).__name__}", name) or snake_case(type(self).__name__)
        name = type(self).__name__
        self.weight_decay = None if weight_decay is None else real_number(f"weight_decay of {name}", weight_decay, 0)
        limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = [f"{key}={limit!r}" for key, limit in limits.items() if limit is not None]
        if len(given) > 1:
            raise ValueError(
                f"{name} expected at most one of {', '.join(limits)}, got {' and '.join(given)}: leave the others out."
            )
        for key, limit in limits.items():
            vars(self)[key] = None if limit is None else real_number(f"{key} of {name}", limit, 0, open_ends="least")
        self.use_ema = true_or_false(f"use_ema of {name}", use_ema)
        self.ema_momentum = real_number(f"ema_momentum of {name}", ema_momentum, 0, 1)
        for key, count, least in (
            ("ema_overwrite_frequency", ema_overwrite_frequency, 1),
            ("gradient_accumulation_steps", gradient_accumulation_steps, 2),
        ):
            vars(self)[key] = None if count is None else whole_number(f"{key} of {name}", count, least)
        self._spared_names: list[str] = []
        self._spared_patterns: list[str] = []
        self._spared_arrays: list[Array] = []
        self._spared_places: set[tuple[int, int]] = set()
        self.batches = 0
        self.slots: dict[str, Array] = {}
        self.owner: object = None

    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    ema_overwrite_frequency: int | None
    gradient_accumulation_steps: int | None
    moves: int | None = None
    """How many numbers it moved when its vectors were made: what the summary counts, as Keras's does."""

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the next step; setting it also replaces a schedule."""
        rate = self._learning_rate
        if not callable(rate):
            return rate
        if isinstance(rate, schedules.LearningRateSchedule):
            return real_number(f"{type(rate).__name__} of {type(self).__name__}", rate(self.batches), 0)
        return real_number(f"What the learning_rate of {type(self).__name__} returned", rate(), 0)

    @learning_rate.setter
    def learning_rate(self, value: schedules.LearningRate) -> None:
        if not callable(value):
            value = real_number(f"learning_rate of {type(self).__name__}", value, 0)
        self._learning_rate = value

    @property
    def has_schedule(self) -> bool:
        """Whether the learning rate follows a schedule or a function."""
        return callable(self._learning_rate)

    @property
    def iterations(self) -> int:
        """The number of steps taken."""
        return self.batches // (self.gradient_accumulation_steps or 1)

    @iterations.setter
    def iterations(self, value: int) -> None:
        self.batches = value * (self.gradient_accumulation_steps or 1)

    @property
    def variables(self) -> list[Array]:
        """What a step goes by, in Keras's order: steps taken, learning rate (unless a schedule), then the vectors.

        The first two are copies: set the attributes ``iterations`` and ``learning_rate``.
        """
        numbers = [np.array(self.iterations)] + ([] if self.has_schedule else [np.array(self.learning_rate)])
        return [*numbers, *self.slots.values()]

    def update(self, w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
        """Take one step in place: change w (P,) by its gradient g (P,), and the optimizer's vectors, each (P,).

        ``self.iterations`` already counts this step.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update(w, g, slots, learning_rate).")

    @property
    def vector_names(self) -> tuple[str, ...]:
        """The names of all vectors: the rule's, and those that the options need."""
        average = ["average"] if self.use_ema else []
        accumulator = ["gradient_accumulator"] if self.gradient_accumulation_steps else []
        return (*self.slot_names, *average, *accumulator)

    def initial_value(self, slot: str) -> float:
        """Return the number that a vector is full of before the first step."""
        return np.nan if slot == "average" else 0.0  # NaN: there is no mean of what has not been seen

    def build(self, size: int, dtype: Any) -> None:
        """Make the optimizer's vectors for ``size`` parameters, unless they are there."""
        if len(self.slots) != len(self.vector_names) or any(len(s) != size for s in self.slots.values()):
            self.slots = {name: place_zeros(size, dtype) for name in self.vector_names}
            for name, slot in self.slots.items():
                if (value := self.initial_value(name)) != 0:
                    slot[...] = value

    def start(self, owner: object) -> None:
        """Begin afresh, for the model that ``owner`` stands for; a model that it served before can no longer step."""
        self.batches, self.slots, self.owner, self.moves = 0, {}, owner, None

    # The step ------------------------------------------------------------------------------------------------------

    def step(self, segments: Segments, rule: UpdateRule | None = None) -> None:
        """Take one step on every segment.

        Args:
            segments: ``(place, w, g)``: parameters and gradients, and their place in the optimizer's vectors; each
                of one variable, if ``by_variable``.
            rule: what to call for ``update``, if not this class's own: a kernel that computes the same.
        """
        learning_rate = self.learning_rate
        self.batches += 1
        moved = self._accumulated(segments) if self.gradient_accumulation_steps else segments  # (1)
        for place, w, g in self._clipped(moved):  # (2)
            if self.weight_decay and (place.start, place.stop) not in self._spared_places:
                w -= w * self.weight_decay * learning_rate  # (3)
            slots = tuple(self.slots[name][place] for name in self.slot_names)
            (rule or self.update)(w, g, slots, learning_rate)  # (4)
        if self.use_ema:
            self._average(segments)  # (5)

    def _accumulated(self, segments: Segments) -> Segments:
        """Return the segments with the mean of several batches' gradients; none before all of these have been seen."""
        assert self.gradient_accumulation_steps is not None
        sums = [self.slots["gradient_accumulator"][place] for place, _, _ in segments]
        for total, (_, _, g) in zip(sums, segments):
            total += g
        if self.batches % self.gradient_accumulation_steps:
            return []
        means = [total / self.gradient_accumulation_steps for total in sums]
        for total in sums:
            total[...] = 0
        return [(place, w, mean) for (place, w, _), mean in zip(segments, means)]

    def _clipped(self, segments: Segments) -> Segments:
        """Return the segments with shorter gradients, where these are too long."""
        if self.clipnorm is not None:
            gradients = clipping.by_norm([g for _, _, g in segments], self.clipnorm)
        elif self.global_clipnorm is not None:
            gradients = clipping.by_global_norm([g for _, _, g in segments], self.global_clipnorm)
        elif self.clipvalue is not None:
            gradients = clipping.by_value([g for _, _, g in segments], self.clipvalue)
        else:
            return segments
        return [(place, w, g) for (place, w, _), g in zip(segments, gradients)]

    def _average(self, segments: Segments) -> None:
        """Take the parameters into their running mean; as in Keras after every batch, also one without a step."""
        before = (self.batches - 1) // (self.gradient_accumulation_steps or 1)  # steps before this batch
        momentum = self.ema_momentum if before else 0.0  # the mean begins where the first step has led
        for place, w, _ in segments:
            mean = self.slots["average"][place]
            np.copyto(mean, w, where=np.isnan(mean))  # of a layer that was frozen until now, it begins here
            mean *= momentum
            mean += (1 - momentum) * w
        if self.ema_overwrite_frequency and (before + 1) % self.ema_overwrite_frequency == 0:
            self.finalize(segments)

    def finalize(self, segments: Segments) -> None:
        """Put the running mean in the parameters' place, if one is kept; ``fit`` does so at its end."""
        if not (self.use_ema and self.slots):
            return
        for place, w, _ in segments:
            mean = self.slots["average"][place]
            np.copyto(w, mean, where=~np.isnan(mean))

    # Which variable is which ---------------------------------------------------------------------------------------

    @property
    def by_variable(self) -> bool:
        """Whether ``step`` must get every variable as a segment of its own."""
        return self.clipnorm is not None or (bool(self.weight_decay) and self._spares)

    @property
    def _spares(self) -> bool:
        return bool(self._spared_names or self._spared_patterns or self._spared_arrays)

    def exclude_from_weight_decay(
        self, var_list: Iterable[Array | str] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Spare some variables the weight decay, from the next ``fit`` on; an earlier choice is forgotten.

        A bias or the scale of a normalisation has no directions to choose among, so there is nothing for a decay to
        prefer; it is common to spare them.

        Args:
            var_list: variables, such as ``layer.bias``, or their names, such as ``"dense/bias"``.
            var_names: regular expressions; a variable is spared if one is found in its name, such as ``"bias"``.
        """
        listed = list(var_list if var_list is not None else [])
        self._spared_names = [name for name in listed if isinstance(name, str)]
        self._spared_arrays = [array for array in listed if not isinstance(array, str)]
        self._spared_patterns = [var_names] if isinstance(var_names, str) else list(var_names or [])

    def name_spared(self, variables: Mapping[str, Array]) -> None:
        """Find the names of the arrays to be spared among a model's variables, so that they can be saved.

        Raises:
            ValueError: if one is no variable of the model.
        """
        for spared in self._spared_arrays:
            names = [name for name, array in variables.items() if array is np.asarray(spared)]
            if not names:
                raise ValueError(
                    f"exclude_from_weight_decay of {type(self).__name__} expected variables of the model, got an array "
                    f"of shape {np.shape(spared)} that is none: give its name, one of {', '.join(variables)}."
                )
            self._spared_names += names
        self._spared_arrays = []
        if unknown := [name for name in self._spared_names if name not in variables]:
            raise ValueError(
                f"exclude_from_weight_decay of {type(self).__name__} expected names of the model's variables, got "
                f"{unknown[0]!r}: give some of {', '.join(variables)}."
            )

    def place_spared(self, places: Mapping[str, slice]) -> None:
        """Note where the spared ones of these variables lie among the parameters."""
        self._spared_places = {(place.start, place.stop) for name, place in places.items() if self._is_spared(name)}

    def _is_spared(self, name: str) -> bool:
        own_name = name.rpartition("/")[2]  # as in Keras, whose variables are named without their layer
        return name in self._spared_names or any(re.search(pattern, own_name) for pattern in self._spared_patterns)

    # Configuration -------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer; of the options, those that are not at their default."""
        config = {"learning_rate": schedules.serialize(self._learning_rate), "weight_decay": self.weight_decay}
        defaults = {**_DEFAULTS, "name": snake_case(type(self).__name__)}
        for option in Options.__annotations__:
            if (value := getattr(self, option)) != defaults.get(option):
                config[option] = value
        if self._spares:
            config["exclude_from_weight_decay"] = {
                "var_list": list(self._spared_names),
                "var_names": list(self._spared_patterns),
            }
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Optimizer:
        """Make an optimizer from what ``get_config`` returned."""
        config = dict(config)
        spared = config.pop("exclude_from_weight_decay", None)
        if "learning_rate" in config:
            config["learning_rate"] = schedules.deserialize(config["learning_rate"])
        optimizer = cls(**config)
        if spared:
            optimizer.exclude_from_weight_decay(**spared)
        return optimizer
