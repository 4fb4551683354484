"""Samples: the data of one fit, checked once, and handed out batch by batch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from scratchnet.training.inputs import check_inputs
from scratchnet.training.labels import check_labels, class_factor, loss_weights
from scratchnet.training.refusals import unbuilt_if_refused
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number

if TYPE_CHECKING:
    from scratchnet.graph.network import Network
    from scratchnet.graph.plan import Plan


class Batch(NamedTuple):
    """One batch: inputs, and for each output the labels and the factors of their losses, or None for all 1."""

    x: list[Array]
    y: list[Array]
    weight: Sequence[Array | None]


class Samples:
    """Inputs, labels and weights of N samples. Nothing is copied; batches are cast as they are gathered.

    Attributes:
        x: one array for each input of the model, (N, …), of any number type.
        y: for each output the labels as its loss takes them; empty for prediction.
        weight: for each output the user's factors of the samples' losses, (N,), or None.
        class_factor: the factor that each sample has for its class in training, (N,), or None; for one output only.
    """

    def __init__(
        self,
        x: list[Array],
        y: Sequence[Array] = (),
        weight: Sequence[Array | None] = (),
        class_factor: Array | None = None,
    ) -> None:
        self.x, self.y, self.weight, self.class_factor = x, y, weight, class_factor
        self._weighs = class_factor is not None or any(w is not None for w in weight)

    def __len__(self) -> int:
        return len(self.x[0])

    def take(self, plan: Plan, rows: Any) -> Batch:
        """Gather a batch: the samples of these indices, or of a slice."""
        x = [plan.gather(x, rows, place) for place, x in enumerate(self.x)]
        y = [labels[rows] for labels in self.y]
        if not self._weighs:
            return Batch(x, y, self.weight)
        weight = [None if w is None else w[rows] for w in self.weight]
        if self.class_factor is not None:
            factor = self.class_factor[rows]
            weight = [factor if w is None else w * factor for w in weight]
        return Batch(x, y, weight)

    def split(self, share: float) -> tuple[Samples, Samples]:
        """Return all but the last ``share`` of the samples, and those.

        The second part is for validation: classes weigh alike there, as in Keras, while samples keep their weights.

        Raises:
            ValueError: if one of the two would be empty.
        """
        share = real_number("validation_split of fit", share, 0, 1, open_ends="least most")
        at = math.floor(len(self) * (1 - share))
        if not 0 < at < len(self):
            raise ValueError(f"validation_split={share} of {len(self)} samples leaves none for one of the two parts.")
        training, held_back = self._rows(slice(None, at)), self._rows(slice(at, None))
        return training, Samples(held_back.x, held_back.y, held_back.weight)

    def _rows(self, rows: slice) -> Samples:
        weight = [None if w is None else w[rows] for w in self.weight]
        factor = None if self.class_factor is None else self.class_factor[rows]
        return Samples([x[rows] for x in self.x], [y[rows] for y in self.y], weight, factor)


def check_compiled(model: Network, where: str) -> None:
    """Raise a RuntimeError if the model is not compiled."""
    if not model.targets:
        raise RuntimeError(
            f"{where} needs a loss and an optimizer: call model.compile(optimizer, loss, metrics) first."
        )


def check_samples(
    model: Network, x: Any, y: Any, sample_weight: Any, class_weight: Mapping[int, float] | None, where: str
) -> Samples:
    """Return the checked samples for training or evaluation.

    Raises:
        RuntimeError: if the model is not compiled.
        ValueError: if something does not fit; the message says what and where. A ``Sequential`` that was to be built by
            these data waits again then.
    """
    check_compiled(model, where)
    with unbuilt_if_refused(model):
        inputs = check_inputs(model, x, where)
        labels = check_labels(model, y, len(inputs[0]), where)
        weights = loss_weights(model, sample_weight, len(inputs[0]), where)
        if class_weight is None:
            return Samples(inputs, labels, weights)
        if len(model.outputs) > 1:
            raise ValueError(
                f"{where} expected no class_weight for a model with several outputs, since it does not say whose "
                f"classes are meant: give sample_weight, one array for each output."
            )
        factor = class_factor(class_weight, labels[0], model.outputs[0].shape, where)
        return Samples(inputs, labels, weights, factor)


def unlabelled(model: Network, x: Any, where: str) -> Samples:
    """Return checked samples without labels."""
    return Samples(check_inputs(model, x, where))
