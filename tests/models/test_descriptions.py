"""What models are made from: get_config, JSON, compile settings, and other models."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any, ClassVar

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers, models

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


class Block(sn.Layer):
    """Layers inside, one of which may be frozen by itself."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.inner = layers.Dense(units)

    def build(self, input_shape: Any) -> None:
        self.inner.build_once(input_shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)

    def forward(self, x: Any, training: bool = False) -> Any:
        return self.inner.forward(x)

    def backward(self, dy: Any) -> Any:
        return self.inner.backward(dy)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


class Leaky(sn.activations.ActivationFunction):
    name: ClassVar[str] = "leaky"

    def __init__(self, slope: float = 0.1) -> None:
        self.slope = slope

    def forward(self, x: Any) -> Any:
        return np.where(x > 0, x, self.slope * x).astype(x.dtype)

    def backward(self, dy: Any, y: Any) -> Any:
        return np.where(y > 0, dy, self.slope * dy).astype(dy.dtype)

    def get_config(self) -> dict[str, Any]:
        return {"slope": self.slope}


CUSTOM = {"Block": Block, "Leaky": Leaky}


def chain() -> Any:
    model = sn.Sequential(
        [
            sn.Input((4,), name="in"),
            Block(5, name="block"),
            layers.BatchNormalization(name="norm"),
            layers.Dense(3, activation=Leaky(0.3), name="last"),
        ],
        name="chain",
    )
    model.layers[0].inner.trainable = False
    model.layers[1].trainable = False
    return model


def graph() -> Any:
    left, right = sn.Input((4,), name="left"), sn.Input((4,), name="right")
    shared = layers.Dense(4, activation="tanh", name="shared")
    both = layers.Add(name="both")([shared(shared(left)), shared(right)])
    return sn.Model([left, right], [layers.Dense(2, name="top")(both), both], name="graph")


def waiting() -> Any:
    return sn.Sequential([layers.Dense(3, name="first"), layers.Dense(2, name="second")], name="waiting")


def nested() -> Any:
    inputs = sn.Input((4,), name="in")
    inner = chain()
    return sn.Model(inputs, layers.Dense(2, name="top")(inner(inputs, training=False)), name="nested")


MODELS = {"nested": nested, "chain": chain, "graph": graph, "waiting": waiting}
WAYS = {
    "from_config": lambda model: type(model).from_config(model.get_config(), CUSTOM),
    "from JSON": lambda model: models.model_from_json(model.to_json(), CUSTOM),
    "clone_model": models.clone_model,
}


def inputs_of(model: Any) -> Any:
    return [X] * len(model.inputs) if len(model.inputs) > 1 else X


def outputs_of(model: Any) -> list[Any]:
    outputs = model.predict(inputs_of(model), verbose=0)
    return outputs if isinstance(outputs, list) else [outputs]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("which", MODELS)
def test_an_equal_model_with_weights_of_its_own(which: str, way: str) -> None:
    model = MODELS[which]()
    before = model.get_config()
    twin = WAYS[way](model)
    assert type(twin) is type(model)
    assert twin.get_config() == model.get_config() == before
    assert twin.built == model.built
    assert not twin.compiled
    for m in (model, twin):
        if not m.built:
            m.build((None, 4))
    assert [w.path for w in twin.trainable_weights] == [w.path for w in model.trainable_weights]
    assert [w.path for w in twin.weights] == [w.path for w in model.weights]
    kernels = [(a, b) for a, b in zip(twin.get_weights(), model.get_weights()) if a.ndim > 1]
    assert not any(np.array_equal(a, b) for a, b in kernels)  # drawn anew
    twin.set_weights(model.get_weights())
    for y, expected in zip(outputs_of(twin), outputs_of(model), strict=True):
        np.testing.assert_array_equal(y, expected)
    assert twin.input_shape == model.input_shape
    assert twin._single_output == model._single_output


def test_the_configuration_is_json_and_nobody_elses() -> None:
    model = chain()
    config = model.get_config()
    assert json.loads(json.dumps(config)) == config
    config["layers"][1]["config"]["units"] = 9
    assert model.layers[0].units == 5
    text = model.to_json(indent=2)
    assert json.loads(text)["class"] == "Sequential"
    assert "\n  " in text


def test_a_sequential_model_with_an_input_and_no_layer_keeps_its_input() -> None:
    twin = sn.Sequential.from_config(sn.Sequential([sn.Input((4,))]).get_config())
    twin.add(layers.Dense(2))
    assert twin.input_shape == (None, 4)


def test_a_refusal_leaves_seed_and_names_as_they_were() -> None:
    model, text = chain(), chain().to_json()

    def drawn_after(refused: Any) -> tuple[str, Any]:
        sn.utils.set_random_seed(3)
        sn.utils.clear_session()
        with pytest.raises(ValueError, match=r"custom_objects|same") if refused else contextlib.nullcontext():
            refused and refused()
        layer = layers.Dense(2)
        layer.build((None, 3))
        return layer.name, layer.get_weights()[0].tolist()

    for refused in (
        lambda: models.model_from_json(text),
        lambda: sn.Sequential.from_config(json.loads(text)),
        lambda: models.clone_model(model, clone_function=lambda layer: layers.Dense(5, name="same")),
    ):
        assert drawn_after(refused) == drawn_after(None)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: models.model_from_json("x"), "expected JSON, got 'x'"),
        (lambda: models.model_from_json("{}"), "what model.to_json"),
        (lambda: models.model_from_json('{"class_name": "Sequential", "config": {}}'), "of scratchnet returns"),
        (lambda: models.model_from_json(chain().to_json()), 'custom_objects={"Block": Block}'),
        (lambda: sn.Model.from_config(chain().get_config()), "Model.from_config expected"),
        (lambda: sn.Sequential.from_config(graph().get_config()), "Sequential.from_config expected"),
        (lambda: sn.Model.from_config({}), "Model.from_config expected"),
        (lambda: sn.Sequential.from_config({"name": "s", "layers": [{}]}), "makes no sense"),
        (lambda: models.clone_model(graph(), sn.Input((4,))), "expected 2 of them, got 1"),
        (lambda: chain().compile_from_config({"optimizer": "adam"}), "what get_compile_config returns"),
    ],
)
def test_what_makes_no_model_is_refused_in_a_sentence(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match="(?s)" + message.replace("{", r"\{")):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: models.clone_model(layers.Dense(3)), "clone_model expected a Model"),
        (lambda: models.clone_model(chain(), X), "what Input"),
        (lambda: models.clone_model(chain(), clone_function=lambda layer: None), "expected to return a layer"),
        (lambda: sn.Sequential.from_config(chain().get_config(), {"Block": Block(5)}), "the class itself for 'Block'"),
    ],
)
def test_the_wrong_kind_of_thing_is_refused(make: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


# Clones -------------------------------------------------------------------------------------------------------------


def test_a_clone_begins_with_the_tensors_given() -> None:
    mine = sn.Input((4,), name="mine")
    clone = models.clone_model(chain(), mine)
    assert clone.inputs == [mine]
    assert clone.get_layer("block").input is mine
    left, right = sn.Input((4,), name="a"), sn.Input((4,), name="b")
    clone = models.clone_model(graph(), [left, right])
    assert clone.inputs == [left, right]
    assert [layer.name for layer in clone.layers if isinstance(layer, layers.InputLayer)] == ["a", "b"]
    assert models.clone_model(waiting(), sn.Input((4,))).built


def test_the_clone_function_sees_every_layer_but_the_inputs() -> None:
    model, seen = graph(), []

    def thinner(layer: Any) -> Any:
        seen.append(layer.name)
        return layers.Dense(4, use_bias=False, name=layer.name) if layer.name == "shared" else layer

    clone = models.clone_model(model, clone_function=thinner)
    assert sorted(seen) == ["both", "shared", "top"]
    assert clone.get_layer("top") is model.get_layer("top")  # shared with the model
    assert clone.get_layer("shared").bias is None
    assert model.get_layer("shared").bias is not None


def test_a_clone_is_compiled_like_the_model_and_begins_afresh() -> None:
    model = chain()
    optimizer = sn.optimizers.AdamW(0.25, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[model.get_layer("last").bias])
    model.compile(optimizer, "sparse_categorical_crossentropy", ["accuracy"])
    model.fit(X, np.arange(6) % 3, epochs=2, verbose=0)
    clone = models.clone_model(model)
    assert clone.compiled
    assert clone.optimizer is not optimizer
    assert clone.optimizer.get_config() == optimizer.get_config()
    assert (clone.optimizer.iterations, optimizer.iterations) == (0, 2)
    assert clone.loss is not model.loss
    assert clone.metrics_names == model.metrics_names
    twin = copy.deepcopy(clone)
    assert clone.fit(X, np.arange(6) % 3, verbose=0).history == twin.fit(X, np.arange(6) % 3, verbose=0).history


# Compile settings ---------------------------------------------------------------------------------------------------


def test_compile_settings_come_back() -> None:
    model = chain()
    assert model.get_compile_config() is None
    model.compile(sn.optimizers.SGD(0.5, momentum=0.9), sn.losses.Huber(2.0), ["mae"])
    model.fit(X, X[:, :3], verbose=0)
    config = json.loads(json.dumps(model.get_compile_config()))
    other = models.clone_model(chain())
    other.compile_from_config(config)
    assert (other.optimizer.momentum, other.loss.delta, other.metrics_names) == (0.9, 2.0, ["loss", "mae"])
    assert other.optimizer.iterations == 0


def test_a_batch_is_predicted_as_by_predict() -> None:
    model = chain()
    np.testing.assert_array_equal(model.predict_on_batch(X), model.predict(X, verbose=0))
