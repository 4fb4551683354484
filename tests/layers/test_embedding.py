"""Embedding: whole numbers in, rows of a table out; and inputs of whole numbers in models."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import scratchnet as sn
from scratchnet import layers
from scratchnet.layers import Embedding, Input

words = hnp.arrays("int32", hnp.array_shapes(min_dims=1, max_dims=3, max_side=5), elements=st.integers(0, 6))


def table(rows: int, columns: int) -> Embedding:
    layer = Embedding(rows, columns, dtype="float64")
    layer.build_once((None, 1))
    layer.params["embeddings"][...] = np.arange(rows * columns).reshape(rows, columns)
    return layer


def test_worked_numbers() -> None:
    layer = table(4, 2)
    np.testing.assert_array_equal(layer(np.array([[3, 0], [3, 1]])), [[[6, 7], [0, 1]], [[6, 7], [2, 3]]])
    assert layer.backward(np.array([[[1.0, 2], [10, 20]], [[100, 200], [0, 5]]])) is None
    np.testing.assert_array_equal(layer.grads["embeddings"], [[10, 20], [0, 5], [0, 0], [101, 202]])


@given(words, st.integers(0, 99))
def test_it_is_a_dense_layer_for_one_hot_inputs(x: np.ndarray, seed: int) -> None:
    layer, dense = Embedding(7, 3, dtype="float64"), layers.Dense(3, use_bias=False, dtype="float64")
    y = layer(x)
    one_hot = np.eye(7)[x]
    dense.build_once((None, *one_hot.shape[1:]))
    dense.set_weights(layer.get_weights())
    np.testing.assert_allclose(y, dense(one_hot))
    dy = np.random.default_rng(seed).standard_normal(y.shape)
    layer.backward(dy), dense.backward(dy)
    np.testing.assert_allclose(layer.grads["embeddings"], dense.grads["kernel"], atol=1e-12)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int32", "int64", "uint16", "float32"])
def test_any_type_of_whole_numbers_will_do(kind: str) -> None:
    x = np.array([[1, 2, 2]], kind)
    np.testing.assert_array_equal(table(3, 1)(x)[..., 0], [[1, 2, 2]])


def reviews(dtype: str | None) -> sn.Model:
    inputs = Input((6,), dtype=dtype)
    x = Embedding(20, 4)(inputs)
    return sn.Model(inputs, layers.Dense(2, "softmax")(layers.Flatten()(x)))


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", None])
def test_a_model_learns_words_on_both_backends(backend: str, dtype: str | None, tmp_path) -> None:
    model = reviews(dtype)
    assert (model.dtype, model.inputs[0].dtype) == ("float32", dtype or "float32")
    model.compile(sn.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = np.random.default_rng(0).integers(0, 20, (60, 6))
    y = (x[:, 0] >= 10).astype(int)
    losses = model.fit(x, y, epochs=40, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    model.save(tmp_path / "model.npz")
    loaded = sn.load_model(tmp_path / "model.npz")
    assert loaded.inputs[0].dtype == model.inputs[0].dtype
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))


def test_a_sequential_that_sees_its_data_first() -> None:
    model = sn.Sequential([Embedding(10, 3), layers.Flatten(), layers.Dense(1)])
    assert model.predict(np.array([[1, 2, 9]]), verbose=0).shape == (1, 1)


def test_both_backends_give_the_same() -> None:
    model, x = reviews("int32"), np.random.default_rng(1).integers(0, 20, (9, 6))
    model.compile("sgd", "sparse_categorical_crossentropy")
    start, after = model.get_weights(), []
    for backend in ("numpy", "numba"):
        sn.config.set_backend(backend)
        model.set_weights(start)
        model.train_on_batch(x, x[:, 0] % 2)
        after.append(model.get_weights())
    for a, b in zip(*after):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: table(4, 2)(np.array([[0, 3], [4, 0]])), r"expected whole numbers in 0…3, got 4 at index \(1, 0\)"),
        (lambda: table(4, 2)(np.array([-1])), r"got -1 at index \(0,\)"),
        (lambda: reviews("int32").predict(np.full((2, 6), 20)), r"Layer 'embedding' .* got 20 at index \(0, 0\)"),
        (lambda: Embedding(0, 3), "input_dim of Embedding expected a whole number ≥ 1, got 0"),
        (lambda: Embedding(3, 2.5), "output_dim of Embedding"),
        (lambda: Embedding(3, 2, mask_zero=True), "mask_zero of Embedding expected False"),
        (lambda: layers.Dense(2)(Input((3,), dtype="int32")), "has dtype float32 but its input from .* has int32"),
        (lambda: Input((3,), dtype="int3"), "Unknown float type 'int3'"),
    ],
)
def test_refusals(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_it_is_built_without_a_shape_too():
    layer = layers.Embedding(3, 2)
    layer.build()
    layer.set_weights([[[1, 2], [3, 4], [5, 6]]])
    np.testing.assert_array_equal(layer(np.array([2, 0])), [[5, 6], [1, 2]])
