"""What the page is told: the network, the weights, the sources, and numbers of the same step to check itself by."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers
from scratchnet.errors import ScratchnetError
from scratchnet.explorer import operations
from scratchnet.explorer.contents import contents
from scratchnet.explorer.reference import Reference, checks
from scratchnet.graph.parameters import variable_segments
from scratchnet.models import Model
from scratchnet.typing import Array
from tests.explorer import networks


def batch(model: Model) -> tuple[Array, Array]:
    x = np.divide(np.stack([one.pixels for one in networks.pictures()]), 255, dtype=np.float32)
    shape = [n for n in model.inputs[0].shape[1:] if n is not None]
    labels = np.array([0, 1, 2])
    return x.reshape(3, *shape), labels if "sparse" in model.loss.name else np.eye(4)[labels]


def decoded(array: dict[str, Any]) -> Array:
    numbers = np.frombuffer(base64.b64decode(array["data"]), array["dtype"])
    return numbers.reshape(array["shape"])


@pytest.mark.parametrize("name", sorted({*networks.NETWORKS} - {"chain", "augmented"}))  # which draw anew
def test_the_reference_takes_the_step_that_training_takes(name: str) -> None:
    model = networks.trained(name)
    x, labels = batch(model)
    step = Reference(model).step(x, labels)
    before = {way: array.copy() for way, array in model.params.items()}
    loss = model.train_on_batch(x, labels)
    if not model.layers[-2].regularizers:
        assert loss == pytest.approx(step.loss, rel=1e-5)
    moved = [way for way in model.params if not np.array_equal(before[way], model.params[way])]
    assert moved
    for way in moved:
        layer, weight = way.rsplit("/", 1)
        if model.get_layer(layer).regularizers:
            continue
        np.testing.assert_allclose(model.params[way], step.tensors[f"{layer}:new.{weight}"], rtol=1e-4, atol=2e-6)


def test_the_model_is_left_as_it_is() -> None:
    model = networks.trained("chain")
    before = [array.copy() for array in model.get_weights()]
    iterations, state = model.optimizer.iterations, sn.utils.random.global_state()
    x, _ = batch(model)
    contents(model, networks.pictures(), x, networks.CLASSES, "chain", 255)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    assert (model.optimizer.iterations, sn.utils.random.global_state()) == (iterations, state)


def test_weights_and_moments_are_stored_bit_for_bit() -> None:
    model = networks.trained("chain")
    x, _ = batch(model)
    told = contents(model, networks.pictures(), x, networks.CLASSES, "chain", 255)
    places = variable_segments(model.layers, model.trainable)
    for way, array in model.params.items():
        layer, weight = way.rsplit("/", 1)
        stored = told["weights"][f"{layer}:{weight}"]
        np.testing.assert_array_equal(decoded(stored), array)
        for slot, vector in model.optimizer.slots.items():
            np.testing.assert_array_equal(decoded(stored["slots"][slot]).ravel(), vector[places[way].place])
    assert "norm:moving_mean" in told["weights"]


def test_entries_that_hang_on_a_tie_are_not_compared() -> None:
    sn.utils.set_random_seed(1)
    inputs = layers.Input(shape=(10, 10, 1))
    x = layers.MaxPooling2D(3)(layers.Conv2D(2, 2, name="before")(inputs))
    model = Model(inputs, layers.Dense(4, activation="softmax")(layers.Flatten()(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    pixels = np.full((1, 10, 10, 1), 0.3, np.float32)  # all windows are alike, but for a rounding error
    reference = Reference(model)
    step = reference.step(pixels, np.array([2]))
    found = {one["name"]: one for one in checks(reference, pixels, np.array([2]), step)}
    slopes = step.tensors["before:dy"].ravel()
    paid = set(np.flatnonzero(slopes))
    assert paid
    compared = {index for index, _ in found["before:dy"]["entries"]}
    assert not compared & paid
    assert found["before:dy"]["sum"] is None


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (layers.DepthwiseConv2D(2), "the page has no DepthwiseConv2D"),
        (layers.Conv2D(2, 2, kernel_regularizer="l2"), "regularizer"),
        (layers.Conv2D(2, 2, activation="log_softmax"), "no activation LogSoftmax"),
        (layers.BatchNormalization(axis=1), "channels are not the last axis"),
        (layers.Softmax(axis=1), "another axis"),
    ],
)
def test_a_layer_that_the_page_cannot_compute_is_closed_and_says_why(layer: layers.Layer, reason: str) -> None:
    described = operations.describe(layer(layers.Input(shape=(5, 5, 2))))
    assert reason in described["closed"]


@pytest.mark.parametrize(
    ("optimizer", "reason"),
    [
        (sn.optimizers.RMSprop(), "no RMSprop"),
        (sn.optimizers.Adam(amsgrad=True), "amsgrad"),
        (sn.optimizers.Adam(clipnorm=1.0), "clipnorm"),
        (sn.optimizers.SGD(gradient_accumulation_steps=2), "gradient_accumulation_steps"),
    ],
)
def test_an_optimizer_that_the_page_cannot_compute_is_closed(optimizer: Any, reason: str) -> None:
    assert reason in operations.describe_optimizer(optimizer)["closed"]


def small(loss: Any, ending: str | None = "softmax", **options: Any) -> Model:
    inputs = layers.Input(shape=(9, 9))
    model = Model(inputs, layers.Dense(4, activation=ending)(layers.Flatten()(inputs)))
    model.compile("adam", loss, **options)
    return model


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (lambda: small("mse"), "got MeanSquaredError"),
        (lambda: small("sparse_categorical_crossentropy", "sigmoid"), "takes the logits"),
        (lambda: small(sn.losses.SparseCategoricalCrossentropy(reduction="sum")), "reduction='sum'"),
        (lambda: small("sparse_categorical_crossentropy", loss_weights=2.0), "loss_weights"),
        (lambda: Model(x := layers.Input(shape=(9, 9)), layers.Dense(4)(layers.Flatten()(x))), "never compiled"),
    ],
)
def test_a_loss_that_the_page_has_not_is_refused_in_a_sentence(model: Any, sentence: str) -> None:
    with pytest.raises(ScratchnetError, match="Expected a ") as error:
        operations.describe_loss(model())
    assert sentence in str(error.value)


def test_a_loss_that_is_no_number_is_refused() -> None:
    model = networks.trained("functions")
    model.params["dense/kernel"][...] = np.nan
    x, _ = batch(model)
    with pytest.raises(ScratchnetError, match="finite loss"):
        contents(model, networks.pictures(), x, networks.CLASSES, "functions", 255)


def test_what_changes_images_at_random_is_at_rest_and_the_model_keeps_its_way() -> None:
    model = networks.trained("augmented")
    asked = [tensor.training for tensor in model.graph.tensors]
    told = networks.contents_of("augmented")
    assert [call["closed"] for call in told["calls"]] == [None] * len(told["calls"])
    reference = Reference(model)
    x = np.random.default_rng(0).random((2, 9, 9, 1))
    step = reference.step(x, np.eye(4)[:2])
    np.testing.assert_array_equal(step.tensors["random_translation:y"], x)
    assert [tensor.training for tensor in model.graph.tensors] == asked


def test_a_layer_that_changes_images_whatever_the_mode_is_closed() -> None:
    described = operations.describe(layers.RandomFlip()(layers.Input(shape=(5, 5, 2)), training=True))
    assert "called with training=True" in described["closed"]
