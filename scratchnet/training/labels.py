"""What may come as y, sample_weight and class_weight: labels for each output, and factors of their losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.training.inputs import as_array, check_finite, what_came
from scratchnet.typing import Array, Shape
from scratchnet.utils.naming import by_name
from scratchnet.utils.numbers import real_number, shown

if TYPE_CHECKING:
    from scratchnet.graph.network import Network
    from scratchnet.losses import Loss


def check_labels(model: Network, y: Any, samples: int, where: str) -> list[Array]:
    """Return the labels of so many samples for each output, as its loss takes them.

    An output that nothing is worked out for needs none, and gets an array that nobody looks at.

    Raises:
        ValueError: if something does not fit; the message says what and where.
    """
    several = len(model.outputs) > 1
    labels = []
    for given, target, output in zip(_one_for_each_output(model, y, samples, where), model.targets, model.outputs):
        whose = f" for output {target.output!r}" if several else ""
        if not target.needs_labels:
            labels.append(np.empty((samples, 0)))
            continue
        if given is None:
            raise ValueError(f"{where} expected labels y{whose}, got None.")
        array = as_array(given, f"y of {where}{whose}")
        if len(array) != samples:
            raise ValueError(
                f"{where} expected one label for each sample, got {samples} samples in x and {len(array)} in y{whose}."
            )
        check_finite(array, f"y of {where}{whose}", model.dtype)
        labels.append(array if target.loss is None else _prepared(target.loss, array, output.shape, where + whose))
    return labels


def _prepared(loss: Loss, labels: Array, shape: Shape, where: str) -> Array:
    """Return labels as the loss takes them; what it refuses is told with the place where they were given."""
    try:
        return loss.prepare_labels(labels, shape)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _one_for_each_output(model: Network, y: Any, samples: int, where: str) -> Sequence[Any]:
    """Return what was given as y in the order of the outputs; None for those without."""
    needed = [target.needs_labels for target in model.targets]
    if isinstance(y, Mapping):
        keys = model.output_keys
        return by_name(f"y of {where}", y, keys, [key for key, needs in zip(keys, needed) if needs])
    several = isinstance(y, (list, tuple))
    if len(model.outputs) == 1:
        return y if several and len(y) == 1 < samples else [y]
    if y is not None and not model.outputs_by_name:
        if several and len(y) == len(model.outputs):
            return list(y)
        if sum(needed) == 1 and (not several or len(y) == 1):  # the only one there is something to do with
            return [(y[0] if several else y) if needs else None for needs in needed]
        if several and len(y) == sum(needed):
            given = iter(y)
            return [next(given) if needs else None for needs in needed]
    raise ValueError(f"{where} expected {_expected('y', model)}, got {what_came(y)}.")


def _expected(what: str, model: Network) -> str:
    """Return in what form there may be something for each of several outputs."""
    keys = ", ".join(map(repr, model.output_keys))
    if model.outputs_by_name:
        return f"{what} as a dict with the keys {keys}, as the outputs of {model.name!r} were given"
    return f"{what} as a list with an array for each output, {keys}, or as a dict by these names"


def loss_weights(model: Network, sample_weight: Any, samples: int, where: str) -> list[Array | None]:
    """Return for each output the factors of the samples' losses, or None: one array counts for all outputs."""
    outputs = len(model.outputs)
    if sample_weight is None:
        return [None] * outputs
    if isinstance(sample_weight, Mapping):
        keys = model.output_keys
        given = by_name(f"sample_weight of {where}", sample_weight, keys, keys)
    elif outputs > 1 and isinstance(sample_weight, (list, tuple)):
        given = list(sample_weight)
        if len(given) != outputs or model.outputs_by_name:
            raise ValueError(
                f"{where} expected {_expected('sample_weight', model)}, got {what_came(sample_weight)}: one array, "
                f"not a list, counts for all outputs."
            )
    else:
        weight = _sample_weight(sample_weight, samples, where, model.dtype)
        return [weight] * outputs
    return [None if weight is None else _sample_weight(weight, samples, where, model.dtype) for weight in given]


def _sample_weight(sample_weight: Any, samples: int, where: str, dtype: str) -> Array:
    """Return one finite factor ≥ 0 for each sample, float64 (N,), from (N,) or (N, 1)."""
    weight = as_array(sample_weight, f"sample_weight of {where}").astype(np.float64)
    if weight.shape not in ((samples,), (samples, 1)):
        raise ValueError(
            f"{where} expected sample_weight of shape ({samples},) or ({samples}, 1), got {weight.shape}: one factor "
            f"for each sample."
        )
    weight = weight.reshape(samples)
    check_finite(weight, f"sample_weight of {where}", dtype)
    if weight.min() < 0:
        raise ValueError(f"{where} expected sample_weight ≥ 0, got {weight.min()} at index {int(weight.argmin())}.")
    return weight


def class_factor(class_weight: Any, labels: Array, output_shape: Shape, where: str) -> Array | None:
    """Return the factor of each sample's class, float64 (N,): of its label, or of the class of its one-hot row.

    With one output the label itself is the class. Labels with more axes have several classes in a sample, and Keras
    fails on them too.
    """
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            f"{where} expected class_weight as a dict with a factor for each class, such as {{0: 1.0, 1: 2.5}}, got "
            f"{shown(class_weight)}."
        )
    if not class_weight:
        return None
    if labels.ndim > 2 or len(output_shape) > 2:
        raise ValueError(
            f"{where} expected no class_weight for labels of shape {labels.shape}, since a sample has several classes "
            f"there: give sample_weight, one factor for each sample."
        )
    numbers = labels if labels.ndim == 1 else labels[:, 0] if labels.shape[1] == 1 else labels.argmax(axis=1)
    broken = np.flatnonzero((numbers < 0) | (numbers % 1 != 0))
    if broken.size:
        raise ValueError(
            f"{where} expected whole class numbers ≥ 0 in y, since class_weight is given, got {numbers[broken[0]]} at "
            f"index {broken[0]}."
        )
    classes = output_shape[-1] if len(output_shape) > 1 else 1
    if classes is None or classes == 1:
        classes = max(2, int(numbers.max()) + 1)  # one output tells two classes apart, or more on a scale
    factors = {}
    for label, factor in class_weight.items():
        number = real_number(f"A key of class_weight of {where}", label, 0)  # 1.0 too: labels may come as floats
        if number >= classes or number % 1:
            raise ValueError(f"{where} expected class_weight for classes 0…{classes - 1}, got the key {label!r}.")
        factors[number] = real_number(f"class_weight[{label}] of {where}", factor, 0)
    return np.select([numbers == label for label in factors], list(factors.values()), 1.0)
