"""What a layer keeps: parameters, variables that are not trained, layers inside it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet import layers
from scratchnet.initializers import Initializer

X = np.random.default_rng(0).normal(size=(40, 5)).astype("float32")
Y = np.arange(40) % 3


class Centre(sn.Layer):
    """Takes a running mean off, which lives where it belongs."""

    def build(self, input_shape: Any) -> None:
        self.add_weight("mean", (input_shape[-1],), "zeros", trainable=False)
        self.add_weight("scale", (input_shape[-1],), "ones")

    def forward(self, x: Any, training: bool = False) -> Any:
        mean = self.non_trainable["mean"]
        if training:
            mean += 0.1 * (x.mean(axis=0) - mean)
        self.centred = x - mean
        return self.centred * self.params["scale"]

    def backward(self, dy: Any) -> Any:
        self.grads["scale"][...] = (dy * self.centred).sum(axis=0)
        return dy * self.params["scale"]


class Block(sn.Layer):
    """Dense layers in a list, and one in a dictionary."""

    def __init__(self, depth: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.depth = depth
        self.blocks = [layers.Dense(4, activation="tanh") for _ in range(depth)]
        self.heads = {"out": layers.Dense(3)}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "depth": self.depth}

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], 3)

    def forward(self, x: Any, training: bool = False) -> Any:
        for block in self.blocks:
            x = block(x, training)
        return self.heads["out"](x, training)

    def backward(self, dy: Any) -> Any:
        dy = self.heads["out"].backward(dy)
        for block in reversed(self.blocks):
            dy = block.backward(dy)
        return dy


def model_with(layer: sn.Layer) -> sn.Model:
    model = sn.Sequential([sn.Input((5,)), layer, layers.Dense(3, activation="softmax", name="last")])
    model.compile(sn.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    return model


def moved(model: sn.Model) -> dict[str, bool]:
    before = {name: array.copy() for name, array in model.named_weights.items()}
    model.fit(X, Y, verbose=0)
    return {name: bool((array != before[name]).any()) for name, array in model.named_weights.items()}


def test_what_is_not_trained_comes_after_what_is_as_in_keras(backend: str) -> None:
    model = model_with(Centre(name="c"))
    assert [w.shape for w in model.get_weights()] == [(5,), (5,), (5, 3), (3,)]
    assert list(model.named_weights) == ["c/scale", "c/mean", "last/kernel", "last/bias"]
    assert list(model.params) == ["c/scale", "last/kernel", "last/bias"]
    assert list(model.non_trainable) == ["c/mean"]
    assert model.count_params() == 5 + 5 + 15 + 3


def test_the_summary_counts_it_as_non_trainable(capsys: Any) -> None:
    model = sn.Sequential([sn.Input((5,)), Centre(), layers.Dense(3)])
    model.summary()
    shown = capsys.readouterr().out
    assert "Total params: 28 " in shown
    assert "Trainable params: 23 " in shown
    assert "Non-trainable params: 5 " in shown


def test_forward_moves_it_and_the_optimizer_does_not(backend: str) -> None:
    model = model_with(Centre(name="c"))
    model.layers[0].trainable = False
    assert moved(model) == {"c/scale": False, "c/mean": True, "last/kernel": True, "last/bias": True}


def test_a_layer_used_twice_has_one_running_mean(backend: str) -> None:
    centre, inputs = Centre(), sn.Input((5,))
    model = sn.Model(inputs, centre(centre(inputs)))
    model(np.ones((4, 5)), training=True)  # the mean goes to 0.1, then 0.1 of the way to 0.9
    np.testing.assert_allclose(centre.non_trainable["mean"], 0.18, rtol=1e-6)


def test_layers_inside_are_listed_counted_and_trained(backend: str) -> None:
    model = model_with(Block(name="b"))
    inside = ["b/blocks/0/kernel", "b/blocks/0/bias", "b/blocks/1/kernel", "b/blocks/1/bias"]
    assert list(model.params) == [*inside, "b/heads/out/kernel", "b/heads/out/bias", "last/kernel", "last/bias"]
    assert model.count_params() == 5 * 4 + 4 + 4 * 4 + 4 + 4 * 3 + 3 + 3 * 3 + 3
    assert len(model.segments) == 1  # one flat vector
    assert all(moved(model).values())


def test_layers_inside_are_frozen_with_the_layer_or_by_themselves(backend: str) -> None:
    model = model_with(Block(name="b"))
    block = model.layers[0]
    block.trainable = False
    assert {name for name, has in moved(model).items() if has} == {"last/kernel", "last/bias"}
    block.trainable = True
    block.blocks[0].trainable = False
    assert {name for name, has in moved(model).items() if not has} == {"b/blocks/0/kernel", "b/blocks/0/bias"}


def test_a_layer_inside_a_layer_inside_a_layer(backend: str) -> None:
    class Outer(Block):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.blocks = [Block(name="inner")]  # type: ignore[list-item]

    model = model_with(Outer(name="o"))
    assert "o/blocks/0/heads/out/kernel" in model.params
    assert all(moved(model).values())


def test_gradients_of_layers_inside_are_right(backend: str) -> None:
    report = sn.gradient_check.check_layer(Block(), (4, 5), backend=backend)
    assert report.passed, str(report)
    assert {t.name for t in report.tensors} >= {"blocks/0/dkernel", "heads/out/dbias"}


def test_layers_inside_share_nothing_between_two_places(backend: str) -> None:
    class Same(Block):
        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.heads = {"out": layers.Dense(5)}

    inputs, block = sn.Input((5,)), Same()
    model = sn.Model(inputs, block(block(inputs)))
    report = sn.gradient_check.check_model(model, X[:4].astype("float64"), backend=backend)
    assert report.passed, str(report)


def test_a_layer_of_two_owners_is_refused() -> None:
    shared = layers.Dense(5, name="shared")

    class Holder(sn.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner = shared

        def forward(self, x: Any, training: bool = False) -> Any:
            return self.inner(x)

    inputs = sn.Input((5,))
    with pytest.raises(ValueError, match="'shared' is found at shared/ and at holder/inner/"):
        sn.Model(inputs, Holder()(shared(inputs)))


def test_an_attribute_that_is_the_weight_stays_the_weight(backend: str) -> None:
    class Keras(sn.Layer):
        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight("kernel", (input_shape[-1], 4))  # as people write it in Keras

        def compute_output_shape(self, input_shape: Any) -> Any:
            return (*input_shape[:-1], 4)

        def forward(self, x: Any, training: bool = False) -> Any:
            self.x = x.copy()
            return x @ self.kernel

        def backward(self, dy: Any) -> Any:
            self.grads["kernel"] = self.x.T @ dy  # copied to where the optimizer finds it
            return dy @ self.kernel.T

    model = model_with(Keras(name="k"))
    assert moved(model)["k/kernel"]
    np.testing.assert_array_equal(model.layers[0].kernel, model.params["k/kernel"])
    twin = copy.deepcopy(model)
    moved(twin)
    np.testing.assert_array_equal(twin.layers[0].kernel, twin.params["k/kernel"])


class TestArraysAssigned:
    def test_numbers_are_copied_to_where_the_optimizer_finds_them(self, backend: str) -> None:
        model = model_with(layers.Dense(4, name="d"))
        model.predict(X, verbose=0)
        home, given = model.params["d/kernel"], np.full((5, 4), 2.0)
        model.layers[0].params["kernel"] = given
        assert model.layers[0].params["kernel"] is home
        np.testing.assert_array_equal(home, 2)
        moved(model)
        np.testing.assert_array_equal(given, 2)

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (np.ones((4, 5)), r"'kernel' of shape \(5, 4\), got \(4, 5\)"),
            (np.full((5, 4), "a"), "real numbers, got dtype <U1"),
            (np.full((5, 4), 1j), "real numbers, got dtype complex128"),
            (None, "real numbers, got dtype object"),
            ([[1.0], [1.0, 2.0]], "rows of different lengths"),
        ],
    )
    def test_what_does_not_fit_is_refused_and_changes_nothing(self, value: Any, words: str) -> None:
        model = model_with(layers.Dense(4, name="d"))
        before = model.get_weights()
        with pytest.raises(ValueError, match=words):
            model.layers[0].params["kernel"] = value
        with pytest.raises(ValueError, match=words.replace("'kernel'", "d/kernel")):
            model.set_weights([value, *before[1:]])
        for a, b in zip(before, model.get_weights()):
            np.testing.assert_array_equal(a, b)

    def test_a_layer_in_a_model_gets_and_loses_no_arrays(self) -> None:
        layer = layers.Dense(4)
        model_with(layer)
        with pytest.raises(ValueError, match="can get no more arrays"):
            layer.params["more"] = np.ones(3)
        with pytest.raises(TypeError, match="cannot lose arrays"):
            del layer.params["bias"]
        with pytest.raises(TypeError, match="cannot lose arrays"):
            layer.params.clear()
        with pytest.raises(ValueError, match="expected arrays kernel, bias, got kernel"):
            layer.params = {"kernel": np.ones((5, 4))}

    def test_dictionaries_assigned_in_build_are_taken(self, backend: str) -> None:
        class Plain(sn.Layer):
            def build(self, input_shape: Any) -> None:
                self.params = {"w": np.ones(input_shape[-1])}
                self.grads = {"w": np.zeros(input_shape[-1])}

            def forward(self, x: Any, training: bool = False) -> Any:
                self.x = x.copy()
                return x * self.params["w"]

            def backward(self, dy: Any) -> Any:
                self.grads = {"w": (dy * self.x).sum(axis=0)}
                return dy * self.params["w"]

        model = model_with(Plain(name="p"))
        assert moved(model)["p/w"]


@pytest.mark.parametrize(
    ("layer", "attribute", "value"),
    [
        (layers.Dense(4), "units", 5),
        (layers.Dense(4), "use_bias", False),
        (layers.Dense(4), "dtype", "float64"),
        (layers.Dense(4), "name", "other"),
        (layers.Conv2D(3, 2), "kernel_size", (3, 3)),
        (layers.Conv2D(3, 2), "strides", (2, 2)),
        (layers.Conv2D(3, 2), "padding", "same"),
        (layers.MaxPooling2D(), "pool_size", (3, 3)),
    ],
)
def test_sizes_of_a_built_layer_are_settled(layer: Any, attribute: str, value: Any) -> None:
    layer.build_once((None, 6, 6, 2))
    before = getattr(layer, attribute)
    setattr(layer, attribute, before)
    with pytest.raises(ValueError, match=f"expected {attribute} to stay .* make a new layer"):
        setattr(layer, attribute, value)
    assert getattr(layer, attribute) == before


def test_an_initializer_that_returns_another_shape_is_refused_and_leaves_nothing() -> None:
    class Wrong(Initializer):
        def __call__(self, shape: Any, dtype: str) -> Any:
            return np.zeros(shape[::-1], dtype)

    layer = layers.Dense(4, kernel_initializer=Wrong())
    with pytest.raises(ValueError, match=r"'dense' expected initial 'kernel' of shape \(5, 4\), got \(4, 5\)"):
        layer.build((None, 5))
    assert not layer.built
    assert not layer.params


def test_an_initializer_s_own_array_is_not_shared() -> None:
    class Constant(Initializer):
        kept = np.ones((5, 4), "float32")

        def __call__(self, shape: Any, dtype: str) -> Any:
            return self.kept

    layer = layers.Dense(4, kernel_initializer=Constant())
    layer.build((None, 5))
    layer.params["kernel"][...] = 7
    assert Constant.kept.max() == 1


def test_weights_set_between_build_and_the_first_call_hold(backend: str) -> None:
    layer = layers.Dense(2)
    layer.build((None, 2))
    layer.set_weights([np.eye(2) * 3, np.ones(2)])
    np.testing.assert_array_equal(layer(np.ones((1, 2), "float32")), [[4, 4]])
    np.testing.assert_array_equal(sn.Sequential([sn.Input((2,)), layer]).predict(np.ones((1, 2)), verbose=0), [[4, 4]])


def test_layers_inside_that_forward_builds_are_built_with_the_layer(backend: str) -> None:
    class Lazy(sn.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner = layers.Dense(5)

        def forward(self, x: Any, training: bool = False) -> Any:
            return self.inner(x, training)

        def backward(self, dy: Any) -> Any:
            return self.inner.backward(dy)

    model = model_with(Lazy(name="l"))
    assert moved(model)["l/inner/kernel"]


@given(seed=st.integers(0, 2**32), taken=st.integers(0, 5))
def test_a_seed_generator_s_numbers_depend_on_key_and_count_alone(seed: int, taken: int) -> None:
    one, other = sn.utils.SeedGenerator(seed), sn.utils.SeedGenerator(seed)
    for _ in range(taken):
        one.next().random(int(seed % 7))
        other.next()
    np.testing.assert_array_equal(one.next().random(4), other.next().random(4))
    replayed = copy.deepcopy(one)
    np.testing.assert_array_equal(one.next().random(4), replayed.next().random(4))
    assert one.state is not replayed.state


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True])
def test_a_bad_seed_is_refused(seed: Any) -> None:
    with pytest.raises(ValueError, match="seed of SeedGenerator expected a whole number"):
        sn.utils.SeedGenerator(seed)


def test_a_seed_generator_follows_the_global_seed() -> None:
    draws = []
    for _ in range(2):
        sn.utils.set_random_seed(5)
        draws.append(sn.utils.SeedGenerator().next().random(3))
    np.testing.assert_array_equal(*draws)


@pytest.mark.parametrize("through", [copy.deepcopy, copy.copy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_a_copied_layer_shares_no_array(through: Any) -> None:
    layer = layers.Dense(3)
    layer(np.ones((2, 4), "float32"))
    twin = through(layer)
    twin.params["kernel"][...] = 9
    assert layer.params["kernel"].max() < 9
    assert twin._outputs == []
