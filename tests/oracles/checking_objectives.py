"""Several outputs in plain words: what a step and its display should give, to hold the objective and its like against.

A network of four outputs: the second is made of the first, the third ends in a sigmoid and is trained through its
logit, the fourth has no loss. Every output but that has a weight, labels and sample weights of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import scratchnet as sn
from scratchnet import layers
from scratchnet.graph.plan import Plan
from scratchnet.training.means import RunningMeans
from scratchnet.training.objective import Objective
from scratchnet.training.samples import Samples
from scratchnet.utils.random import seeded

Array = Any

N = 10
BATCHES = (np.array([7, 1, 9, 4, 0, 2]), np.array([3, 8, 6, 5]))
WEIGHTS = (0.7, 2.0, 1.3)
_DRAWN = np.random.default_rng(0)
X = _DRAWN.normal(size=(N, 3))
Y = [_DRAWN.normal(size=(N, 2)), _DRAWN.normal(size=(N, 2)), np.arange(N)[:, None] % 2, _DRAWN.normal(size=(N, 2))]
SAMPLE_WEIGHTS = [_DRAWN.uniform(0, 2, N), None, _DRAWN.uniform(0, 3, N), None]


def network() -> sn.Model:
    """Return the model, compiled, in float64."""
    with seeded(0):
        a = sn.Input((3,), dtype="float64")
        first = layers.Dense(2, "tanh", name="first", dtype="float64")(a)
        second = layers.Dense(2, name="second", dtype="float64")(first)
        third = layers.Dense(1, "sigmoid", name="third", dtype="float64")(first)
        fourth = layers.Dense(2, name="fourth", dtype="float64")(first)
    model = sn.Model(a, [first, second, third, fourth])
    model.compile(
        "sgd",
        ["mse", "mse", "binary_crossentropy", None],
        [["mae"], ["mae"], ["mse"], ["mae"]],
        loss_weights=[*WEIGHTS, None],
        weighted_metrics=[["mse"], None, ["accuracy"], None],
    )
    return model


def outputs_of(params: dict[str, Array], x: Array) -> list[Array]:
    """Return the four outputs, as a person would write them down."""
    first = np.tanh(x @ params["first/kernel"] + params["first/bias"])
    second, third, fourth = (first @ params[f"{n}/kernel"] + params[f"{n}/bias"] for n in ("second", "third", "fourth"))
    return [first, second, 1 / (1 + np.exp(-third)), fourth]


def rows_of(params: dict[str, Array], rows: Array) -> dict[str, Array]:
    """Return for these samples all that is a mean over them, by its name in the logs, one number for each."""
    y, t = outputs_of(params, X[rows]), [labels[rows] for labels in Y]
    weight = [np.ones(len(rows)) if w is None else w[rows] for w in SAMPLE_WEIGHTS]
    squared = [((p - q) ** 2).mean(axis=1) for p, q in zip(y, t)]
    off = [np.abs(p - q).mean(axis=1) for p, q in zip(y, t)]
    surprise = -(t[2] * np.log(y[2]) + (1 - t[2]) * np.log(1 - y[2]))[:, 0]
    each = [weight[0] * squared[0], weight[1] * squared[1], weight[2] * surprise]
    return {
        "loss": sum(w * loss for w, loss in zip(WEIGHTS, each)),
        "first_loss": each[0],
        "second_loss": each[1],
        "third_loss": each[2],
        "first_mae": off[0],
        "second_mae": off[1],
        "third_mse": squared[2],
        "fourth_mae": off[3],
        "first_mse": squared[0],  # with weights
        "third_accuracy": ((y[2] > 0.5) == t[2])[:, 0].astype(float),  # with weights
    }


def expected_logs(params: dict[str, Array], rows: Array) -> dict[str, float]:
    """Return what is displayed of a pass over these samples."""
    means = {}
    for name, values in rows_of(params, rows).items():
        weight = {"first_mse": SAMPLE_WEIGHTS[0], "third_accuracy": SAMPLE_WEIGHTS[2]}.get(name)
        means[name] = float(np.average(values, weights=None if weight is None else weight[rows]))
    return dict(sorted(means.items()))


def slopes(value: Any, params: dict[str, Array]) -> dict[str, Array]:
    """Return the difference quotients of a number for every parameter, moved in place."""
    found = {}
    for name, array in params.items():
        found[name] = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            before, h, values = array[index], 1e-6, []
            for step in (h, -h):
                array[index] = before + step
                values.append(value())
            array[index] = before
            found[name][index] = (values[0] - values[1]) / (2 * h)
    return found


def check_objective(wrong: type, by_itself: bool = False) -> list[str]:
    """Return what a step and its display get wrong if one class of ours is replaced.

    Args:
        wrong: a subclass of ``Objective``, ``RunningMeans``, ``Samples`` or ``Plan``.
        by_itself: compare the gradients with the difference quotients of the objective's own number, and nothing else.
    """
    ours: tuple[Any, ...] = Objective, RunningMeans, Samples, Plan
    kinds = {kind: wrong if issubclass(wrong, kind) else kind for kind in ours}
    model, found = network(), []
    plan = kinds[Plan](model.graph, "numpy", logits=model.through_logits())
    used = [None if t.loss is None else plan.loss(t.loss, o) for o, t in enumerate(model.targets)]
    objective = kinds[Objective](model.targets, used)
    samples = kinds[Samples]([X], Y, SAMPLE_WEIGHTS)
    for turn, batches in (("first", BATCHES), ("second", BATCHES[1:])):
        means = kinds[RunningMeans](objective)
        for rows in batches:
            batch = samples.take(plan, rows)
            loss = objective.forward(batch.y, plan.forward(batch.x, training=True), batch.weight)
            for gradient in model.grads.values():
                gradient[...] = 0
            plan.backward(objective.backward())
            analytic = {name: np.array(gradient) for name, gradient in model.grads.items()}

            def own(batch: Any = batch) -> float:
                return float(objective.forward(batch.y, plan.forward(batch.x, training=True), batch.weight))

            def meant(rows: Array = rows) -> float:
                return float(rows_of(model.params, rows)["loss"].mean())

            quotients = slopes(own if by_itself else meant, model.params)
            found += [
                f"the gradient of {name}" for name in analytic if not np.allclose(analytic[name], quotients[name], 1e-6)
            ]
            if not np.isclose(loss, meant(), rtol=1e-9):
                found.append("the total")
            own()
            objective.measure(batch.y, batch.weight)
            means.add(loss, len(rows))
        logs, right = means.logs(), expected_logs(model.params, np.concatenate(batches))
        if list(logs) != list(right):
            found.append("the names in the logs")
        found += [f"{name} in the {turn} pass" for name in right if not np.isclose(logs.get(name, np.nan), right[name])]
    return [what for what in found if "gradient" in what] if by_itself else found
