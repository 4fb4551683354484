"""The check of a loss by itself."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from scratchnet import losses
from scratchnet.gradient_check.checking import backend_named, check_gradients, check_options, explain
from scratchnet.gradient_check.loss_contract import LossCase, check_loss_contract
from scratchnet.gradient_check.refusals import check_finite, check_loss_gradient, check_methods
from scratchnet.gradient_check.report import Report
from scratchnet.gradient_check.subject import Subject
from scratchnet.typing import Array
from scratchnet.utils.held_still import held_still
from scratchnet.utils.namers import NAMERS

_OF_PROBABILITIES = (losses._Crossentropy, losses.BinaryCrossentropy, losses.KLDivergence)


def check_loss(
    loss: Any,
    y_true: Any = None,
    y_pred: Any = None,
    *,
    shape: tuple[int, ...] = (6, 5),
    seed: int = 0,
    backend: str | None = None,
    tolerance: float = 1e-7,
    max_entries: int = 5000,
) -> Report:
    """Check a loss's ``backward`` against its ``forward``, and the contract of losses.

    Args:
        loss: a ``Loss``, or any object with ``forward(y_true, y_pred, sample_weight)`` and ``backward()``.
        y_true: the truth; if not given, class numbers, random distributions or random numbers, as its base class
            takes them.
        y_pred: the predictions; if not given, random logits or probabilities (N, …, C).
        shape: of random predictions.
        seed, backend, tolerance, max_entries: as for ``check_layer``.

    Returns:
        The report.

    Raises:
        ValueError: if an argument makes no sense.
    """
    check_options(tolerance, max_entries, seed)
    check_methods(loss)
    generator = np.random.default_rng(seed)
    if y_pred is None:
        y_pred = 2 * generator.standard_normal(shape)
        if isinstance(loss, _OF_PROBABILITIES) and not loss.from_logits:
            y_pred = np.exp(y_pred) / np.exp(y_pred).sum(axis=-1, keepdims=True)
    y_pred = np.array(y_pred, np.float64)
    check_finite("y_pred", y_pred, "give finite numbers")
    truth = np.asarray(_draw_truth(loss, y_pred.shape, generator) if y_true is None else y_true)
    used = loss_on(loss, backend_named(backend))

    def backward(dy: Array) -> dict[str, Array]:
        gradient = used.backward()
        check_loss_gradient(gradient, loss)
        return {"y_pred": gradient * dy}

    def forward() -> Array:
        return np.array([used.forward(truth.copy(), y_pred)])

    subject = Subject({"y_pred": y_pred}, forward, lambda name: forward(), backward)
    settings = " from logits" if getattr(loss, "from_logits", False) else ""
    report = Report(
        title=f"{type(loss).__name__}{settings}",
        backend=backend_named(backend),
        seed=seed,
        tolerance=tolerance,
        tensors=[],
        by_kernel=used is not loss,
    )
    before = y_pred.copy()
    with held_still(loss):
        values = [forward() for _ in range(3)]
        if not all(np.array_equal(values[0], value, equal_nan=True) for value in values):
            report.random = True
            report.refusal = "it gives another loss for the same numbers, and a loss must not be random"
            return report
        check_finite("the loss", values[0], "give other y_true and y_pred")
        report.tensors = check_gradients(subject, np.ones(1), tolerance, max_entries, generator)
        report.contract = check_loss_contract(LossCase(used, truth, before, is_kernel=used is not loss))
    explain(report.tensors, {"N": len(y_pred)})
    if not report.passed:
        own = copy.deepcopy(loss)
        report.namer = lambda: NAMERS.loss(own)
    return report


def loss_on(loss: Any, backend: str) -> Any:
    """Return what computes a loss on a backend: a kernel, where there is one, or the loss itself."""
    if backend == "numba" and isinstance(loss, losses.Loss):
        from scratchnet.graph.kernel_losses import kernel_loss

        return kernel_loss(loss, None)[0]
    return loss


def _draw_truth(loss: Any, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    if isinstance(loss, losses.SparseCategoricalCrossentropy):
        return generator.integers(0, shape[-1], shape[:-1])
    if isinstance(loss, (losses.CategoricalCrossentropy, losses.KLDivergence)):
        return generator.dirichlet(np.ones(shape[-1]), shape[:-1])
    if isinstance(loss, losses.BinaryCrossentropy):
        return generator.uniform(0, 1, shape)
    return generator.standard_normal(shape)
