"""train-an-mlp: all parts in one training step."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.learn.exercise import Case, Exercise, Outputs, Slope
from scratchnet.learn.exercises.corners import away_from_corners
from scratchnet.learn.exercises.slipping import slips
from scratchnet.learn.namespace import Namespace, NotAsked
from scratchnet.typing import Array

_NAMES = ("kernel1", "bias1", "kernel2", "bias2")


def _run(solution: Namespace, x: Array, labels: Array, rate: float, steps: int, **start: Array) -> dict[str, Any]:
    """Take steps, and return the losses and what each parameter moved by, less the learning rate's factor."""
    params = {name: array.copy() for name, array in start.items()}
    losses = []
    for _ in range(steps):
        loss = solution.step(params, x, labels, rate)
        if loss is None or loss is ...:
            return {"losses": loss}
        losses.append(float(loss))
    if params.keys() != start.keys() or any(not isinstance(array, np.ndarray) for array in params.values()):
        raise NotAsked("params should hold the arrays kernel1, bias1, kernel2, bias2 after the step, as before.")
    moved = {f"d{name}": (start[name] - params[name]) / start[name].dtype.type(rate) for name in _NAMES}
    return {"losses": np.array(losses), **moved}


def _start(random: np.random.Generator, D: int, H: int, K: int) -> dict[str, Array]:
    return {
        "kernel1": random.normal(size=(D, H)) / np.sqrt(D),
        "bias1": 0.1 * random.normal(size=H),
        "kernel2": random.normal(size=(H, K)) / np.sqrt(H),
        "bias2": 0.1 * random.normal(size=K),
    }


def _cases(random: np.random.Generator) -> list[Case]:
    from scratchnet.datasets.mini import load_mini

    worked = {
        "kernel1": np.array([[2.0]]),
        "bias1": np.array([0.0]),
        "kernel2": np.array([[1.0, -1.0]]),
        "bias2": np.array([-2.0, 2.0]),
    }
    moved = {
        "losses": np.array([np.log(2)]),
        "dkernel1": np.array([[-1.0]]),
        "dbias1": np.array([-1.0]),
        "dkernel2": np.array([[-1.0, 1.0]]),
        "dbias2": np.array([-0.5, 0.5]),
    }
    one = {"x": np.array([[1.0]]), "labels": np.array([0]), "rate": 1.0, "steps": 1}
    small: dict[str, Any] = away_from_corners(
        lambda: {"x": random.normal(size=(6, 4)), **_start(random, 4, 5, 3)},
        lambda inputs: inputs["x"] @ inputs["kernel1"] + inputs["bias1"],
    )
    small |= {"labels": random.integers(0, 3, 6), "rate": 0.1, "steps": 1}
    mini = load_mini()
    x = mini["x_train"][:200].reshape(200, -1) / 255.0
    images = {"x": x, "labels": mini["y_train"][:200].astype(np.int64), "rate": 0.5, "steps": 40}
    return [
        Case("the worked number", {**one, **worked}, moved),
        Case("one step, N = 6, D = 4, H = 5, K = 3", _in_order(small)),
        Case("40 steps on 200 images of clothing", {**images, **_start(random, 784, 16, 10)}, slopes=False),
    ]


def _in_order(inputs: dict[str, Any]) -> dict[str, Any]:
    return {name: inputs[name] for name in ("x", "labels", "rate", "steps", *_NAMES)}


def _loss(x: Array, labels: Array, rate: float, steps: int, **params: Array) -> Any:
    h = np.maximum(x @ params["kernel1"] + params["bias1"], 0)
    z = h @ params["kernel2"] + params["bias2"]
    z = z - z.max(axis=1, keepdims=True)
    return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), labels]).mean()


class _Step:
    """The step taken apart, for mistakes to replace one part."""

    def __call__(self, params: dict[str, Array], x: Array, labels: Array, rate: float) -> float:
        z1 = x @ params["kernel1"] + params["bias1"]
        h = np.maximum(z1, 0)
        z2 = h @ params["kernel2"] + params["bias2"]
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        y = e / e.sum(axis=1, keepdims=True)
        rows = np.arange(len(x))
        loss = -np.log(y[rows, labels]).mean()
        dz2 = y.copy()
        dz2[rows, labels] -= 1
        dz2 = self.divided(dz2)
        if self.early:
            params["kernel2"] -= rate * h.T @ dz2
        dz1 = self.gate(dz2 @ params["kernel2"].T, z1)
        grads = {"kernel1": x.T @ dz1, "bias1": dz1.sum(axis=0), "kernel2": h.T @ dz2, "bias2": dz2.sum(axis=0)}
        self.update(params, grads, rate)
        return float(loss)

    early = False

    def divided(self, dz: Array) -> Array:
        return dz / len(dz)

    def gate(self, dh: Array, z1: Array) -> Array:
        return dh * (z1 > 0)

    def update(self, params: dict[str, Array], grads: dict[str, Array], rate: float) -> None:
        for name, gradient in grads.items():
            if not (self.early and name == "kernel2"):
                params[name] -= rate * gradient


class _Early(_Step):
    early = True


class _NoGate(_Step):
    def gate(self, dh: Array, z1: Array) -> Array:
        return dh


class _NotDivided(_Step):
    def divided(self, dz: Array) -> Array:
        return dz


class _DividedTwice(_Step):
    def update(self, params: dict[str, Array], grads: dict[str, Array], rate: float) -> None:
        super().update(params, {name: gradient / self.N for name, gradient in grads.items()}, rate)

    def divided(self, dz: Array) -> Array:
        self.N = len(dz)
        return dz / len(dz)


class _Uphill(_Step):
    def update(self, params: dict[str, Array], grads: dict[str, Array], rate: float) -> None:
        super().update(params, grads, -rate)


class _BiasesLeft(_Step):
    def update(self, params: dict[str, Array], grads: dict[str, Array], rate: float) -> None:
        super().update(params, {name: g for name, g in grads.items() if "kernel" in name}, rate)


class _LastLayerOnly(_Step):
    def update(self, params: dict[str, Array], grads: dict[str, Array], rate: float) -> None:
        super().update(params, {name: g for name, g in grads.items() if name.endswith("2")}, rate)


class _NothingMoves(_Step):
    def update(self, params: dict[str, Array], grads: dict[str, Array], rate: float) -> None:
        super().update(dict(params), {name: 0 * gradient for name, gradient in grads.items()}, rate)


def _praise(case: Case, outputs: Outputs) -> str:
    from scratchnet.datasets.mini import load_mini

    mini, inputs = load_mini(), case.inputs
    x, labels = mini["x_test"].reshape(len(mini["x_test"]), -1) / 255.0, mini["y_test"]
    params = {name: inputs[name] - inputs["rate"] * outputs[f"d{name}"] for name in _NAMES}
    h = np.maximum(x @ params["kernel1"] + params["bias1"], 0)
    right = float(((h @ params["kernel2"] + params["bias2"]).argmax(axis=1) == labels).mean())
    losses = outputs["losses"]
    return (
        f"Your network: the loss fell from {losses[0]:.2f} to {losses[-1]:.2f}, and of {len(labels):,} images that it "
        f"never saw it knows {right:.0%}."
    )


_HINTS = (
    "You have written all parts: forward and backward of Dense, of ReLU, and the loss. In which order do they come?",
    "dz2 = (y - one-hot) / N;  dh = dz2·kernel2ᵀ;  dz1 = dh where z1 > 0, else 0;  then each Dense's dkernel and dbias",
    'dz1 = (dz2 @ params["kernel2"].T) * (z1 > 0); params["kernel1"] -= rate * x.T @ dz1; and so on, after all '
    "gradients are there",
)

EXERCISES = (
    Exercise(
        name="train-an-mlp",
        title="All parts together: a network that learns",
        run=_run,
        cases=_cases,
        hints=_HINTS,
        slopes=tuple(Slope(f"d{name}", name, _loss) for name in _NAMES),
        slips=slips(
            "step",
            _HINTS,
            updated_too_early=(
                _Early(),
                "kernel2 is updated before dh is computed: backward needs the kernel that forward used.",
            ),
            gate_forgotten=(_NoGate(), "The gradient does not go back through the ReLU: dz1 is dh where z1 > 0."),
            never_divided=(_NotDivided(), "1/N is missing: the loss is a mean over the batch."),
            divided_twice=(_DividedTwice(), "The gradients are divided by N twice: the loss has done it already."),
            uphill=(_Uphill(), "It goes uphill: the step is minus the slope."),
            biases_left=(_BiasesLeft(), "The biases stay where they are: they are parameters, too."),
            last_layer_only=(_LastLayerOnly(), "Only the last layer moves: the gradient has to go on through dh."),
            nothing_moves=(
                _NothingMoves(),
                "Nothing moves: the new arrays have to be put into params (params[name] = … or params[name] -= …).",
            ),
        ),
        keeps_float32=False,
        praise=_praise,
    ),
)
