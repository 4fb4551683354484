"""dense-forward, dense-dw, dense-db, dense-dx: a Dense layer, one method at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.learn.calling import calling
from scratchnet.learn.exercise import Case, Exercise, Slope
from scratchnet.learn.exercises.slipping import slips
from scratchnet.learn.layers_of_answers import dense_with
from scratchnet.typing import Array

_X = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]])  # (N, D) = (2, 3)
_KERNEL = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])  # (D, U) = (3, 2)
_DZ = np.array([[1.0, -1.0], [2.0, 0.0]])  # (N, U)
_SIZES = ((4, 6, 5), (3, 5, 5), (7, 3, 4))  # N, D, U; a square one, in which a transpose goes unnoticed


def _cases(worked: Case, inputs: str, given: str = "") -> Callable[[np.random.Generator], list[Case]]:
    """Return what makes cases of the named arrays."""

    def make(random: np.random.Generator) -> list[Case]:
        cases = [worked]
        for N, D, U in _SIZES:
            shapes = {"x": (N, D), "kernel": (D, U), "bias": (U,), "dz": (N, U)}
            arrays = {name: random.normal(size=shape) for name, shape in shapes.items()}
            cases.append(
                Case(
                    f"N = {N}, D = {D}, U = {U}",
                    {name: arrays[name] for name in inputs.split()},
                    given={name: arrays[name] for name in given.split()},
                )
            )
        return cases

    return make


def _loss(x: Array, dz: Array, kernel: Array) -> Any:
    return (dz * (x @ kernel)).sum()


def _loss_by_bias(dz: Array, bias: Array) -> Any:
    return (dz * bias).sum()


_FORWARD_HINTS = (
    "What does unit u see of sample n, and what is added once per unit?",
    "z[n,u] = Σ_d x[n,d] kernel[d,u] + bias[u]",
    "x @ kernel + bias",
)
_DW_HINTS = (
    "Which samples does kernel[d,u] touch, and with what slope?",
    "dkernel[d,u] = Σ_n x[n,d] dz[n,u]",
    "x.T @ dz",
)
_DB_HINTS = (
    "bias[u] is added in every sample. What comes back to it from each?",
    "dbias[u] = Σ_n dz[n,u]",
    "dz.sum(axis=0)",
)
_DX_HINTS = (
    "Which units does x[n,d] touch, and with what slope?",
    "dx[n,d] = Σ_u dz[n,u] kernel[d,u]",
    "dz @ kernel.T",
)

EXERCISES = (
    Exercise(
        name="dense-forward",
        title="Dense forward: weighted sums as one product",
        run=calling("forward", "z"),
        cases=_cases(
            Case(
                "the worked number",
                {"x": _X, "kernel": _KERNEL, "bias": np.array([10.0, 20.0])},
                {"z": np.array([[21.0, 34.0], [8.0, 18.0]])},
            ),
            "x kernel bias",
        ),
        hints=_FORWARD_HINTS,
        slips=slips(
            "forward",
            _FORWARD_HINTS,
            bias_forgotten=(lambda x, kernel, bias: x @ kernel, "The bias is not added."),
            bias_subtracted=(lambda x, kernel, bias: x @ kernel - bias, "The bias is taken away: it is added."),
            bias_of_one_unit=(
                lambda x, kernel, bias: x @ kernel + bias[0],
                "Every unit gets the bias of the first: unit u has its own, bias[u].",
            ),
            bias_for_each_feature=(
                lambda x, kernel, bias: x @ kernel + x.shape[1] * bias,
                "The bias is added once for each feature: it stands outside the sum over d.",
            ),
            mean_for_sum=(
                lambda x, kernel, bias: x @ kernel / x.shape[1] + bias,
                "The features are averaged: a unit takes their weighted sum.",
            ),
        ),
        shapes={"z": "(N, U)"},
    ),
    Exercise(
        name="dense-dw",
        title="Dense backward: what comes back to the kernel",
        run=calling("dkernel", "dkernel"),
        cases=_cases(
            Case(
                "the worked number",
                {"x": _X, "dz": _DZ},
                {"dkernel": np.array([[1.0, -1.0], [2.0, 0.0], [0.0, -2.0]])},
                given={"kernel": _KERNEL},
            ),
            "x dz",
            "kernel",
        ),
        hints=_DW_HINTS,
        slopes=(Slope("dkernel", "kernel", _loss),),
        slips=slips(
            "dkernel",
            _DW_HINTS,
            mean_for_sum=(
                lambda x, dz: x.T @ dz / len(x),
                "dkernel: you divided by N here too; the loss has done it already.",
            ),
            divided_by_features=(
                lambda x, dz: x.T @ dz / x.shape[1],
                "dkernel is divided by D: neither D nor N belongs here.",
            ),
            transposed=(lambda x, dz: dz.T @ x, "dkernel is transposed: its shape is the kernel's, (D, U)."),
            times_batch=(lambda x, dz: x.T @ dz * len(x), "dkernel is N times too large: the sum over n is all."),
            sign_turned=(lambda x, dz: -x.T @ dz, "The sign is turned: the slope is asked for, not the step downhill."),
            sums_multiplied=(
                lambda x, dz: np.outer(x.sum(axis=0), dz.sum(axis=0)),
                "The sums are multiplied: it is the sum over n of the products, sample by sample.",
            ),
            first_sample_only=(
                lambda x, dz: np.outer(x[0], dz[0]),
                "Only the first sample is counted: the kernel is the same for all N.",
            ),
            last_sample_only=(
                lambda x, dz: np.outer(x[-1], dz[-1]),
                "Only the last sample is left, = for +=: the kernel is the same for all N.",
            ),
        ),
        shapes={"dkernel": "(D, U)"},
        naming=dense_with(dkernel="dkernel"),
    ),
    Exercise(
        name="dense-db",
        title="Dense backward: what comes back to the bias",
        run=calling("dbias", "dbias"),
        cases=_cases(
            Case(
                "the worked number", {"dz": _DZ}, {"dbias": np.array([3.0, -1.0])}, given={"bias": np.array([10.0, 20])}
            ),
            "dz",
            "bias",
        ),
        hints=_DB_HINTS,
        slopes=(Slope("dbias", "bias", _loss_by_bias),),
        slips=slips(
            "dbias",
            _DB_HINTS,
            mean_for_sum=(
                lambda dz: dz.mean(axis=0),
                "dbias: you divided by N here too; the loss has done it already.",
            ),
            summed_over_units=(
                lambda dz: dz.sum(axis=1),
                "dbias is summed over the units: there is one bias for each unit, and the sum goes over the samples.",
            ),
            summed_over_everything=(
                lambda dz: dz.sum(),
                "dbias is summed over everything: each unit has a bias of its own.",
            ),
            not_summed=(
                lambda dz: dz.copy(),
                "dbias is not summed: the same bias was added in every sample, so what comes back is added up.",
            ),
            axis_kept=(
                lambda dz: dz.sum(axis=0, keepdims=True),
                "dbias has kept the batch's axis: its shape is the bias's, (U,).",
            ),
            sign_turned=(
                lambda dz: -dz.sum(axis=0),
                "The sign is turned: the slope is asked for, not the step downhill.",
            ),
            doubled=(lambda dz: 2 * dz.sum(axis=0), "dbias is added up twice."),
        ),
        shapes={"dbias": "(U,)"},
        naming=dense_with(dbias="dbias"),
    ),
    Exercise(
        name="dense-dx",
        title="Dense backward: what is handed on",
        run=calling("dx", "dx"),
        cases=_cases(
            Case(
                "the worked number",
                {"dz": _DZ, "kernel": _KERNEL},
                {"dx": np.array([[-1.0, -1.0, -1.0], [2.0, 6.0, 10.0]])},
                given={"x": _X},
            ),
            "dz kernel",
            "x",
        ),
        hints=_DX_HINTS,
        slopes=(Slope("dx", "x", _loss),),
        slips=slips(
            "dx",
            _DX_HINTS,
            sign_turned=(lambda dz, kernel: -dz @ kernel.T, "The sign is turned: dx is a slope, not a step downhill."),
            transposed=(lambda dz, kernel: kernel @ dz.T, "dx is transposed: its shape is x's, (N, D)."),
            divided_by_batch=(
                lambda dz, kernel: dz @ kernel.T / len(dz),
                "dx: you divided by N here too; the loss has done it already.",
            ),
            mean_over_units=(
                lambda dz, kernel: dz @ kernel.T / dz.shape[1],
                "dx is a mean over the units: every unit that x touches counts in full.",
            ),
            kernel_summed=(
                lambda dz, kernel: np.outer(dz.sum(axis=1), kernel.sum(axis=1)),
                "The sums are multiplied: it is the sum over u of the products.",
            ),
            same_for_all_samples=(
                lambda dz, kernel: np.repeat((dz @ kernel.T).sum(axis=0, keepdims=True), len(dz), axis=0),
                "dx is summed over the batch: each sample has an x of its own.",
            ),
        ),
        shapes={"dx": "(N, D)"},
        naming=dense_with(dx="dx"),
    ),
)
