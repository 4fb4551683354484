"""Samples: the data of one fit, checked once, and handed out batch by batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scratchnet.typing import Array

if TYPE_CHECKING:
    from scratchnet.graph.network import Network
    from scratchnet.graph.plan import Plan

_ROWS_AT_ONCE = 4096  # how much of a data set is looked at at a time, so that checking it needs no memory


class Batch(NamedTuple):
    """One batch: inputs, labels and the factors of their losses, or None for all 1."""

    x: list[Array]
    y: Array
    weight: Array | None


class Samples:
    """Inputs, labels and weights of N samples. Nothing is copied; batches are cast as they are gathered.

    Attributes:
        x: one array for each input of the model, (N, …), of any number type.
        y: labels as the loss takes them, or None for prediction.
        weight: the factor of each sample's loss, (N,), or None.
    """

    def __init__(self, x: list[Array], y: Array | None, weight: Array | None) -> None:
        self.x, self.y, self.weight = x, y, weight

    def __len__(self) -> int:
        return len(self.x[0])

    def take(self, plan: Plan, rows: Any) -> Batch:
        """Gather a batch: the samples of these indices, or of a slice."""
        return Batch(
            [plan.gather(x, rows, place) for place, x in enumerate(self.x)],
            self.y[rows] if self.y is not None else np.empty(0),
            self.weight[rows] if self.weight is not None else None,
        )

    def split(self, share: float) -> tuple[Samples, Samples]:
        """Return all but the last ``share`` of the samples, and those.

        Raises:
            ValueError: if one of the two would be empty.
        """
        if not 0 < share < 1:
            raise ValueError(f"fit expected validation_split between 0 and 1, got {share!r}.")
        at = math.floor(len(self) * (1 - share))
        if not 0 < at < len(self):
            raise ValueError(f"validation_split={share} of {len(self)} samples leaves none for one of the two parts.")
        return self._rows(slice(None, at)), self._rows(slice(at, None))

    def _rows(self, rows: slice) -> Samples:
        y = self.y[rows] if self.y is not None else None
        return Samples([x[rows] for x in self.x], y, self.weight[rows] if self.weight is not None else None)


def check_inputs(model: Network, x: Any, where: str) -> list[Array]:
    """Return the arrays for a model's inputs; build a ``Sequential`` that waited to see its data.

    Raises:
        ValueError: if number, shape or length do not fit, there are no samples, or a number is NaN or infinite.
    """
    arrays = [_array(a, f"x of {where}") for a in (x if isinstance(x, (list, tuple)) else [x])]
    if not model.built:
        model.build((None, *arrays[0].shape[1:]))
    if len(arrays) != len(model.inputs):
        raise ValueError(f"{where} expected {len(model.inputs)} input arrays, got {len(arrays)}.")
    for array, tensor in zip(arrays, model.inputs):
        if array.shape[1:] != tensor.shape[1:]:
            expected = ("N", *tensor.shape[1:])
            shown = f"({', '.join(map(str, expected))}{',' if len(expected) == 1 else ''})"
            hint = ""
            if (*array.shape[1:], 1) == tensor.shape[1:]:
                hint = ": add the channel axis with np.expand_dims(x, -1)"
            elif array.shape == tensor.shape[1:]:
                hint = ": for one sample pass a batch of one, x[None]"
            raise ValueError(
                f"{where} expected x of shape {shown} for layer {tensor.layer.name!r}, got {array.shape}{hint}."
            )
        if len(array) == 0:
            raise ValueError(f"{where} expected at least one sample, got x of shape {array.shape}.")
        if len(array) != len(arrays[0]):
            raise ValueError(f"{where} expected inputs of one length, got {len(arrays[0])} and {len(array)} samples.")
        check_finite(array, f"x of {where}")
    return arrays


def check_finite(array: Array, what: str) -> None:
    """Raise a ValueError that names the first NaN or infinite number of a float array, if there is one."""
    if array.dtype.kind not in "fc":
        return
    for start in range(0, len(array), _ROWS_AT_ONCE):
        rows = array[start : start + _ROWS_AT_ONCE]
        with np.errstate(over="ignore", invalid="ignore"):
            total = rows.sum()  # NaN and infinity survive in a sum, so most often this is all there is to do
        if not np.isfinite(total) and not np.isfinite(rows).all():
            inside = np.argwhere(~np.isfinite(rows))[0]
            index = (start + int(inside[0]), *map(int, inside[1:]))
            raise ValueError(
                f"{what} expected finite numbers, got {array[index]} at index {index}: clean the data first."
            )


def check_samples(
    model: Network, x: Any, y: Any, sample_weight: Any, class_weight: dict[int, float] | None, where: str
) -> Samples:
    """Return the checked samples for training or evaluation.

    Raises:
        RuntimeError: if the model is not compiled.
        ValueError: if something does not fit; the message says what and where.
    """
    if model.loss is None:
        raise RuntimeError(
            f"{where} needs a loss and an optimizer: call model.compile(optimizer, loss, metrics) first."
        )
    inputs = check_inputs(model, x, where)
    if y is None:
        raise ValueError(f"{where} expected labels y, got None.")
    if len(model.outputs) != 1:
        raise ValueError(
            f"{where} needs a model with one output, {model.name!r} has {len(model.outputs)}: such a model can only "
            f"predict."
        )
    labels = _array(y, f"y of {where}")
    if len(labels) != len(inputs[0]):
        raise ValueError(
            f"{where} expected one label for each sample, got {len(inputs[0])} samples in x and {len(labels)} in y."
        )
    labels = model.loss.prepare_labels(labels, model.outputs[0].shape)
    weight = _weights(labels, sample_weight, class_weight, model.outputs[0].shape[-1], where)
    return Samples(inputs, labels, weight)


def _array(values: Any, what: str) -> Array:
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{what} expected an array of numbers, got dtype {array.dtype}.")
    if array.ndim == 0:
        raise ValueError(f"{what} expected an array with one entry for each sample, got the number {values!r}.")
    return array


def _weights(
    labels: Array, sample_weight: Any, class_weight: dict[int, float] | None, classes: int | None, where: str
) -> Array | None:
    weight = None
    if sample_weight is not None:
        weight = _array(sample_weight, f"sample_weight of {where}").astype(np.float64)
        if weight.shape != (len(labels),):
            raise ValueError(f"{where} expected sample_weight of shape ({len(labels)},), got {weight.shape}.")
        check_finite(weight, f"sample_weight of {where}")
        if weight.min() < 0:
            raise ValueError(f"{where} expected sample_weight ≥ 0, got {weight.min()} at index {int(weight.argmin())}.")
    if class_weight:
        factors = np.ones(classes or 1)
        for label, factor in class_weight.items():
            if not (isinstance(label, (int, np.integer)) and 0 <= label < len(factors)):
                raise ValueError(
                    f"{where} expected class_weight for classes 0…{len(factors) - 1}, got the key {label!r}."
                )
            if not (math.isfinite(factor) and factor >= 0):
                raise ValueError(f"{where} expected class_weight[{label}] to be finite and ≥ 0, got {factor!r}.")
            factors[label] = factor
        numbers = labels if labels.ndim == 1 else labels.argmax(axis=1)
        weight = factors[numbers] if weight is None else weight * factors[numbers]
    return weight


def batch_slices(count: int, size: int) -> Sequence[slice]:
    """Return the slices that cut ``count`` samples into batches; the last may be smaller."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
