"""What the values are compared on: geometries of windows, layers, whole networks, random models, losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

import scratchnet
from reference import recipes
from reference.environment import backend, floatx, new_session
from reference.report import Report, Worst
from reference.twin_training import training_to_keras
from reference.twins import to_keras
from reference.values import LIMITS, Numbers, Probe, compare_gradients, compare_loss
from scratchnet import Input, Model, layers, losses
from scratchnet.typing import Array

BACKENDS = ("numpy", "numba")
DTYPES = ("float64", "float32")


def convolutions() -> Iterator[tuple[str, layers.Layer, tuple[int, ...]]]:
    """Conv2D in many geometries, on an image of odd size: description, layer, input shape."""
    shape = (9, 7, 3)
    activations = ("relu", "linear", "sigmoid", "tanh", "softmax")
    places = [((s, t), (1, 1)) for s, t in ((1, 1), (2, 2), (2, 1), (3, 3), (4, 5))]
    places += [((1, 1), d) for d in ((2, 2), (1, 3), (3, 1))]  # Keras has no strides together with dilation
    sizes = ((1, 1), (2, 2), (3, 3), (2, 3), (5, 1))
    for number, (size, (strides, dilation), padding) in enumerate(product(sizes, places, ("valid", "same"))):
        if padding == "valid" and any((k - 1) * d + 1 > n for k, d, n in zip(size, dilation, shape)):
            continue
        arguments: dict[str, Any] = {
            "filters": 1 + number % 5,
            "kernel_size": size,
            "strides": strides,
            "padding": padding,
            "dilation_rate": dilation,
            "activation": activations[number % len(activations)],
            "use_bias": number % 4 != 3,
        }
        yield f"Conv2D({arguments})", layers.Conv2D(**arguments), shape


def poolings() -> Iterator[tuple[str, layers.Layer, tuple[int, ...]]]:
    """MaxPooling2D in many geometries, overlapping windows and gaps between windows included."""
    sizes = ((1, 1), (2, 2), (3, 3), (2, 3), (4, 2))
    for size, strides, padding in product(sizes, (None, (1, 1), (2, 2), (3, 1), (4, 5)), ("valid", "same")):
        yield (
            f"MaxPooling2D({size}, {strides}, {padding!r})",
            layers.MaxPooling2D(size, strides, padding),
            (9, 7, 3),
        )


def other_layers() -> Iterator[tuple[str, layers.Layer, tuple[int, ...]]]:
    """The layers without windows, on vectors, sequences and images."""
    for activation in ("relu", "linear", "sigmoid", "tanh", "softmax"):
        yield f"Dense({activation})", layers.Dense(5, activation), (7,)
        yield f"Activation({activation})", layers.Activation(activation), (4, 3)
    yield "Dense without bias", layers.Dense(1, use_bias=False), (1,)
    yield "Dense on images", layers.Dense(4, "tanh"), (3, 2, 5)
    yield "ReLU", layers.ReLU(), (5, 3, 2)
    yield "Softmax", layers.Softmax(), (6,)
    yield "Softmax(axis=1)", layers.Softmax(axis=1), (4, 3)
    yield "Flatten", layers.Flatten(), (3, 4, 2)
    yield "Rescaling", layers.Rescaling(0.5, -1.0), (3, 4)


Cases = Callable[[], Iterator[tuple[str, layers.Layer, tuple[int, ...]]]]
LAYER_CASES: tuple[tuple[str, Cases], ...] = (
    ("Conv2D", convolutions),
    ("MaxPooling2D", poolings),
    ("other layers", other_layers),
)


def compare_layers(cases: Cases, dtype: str, backends: Sequence[str], every: int = 1) -> Worst:
    """Compare single layers, every third with a batch of one."""
    worst = Worst()
    new_session()
    with floatx(dtype):
        for number, (where, layer, shape) in enumerate(cases()):
            new_session()  # the next layer is made after this, and is called conv2d like every other
            if number % every:
                continue
            inputs = Input(shape)
            model = Model(inputs, layer(inputs))
            numbers = Numbers(number, dtype)
            numbers.fill(model)
            part = Worst()
            compare_gradients(part, Probe(model), numbers, 1 if number % 3 == 2 else 5, backends)
            worst.take(part, where)
    return worst


def compare_network(name: str, batch: int, dtype: str, backends: Sequence[str]) -> Worst:
    """Compare a network of the notebook on one batch."""
    worst = Worst()
    with floatx(dtype):
        model = scratchnet.architectures.ARCHITECTURES[name]()
        numbers = Numbers(batch, dtype)
        numbers.fill(model)
        compare_gradients(worst, Probe(model), numbers, batch, backends)
    return worst


def compare_random_models(count: int, dtype: str, backends: Sequence[str]) -> Worst:
    """Compare random models; graphs with shared layers and several inputs and outputs are among them."""
    worst = Worst()
    with floatx(dtype):
        for seed in range(count):
            new_session()
            model = recipes.random_recipe(recipes.seeded_choice(seed)).build(scratchnet)
            numbers = Numbers(seed, dtype)
            numbers.fill(model)
            part = Worst()
            compare_gradients(part, Probe(model), numbers, 1 + seed % 4, backends)
            worst.take(part, f"random model {seed}")
    return worst


# Losses and metrics ---------------------------------------------------------------------------------------------


Ending = tuple[str, list[layers.Layer]]


def endings(from_logits: bool) -> list[Ending]:
    """What a classifier may end in. Probabilities come from a softmax, or from what is no distribution."""
    if from_logits:
        return [("Dense", [layers.Dense(7)]), ("Dense(tanh)", [layers.Dense(7, "tanh")])]
    return [
        ("Dense(softmax)", [layers.Dense(7, "softmax")]),
        ("Softmax()", [layers.Dense(7), layers.Softmax()]),
        # Not from 0 to 1, not of sum 1: the loss divides by the sum and cuts off.
        ("Rescaling", [layers.Dense(7, "sigmoid"), layers.Rescaling(1.5, -0.25)]),
    ]


def loss_cases(dtype: str) -> Iterator[tuple[str, losses.Loss, list[layers.Layer], list[str]]]:
    """Every loss, from logits and not, after a softmax and after something else."""
    sparse, rows = losses.SparseCategoricalCrossentropy, losses.CategoricalCrossentropy
    metrics = {sparse: ["accuracy", "sparse_categorical_accuracy"], rows: ["accuracy", "categorical_accuracy"]}
    if dtype == "float32":  # Keras's top-k metrics stop with a TypeError on float64 predictions
        metrics[sparse].append("sparse_top_k_categorical_accuracy")
        metrics[rows].append("top_k_categorical_accuracy")
    for kind in (sparse, rows):
        for from_logits in (False, True):
            for name, ending in endings(from_logits):
                yield f"{kind.name}({from_logits=}) after {name}", kind(from_logits), ending, metrics[kind]
    yield "smoothed rows", rows(label_smoothing=0.2), [layers.Dense(7, "softmax")], []
    yield "smoothed rows from logits", rows(True, 0.2), [layers.Dense(7)], []
    for reduction in ("sum_over_batch_size", "sum"):
        yield f"sparse, {reduction}", sparse(reduction=reduction), [layers.Dense(7, "softmax")], []
        yield f"rows, {reduction}", rows(reduction=reduction), [layers.Dense(7, "softmax")], []
    binary = losses.BinaryCrossentropy
    for name, ending in endings(False):
        yield f"mean_squared_error after {name}", losses.MeanSquaredError(), ending, []
        yield f"mean_absolute_error after {name}", losses.MeanAbsoluteError("sum"), ending, []
        yield f"huber after {name}", losses.Huber(0.4), ending, []
        yield f"kl_divergence after {name}", losses.KLDivergence(), ending, []
    for name, ending in [("Dense(sigmoid)", [layers.Dense(7, "sigmoid")]), endings(False)[-1]]:
        yield f"binary_crossentropy after {name}", binary(), ending, ["binary_accuracy"]
        yield f"smoothed binary_crossentropy after {name}", binary(label_smoothing=0.1), ending, []
    for name, ending in endings(True):
        yield f"binary_crossentropy(from_logits) after {name}", binary(True), ending, []


def compare_losses(dtype: str, backends: Sequence[str]) -> Worst:
    """Compare losses, metrics and gradients, with and without sample weights, also for a batch of one."""
    worst = Worst()
    with floatx(dtype):
        for number, (where, loss, ending, metrics) in enumerate(loss_cases(dtype)):
            inputs = Input((6,))
            x = layers.Dense(5, "relu")(inputs)
            for layer in ending:
                x = layer(x)
            model = Model(inputs, x)
            numbers = Numbers(number, dtype)
            numbers.fill(model)
            model.compile(loss=loss, metrics=metrics)
            probe = Probe(model)
            training_to_keras(model, probe.twin)
            for batch, weighted in ((9, False), (9, True), (1, False)):
                part = Worst()
                y = _labels(loss, numbers, batch)
                weight = numbers.generator.uniform(0, 3, batch).astype(dtype) if weighted else None
                compare_loss(part, probe, numbers.inputs(model, batch), y, weight, backends)
                worst.take(part, f"{where}, batch of {batch}{', weights' * weighted}")
    return worst


def _labels(loss: losses.Loss, numbers: Numbers, batch: int) -> Array:
    if isinstance(loss, (losses.MeanSquaredError, losses.MeanAbsoluteError, losses.Huber)):
        return numbers.array(batch, 7)
    if isinstance(loss, losses.BinaryCrossentropy):
        return numbers.generator.integers(0, 2, (batch, 7)).astype(numbers.dtype)
    if isinstance(loss, losses.KLDivergence):
        return numbers.generator.dirichlet(np.ones(7), batch).astype(numbers.dtype)
    labels = numbers.generator.integers(0, 7, batch)
    return np.eye(7, dtype=numbers.dtype)[labels] if isinstance(loss, losses.CategoricalCrossentropy) else labels


def compare_weighted_fits(backends: Sequence[str]) -> Worst:
    """Compare two epochs of ``fit`` with class weights and with sample weights, ragged last batch included."""
    worst = Worst()
    generator = np.random.default_rng(5)
    x, y = generator.standard_normal((50, 6)), generator.integers(0, 3, 50)
    given = {"class_weight": {0: 0.5, 1: 2.0, 2: 1.25}}, {"sample_weight": generator.uniform(0, 2, 50)}, {}
    with floatx("float64"):
        for side, weights in product(backends, given):
            model = scratchnet.Sequential([Input((6,)), layers.Dense(8, "tanh"), layers.Dense(3, "softmax")])
            model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
            twin = to_keras(model)
            settings = {"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0, **weights}
            with backend(side):
                ours = model.fit(x, y, **settings).history
            theirs = twin.fit(x, y, **settings).history
            where = f"fit with {', '.join(weights) or 'no weights'} ({side})"
            for key, values in theirs.items():
                worst.add_arrays(np.array(ours[key]), np.array(values, np.float64), f"{where}: {key}")
            for name, a, b in zip(model.params, model.get_weights(), twin.get_weights()):
                worst.add_arrays(a, b, f"{where}: {name}")
    return worst


# All of it ------------------------------------------------------------------------------------------------------


def run(report: Report, quick: bool = False, backends: Sequence[str] = BACKENDS) -> None:
    """Compare everything; ``quick`` takes a part of the layers and of the random models."""
    for dtype in DTYPES:
        limit, group = LIMITS[dtype], f"every output, loss, metric and gradient, {dtype}, relative"
        for what, cases in LAYER_CASES:
            worst = compare_layers(cases, dtype, backends, every=7 if quick and cases is not other_layers else 1)
            report.rows.append(worst.row("values", f"{what}: outputs and all gradients, {dtype}", limit, group))
        for name in recipes.NETWORKS:
            worst = Worst()
            for batch in (64, 32, 1):
                worst.take(compare_network(name, batch, dtype, backends), f"batch of {batch}")
            what = f"{name}: outputs and all gradients, batches of 64, 32 and 1, {dtype}"
            report.rows.append(worst.row("values", what, limit, group))
        count = 40 if quick else 200
        worst = compare_random_models(count, dtype, backends)
        what = f"{count} random models: outputs and all gradients, {dtype}"
        report.rows.append(worst.row("values", what, limit, group))
        worst = compare_losses(dtype, backends)
        report.rows.append(worst.row("values", f"losses, metrics and their gradients, {dtype}", limit, group))
    worst, limit = compare_weighted_fits(backends), LIMITS["float64"]
    report.rows.append(worst.row("values", "fit with class and sample weights: history, weights, float64", limit))
