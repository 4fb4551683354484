"""Weights as Keras's users read and set them: ``layer.kernel``, ``model.weights``, ``assign``."""

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


class Inner(sn.Layer):
    """Two layers inside, and weights of its own, made in a mixed order."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense, self.norm = layers.Dense(2), layers.BatchNormalization()

    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight("w", (2,), "ones")
        self.add_weight("z", (2,), "zeros", trainable=False)
        self.add_weight("v", (2,), "ones")
        self.dense.build_once(input_shape)
        self.norm.build_once((None, 2))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], 2)


OWN = ["w", "v", "z"]
INSIDE = ["dense/kernel", "dense/bias", "norm/gamma", "norm/beta", "norm/moving_mean", "norm/moving_variance"]


def built(layer: sn.Layer, shape: Any = (None, 4)) -> Any:
    layer.build_once(shape)
    return layer


def dense(**options: Any) -> Any:
    return built(layers.Dense(3, name="d", **options))


def paths(variables: Any) -> list[str]:
    return [w.path for w in variables]


# Lists --------------------------------------------------------------------------------------------------------------


def test_weights_come_in_the_order_of_get_weights() -> None:
    layer = built(Inner(name="i"))
    assert paths(layer.weights) == [f"i/{name}" for name in [*OWN, *INSIDE]]
    assert [w.name for w in layer.weights[:4]] == ["w", "v", "z", "kernel"]
    assert paths(layer.trainable_weights) == [f"i/{n}" for n in ["w", "v", *INSIDE[:4]]]
    assert paths(layer.non_trainable_weights) == [f"i/{n}" for n in ["z", *INSIDE[4:]]]


def test_frozen_weights_are_non_trainable_in_their_old_order() -> None:
    layer = built(Inner(name="i"))
    layer.dense.trainable = False
    assert paths(layer.non_trainable_weights) == [f"i/{n}" for n in ["z", *INSIDE[:2], *INSIDE[4:]]]
    layer.trainable = False
    assert layer.trainable_weights == []
    assert paths(layer.non_trainable_weights) == paths(layer.weights)
    assert not any(w.trainable for w in layer.weights)


def test_the_paths_of_a_model_are_the_names_of_its_params() -> None:
    model = sn.Sequential([sn.Input((4,)), Inner(name="i"), layers.Dense(3, name="last")])
    assert {w.path for w in model.weights if w.trainable} == set(model.params)
    for w in model.trainable_variables:
        assert np.asarray(w) is model.params[w.path]
    model.trainable = False
    assert model.trainable_variables == []
    assert paths(model.non_trainable_variables) == paths(model.variables) == list(model.named_weights)


@given(st.lists(st.booleans(), min_size=4, max_size=4))
def test_each_weight_is_in_one_of_the_two_lists(frozen: list[bool]) -> None:
    model = sn.Sequential([sn.Input((4,)), Inner(), layers.BatchNormalization(), layers.Dense(3)])
    for layer, freeze in zip([model.layers[0].dense, *model.layers], frozen):
        if freeze:
            layer.trainable = False
    for owner in [model, *model.layers]:
        both = [*owner.trainable_weights, *owner.non_trainable_weights]
        assert sorted(paths(both)) == sorted(paths(owner.weights))
        assert [w.path for w in owner.weights if w.trainable] == paths(owner.trainable_weights)
    assert sum(s.values.size for s in model.segments) == sum(w.size for w in model.trainable_weights)
    for w, array in zip(model.weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(w, array)


# Attributes ---------------------------------------------------------------------------------------------------------


def test_each_weight_is_an_attribute() -> None:
    cases = {
        layers.Conv2D(2, 3): ["kernel", "bias"],
        layers.SeparableConv2D(2, 3): ["depthwise_kernel", "pointwise_kernel", "bias"],
        layers.BatchNormalization(): ["gamma", "beta", "moving_mean", "moving_variance"],
    }
    for layer, names in cases.items():
        built(layer, (None, 8, 8, 3))
        assert [w.name for w in layer.weights] == names
        for name in names:
            assert getattr(layer, name).value is layer.named_weights[name]
            assert name in dir(layer)
    assert built(layers.Embedding(5, 2), (None, 3)).embeddings.shape == (5, 2)


def test_before_it_is_built_there_is_no_weight() -> None:
    layer = layers.Dense(3, name="d")
    assert not hasattr(layer, "kernel")
    assert "kernel" not in dir(layer)
    with pytest.raises(AttributeError, match="no attribute 'kernel' yet: it is made when layer 'd' is built"):
        _ = layer.kernel
    with pytest.raises(AttributeError, match=r"object has no attribute 'colour'$"):
        _ = layer.colour
    assert layer.weights == []


def test_a_weight_that_was_not_asked_for_is_none_as_in_keras() -> None:
    assert dense(use_bias=False).bias is None
    assert built(layers.BatchNormalization(scale=False)).gamma is None


def test_it_calculates_like_its_array() -> None:
    layer = dense()
    kernel = layer.params["kernel"]
    for result, expected in (
        (layer.kernel * 2, kernel * 2),
        (1 - layer.kernel, 1 - kernel),
        (np.ones((2, 4), "float32") @ layer.kernel, np.ones((2, 4), "float32") @ kernel),
        (layer.kernel[1:, 0], kernel[1:, 0]),
        (layer.kernel.T, kernel.T),
        (np.tanh(layer.kernel), np.tanh(kernel)),
        (layer.kernel == kernel, np.ones((4, 3), bool)),
        (np.concatenate([layer.kernel, layer.kernel]), np.concatenate([kernel, kernel])),
        (layer.kernel.reshape(-1), kernel.reshape(-1)),
    ):
        assert type(result) is np.ndarray
        np.testing.assert_array_equal(result, expected)
    assert np.allclose(layer.kernel, kernel)
    assert layer.kernel.mean() == kernel.mean() == np.mean(layer.kernel)
    assert (layer.kernel.shape, layer.kernel.dtype, layer.kernel.ndim) == ((4, 3), "float32", 2)
    assert len(list(layer.kernel)) == len(layer.kernel) == 4
    with pytest.raises(ValueError, match="ambiguous"):
        bool(layer.kernel)
    assert "path=d/kernel, shape=(4, 3), dtype=float32" in repr(layer.kernel)


def test_numpy_is_a_copy_and_the_array_is_not() -> None:
    layer = dense()
    layer.kernel.numpy()[...] = 7
    assert not np.any(layer.kernel == 7)
    np.asarray(layer.kernel)[...] = 7
    assert np.all(layer.params["kernel"] == 7)


@pytest.mark.parametrize("in_a_model", [False, True])
def test_all_ways_to_set_it_reach_the_array_that_the_layer_computes_with(in_a_model: bool) -> None:
    layer = dense()
    before, held = layer.kernel, layer.params["kernel"]
    if in_a_model:
        model = sn.Sequential([sn.Input((4,)), layer])
        held = model.params["d/kernel"]
    ones = np.ones((4, 3))
    before.assign(ones)  # taken before the model moved the array
    np.testing.assert_array_equal(held, ones)
    layer.kernel.assign_add(ones).assign_sub(3 * ones)
    np.testing.assert_array_equal(held, -ones)
    layer.kernel[...] = 5
    layer.kernel[0] = [1, 2, 3]
    assert held.tolist() == [[1, 2, 3], *[[5, 5, 5]] * 3]
    layer.kernel += 1
    layer.kernel *= 2
    assert held.tolist() == [[4, 6, 8], *[[12, 12, 12]] * 3]
    weight = layer.kernel
    weight -= 4
    assert held[0].tolist() == [0, 2, 4]
    assert layer.params["kernel"] is held
    np.testing.assert_array_equal(layer(np.eye(4)), held)


@pytest.mark.parametrize("value", [np.ones((3, 4)), np.ones(3), 1.0, [[1.0], [2.0, 3.0]], "ones", np.ones((4, 3)) * 1j])
@pytest.mark.parametrize("how", ["assign", "assign_add", "assign_sub"])
def test_assign_takes_numbers_of_its_shape_only(how: str, value: Any) -> None:
    layer = dense()
    before = layer.kernel.numpy()
    with pytest.raises(ValueError, match=rf"{how} of d/kernel expected an array"):
        getattr(layer.kernel, how)(value)
    np.testing.assert_array_equal(layer.kernel, before)


def test_a_weight_is_never_replaced_by_an_array_apart() -> None:
    layer = dense()
    before = layer.kernel.numpy()
    with pytest.raises(AttributeError, match=r"weight 'kernel' to stay the array .* layer.kernel.assign\(a\)"):
        layer.kernel = np.ones((4, 3))
    with pytest.raises(AttributeError, match="'kernel'"):
        layer.kernel = dense().kernel
    np.testing.assert_array_equal(layer.kernel, before)


def test_what_a_layer_keeps_itself_under_the_name_of_a_weight_is_its_own() -> None:
    class Mine(sn.Layer):
        slope = 3.0

        def build(self, input_shape: Any) -> None:
            self.count = 5
            self.w = self.add_weight("w", (2,), "ones")
            for name in ("count", "slope"):
                self.add_weight(name, (2,), "zeros")

    layer = built(Mine())
    assert (layer.count, layer.slope) == (5, 3.0)
    layer.count, layer.slope = 6, 4.0
    assert (layer.count, layer.slope) == (6, 4.0)
    assert type(layer.w) is np.ndarray  # as the user has set it
    assert layer.w is layer.params["w"]
    layer.w += 1
    assert layer.params["w"].tolist() == [2, 2]
    with pytest.raises(AttributeError, match="'w'"):
        layer.w = np.zeros(2)
    layer.other = layer.weights[0]  # a variable under a name that is free
    assert layer.other.path.endswith("/w")


def test_copies_have_weights_of_their_own() -> None:
    model = sn.Sequential([sn.Input((4,)), dense()])
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), copy.copy(model)):
        twin.layers[0].kernel.assign(np.zeros((4, 3)))
        assert np.any(model.layers[0].kernel != 0)
    again = copy.copy(model.layers[0].kernel)  # of the reference
    again.assign(np.zeros((4, 3)))
    assert not np.any(model.layers[0].kernel)


def test_a_users_layer_computes_with_its_weights_as_attributes(backend: str) -> None:
    class Scale(sn.Layer):
        def build(self, input_shape: Any) -> None:
            self.add_weight("scale", (input_shape[-1],), "ones")

        def forward(self, x: Any, training: bool = False) -> Any:
            self._x = x.copy()
            return x * self.scale

        def backward(self, dy: Any) -> Any:
            self.grads["scale"][...] = (dy * self._x).sum(axis=0)
            return dy * self.scale

    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    model = sn.Sequential([sn.Input((3,)), Scale()])
    model.compile(sn.optimizers.SGD(0.5), "mse")
    model.fit(x, 2 * x, epochs=2, verbose=0)
    assert np.all(model.layers[0].scale > 1)
    assert sn.gradient_check.check_layer(Scale(), (4, 3)).passed


def test_a_weight_can_be_spared_the_decay() -> None:
    model = sn.Sequential([sn.Input((4,)), dense()])
    optimizer = sn.optimizers.SGD(0.0, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[model.layers[0].bias])
    optimizer.name_spared(model.params)
    assert optimizer.get_config()["exclude_from_weight_decay"]["var_list"] == ["d/bias"]
