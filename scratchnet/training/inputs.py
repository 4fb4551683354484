"""What may come as x: an array for each input, of its shape, of finite numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.training.refusals import unbuilt_if_refused
from scratchnet.typing import Array, Shape
from scratchnet.utils.naming import by_name
from scratchnet.utils.numbers import shown

if TYPE_CHECKING:
    from scratchnet.graph.network import Network
    from scratchnet.layers.tensor import SymbolicTensor

_ROWS_AT_ONCE = 4096  # how much of a data set is looked at at a time, so that checking it needs no memory


def check_inputs(model: Network, x: Any, where: str) -> list[Array]:
    """Return the arrays for a model's inputs; build a ``Sequential`` that waited to see its data.

    Where an array has one axis too few or too many and that is a last axis of 1, it is added or taken off, as in Keras.
    Nothing is copied.

    Raises:
        ValueError: if number, shape or length do not fit, there are no samples, or a number is NaN or infinite; then
            the ``Sequential`` waits again.
    """
    arrays = [as_array(a, f"x of {where}") for a in _one_for_each_input(model, x, where)]
    if not arrays:
        raise ValueError(f"{where} expected an array of samples as x, got {shown(x)}.")
    with unbuilt_if_refused(model):
        if not model.built:
            model.build((None, *arrays[0].shape[1:]))
        if len(arrays) != len(model.inputs):
            raise _wrong_number(where, len(model.inputs), len(arrays))
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


def _wrong_number(where: str, expected: int, got: int) -> ValueError:
    if expected > 1:
        return ValueError(f"{where} expected {expected} input arrays, got a list of {got}.")
    advice = "a list holds an array for each input, so make one array of its rows, with np.array(x)"
    return ValueError(f"{where} expected 1 input array, got a list of {got}: {advice}.")


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
    if array.dtype.kind != "f":
        return
    wider = array.dtype.itemsize > np.dtype(dtype).itemsize
    for start in range(0, len(array), _ROWS_AT_ONCE):
        rows = array[start : start + _ROWS_AT_ONCE]
        with np.errstate(over="ignore", invalid="ignore"):
            if not wider and math.isfinite(rows.sum()):  # which NaN and infinity survive, so most often this is all
                continue
            largest = (np.finfo if np.dtype(dtype).kind == "f" else np.iinfo)(dtype).max
            if -largest <= rows.min(initial=0) and rows.max(initial=0) <= largest:  # not so with a NaN among them
                continue
        inside = np.argwhere(~(np.abs(rows) <= largest))[0]
        index = (start + int(inside[0]), *map(int, inside[1:]))
        limits = f", none beyond {dtype}'s {largest:.3g}" if np.isfinite(array[index]) else ""
        raise ValueError(
            f"{what} expected finite numbers{limits}, got {array[index]} at index {index}: clean the data first."
        )


def as_array(values: Any, what: str) -> Array:
    """Return what was given as an array of numbers with an axis of samples.

    Raises:
        ValueError: if it is none.
    """
    try:
        array = np.asarray(values)
    except Exception as error:  # lists of different lengths, and whatever an object's own __array__ raises
        raise ValueError(f"{what} expected an array of numbers, got {shown(values)}: {error}") from error
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(
            f"{what} expected an array of numbers, got a masked array with {int(np.ma.getmaskarray(values).sum())} of "
            f"them missing: fill them in, with x.filled(…)."
        )
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{what} expected an array of numbers, got dtype {array.dtype}.")
    if array.ndim == 0:
        raise ValueError(f"{what} expected an array with one entry for each sample, got the number {values!r}.")
    return array


def what_came(given: Any) -> str:
    """Return what was given in a few words, for a message."""
    if isinstance(given, (list, tuple)):
        return f"a {type(given).__name__} of {len(given)}"
    return "None" if given is None else type(given).__name__
