"""The arguments of ``fit``, and the sources of batches that they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.callbacks import Callback
from scratchnet.training.making import make_source, yields_batches
from scratchnet.training.sources import Arrays, Source
from scratchnet.utils.numbers import real_number, shown, true_or_false, whole_number

if TYPE_CHECKING:
    from scratchnet.graph.network import Network


@dataclass
class FitOptions:
    """The arguments of ``Model.fit``, which documents them."""

    batch_size: int | None
    epochs: int
    verbose: int | str
    callbacks: Sequence[Callback] | Callback | None
    validation_split: float
    validation_data: Any
    shuffle: bool
    class_weight: dict[int, float] | None
    sample_weight: Any
    initial_epoch: int
    steps_per_epoch: int | None
    validation_steps: int | None
    validation_batch_size: int | None
    validation_freq: int | Sequence[int]

    def __post_init__(self) -> None:
        split = self.validation_split
        none = split is None or (isinstance(split, (int, float, np.number)) and split == 0)
        self.validation_split = (
            0.0 if none else real_number("validation_split of fit", split, 0, 1, open_ends="least most")
        )
        self.epochs = whole_number("epochs", self.epochs, 1)
        self.initial_epoch = whole_number("initial_epoch", self.initial_epoch, 0)
        self.shuffle = true_or_false("shuffle", self.shuffle)
        if self.batch_size is not None:
            self.batch_size = whole_number("batch_size", self.batch_size, 1)
        if self.validation_batch_size is not None:
            self.validation_batch_size = whole_number("validation_batch_size", self.validation_batch_size, 1)
        if self.validation_steps is not None:
            self.validation_steps = whole_number("validation_steps", self.validation_steps, 1)
        if isinstance(self.validation_freq, (list, tuple)):
            self.validation_freq = [whole_number("An epoch in validation_freq", e, 1) for e in self.validation_freq]
        else:
            self.validation_freq = whole_number("validation_freq", self.validation_freq, 1)

    def validates_after(self, epoch: int) -> bool:
        """Whether there is a validation after this epoch, which counts from 0."""
        if isinstance(self.validation_freq, int):
            return (epoch + 1) % self.validation_freq == 0
        return epoch + 1 in self.validation_freq

    @property
    def validates(self) -> bool:
        """Whether there is a validation at all."""
        return any(map(self.validates_after, range(self.initial_epoch, self.epochs)))

    def settings(self) -> dict[str, Any]:
        """Return those that a run's result depends on, and that the sources do not know."""
        return {
            "initial_epoch": self.initial_epoch,
            "class_weight": repr(self.class_weight),
            "sample_weight": self.sample_weight is not None,
            "validation_freq": self.validation_freq,
        }


def fit_sources(model: Network, x: Any, y: Any, options: FitOptions) -> tuple[Source, Source | None]:
    """Return what to train on, and what to validate on."""
    weight, size, steps = options.sample_weight, options.batch_size, options.steps_per_epoch
    training = make_source("fit", model, x, y, weight, size, steps, options.class_weight)
    given, validation_size = options.validation_data, options.validation_batch_size
    if given is not None:
        if yields_batches(given):
            validation = _validation_stream(model, given, options)
        elif isinstance(given, (tuple, list)) and len(given) in (2, 3):
            validation_x, validation_y, validation_weight = (*given, None)[:3]
            validation = make_source(
                "fit(validation_data)",
                model,
                validation_x,
                validation_y,
                validation_weight,
                validation_size or size,
                options.validation_steps,
            )
        else:
            raise ValueError(
                f"fit expected validation_data as (x, y) or (x, y, sample_weight), or as what yields batches, got "
                f"{shown(given)}."
            )
        return training, validation
    if not options.validation_split:
        return training, None
    if not isinstance(training, Arrays):
        raise ValueError(
            f"fit expected no validation_split beside a {type(x).__name__} as x, got {options.validation_split}: give "
            f"validation_data."
        )
    kept, held_back = training.samples.split(options.validation_split)
    where = "fit(validation_split)"
    return (
        Arrays("fit", kept, size, steps),
        Arrays(where, held_back, validation_size or size, options.validation_steps),
    )


def _validation_stream(model: Network, given: Any, options: FitOptions) -> Source:
    size = options.validation_batch_size
    where, steps = "fit(validation_data)", options.validation_steps
    validation = make_source(where, model, given, batch_size=size, steps=steps)
    times = sum(map(options.validates_after, range(options.initial_epoch, options.epochs)))
    if validation.once and options.validation_steps is None and times > 1:
        raise ValueError(
            f"fit expected validation_steps for a {type(given).__name__} as validation_data, got None: it has no batch "
            f"left for a second validation."
        )
    return validation
