"""What the checks of layers, models and losses share: backward against difference quotients, tensor by tensor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scratchnet import config
from scratchnet.gradient_check.compare import TensorResult, choose_entries, compare, not_compared
from scratchnet.gradient_check.diagnosis import diagnose
from scratchnet.gradient_check.differences import Prober
from scratchnet.gradient_check.holdings import is_built_in, refuse_hidden_parameters
from scratchnet.gradient_check.randomness import find_randomness
from scratchnet.gradient_check.report import Report
from scratchnet.gradient_check.runner import Runner, input_names
from scratchnet.gradient_check.subject import Subject, samples_are_independent
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


def begun_report(title: str, runner: Runner, y: Array, seed: int, tolerance: float) -> Report:
    """Return a report that says what is checked, and nothing yet of what was found."""
    return Report(
        title=title,
        backend=runner.plan.backend,
        seed=seed,
        tolerance=tolerance,
        tensors=[],
        output_shape=y.shape,
        by_kernel=runner.has_kernels,
    )


def prepare(
    report: Report, runner: Runner, xs: list[Array], independent_samples: bool, constants: Sequence[str]
) -> bool:
    """Look for randomness, hidden parameters and dependent samples, and note them; return whether to go on.

    Raises:
        ValueError: if a layer holds what looks like parameters and is not in its dictionaries.
    """
    randomness = find_randomness(runner, xs)
    report.random, report.refusal = runner.random, randomness.refusal
    report.notes += [f"random: {randomness.note}"] if randomness.note else []
    if report.refusal:
        return False
    for layer, inputs in runner.inputs_by_layer(xs):
        if not is_built_in(layer):
            prefix = "" if len(runner.layers) == 1 else f"{layer.name}."
            names = [name.removeprefix(f"{layer.name}/") for name in constants]
            state = refuse_hidden_parameters(layer, inputs, runner.training, names)
            report.notes += [f"not checked: {prefix}{name}: forward changes it, so it is state" for name in state]
    report.notes += [f"not checked: {name}: a constant, as told" for name in constants]
    runner.try_out(xs)
    for i in runner.without_gradient:
        report.notes.append(f"not checked: {input_names(len(xs))[i]}: no gradient (backward returns None)")
    if runner.random or len(xs[0]) < 2:
        report.batch_dependent = not independent_samples
        dependent = report.batch_dependent
    else:
        dependent = report.batch_dependent = not samples_are_independent(runner, xs)
    if not independent_samples:
        report.notes.append(
            f"batch-dependent, as told: the samples of {report.title} depend on each other"
            if dependent
            else f"batch-dependent, as told, but each sample of {report.title} gives the same alone as among others"
        )
    elif dependent:
        report.notes.append(f"batch-dependent: the samples of {report.title} depend on each other")
    return True


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
