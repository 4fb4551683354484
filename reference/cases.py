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
from reference.values import LIMITS, Numbers, Probe, compare_gradients, compare_loss
from scratchnet import Input, Model, layers, losses
from scratchnet.activations import ACTIVATIONS
from scratchnet.interop.twin_training import training_to_keras
from scratchnet.interop.twins import to_keras
from scratchnet.typing import Array

Shapes = tuple[int, ...] | list[tuple[int, ...]]
"""The shape of a layer's input without the batch, or those of its inputs."""

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
    rounded = {"leaky_relu", "gelu"} if scratchnet.config.floatx() == "float64" else set()
    for activation in sorted({*ACTIVATIONS} - rounded):  # Keras rounds 0.2 and √2 to float32 even in float64
        yield f"Dense({activation})", layers.Dense(5, activation), (7,)
        yield f"Activation({activation})", layers.Activation(activation), (4, 3)
    yield "Dense without bias", layers.Dense(1, use_bias=False), (1,)
    yield "Dense on images", layers.Dense(4, "tanh"), (3, 2, 5)
    yield "ReLU", layers.ReLU(), (5, 3, 2)
    # Corners between the float32 numbers' grid points, since Keras has two conventions for them; and numbers that
    # float32 holds exactly, for it rounds them even where it computes in float64.
    yield "ReLU(11/16, 0.25, 5/16)", layers.ReLU(11 / 16, 0.25, 5 / 16), (5, 3, 2)
    yield "ReLU(max_value=11/16)", layers.ReLU(max_value=11 / 16), (5, 3, 2)
    yield "ReLU(threshold=5/16)", layers.ReLU(threshold=5 / 16), (5, 3, 2)
    yield "ReLU(negative_slope=0.25)", layers.ReLU(negative_slope=0.25), (5, 3, 2)
    yield "LeakyReLU(0.25)", layers.LeakyReLU(0.25), (5, 3, 2)
    yield "LeakyReLU(1.5)", layers.LeakyReLU(1.5), (5, 3, 2)
    yield "Conv2D(silu)", layers.Conv2D(2, 2, activation="silu"), (5, 3, 2)
    yield "Softmax", layers.Softmax(), (6,)
    yield "Softmax(axis=1)", layers.Softmax(axis=1), (4, 3)
    yield "Softmax(axis=[1, 2])", layers.Softmax(axis=[1, 2]), (4, 3)
    yield "Flatten", layers.Flatten(), (3, 4, 2)
    yield "Rescaling", layers.Rescaling(0.5, -1.0), (3, 4)


def merging_and_shapes() -> Iterator[tuple[str, layers.Layer, Shapes]]:
    """The layers that only put numbers elsewhere, and those that take several inputs."""
    for kind in (layers.Add, layers.Average, layers.Multiply):
        for count in (2, 3):
            yield f"{kind.__name__} of {count}", kind(), [(4, 3)] * count
    yield "Subtract", layers.Subtract(), [(2, 5), (2, 5)]
    yield "Concatenate", layers.Concatenate(), [(3, 2), (3, 1), (3, 4)]
    yield "Concatenate(axis=1)", layers.Concatenate(axis=1), [(3, 2), (1, 2)]
    yield "Concatenate(axis=-2)", layers.Concatenate(-2), [(2, 3, 2), (2, 1, 2)]
    for shape in ((4, 3, 2), (-1,), (2, -1, 3)):
        yield f"Reshape({shape})", layers.Reshape(shape), (6, 4)
    for dims in ((2, 1, 3), (2, 3, 1), (3, 1, 2)):
        yield f"Permute({dims})", layers.Permute(dims), (2, 3, 4)


def image_layers() -> Iterator[tuple[str, layers.Layer, tuple[int, ...]]]:
    """The relatives of Conv2D and MaxPooling2D, and what changes an image's size, where TensorFlow has code for it."""
    sizes, both = ((1, 1), (2, 2), (3, 3), (2, 3), (4, 2)), ("valid", "same")
    for size, strides, padding in product(sizes, (None, (1, 1), (2, 2), (3, 1)), both):
        where = f"{size}, {strides}, {padding!r}"
        yield f"AveragePooling2D({where})", layers.AveragePooling2D(size, strides, padding), (9, 7, 3)
    for number, (size, strides, padding) in enumerate(product(sizes, ((1, 1), (2, 2), (2, 1), (3, 4)), both)):
        more: dict[str, Any] = {"activation": ("relu", "linear", "tanh")[number % 3], "use_bias": number % 4 != 3}
        where = f"{size}, {strides}, {padding!r}, {more}"
        yield f"Conv2DTranspose({where})", layers.Conv2DTranspose(3, size, strides, padding, **more), (4, 5, 2)
        more["groups"] = 2 + number % 2
        yield f"Conv2D({where})", layers.Conv2D(6, size, strides, padding, **more), (7, 5, 6)
        more["depth_multiplier"] = more.pop("groups") - 1
        equal = (strides[0], strides[0])  # as TensorFlow asks for in float64
        yield f"DepthwiseConv2D({where})", layers.DepthwiseConv2D(size, equal, padding, **more), (7, 5, 3)
        yield f"SeparableConv2D({where})", layers.SeparableConv2D(4, size, equal, padding, **more), (7, 5, 3)
    for keepdims in (False, True):
        yield "GlobalAveragePooling2D", layers.GlobalAveragePooling2D(keepdims=keepdims), (5, 4, 3)
        yield "GlobalMaxPooling2D", layers.GlobalMaxPooling2D(keepdims=keepdims), (5, 4, 3)
    yield "ZeroPadding2D", layers.ZeroPadding2D(((1, 2), (0, 3))), (4, 3, 2)
    yield "UpSampling2D", layers.UpSampling2D((2, 3)), (4, 3, 2)


def normalizations() -> Iterator[tuple[str, layers.Layer, tuple[int, ...]]]:
    """Normalizations along every axis, with and without γ and β; batch normalizations frozen as well."""
    affine: list[dict[str, Any]] = [{}, {"center": False}, {"scale": False}, {"center": False, "scale": False}]
    for number, (axis, trainable) in enumerate(product((-1, 1, 2, 3, -2), (True, False))):
        options: dict[str, Any] = {"axis": axis, "epsilon": (1e-3, 0.25)[number % 2], **affine[number // 2 % 4]}
        where = f"BatchNormalization({options}, {trainable=})"
        yield where, layers.BatchNormalization(trainable=trainable, **options), (4, 3, 5)
    for options in affine:
        yield f"BatchNormalization({options}) on vectors", layers.BatchNormalization(**options), (6,)
    for number, axes in enumerate((-1, 1, -2, (1, 2), [-1, -2], (3, 1), (1, 2, 3))):
        options = {"axis": axes, "epsilon": (1e-3, 0.25)[number % 2], **affine[number % 4]}
        yield f"LayerNormalization({options})", layers.LayerNormalization(**options), (4, 3, 5)
    yield "LayerNormalization on vectors", layers.LayerNormalization(), (6,)
    for random in (layers.Dropout(0.0), layers.GaussianNoise(0.0)):  # where nothing is drawn
        yield f"{type(random).__name__}(0)", random, (4, 3)


Cases = Callable[[], Iterator[tuple[str, layers.Layer, Shapes]]]
LAYER_CASES: tuple[tuple[str, Cases], ...] = (
    ("Conv2D", convolutions),
    ("MaxPooling2D", poolings),
    ("other layers on images", image_layers),
    ("other layers", other_layers),
    ("merging and reshaping", merging_and_shapes),
    ("normalization", normalizations),
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
            inputs = [Input(s) for s in shape] if isinstance(shape, list) else Input(shape)
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
    for reduction in ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum"):
        yield f"sparse, {reduction}", sparse(reduction=reduction), [layers.Dense(7, "softmax")], []
        yield f"rows, {reduction}", rows(reduction=reduction), [layers.Dense(7, "softmax")], []
    binary = losses.BinaryCrossentropy
    for name, ending in endings(False):
        yield f"mean_squared_error after {name}", losses.MeanSquaredError(), ending, []
        yield f"mean_absolute_error after {name}", losses.MeanAbsoluteError("sum"), ending, []
        yield f"huber after {name}", losses.Huber(0.4), ending, []
        yield f"kl_divergence after {name}", losses.KLDivergence(), ending, []
    probable: list[layers.Layer] = [layers.Dense(7, "sigmoid")]
    for name, ending in [("Dense(sigmoid)", probable), endings(False)[-1]]:
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
            probe.twin.run_eagerly = True  # a graph would cost more than three calls of it
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
    given: tuple[dict[str, Any], ...]
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
            worst = compare_layers(
                cases, dtype, backends, every=7 if quick and cases in (convolutions, poolings) else 1
            )
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
