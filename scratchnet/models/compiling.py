"""What ``compile`` is given, spread over the outputs: one thing for all, a list, or a dict by the outputs' names.

These forms are Keras's, and so is what they mean. A model whose outputs were given by name takes dicts alone: a list
would have to be in an order that was never written down.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from scratchnet import losses, metrics
from scratchnet.graph.targets import Target
from scratchnet.saving.objects import rebuild
from scratchnet.utils.naming import by_name
from scratchnet.utils.numbers import real_number, shown, whole_number


class Outputs(NamedTuple):
    """The outputs' names, and whether the outputs were given by them."""

    names: Sequence[str]
    by_name: Sequence[str] | None


def make_targets(
    outputs: Outputs, loss: Any, given_metrics: Any, loss_weights: Any, weighted_metrics: Any
) -> list[Target]:
    """Return what each output is trained towards and measured by.

    Raises:
        ValueError: for an unknown name or a form that does not fit the outputs.
        TypeError: for something that is no loss or no metric.
    """
    chosen = _losses(outputs, loss)
    weights = _weights(outputs, loss_weights, chosen)
    plain = _metrics(outputs, "metrics", given_metrics)
    weighted = _metrics(outputs, "weighted_metrics", weighted_metrics)
    for metric in (metric for of_one in weighted for metric in of_one):
        _check_takes_weights(metric)
    turns = list(loss) if isinstance(loss, Mapping) and outputs.by_name else list(outputs.by_name or outputs.names)
    return [
        Target(name, chosen[o], weights[o], plain[o], weighted[o], turns.index(name) if name in turns else len(turns))
        for o, name in enumerate(outputs.names)
    ]


def _losses(outputs: Outputs, loss: Any) -> list[losses.Loss | None]:
    """Return a loss for each output, or None; where one is meant for several outputs, each gets a copy."""
    if isinstance(loss, Mapping):
        # As in Keras: among outputs without names of their own, each needs a word, if only None.
        given = by_name("loss of compile", loss, outputs.names, () if outputs.by_name else outputs.names)
    elif isinstance(loss, list) or (isinstance(loss, tuple) and not _is_pair(loss)):
        given = _one_each(outputs, "loss", loss)
    else:
        given = [loss] * len(outputs.names)
    chosen = [None if one is None else losses.check_trainable(losses.get(one)) for one in given]
    if all(one is None for one in chosen):
        raise ValueError(
            f"compile expected a loss, one of {', '.join(losses.LOSSES)} or a Loss object, got {shown(loss)}."
        )
    for place, one in enumerate(chosen):
        if any(one is before for before in chosen[:place]):
            chosen[place] = copy.copy(one)  # which remembers what its own backward will need
    return chosen


def _is_pair(loss: tuple[Any, ...]) -> bool:
    """Whether a tuple is one loss, made of two functions, and not a loss for each of several outputs."""
    kinds = (losses.Loss, type, str)
    return len(loss) == 2 and all(one is not None and not isinstance(one, kinds) for one in loss)


def _weights(outputs: Outputs, loss_weights: Any, chosen: Sequence[losses.Loss | None]) -> list[float]:
    if loss_weights is None:
        return [1.0] * len(chosen)
    if isinstance(loss_weights, Mapping):
        trained = [name for name, loss in zip(outputs.names, chosen) if loss is not None]
        given = by_name("loss_weights of compile", loss_weights, outputs.names, trained)
    elif len(chosen) == 1 and not isinstance(loss_weights, (list, tuple)):
        given = [loss_weights]
    else:
        given = _one_each(outputs, "loss_weights", loss_weights)
    return [
        1.0 if loss is None and weight is None else real_number(f"loss_weights of compile for {name!r}", weight)
        for name, loss, weight in zip(outputs.names, chosen, given)
    ]


def _metrics(outputs: Outputs, argument: str, given: Any) -> list[list[metrics.Metric]]:
    """Return the metrics of each output."""
    if given is None or (isinstance(given, (list, tuple)) and not given):
        return [[] for _ in outputs.names]
    if isinstance(given, Mapping):
        for_each = by_name(f"{argument} of compile", given, outputs.names)
    elif len(outputs.names) == 1:
        listed = isinstance(given, (list, tuple)) and len(given) == 1 and isinstance(given[0], (list, tuple))
        for_each = list(given) if listed else [given]
    else:
        for_each = _one_each(outputs, argument, given)
    return [_metrics_of_one(argument, one) for one in for_each]


def _metrics_of_one(argument: str, given: Any) -> list[metrics.Metric]:
    if given is None:
        return []
    given = given if isinstance(given, (list, tuple)) else [given]
    if any(one is None for one in given):
        raise ValueError(f"compile expected {argument} as names or Metric objects, got None among {shown(given)}.")
    return [metrics.check_one_number(metrics.get(one)) for one in given]


def _one_each(outputs: Outputs, argument: str, given: Any) -> list[Any]:
    """Return a list that has an entry for each output.

    Raises:
        ValueError: if it is none, or the outputs have names to be called by.
    """
    names = ", ".join(map(repr, outputs.names))
    if outputs.by_name and len(outputs.names) > 1:
        raise ValueError(f"compile expected {argument} as a dict with the keys {names}, got {shown(given)}.")
    if not isinstance(given, (list, tuple)) or len(given) != len(outputs.names):
        raise ValueError(
            f"compile expected {argument} as a list with an entry for each output, {names}, or as a dict by these "
            f"names, got {shown(given)}."
        )
    return list(given)


def _check_takes_weights(metric: metrics.Metric) -> None:
    """Refuse a metric of the user's own that cannot take the samples' weights in."""
    for method in (metric.update, metric.update_state):
        try:
            inspect.signature(method).bind(0, 0, 0)
        except TypeError:
            raise ValueError(
                f"weighted_metrics of compile expected metrics that take weights, but {method.__name__} of "
                f"{type(metric).__name__} does not: define {method.__name__}(y_true, y_pred, sample_weight=None)."
            ) from None


def rebuild_target(saved: Mapping[str, Any], custom_objects: Mapping[str, type]) -> Target:
    """Make what ``saving/save.py`` described of one output."""
    loss = None if saved["loss"] is None else rebuild(saved["loss"], "loss", custom_objects)
    kinds = ("metrics", "weighted_metrics")
    own, weighted = ([rebuild(metric, "metric", custom_objects) for metric in saved[kind]] for kind in kinds)
    weight = real_number(f"the weight of the loss of {saved['output']!r}", saved["weight"])
    return Target(saved["output"], loss, weight, own, weighted, whole_number("the turn of a loss", saved["turn"], 0))


def check_targets(outputs: Outputs, targets: Sequence[Target]) -> None:
    """See that targets are what ``make_targets`` could have made for these outputs.

    Raises:
        ValueError: if they are not.
    """
    names = [target.output for target in targets]
    if names != list(outputs.names):
        raise ValueError(f"compile expected targets for the outputs {list(outputs.names)}, got {names}.")
    if all(target.loss is None for target in targets):
        raise ValueError("compile expected a loss for one output at least, got none.")
    for target in targets:
        if target.loss is not None:
            losses.check_trainable(target.loss)
        for metric in (*target.metrics, *target.weighted_metrics):
            metrics.check_one_number(metric)
        for metric in target.weighted_metrics:
            _check_takes_weights(metric)
