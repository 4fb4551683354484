"""Samples: the data of one fit, checked once, and handed out batch by batch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scratchnet.training.refusals import unbuilt_if_refused
from scratchnet.typing import Array, Shape
from scratchnet.utils.naming import by_name
from scratchnet.utils.numbers import real_number, shown

if TYPE_CHECKING:
    from scratchnet.graph.network import Network
    from scratchnet.graph.plan import Plan
    from scratchnet.layers.tensor import SymbolicTensor

_ROWS_AT_ONCE = 4096  # how much of a data set is looked at at a time, so that checking it needs no memory


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


def check_inputs(model: Network, x: Any, where: str) -> list[Array]:
    """Return the arrays for a model's inputs; build a ``Sequential`` that waited to see its data.

    Where an array has one axis too few or too many and that is a last axis of 1, it is added or taken off, as in Keras.
    Nothing is copied.

    Raises:
        ValueError: if number, shape or length do not fit, there are no samples, or a number is NaN or infinite; then
            the ``Sequential`` waits again.
    """
    arrays = [_array(a, f"x of {where}") for a in _one_for_each_input(model, x, where)]
    if not arrays:
        raise ValueError(f"{where} expected an array of samples as x, got {x!r}.")
    with unbuilt_if_refused(model):
        if not model.built:
            model.build((None, *arrays[0].shape[1:]))
        if len(arrays) != len(model.inputs):
            raise ValueError(f"{where} expected {len(model.inputs)} input arrays, got {len(arrays)}.")
        arrays = [_with_rank_of(tensor.shape, array) for array, tensor in zip(arrays, model.inputs)]
        for array, tensor in zip(arrays, model.inputs):
            if array.shape[1:] != tensor.shape[1:]:
                raise _wrong_shape(where, tensor, array)
            if len(array) == 0:
                raise ValueError(f"{where} expected at least one sample, got x of shape {array.shape}.")
            if len(array) != len(arrays[0]):
                raise ValueError(
                    f"{where} expected inputs of one length, got {len(arrays[0])} and {len(array)} samples."
                )
            check_finite(array, f"x of {where}", tensor.dtype)
    return arrays


def _one_for_each_input(model: Network, x: Any, where: str) -> Sequence[Any]:
    """Return what was given as x in the order of the inputs."""
    if isinstance(x, Mapping):
        if not model.built:
            raise ValueError(
                f"{where} expected x as an array, got a dict: model {model.name!r} has no named input yet."
            )
        return by_name(f"x of {where}", x, model.input_keys, model.input_keys)
    several = x if isinstance(x, (list, tuple)) else [x]
    if model.built and model.inputs_by_name and len(model.inputs) > 1:
        raise ValueError(
            f"{where} expected x as a dict with the keys {', '.join(map(repr, model.input_keys))}, as the inputs of "
            f"{model.name!r} were given, got {type(x).__name__}."
        )
    return several


def _with_rank_of(shape: Shape, array: Array) -> Array:
    """Return a view with a last axis of 1 added or taken off, if that gives the array the shape's number of axes."""
    if array.ndim == len(shape) + 1 and array.shape[-1] == 1:
        return array[..., 0]
    if array.ndim == len(shape) - 1 and (*array.shape[1:], 1) == shape[1:]:
        return array[..., None]
    return array


def _wrong_shape(where: str, tensor: SymbolicTensor, array: Array) -> ValueError:
    expected = ("N", *tensor.shape[1:])
    shown = f"({', '.join(map(str, expected))}{',' if len(expected) == 1 else ''})"
    hint = ": for one sample pass a batch of one, x[None]" if array.shape == tensor.shape[1:] else ""
    return ValueError(f"{where} expected x of shape {shown} for layer {tensor.layer.name!r}, got {array.shape}{hint}.")


def check_finite(array: Array, what: str, dtype: str) -> None:
    """Raise a ValueError that names the first number of a float array that is NaN, infinite, or so in ``dtype``."""
    if array.dtype.kind not in "fc":
        return
    largest = (np.finfo if np.dtype(dtype).kind == "f" else np.iinfo)(dtype).max
    wider = array.dtype.itemsize > np.dtype(dtype).itemsize
    for start in range(0, len(array), _ROWS_AT_ONCE):
        rows = array[start : start + _ROWS_AT_ONCE]
        with np.errstate(over="ignore", invalid="ignore"):
            if not wider and np.isfinite(rows.sum()):  # which NaN and infinity survive, so most often this is all
                continue
            if -largest <= rows.min(initial=0) and rows.max(initial=0) <= largest:  # not so with a NaN among them
                continue
        inside = np.argwhere(~(np.abs(rows) <= largest))[0]
        index = (start + int(inside[0]), *map(int, inside[1:]))
        limits = f", none beyond {dtype}'s {largest:.3g}" if np.isfinite(array[index]) else ""
        raise ValueError(
            f"{what} expected finite numbers{limits}, got {array[index]} at index {index}: clean the data first."
        )


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
        weights = _weights(model, sample_weight, len(inputs[0]), where)
        if class_weight is None:
            return Samples(inputs, labels, weights)
        if len(model.outputs) > 1:
            raise ValueError(
                f"{where} expected no class_weight for a model with several outputs, since it does not say whose "
                f"classes are meant: give sample_weight, one array for each output."
            )
        factor = _class_factor(class_weight, labels[0], model.outputs[0].shape, where)
        return Samples(inputs, labels, weights, factor)


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
        array = _array(given, f"y of {where}{whose}")
        if len(array) != samples:
            raise ValueError(
                f"{where} expected one label for each sample, got {samples} samples in x and {len(array)} in y{whose}."
            )
        check_finite(array, f"y of {where}{whose}", model.dtype)
        labels.append(array if target.loss is None else target.loss.prepare_labels(array, output.shape))
    return labels


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
    raise ValueError(f"{where} expected {_expected('y', model)}, got {_got(y)}.")


def _expected(what: str, model: Network) -> str:
    """Return in what form there may be something for each of several outputs."""
    keys = ", ".join(map(repr, model.output_keys))
    if model.outputs_by_name:
        return f"{what} as a dict with the keys {keys}, as the outputs of {model.name!r} were given"
    return f"{what} as a list with an array for each output, {keys}, or as a dict by these names"


def _got(given: Any) -> str:
    if isinstance(given, (list, tuple)):
        return f"a {type(given).__name__} of {len(given)}"
    return "None" if given is None else type(given).__name__


def _weights(model: Network, sample_weight: Any, samples: int, where: str) -> list[Array | None]:
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
                f"{where} expected {_expected('sample_weight', model)}, got {_got(sample_weight)}: one array, not a "
                f"list, counts for all outputs."
            )
    else:
        weight = _sample_weight(sample_weight, samples, where, model.dtype)
        return [weight] * outputs
    return [None if weight is None else _sample_weight(weight, samples, where, model.dtype) for weight in given]


def unlabelled(model: Network, x: Any, where: str) -> Samples:
    """Return checked samples without labels."""
    return Samples(check_inputs(model, x, where))


def _array(values: Any, what: str) -> Array:
    try:
        array = np.asarray(values)
    except Exception as error:  # lists of different lengths, and whatever an object's own __array__ raises
        raise ValueError(f"{what} expected an array of numbers, got {shown(values)}: {error}") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{what} expected an array of numbers, got dtype {array.dtype}.")
    if array.ndim == 0:
        raise ValueError(f"{what} expected an array with one entry for each sample, got the number {values!r}.")
    return array


def _sample_weight(sample_weight: Any, samples: int, where: str, dtype: str) -> Array:
    """Return one finite factor ≥ 0 for each sample, float64 (N,), from (N,) or (N, 1)."""
    weight = _array(sample_weight, f"sample_weight of {where}").astype(np.float64)
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


def _class_factor(class_weight: Any, labels: Array, output_shape: Shape, where: str) -> Array | None:
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


def batch_slices(count: int, size: int) -> Sequence[slice]:
    """Return the slices that cut ``count`` samples into batches; the last may be smaller."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
