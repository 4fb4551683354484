"""The check of a whole model, from the loss back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet import losses
from scratchnet.gradient_check.checking import (
    backend_named,
    begun_report,
    check_gradients,
    check_options,
    explain,
    prepare,
)
from scratchnet.gradient_check.contract import Case, check_contract
from scratchnet.gradient_check.refusals import check_finite
from scratchnet.gradient_check.report import Report
from scratchnet.gradient_check.runner import Runner, input_names
from scratchnet.gradient_check.subject import Subject, runner_subject, with_added_losses
from scratchnet.gradient_check.twins import graph_twin
from scratchnet.graph.targets import Target
from scratchnet.models import Model
from scratchnet.training.inputs import check_inputs
from scratchnet.training.labels import check_labels
from scratchnet.training.objective import Objective
from scratchnet.typing import Array
from scratchnet.utils.held_still import held_still
from scratchnet.utils.numbers import shown


def check_model(
    model: Model,
    x: Any,
    y: Any = None,
    *,
    seed: int = 0,
    backend: str | None = None,
    tolerance: float = 1e-6,
    max_entries: int = 500,
    training: bool = True,
    independent_samples: bool = True,
    constants: Sequence[str] = (),
) -> Report:
    """Check the gradients of a whole model, from the loss back to every parameter and the input.

    Args:
        model: built; it is copied to float64, the original stays as it is.
        x: a batch; for several inputs a list of them, or a dict by the inputs' names.
        y: its labels as ``fit`` takes them; the model's own losses are used, with their weights, or sparse categorical
            cross-entropy if it is not compiled. Without labels, the outputs get a random upstream gradient.
        seed, backend, tolerance, max_entries, training, independent_samples: as for ``check_layer``.
        constants: as for ``check_layer``, the layer's name in front: ``"encoding/table"``.

    Returns:
        The report.

    Raises:
        ValueError: if an argument makes no sense, or a layer holds what looks like parameters but is not in ``params``.
    """
    check_options(tolerance, max_entries, seed)
    generator = np.random.default_rng(seed)
    if not getattr(model, "is_model", False):
        raise TypeError(f"check_model expected a Model, got {shown(model)}.")
    if not model.built:
        raise ValueError(f"check_model expected a model that is built, got {shown(model.name)}, which is not yet.")
    xs = [np.array(a, np.float64) for a in check_inputs(model, x, "check_model")]
    graph = graph_twin(model.graph, "float64")
    twin = Model(graph.inputs, graph.outputs)
    twin.inputs_by_name, twin.outputs_by_name = model.inputs_by_name, model.outputs_by_name
    twin.targets = model.targets or [Target(name, losses.SparseCategoricalCrossentropy()) for name in model.output_keys]
    through_logits = twin.through_logits() if y is not None else False  # check what training would run
    runner = Runner(twin.graph, backend_named(backend), training, logits=through_logits)
    constants = (constants,) if isinstance(constants, str) else constants
    for name, array in zip(input_names(len(xs)), xs):
        check_finite(name, array, "give finite numbers")
    with held_still(*model.graph.flat.layers), runner.running():
        runner.try_out(xs)
        outputs = runner.forward_copies(xs)
        check_finite("y", outputs, "a slope can only be measured where the output is finite: give another x")
        title = f"model {model.name!r}" + (f" with {_named(twin.targets)}" if y is not None else "")
        report = begun_report(title, runner, outputs, seed, tolerance)
        if not prepare(report, runner, xs, independent_samples, constants):
            return report
        subject, dy = runner_subject(runner, xs), generator.standard_normal(outputs.shape)
        report.contract = check_contract(Case(runner, xs, dy, independent_samples))
        if y is not None:
            labels = check_labels(twin, y, len(xs[0]), "check_model")
            subject, dy = _with_losses(subject, runner, twin.targets, labels), np.ones(1)
        else:
            subject, dy = with_added_losses(subject, runner, dy)
        report.tensors = check_gradients(subject, dy, tolerance, max_entries, generator)
    explain(report.tensors, {"N": len(xs[0])})
    return report


def _with_losses(subject: Subject, runner: Runner, targets: Sequence[Target], labels: list[Array]) -> Subject:
    """Return the subject with the losses of its outputs behind it, and what is added to them: one number comes out."""
    used = [None if t.loss is None else runner.plan.loss(t.loss, place) for place, t in enumerate(targets)]
    objective = Objective(targets, used)

    def value(side_by_side: Array) -> Array:
        # The outputs themselves: where the plan computes a loss with its last layer, it is the loss that fills them.
        outputs = [runner.plan.values[tensor] for tensor in runner.plan.graph.outputs]
        loss = objective.forward([y.copy() for y in labels], outputs, [None] * len(labels))
        return np.array([loss + runner.added_losses()])

    def backward(one: Array) -> dict[str, Array]:
        gradients = subject.backward(runner.joined(objective.backward()) * one)
        runner.penalties.add_slopes()
        return gradients

    return Subject(
        subject.tensors,
        forward=lambda: value(subject.forward()),
        forward_from=lambda name: value(subject.forward() if runner.adds_losses else subject.forward_from(name)),
        backward=backward,
        without_gradient=subject.without_gradient,
    )


def _named(targets: Sequence[Target]) -> str:
    return ", ".join(target.loss.name for target in targets if target.loss is not None)
