"""What the outputs of a model are trained towards and measured by: for each a loss, its weight, and metrics.

``models/compiling.py`` makes this of what ``compile`` is given, ``training/objective.py`` works it out for a batch.
Here is also what all of it is called in the logs, which is as in Keras: one output has plain names, ``loss`` and
``accuracy``; of several each has its own in front, ``priority_loss`` and ``priority_accuracy``, beside the total
``loss``.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from scratchnet.losses import Loss
from scratchnet.metrics import Metric


@dataclass
class Target:
    """What one output is held against.

    Attributes:
        output: the output's name.
        loss: None for an output that is not trained.
        weight: the factor of its loss in the total.
        metrics, weighted_metrics: what is measured besides, the latter with the samples' weights.
        turn: where its loss is shown among the losses of all outputs.
    """

    output: str
    loss: Loss | None
    weight: float = 1.0
    metrics: list[Metric] = field(default_factory=list)
    weighted_metrics: list[Metric] = field(default_factory=list)
    turn: int = 0

    @property
    def needs_labels(self) -> bool:
        """Whether anything is worked out from this output's labels."""
        return self.loss is not None or bool(self.metrics or self.weighted_metrics)

    def for_a_pass(self) -> Target:
        """Return the target with copies of its metrics, which add up over one pass."""
        own, weighted = ([copy.deepcopy(m) for m in given] for given in (self.metrics, self.weighted_metrics))
        return replace(self, metrics=own, weighted_metrics=weighted)


def loss_places(targets: Sequence[Target]) -> dict[str, int]:
    """Return the names of the outputs' own losses, in the order shown, and the outputs' places.

    There are none where only one output has a loss, for that is the total already.
    """
    trained = [place for place, target in enumerate(targets) if target.loss is not None]
    if len(trained) < 2:
        return {}
    trained.sort(key=lambda place: targets[place].turn)
    return dict(zip(numbered(f"{targets[place].output}_loss" for place in trained), trained))


def named_metrics(targets: Sequence[Target]) -> dict[str, Metric]:
    """Return all metrics by their names in the logs: those of each output, then those with weights."""
    several = len(targets) > 1
    taken = Counter(["loss", *loss_places(targets)])
    named: dict[str, Metric] = {}
    for weighted in (False, True):
        for target in targets:
            begin = f"{target.output}_" if several else ""
            for metric in target.weighted_metrics if weighted else target.metrics:
                name = f"{begin}{metric.name}"
                if weighted and name in taken:
                    name = f"{begin}weighted_{metric.name}"
                named[_free(name, taken)] = metric
    return named


def shown_names(targets: Sequence[Target]) -> list[str]:
    """Return the names of all that is shown of a pass, in the order in which ``evaluate`` returns it, Keras's.

    First the total, then the losses, then the metrics: of one output as they were given, of several by the alphabet.
    """
    metrics = list(named_metrics(targets))
    return ["loss", *loss_places(targets), *(sorted(metrics) if len(targets) > 1 else metrics)] if targets else []


def numbered(names: Iterable[str]) -> list[str]:
    """Return the names, with a number behind each that has come before: ``o_loss``, ``o_loss_1``."""
    taken = Counter[str]()
    return [_free(name, taken) for name in names]


def _free(name: str, taken: Counter[str]) -> str:
    """Return the name as it is the first time, later with a number, and note that it is taken."""
    times = taken[name]
    taken[name] += 1
    return f"{name}_{times}" if times else name
