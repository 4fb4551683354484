"""Twins: every model there and back, with all it knows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs the `keras` extra")
pytest.importorskip("keras", reason="needs the `keras` extra")

import scratchnet
from reference import recipes
from reference.environment import floatx, keras
from scratchnet import Input, Model, Sequential, interop, layers, losses, optimizers, schedules


def branching(activation: str | None = "softmax") -> Model:
    inputs = Input((6, 6, 2))
    x = layers.Conv2D(3, 3, padding="same", activation="relu")(inputs)
    shared = layers.Conv2D(3, (1, 2), padding="same", use_bias=False, kernel_initializer="he_normal")
    x = shared(x) + shared(shared(x))
    x = layers.Flatten()(layers.MaxPooling2D(2)(x))
    return Model(inputs, layers.Dense(4, activation)(x), name="branching")


def batch(model: Model, n: int = 8) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    shape = [size for size in model.inputs[0].shape[1:] if size is not None]
    return generator.standard_normal((n, *shape)), generator.integers(0, model.output_shape[-1], n)


@pytest.mark.parametrize("make", [branching, scratchnet.architectures.mlp, scratchnet.architectures.cnn])
def test_the_twin_predicts_the_same(make) -> None:
    with floatx("float64"):
        model = make()
        x, _ = batch(model)
        np.testing.assert_allclose(interop.to_keras(model).predict(x, verbose=0), model.predict(x), rtol=1e-10)


def test_a_twin_shares_no_memory_with_its_model() -> None:
    model = branching()
    twin = interop.to_keras(model)
    before = [w.copy() for w in twin.get_weights()]
    model.set_weights([w + 1 for w in model.get_weights()])
    assert all(np.array_equal(a, b) for a, b in zip(before, twin.get_weights()))


def test_there_and_back_keeps_layers_names_configurations_and_weights() -> None:
    model = branching()
    model.get_layer("conv2d").trainable = False
    copy = interop.from_keras(interop.to_keras(model))
    assert [layer.get_config() for layer in copy.layers] == [layer.get_config() for layer in model.layers]
    assert all(np.array_equal(a, b) for a, b in zip(copy.get_weights(), model.get_weights()))
    assert copy.name == "branching"
    assert len({id(layer) for layer in copy.layers}) == len(model.layers)
    assert not copy.get_layer("conv2d").trainable


def test_sequential_models_stay_sequential_and_unbuilt_ones_unbuilt() -> None:
    built = Sequential([Input((3,)), layers.Dense(2)], name="built")
    unbuilt = Sequential([layers.Dense(2, kernel_initializer=scratchnet.initializers.GlorotUniform(seed=4))])
    for model in (built, unbuilt):
        twin = interop.to_keras(model)
        copy = interop.from_keras(twin)
        assert isinstance(twin, keras.Sequential)
        assert isinstance(copy, Sequential)
        assert twin.built == copy.built == model.built
        assert copy.layers[0].get_config() == model.layers[0].get_config()
    np.testing.assert_allclose(
        interop.to_keras(built).predict(np.ones((1, 3)), verbose=0), built.predict(np.ones((1, 3))), rtol=1e-6
    )


def test_several_inputs_and_outputs_keep_their_order() -> None:
    a, b = Input((2,), name="a"), Input((3,), name="b")
    model = Model([b, a], [layers.Dense(4, name="first")(a), layers.Dense(5, name="second")(b)])
    x = [np.ones((2, 3)), np.full((2, 2), 2.0)]
    for ours, theirs in zip(model.predict(x), interop.to_keras(model).predict(x, verbose=0)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert [t.layer.name for t in interop.from_keras(interop.to_keras(model)).inputs] == ["b", "a"]


OPTIMIZERS = [
    lambda: optimizers.Adam(0.01, beta_1=0.5, beta_2=0.75, epsilon=1e-5),  # betas that float32 holds exactly
    lambda: optimizers.SGD(0.05),
    lambda: optimizers.SGD(0.05, momentum=0.5, nesterov=True),
    lambda: optimizers.SGD(0.05, momentum=0.5, weight_decay=0.25),
    lambda: optimizers.SGD(schedules.ExponentialDecay(0.5, 2, 0.5)),
]


@pytest.mark.parametrize("make", OPTIMIZERS)
@pytest.mark.parametrize("way", ["to_keras", "from_keras"])
def test_the_optimizers_state_goes_along(make, way) -> None:
    with floatx("float64"):
        model = Sequential([Input((5,)), layers.Dense(4, "tanh", trainable=False), layers.Dense(3, "softmax")])
        model.compile(make(), "sparse_categorical_crossentropy", metrics=["accuracy"])
        x, y = batch(model)
        for _ in range(3):
            model.train_on_batch(x, y)
        twin = interop.to_keras(model)
        after = twin if way == "to_keras" else interop.from_keras(twin)
        for _ in range(3):
            expected, found = model.train_on_batch(x, y), after.train_on_batch(x, y)
        np.testing.assert_allclose(found, expected, rtol=1e-7)
        for a, b in zip(after.get_weights(), model.get_weights()):
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)


def test_what_keras_compiled_is_understood() -> None:
    twin = interop.to_keras(branching(activation=None), compile=False)
    twin.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 7)),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(2, name="top2")],
    )
    model = interop.from_keras(twin)
    assert isinstance(model.optimizer, optimizers.Adam)
    assert model.optimizer.get_config()["learning_rate"]["class_name"] == "CosineDecay"
    assert isinstance(model.loss, losses.CategoricalCrossentropy)
    assert model.loss.from_logits
    assert [(m.name, getattr(m, "k", None)) for m in model.metrics] == [("accuracy", None), ("top2", 2)]


def test_a_learning_rate_that_keras_rounded_to_float32_comes_back_as_it_was_written() -> None:
    twin = interop.to_keras(branching(), compile=False)
    twin.compile(optimizer="adam", loss="mse")
    assert interop.from_keras(twin).optimizer.learning_rate == 0.001


PLAIN_KERAS = """
import sys, numpy, keras
model = keras.models.load_model(sys.argv[1])
numpy.save(sys.argv[2], model.predict(numpy.load(sys.argv[3]), verbose=0))
assert model.optimizer.iterations == 2
assert not any(name.split(".")[0] in ("scratchnet", "reference") for name in sys.modules)
"""


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
def test_a_saved_twin_opens_in_plain_keras_and_predicts_the_same(tmp_path: Path) -> None:
    model = branching()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = batch(model)
    model.train_on_batch(x, y)
    model.train_on_batch(x, y)
    np.save(tmp_path / "x.npy", x)
    interop.to_keras(model).save(tmp_path / "model.keras")
    files = [str(tmp_path / name) for name in ("model.keras", "y.npy", "x.npy")]
    subprocess.run([sys.executable, "-c", PLAIN_KERAS, *files], check=True, cwd=tmp_path, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), model.predict(x), rtol=1e-5)


# What has no twin ------------------------------------------------------------------------------------------------


class Doubled(layers.Layer):
    def forward(self, x, training=False):
        return 2 * x

    def backward(self, dy):
        return 2 * dy


class Softplus(scratchnet.activations.ActivationFunction):
    name = "softplus"


class Constant(scratchnet.initializers.Initializer):
    def __call__(self, shape, dtype):
        return np.full(shape, 0.5, dtype)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (lambda: Doubled(name="mine"), "'mine' is a Doubled"),
        (lambda: layers.Dense(2, Softplus(), name="odd"), "'odd' has the activation"),
        (
            lambda: layers.Dense(2, kernel_initializer=Constant(), name="half"),
            "'half' has a kernel_initializer of your own, Constant",
        ),
    ],
)
def test_to_keras_names_the_first_layer_that_keras_lacks(layer, said) -> None:
    inputs = Input((2,))
    x = layers.Dense(2)(inputs)
    model = Model(inputs, Doubled(name="later")(layer()(x)))
    with pytest.raises(ValueError, match=said):
        interop.to_keras(model)


def test_a_subclass_that_only_changes_the_gradient_is_what_it_inherits_from() -> None:
    class Clipped(layers.Dense):
        def backward(self, dy):
            return super().backward(np.clip(dy, -1, 1))

    inputs = Input((2,))
    twin = interop.to_keras(Model(inputs, Clipped(3)(inputs)))
    assert type(twin.layers[-1]) is keras.layers.Dense


class Zeros(keras.initializers.Zeros):
    pass


def keras_model(*ending) -> keras.Model:
    inputs = keras.Input((4, 4, 2))
    x = keras.layers.Conv2D(2, 1, name="fine")(inputs)
    for layer in ending:
        x = layer(x)
    return keras.Model(inputs, x)


K = keras.layers


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (lambda: K.AlphaDropout(0.5, name="drop"), "'drop' is a AlphaDropout, which scratchnet does not have"),
        (lambda: K.UnitNormalization(name="norm"), "'norm' is a UnitNormalization"),
        (lambda: lambda x: x + x, "the operation 'add'.*which is no layer"),
        (lambda: K.Conv2D(2, 1, activation="mish", name="smooth"), "'smooth' has the activation 'mish'"),
        (lambda: K.Conv2D(2, 1, activation=K.ReLU(), name="object"), "'object' has the activation 'ReLU'"),
        (lambda: K.Conv2D(2, 1, kernel_initializer=Zeros(), name="o"), "'o' has the kernel_initializer 'Zeros'"),
        (lambda: K.Embedding(3, 2, mask_zero=True, name="masked"), "mask_zero of Embedding expected False"),
        (lambda: K.Softmax(axis=[1, 2], name="two"), "'two' has axis="),
        (lambda: K.Rescaling([1.0, 2.0], name="each"), "'each' has scale="),
        (lambda: K.BatchNormalization(renorm=True, name="again"), "'again'.* has renorm=True"),
        (lambda: K.Dense(2, dtype="mixed_float16", name="half"), "'half' computes in 'mixed_float16'"),
        (lambda: K.MaxPooling2D(data_format="channels_first", name="cf"), "'cf'.* has data_format="),
    ],
)
def test_from_keras_names_the_first_layer_that_scratchnet_lacks(layer, said) -> None:
    with pytest.raises(ValueError, match=said):
        interop.from_keras(keras_model(layer(), K.AlphaDropout(0.1, name="later")))


def test_from_keras_refuses_what_is_no_graph() -> None:
    class Own(keras.Model):
        pass

    with pytest.raises(TypeError, match="expected a functional or Sequential Keras model, got a Own"):
        interop.from_keras(Own())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"optimizer": "nadam", "loss": "mse"}, "the optimizer Nadam"),
        ({"optimizer": keras.optimizers.Adam(loss_scale_factor=2.0), "loss": "mse"}, "loss_scale_factor=2.0"),
        ({"optimizer": "sgd", "loss": "hinge"}, "the loss hinge"),
        ({"optimizer": "sgd", "loss": "mse", "metrics": ["mape"]}, "the metric mape"),
    ],
)
def test_from_keras_names_what_compile_set_and_scratchnet_lacks(settings, said) -> None:
    twin = keras_model()
    twin.compile(**settings)
    with pytest.raises(ValueError, match=said):
        interop.from_keras(twin)
    assert interop.from_keras(twin, compile=False).loss is None


def test_to_keras_names_what_compile_set_and_keras_lacks() -> None:
    class Mine(losses.MeanSquaredError):
        pass

    model = branching()
    model.compile("sgd", Mine())
    with pytest.raises(ValueError, match="the loss Mine, which Keras does not have"):
        interop.to_keras(model)
    assert not interop.to_keras(model, compile=False).compiled


def test_calls_of_a_shared_layer_outside_the_graph_do_no_harm() -> None:
    recipe = recipes.Recipe(
        inputs=[(3,)],
        layers=[("Dense", {"units": 3}), ("ReLU", {})],
        calls=[(0, (0,)), (1, (1,)), (0, (2,)), (1, (3,)), (0, (0,))],
        outputs=[5],
    )
    ours, theirs = recipes.build_both(recipe)
    x = np.ones((2, 3), np.float32)
    np.testing.assert_allclose(interop.to_keras(ours).predict(x, verbose=0), ours.predict(x), rtol=1e-6)
    np.testing.assert_allclose(interop.from_keras(theirs).predict(x), theirs.predict(x, verbose=0), rtol=1e-6)
