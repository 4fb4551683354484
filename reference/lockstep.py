"""Lock-step: both libraries take the same training steps, and after each step everything is compared.

Keras's side is its own ``train_on_batch``, ours is ours. They start from the same weights and see the same batches.
Training is chaotic: a weight that differs in its tenth digit differs in its fifth some hundred steps later. So the two
agree to the last digits all the way, or not at all; nothing in between lasts.

It takes one piece of knowledge. In a float64 session Keras still rounds some settings of its optimizers to float32,
because ``ops.cast(0.9, "float64")`` makes a float32 tensor of the Python number first:

- Adam: β₁ and β₂ where they are raised to the power t, for the bias correction. The moving means use the exact ones.
- SGD: the momentum.

The learning rate is a float64 variable and stays exact. scratchnet uses the exact numbers everywhere. ``PAIRS`` says
what each side is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import scratchnet
from reference.environment import backend, floatx, keras, new_session, tf
from reference.recipes import NETWORKS
from reference.report import Report, Worst, relative_difference
from scratchnet import Model, losses, optimizers
from scratchnet.interop.twin_training import loss_to_keras
from scratchnet.interop.twins import to_keras
from scratchnet.typing import Array

LIMIT = 1e-12
"""How far apart any weight may be after any step in float64."""
BATCH_SIZE = 64
STEPS = 938  # one epoch: 937 batches of 64 and a ragged one of 32


def float32_rounded(number: float) -> float:
    """Return the Python number that a float32 holds for ``number``: 0.999 becomes 0.9990000128746033."""
    return float(np.float32(number))


class KerasAdam(optimizers.Adam):
    """Adam as Keras computes it in float64: the betas of the bias correction, and only those, rounded to float32."""

    def step_size(self, learning_rate: float) -> float:
        """Return α for the step that ``iterations`` counts."""
        t = self.iterations
        beta_1, beta_2 = float32_rounded(self.beta_1), float32_rounded(self.beta_2)
        return learning_rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)


class Pair(NamedTuple):
    """An optimizer on both sides."""

    ours: Callable[[], optimizers.Optimizer]
    theirs: Callable[[], Any]


_ROUNDED_BETAS: dict[str, Any] = {"beta_1": float32_rounded(0.9), "beta_2": float32_rounded(0.999)}
_MOMENTUM = float32_rounded(0.9)

PAIRS: dict[str, Pair] = {
    "Adam": Pair(lambda: optimizers.Adam(**_ROUNDED_BETAS), lambda: keras.optimizers.Adam(**_ROUNDED_BETAS)),
    "Keras's default Adam": Pair(KerasAdam, lambda: keras.optimizers.Adam()),
    "SGD": Pair(lambda: optimizers.SGD(0.05), lambda: keras.optimizers.SGD(0.05)),
    "SGD with momentum": Pair(
        lambda: optimizers.SGD(0.01, momentum=_MOMENTUM), lambda: keras.optimizers.SGD(0.01, momentum=0.9)
    ),
    "SGD with Nesterov momentum": Pair(
        lambda: optimizers.SGD(0.01, momentum=_MOMENTUM, nesterov=True),
        lambda: keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
    ),
}
_HALVES = {"rho": 0.875, "momentum": 0.5, "epsilon": 2.0**-20}  # float32 holds them exactly
_BETAS = {"beta_1": 0.875, "beta_2": 1 - 2.0**-10, "epsilon": 2.0**-20}
_EMA = {"use_ema": True, "ema_momentum": 0.75, "ema_overwrite_frequency": 3}


def _the_same(name: str, **settings: Any) -> Pair:
    return Pair(lambda: getattr(optimizers, name)(**settings), lambda: getattr(keras.optimizers, name)(**settings))


MORE_PAIRS: dict[str, Pair] = {
    "AMSGrad": _the_same("Adam", amsgrad=True, **_BETAS),
    "AdamW": _the_same("AdamW", weight_decay=0.125, **_BETAS),
    "RMSprop": _the_same("RMSprop", rho=0.875, epsilon=2.0**-20),
    "RMSprop, centered, with momentum": _the_same("RMSprop", centered=True, **_HALVES),
    "Adagrad": _the_same("Adagrad", learning_rate=0.05, initial_accumulator_value=0.125, epsilon=2.0**-20),
    "SGD, clipnorm": _the_same("SGD", learning_rate=0.05, clipnorm=0.125),
    "SGD, clipvalue": _the_same("SGD", learning_rate=0.05, clipvalue=0.015625),
    "SGD, global_clipnorm": _the_same("SGD", learning_rate=0.05, global_clipnorm=0.25),
    "SGD, running mean": _the_same("SGD", learning_rate=0.05, **_EMA),
    "Adam, accumulated, clipped, averaged": _the_same(
        "Adam", gradient_accumulation_steps=4, clipnorm=0.125, weight_decay=0.125, **_EMA, **_BETAS
    ),
}
"""The other rules, and what every rule can be told, with numbers that float32 holds exactly."""
"""The optimizers that must stay together.

"Adam" is both libraries' own class, given betas that float32 holds exactly, so that nobody rounds anything. "Keras's
default Adam" is Keras's with its default settings, against its arithmetic with ours.
"""

EXACT = Pair(optimizers.Adam, lambda: keras.optimizers.Adam())
"""Both libraries' defaults, each with its own betas. These drift apart, in float64 because of the rounded betas."""


def _recording(optimizer: Any) -> Any:
    """Return the Keras optimizer, made to note the gradients that it is given."""

    class Recording(type(optimizer)):  # type: ignore[misc]
        def build(self, variables: Any) -> None:
            super().build(variables)
            self.noted = [tf.Variable(tf.zeros(v.shape, v.dtype)) for v in variables]

        def apply(self, grads: Any, trainable_variables: Any = None) -> Any:
            for place, gradient in zip(self.noted, grads):
                place.assign(gradient)
            return super().apply(grads, trainable_variables)

    return Recording.from_config(optimizer.get_config())


@dataclass
class Drift:
    """How far the two are apart, step by step.

    Attributes:
        weights: the largest difference of any two weights after each step.
        losses: the difference of the two losses at each step.
        loss, gradient, weight: the largest of all steps, and where. Gradients are relative to their tensor's largest.
    """

    weights: list[float]
    losses: list[float]
    loss: Worst
    gradient: Worst
    weight: Worst


def run_pair(
    model: Model, pair: Pair, batches: Iterator[tuple[Array, Array]], side: str = "numba", keep_going: bool = False
) -> Drift:
    """Train a model and its Keras twin in lock-step.

    Args:
        model: not compiled; its weights are where both start.
        pair: the optimizers.
        batches: the batches, ``(x, y)``.
        side: scratchnet's backend.
        keep_going: also after the two have parted (to draw a curve); otherwise stop at a difference of 1e-3.
    """
    drift = Drift([], [], Worst(), Worst(), Worst())
    with floatx(model.dtype), backend(side):
        twin = to_keras(model, compile=False)
        loss = losses.SparseCategoricalCrossentropy()
        model.compile(pair.ours(), loss)
        twin.compile(optimizer=_recording(pair.theirs()), loss=loss_to_keras(loss, model.dtype))
        twin.optimizer.build(twin.trainable_variables)
        names = list(model.params)
        for step, (x, y) in enumerate(batches, 1):
            ours, theirs = model.train_on_batch(x, y), float(twin.train_on_batch(x, y))
            drift.losses.append(abs(ours - theirs))
            drift.loss.add(drift.losses[-1] / max(abs(theirs), 1e-3), f"step {step}")
            for name, gradient, noted in zip(names, model.grads.values(), twin.optimizer.noted):
                drift.gradient.add(relative_difference(gradient, noted.numpy()), f"{name} at step {step}")
            largest = 0.0
            for name, weight, other in zip(names, model.params.values(), twin.trainable_variables):
                difference = float(np.abs(weight - other.numpy()).max())
                drift.weight.add(difference, f"{name} at step {step}")
                largest = max(largest, difference)
            drift.weights.append(largest)
            if largest > 1e-3 and not keep_going:
                break
    return drift


def fashion_batches(shape: tuple[int, ...], dtype: str, steps: int, seed: int = 7) -> Iterator[tuple[Array, Array]]:
    """Yield the batches of an epoch of Fashion-MNIST in random order, pixels from 0 to 1; at most ``steps``."""
    (x, y), _ = scratchnet.datasets.fashion_mnist.load_data()
    order = np.random.default_rng(seed).permutation(len(x))
    for start in range(0, min(len(x), steps * BATCH_SIZE), BATCH_SIZE):
        rows = order[start : start + BATCH_SIZE]
        yield x[rows].reshape(-1, *shape).astype(dtype) / np.dtype(dtype).type(255), y[rows]


def new_network(name: str, dtype: str, seed: int = 7) -> Model:
    """Return one of the notebook's networks with seeded weights."""
    new_session()
    scratchnet.utils.set_random_seed(seed)
    with floatx(dtype):
        return scratchnet.architectures.ARCHITECTURES[name]()


def network_drift(name: str, pair: Pair, dtype: str, steps: int, keep_going: bool = False) -> Drift:
    """Train one of the notebook's networks in lock-step with its twin."""
    model = new_network(name, dtype)
    shape = tuple(n for n in model.inputs[0].shape[1:] if n is not None)
    return run_pair(model, pair, fashion_batches(shape, dtype, steps), keep_going=keep_going)


CURVES: tuple[tuple[str, Pair, str], ...] = (
    ("float64, the same betas", PAIRS["Adam"], "float64"),
    ("float64, betas exact here and rounded in Keras", EXACT, "float64"),
    ("float32, the same betas", PAIRS["Adam"], "float32"),
    ("float32, betas exact here and rounded in Keras", EXACT, "float32"),
)
"""What is drawn: how a difference grows that comes from float64 rounding, from the betas, from float32 rounding."""


def run(report: Report, steps: int = STEPS) -> None:
    """Compare both networks with every optimizer, and record the curves of those that drift apart."""
    curves: dict[str, dict[str, list[float]]] = {}
    for name in NETWORKS:
        drifts = {}
        for title, pair in PAIRS.items():
            drift = drifts[title] = network_drift(name, pair, "float64", steps)
            what = f"{name}, {steps} steps of {title} in lock-step, float64"
            group = f"{steps} training steps in lock-step, both networks, {len(PAIRS)} optimizers"
            for kind, worst in (("loss", drift.loss), ("gradient", drift.gradient)):
                kinds = f"{group}: every loss and gradient after every step, float64, relative"
                report.rows.append(worst.row("training", f"{what}: every {kind}, relative", 1e-10, kinds))
            kinds = f"{group}: every weight after every step, float64"
            row = drift.weight.row("training", f"{what}: every weight", LIMIT, kinds)
            if len(drift.weights) < steps:
                row.where += f" (stopped after {len(drift.weights)} steps)"
            report.rows.append(row)
        curves[name] = {}
        for label, pair, dtype in CURVES:
            known = drifts["Adam"] if pair is PAIRS["Adam"] and dtype == "float64" else None
            drift = known or network_drift(name, pair, dtype, steps, keep_going=True)
            curves[name][label] = [float(f"{weight:.3g}") for weight in drift.weights]
    report.curves["drift"] = curves
