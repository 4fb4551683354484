"""What the checker refuses to check, each in a sentence: what it does not understand must not pass."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from scratchnet.typing import Array
from scratchnet.utils.numbers import shown

DICTIONARIES = 'keep parameters as self.params = {"W": …} and their gradients as self.grads = {"W": …}'


def name_of(layer: Any) -> str:
    """Return the class's name, of the object that a ``Foreign`` wraps."""
    return type(getattr(layer, "wrapped", layer)).__name__


def check_methods(thing: Any) -> None:
    """Raise a ValueError unless that is an object with ``forward`` and ``backward``."""
    if isinstance(thing, type):
        raise ValueError(f"A gradient check expected an object, got the class {thing.__name__}: make one of it first.")
    missing = [name for name in ("forward", "backward") if not callable(getattr(thing, name, None))]
    if missing:
        raise ValueError(
            f"A gradient check expected an object with forward and backward, got {_a(thing)} without "
            f"{' and '.join(missing)}: define {'it' if len(missing) == 1 else 'them'}."
        )


def check_layer_forward(layer: Any) -> None:
    """Raise a ValueError unless that is a layer, and its ``forward`` can be called with x alone."""
    if getattr(layer, "is_model", False):
        raise ValueError(f"check_layer expected a layer, got the model {layer.name!r}: check_model checks models.")
    try:
        parameters = list(inspect.signature(layer.forward).parameters.values())
    except (TypeError, ValueError):  # a built-in function has no signature to read
        return
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in several]
    if more := [name for name in needed[1:] if name != "training"]:
        raise ValueError(
            f"A gradient check expected {name_of(layer)}.forward to need x alone, or x and training, got "
            f"forward({', '.join(needed)}): give {', '.join(more)} a default; several inputs come as one list, and a "
            f"loss is checked with check_loss."
        )


def check_loss_gradient(gradient: Any, loss: Any) -> None:
    """Raise a ValueError unless what a loss's ``backward`` returned is an array of floats."""
    if gradient is None or not _is_gradient(gradient):
        raise ValueError(
            f"A gradient check expected {name_of(loss)}.backward to return the gradient of y_pred, an array of floats, "
            f"got {_a(gradient)}: return it."
        )


def check_dictionaries(layer: Any) -> None:
    """Raise a ValueError unless ``params`` and ``grads``, where there are any, are dictionaries of arrays of floats."""
    for attribute in ("params", "grads"):
        held = getattr(layer, attribute, None)
        if held is None and not hasattr(layer, attribute):
            continue
        if not isinstance(held, MutableMapping):
            what = "a function" if callable(held) else f"{_a(held)}"
            raise ValueError(
                f"A gradient check expected {name_of(layer)}.{attribute} to be a dictionary of arrays by name, got "
                f"{what}: {DICTIONARIES}."
            )
        if getattr(layer, attribute) is not held:
            raise ValueError(
                f"A gradient check expected {name_of(layer)}.{attribute} to be one dictionary, got a new one at every "
                f"look: {DICTIONARIES}, once, in __init__ or build."
            )
        for name, array in held.items():
            if not isinstance(name, str) or not name or not _is_numbers(array):
                raise ValueError(
                    f"A gradient check expected {name_of(layer)}.{attribute} to hold arrays of floats by name, got "
                    f"{_a(array)} under {name!r}: {DICTIONARIES}."
                )


def _a(thing: Any) -> str:
    if isinstance(thing, np.ndarray):
        return f"an array of {thing.dtype}"
    if isinstance(thing, (list, tuple)):
        return f"a {type(thing).__name__} of {len(thing)}"
    return "None" if thing is None else f"one of type {type(thing).__name__}"


def _is_numbers(array: Any) -> bool:
    try:
        return np.asarray(array).dtype.kind in "fiu"
    except ValueError:  # a list of lists of different lengths
        return False


def check_gradient_names(layer: Any, grads: Mapping[str, Any]) -> None:
    """Raise a ValueError unless ``grads`` has a gradient for every parameter, and no other."""
    for have, others, one, other in (
        (grads, layer.params, "grads", "params"),
        (layer.params, grads, "params", "grads"),
    ):
        for name in have:
            if name not in others:
                raise ValueError(
                    f"A gradient check expected {name_of(layer)} to have the same names in params and grads after "
                    f"backward, got {shown(name)} in {one} alone: put it into {other} too."
                )


def check_output(y: Any, layer: Any) -> Array:
    """Return what ``forward`` gave; raise a ValueError unless that is one array of floats, the batch in front."""
    if isinstance(y, np.ndarray) and y.dtype.kind == "f" and y.ndim:
        return y
    got = "one number" if np.isscalar(y) or (isinstance(y, np.ndarray) and not y.ndim) else _a(y)
    raise ValueError(
        f"A gradient check expected {name_of(layer)}.forward to return one array of floats, the batch in front, got "
        f"{got}: only such an output has a gradient (a loss is checked with check_loss)."
    )


def check_finite(what: str, array: Array, advice: str) -> None:
    """Raise a ValueError that names the first number of ``array`` that is NaN or infinite."""
    bad = ~np.isfinite(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool)
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"A gradient check expected finite numbers, got {array[index]} at {what}[{', '.join(map(str, index))}] "
            f"({int(bad.sum())} of {bad.size}): {advice}."
        )


def check_input_gradients(dxs: Any, xs: Sequence[Array], layer: Any) -> None:
    """Raise a ValueError unless what ``backward`` returned is an array, or None, for each input."""
    several = len(xs) > 1
    wanted = f"a list of {len(xs)} gradients, one for each input" if several else "dx, one array"
    if several:
        fits = isinstance(dxs, (list, tuple)) and len(dxs) == len(xs) and all(map(_is_gradient, dxs))
    else:
        fits = _is_gradient(dxs)
    if not fits:
        advice = "gradients of parameters stay behind in grads" if isinstance(dxs, tuple) else "return that, or None"
        raise ValueError(
            f"A gradient check expected {name_of(layer)}.backward to return {wanted}, got {_a(dxs)}: {advice}"
            f"{'' if isinstance(dxs, tuple) else ' for an input that has no gradient, such as indices'}."
        )


def _is_gradient(dx: Any) -> bool:
    return dx is None or (isinstance(dx, np.ndarray) and dx.dtype.kind == "f")
