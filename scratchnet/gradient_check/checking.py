"""What the checks of layers, models and losses share: backward against difference quotients, tensor by tensor."""

from __future__ import annotations

import numpy as np

from scratchnet import config
from scratchnet.gradient_check.compare import (
    TensorResult,
    choose_entries,
    compare,
    not_compared,
)
from scratchnet.gradient_check.diagnosis import diagnose
from scratchnet.gradient_check.differences import Prober
from scratchnet.gradient_check.runner import (
    Subject,
)
from scratchnet.typing import Array
from scratchnet.utils.numbers import real_number, shown, whole_number

FEWEST = 500
"""A sample of a tensor's entries is never smaller than this."""


def check_gradients(
    subject: Subject, dy: Array, tolerance: float, max_entries: int, generator: np.random.Generator
) -> list[TensorResult]:
    """Compare what ``backward`` says with difference quotients, for every tensor of a subject."""
    subject.forward()
    gradients = {name: np.array(g) for name, g in subject.backward(dy.copy()).items()}
    results = []
    for name, tensor in subject.tensors.items():
        if name in subject.without_gradient:
            if _changes_with(subject, name):
                problem = f"backward returns None for {name}, but the output changes with it"
                results.append(not_compared(name, tensor, problem))
            continue
        entries = choose_entries(tensor.size, max_entries, generator)
        results.append(compare(Prober(subject, name, dy), gradients[name], entries, tolerance))
    return results


def _changes_with(subject: Subject, name: str) -> bool:
    """Whether the output changes when a tensor of floats rises a very little; indices in floats stay the same."""
    tensor = subject.tensors[name]
    if tensor.dtype.kind != "f":
        return False
    y, before = subject.forward(), tensor.copy()
    try:
        tensor += 1e-6 * np.maximum(1, np.abs(before))
        return not np.array_equal(subject.forward(), y)
    finally:
        tensor[...] = before


def explain(tensors: list[TensorResult], sizes: dict[str, int]) -> None:
    """Add to every wrong gradient what can be told about the mistake."""
    for tensor in tensors:
        tensor.diagnosis = diagnose(tensor, sizes)


def backend_named(name: str | None) -> str:
    """Return the backend of that name; the one in use for None.

    Raises:
        ValueError: if there is none.
    """
    if name is None:
        return config.backend()
    if name not in config.BACKENDS:
        raise ValueError(f"Expected backend to be one of {', '.join(config.BACKENDS)}, got {shown(name)}.")
    return name


def check_options(tolerance: float, max_entries: int, seed: int) -> None:
    """Refuse limits that would make a check pass, or fail, whatever it looks at.

    Raises:
        ValueError: if one makes no sense.
    """
    real_number("tolerance of a gradient check", tolerance, 0, open_ends="least")
    whole_number("max_entries of a gradient check", max_entries, FEWEST)
    whole_number("seed of a gradient check", seed, 0)
