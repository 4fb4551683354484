"""Losses on arrays, with more axes too, against Keras: value and gradient."""

from __future__ import annotations

import numpy as np
import pytest

import scratchnet
from reference.environment import floatx, keras, tf
from scratchnet import losses, metrics
from scratchnet.interop.twin_training import loss_to_keras

ROWS = (losses.CategoricalCrossentropy, losses.KLDivergence)
CASES = [
    losses.SparseCategoricalCrossentropy(),
    losses.SparseCategoricalCrossentropy(True),
    losses.SparseCategoricalCrossentropy(True, reduction="sum"),
    losses.SparseCategoricalCrossentropy(False, 1),
    losses.SparseCategoricalCrossentropy(True, 0),
    losses.SparseCategoricalCrossentropy(True, 2, "sum"),
    losses.CategoricalCrossentropy(),
    losses.CategoricalCrossentropy(False, 0.1),
    losses.CategoricalCrossentropy(True, 0.3),
    losses.CategoricalCrossentropy(True, reduction="sum"),
    losses.CategoricalCrossentropy(True, reduction="mean_with_sample_weight"),
    losses.BinaryCrossentropy(),
    losses.BinaryCrossentropy(True),
    losses.BinaryCrossentropy(False, 0.2),
    losses.BinaryCrossentropy(True, 0.2, reduction="sum"),
    losses.KLDivergence(),
    losses.KLDivergence("sum"),
    losses.MeanSquaredError(),
    losses.MeanSquaredError("sum"),
    losses.MeanSquaredError("mean"),
    losses.MeanSquaredError("mean_with_sample_weight"),
    losses.MeanAbsoluteError(),
    losses.Huber(),
    losses.Huber(0.3, "sum"),
]


def batch(loss, shape, dtype, rng):
    y_pred = rng.normal(0, 2, shape)
    if not loss.from_logits and not isinstance(loss, (losses.MeanSquaredError, losses.MeanAbsoluteError, losses.Huber)):
        y_pred = rng.uniform(0.01, 1, shape)
        y_pred.flat[:3] = 0, 1, 1e-9  # what is cut
    y_true = rng.normal(size=shape)
    if isinstance(loss, losses.SparseCategoricalCrossentropy):
        return rng.integers(0, shape[-1], shape[:-1]), y_pred.astype(dtype)
    if isinstance(loss, ROWS):
        y_true = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
    if isinstance(loss, losses.BinaryCrossentropy):
        y_true = rng.integers(0, 2, shape)
    return y_true.astype(dtype), y_pred.astype(dtype)


@pytest.mark.parametrize("loss", CASES, ids=lambda loss: f"{type(loss).__name__}{list(loss.get_config().values())}")
@pytest.mark.parametrize("shape", [(6, 5), (3, 4, 5), (2, 3, 2, 4)])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-5)])
def test_value_and_gradient_are_those_of_keras(loss, shape, dtype, tolerance, rng):
    y_true, y_pred = batch(loss, shape, dtype, rng)
    with floatx(dtype):
        twin = loss_to_keras(loss, dtype)
        for weight in [None, rng.uniform(0, 2, shape[0]).astype(dtype)]:
            # Keras takes a weight for each place; of one for each sample it makes something else with more axes.
            column = [1] * (len(shape) - 2)
            places = None if weight is None else np.broadcast_to(weight.reshape(-1, *column), shape[:-1])
            x = tf.constant(y_pred)
            with tf.GradientTape() as tape:
                tape.watch(x)
                value = twin(y_true, x, sample_weight=places)
            ours = loss.forward(y_true, y_pred, weight)
            np.testing.assert_allclose(ours, value.numpy(), rtol=tolerance, atol=tolerance)
            theirs = tape.gradient(value, x).numpy()
            np.testing.assert_allclose(loss.backward(), theirs, rtol=tolerance, atol=tolerance * np.abs(theirs).max())


@pytest.mark.parametrize("loss", CASES[::2], ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("reduction", ["none", "mean", "mean_with_sample_weight", "sum"])
def test_calls_with_every_kind_of_weight_are_those_of_keras(loss, reduction, rng):
    loss = type(loss)(**loss.get_config() | {"reduction": reduction})
    y_true, y_pred = batch(loss, (3, 4, 5), "float64", rng)
    with floatx("float64"):
        twin = loss_to_keras(loss, "float64")
        for weight in (None, 2.5, rng.uniform(0, 2, (3, 1)), rng.uniform(0, 2, (3, 4)), rng.uniform(0, 2, (3, 4, 1))):
            if reduction == "mean_with_sample_weight" and np.size(weight) in (1, 3):
                continue  # Keras divides by the sum of the numbers given, not of those that they stand for
            theirs = twin(y_true, y_pred, sample_weight=weight).numpy()
            np.testing.assert_allclose(loss(y_true, y_pred, weight), theirs, rtol=1e-10)


@pytest.mark.parametrize("name", [function.__name__ for function in losses.values.FUNCTIONS])
def test_functions_are_those_of_keras(name, rng):
    loss = losses.get(name)
    options = [{}, {"from_logits": True}] if "crossentropy" in name else [{}]
    y_true, y_pred = batch(loss, (3, 4, 5), "float64", rng)
    with floatx("float64"):
        for extra in options:
            theirs = getattr(keras.losses, name)(y_true, y_pred, **extra).numpy()
            np.testing.assert_allclose(getattr(losses, name)(y_true, y_pred, **extra), theirs, rtol=1e-10, atol=1e-10)
            if "sparse" not in name:
                theirs = getattr(keras.losses, name)(y_true[0, 0], y_pred[0, 0], **extra).numpy()
                assert getattr(losses, name)(y_true[0, 0], y_pred[0, 0], **extra) == pytest.approx(theirs, rel=1e-10)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_names_mean_the_losses_of_keras(name):
    mine, theirs = losses.get(name), keras.losses.get(name)
    y_true = np.array([[0.0, 1], [1, 0]])
    if isinstance(mine, losses.SparseCategoricalCrossentropy):
        y_true = y_true.argmax(axis=1)
    y_pred = np.array([[0.3, 0.7], [0.6, 0.4]])
    assert mine(y_true, y_pred) == pytest.approx(float(np.mean(theirs(y_true, y_pred))), rel=1e-6)


@pytest.mark.parametrize("name", ["MeanSquaredError", "MeanAbsoluteError", "Precision", "Recall", "AUC"])
@pytest.mark.parametrize("shape", [(40,), (40, 1), (40, 3), (10, 4, 2)])
def test_metrics_are_those_of_keras(name, shape, rng):
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    assert ours.better == {"up": "max", "down": "min"}[theirs._direction]
    for _ in range(3):
        y, p = rng.integers(0, 2, shape), rng.integers(0, 100, shape).astype("float32") / 99
        ours.update_state(y, p)
        theirs.update_state(y, p)
        np.testing.assert_allclose(ours.result(), theirs.result().numpy(), rtol=1e-5)


ARGUMENTS = [
    *[
        (name, options)
        for name in ("Precision", "Recall")
        for options in (
            {"thresholds": [0.2, 0.7]},
            {"top_k": 2},
            {"class_id": 1},
            {"class_id": 2, "top_k": 1},
            {"thresholds": 0.4, "top_k": 2},
        )
    ],
    *[
        ("AUC", {"curve": curve, "summation_method": method, "num_thresholds": 9})
        for curve in ("ROC", "PR")
        for method in ("interpolation", "minoring", "majoring")
    ],
    *[
        ("AUC", {"curve": curve, "multi_label": True, **more})
        for curve in ("ROC", "PR")
        for more in ({}, {"num_labels": 3, "label_weights": [1.0, 0.5, 2.0]})
    ],
    ("AUC", {"label_weights": [1.0, 0.5, 2.0]}),
    ("AUC", {"thresholds": [0.1, 0.35, 0.8]}),
    ("AUC", {"from_logits": True}),
    ("BinaryAccuracy", {"threshold": 0.3}),
    ("MeanSquaredError", {}),
    ("MeanAbsoluteError", {}),
]


@pytest.mark.parametrize(("name", "options"), ARGUMENTS, ids=str)
@pytest.mark.parametrize("weighted", ["no weights", "samples", "outputs"])
def test_arguments_and_weights_of_metrics_mean_what_they_mean_in_keras(name, options, weighted, rng):
    ours, theirs = getattr(metrics, name)(**options), getattr(keras.metrics, name)(**options)
    for _ in range(2):
        y, p = rng.integers(0, 2, (20, 3)), rng.random((20, 3), "float32")
        p = p * 8 - 4 if options.get("from_logits") else p
        weight = {"no weights": None, "samples": rng.uniform(0, 2, 20), "outputs": rng.uniform(0, 2, (20, 3))}[weighted]
        if weighted == "outputs" and (name.startswith("Mean") or "class_id" in options or options.get("multi_label")):
            return  # Keras has no such weights
        ours.update_state(y, p, weight)
        theirs.update_state(y, p, sample_weight=weight)
        np.testing.assert_allclose(ours.result(), theirs.result().numpy(), rtol=1e-5)


@pytest.mark.parametrize("name", [function.__name__ for function in metrics.values.FUNCTIONS])
def test_metrics_as_functions_are_those_of_keras(name, rng):
    y, p = rng.integers(0, 6, (5, 4)), rng.random((5, 4, 6), "float32")
    y = y if "sparse" in name else np.eye(6, dtype="float32")[y]
    np.testing.assert_allclose(getattr(metrics, name)(y, p), getattr(keras.metrics, name)(y, p).numpy(), rtol=1e-6)
    if not ("sparse" in name or "top_k" in name):  # TensorFlow has these for samples only
        ours, theirs = (getattr(library, name)(y[0, 0], p[0, 0]) for library in (metrics, keras.metrics))
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-6)


@pytest.mark.parametrize("from_logits", [False, True])
def test_a_model_trained_with_places_that_do_not_count_is_keras_s(from_logits, rng):
    """Evaluation too, which has to go batch by batch: the mean over the places that count is no mean over samples."""
    activation = None if from_logits else "softmax"
    x, labels = rng.normal(size=(21, 2, 4)), rng.integers(-1, 3, (21, 2))
    labels[:8] = -1  # a whole batch without a label
    with floatx("float64"):
        models = [
            library.Sequential([library.Input((2, 4)), library.layers.Dense(3, activation, name="d")])
            for library in (scratchnet, keras)
        ]
        models[1].set_weights(models[0].get_weights())
        logs = []
        for library, model in zip((scratchnet, keras), models):
            model.compile(
                library.optimizers.SGD(0.5), library.losses.SparseCategoricalCrossentropy(from_logits, ignore_class=-1)
            )
            logs.append(model.fit(x, labels, 8, 2, 0, shuffle=False).history["loss"])
            logs[-1].append(model.evaluate(x, labels, batch_size=8, verbose=0))
    np.testing.assert_allclose(*logs, rtol=1e-10)
    for ours, theirs in zip(*(model.get_weights() for model in models)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)
