"""Layers with several inputs, and layers that give numbers other places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet import layers
from scratchnet.layers import Average, Concatenate, Input, Multiply, Permute, Reshape, Subtract


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def transpose_holds(layer: layers.Layer, xs: list[np.ndarray]) -> None:
    """⟨f(x), dy⟩ = ⟨x, fᵀ(dy)⟩: what a linear layer's backward has to be."""
    y = layer(xs if len(xs) > 1 else xs[0])
    dy = numbers(*y.shape, seed=1)
    dxs = layer.backward(dy)
    dxs = dxs if isinstance(dxs, list) else [dxs]
    assert np.vdot(y, dy) == pytest.approx(sum(np.vdot(x, dx) for x, dx in zip(xs, dxs)))


def test_worked_numbers() -> None:
    a, b = np.array([[1.0, 2, 3]], "float32"), np.array([[4.0, 0, -2]], "float32")
    dy = np.array([[1.0, 10, 100]], "float32")
    for layer, y, dxs in (
        (Subtract(), [[-3, 2, 5]], [[[1, 10, 100]], [[-1, -10, -100]]]),
        (Average(), [[2.5, 1, 0.5]], [[[0.5, 5, 50]]] * 2),
        (Multiply(), [[4, 0, -6]], [[[4, 0, -200]], [[1, 20, 300]]]),
    ):
        np.testing.assert_array_equal(layer([a, b]), y)
        np.testing.assert_array_equal(layer.backward(dy), dxs)
    layer = Concatenate()
    np.testing.assert_array_equal(layer([a, b[:, :1]]), [[1, 2, 3, 4]])
    assert [dx.tolist() for dx in layer.backward(np.array([[5.0, 6, 7, 8]], "float32"))] == [[[5, 6, 7]], [[8]]]


@pytest.mark.parametrize("name", ["Add", "Average", "Concatenate", "Multiply", "Subtract"])
def test_the_function_of_a_merging_layer_is_its_layer(name: str) -> None:
    function, layer = getattr(layers, name.lower()), getattr(layers, name)
    a, b = numbers(2, 3).astype("float32"), numbers(2, 3, seed=1).astype("float32")
    np.testing.assert_array_equal(function([a, b]), layer()([a, b]))
    placed = function([Input((3,)), Input((3,))], name="merged")
    assert type(placed.layer) is layer
    assert placed.layer.name == "merged"


def test_concatenate_as_a_function_takes_the_axis() -> None:
    assert layers.concatenate([Input((2, 3)), Input((5, 3))], axis=1).shape == (None, 7, 3)
    with pytest.raises(ValueError, match="but for axis -1"):
        layers.concatenate([Input((2, 3)), Input((5, 3))])


def test_a_product_with_zeros_in_it_has_a_gradient() -> None:
    layer = Multiply()
    layer([np.zeros((1, 1), "float32"), np.zeros((1, 1), "float32"), np.full((1, 1), 3, "float32")])
    assert [float(dx[0, 0]) for dx in layer.backward(np.ones((1, 1), "float32"))] == [0, 0, 0]


def test_a_tensor_multiplied_by_itself_gets_twice_its_gradient(backend: str) -> None:
    inputs = Input((3,))
    x = layers.Dense(3, use_bias=False, kernel_initializer="ones")(inputs)
    model = sn.Model(inputs, Multiply()([x, x]))
    model.compile("sgd", "mse")
    before = model.get_weights()[0].copy()
    model.train_on_batch(np.ones((1, 3)), np.zeros((1, 3)))
    # y = z², z = 3: dL/dz = (2/3·9)·2z = 36 for each unit, and every x is 1; the learning rate is 0.01.
    np.testing.assert_allclose(before - model.get_weights()[0], np.full((3, 3), 0.36), rtol=1e-5)


@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.sampled_from([1, -1, 2, -2]))
def test_concatenate_and_cut_is_nothing(sizes: list[int], axis: int) -> None:
    at = axis % 3
    shapes = [(2, *((size, 3) if at == 1 else (3, size))) for size in sizes]
    xs = [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]
    layer = Concatenate(axis, dtype="float64")
    for dx, x in zip(layer.backward(layer(xs)), xs):
        np.testing.assert_array_equal(dx, x)
    transpose_holds(layer, xs)


@given(st.permutations([1, 2, 3]))
def test_permute_is_undone_by_its_backward(dims: list[int]) -> None:
    x = numbers(2, 3, 4, 5)
    layer = Permute(tuple(dims), dtype="float64")
    y = layer(x)
    assert y.shape == layer.compute_output_shape((2, 3, 4, 5)) == (2, *(x.shape[p] for p in dims))
    np.testing.assert_array_equal(layer.backward(y), x)
    transpose_holds(layer, [x])


@pytest.mark.parametrize(
    ("target", "shape"),
    [((6, 4), (6, 4)), ((-1,), (24,)), ((2, -1, 3), (2, 4, 3)), ([3, 8], (3, 8)), ((-1, 24), (1, 24))],
)
def test_reshape_keeps_the_order(target, shape) -> None:
    layer = Reshape(target, dtype="float64")
    x = np.arange(48.0).reshape(2, 4, 6)
    y = layer(x)
    assert y.shape == (2, *shape)
    assert layer.output_shape == (None, *shape)
    np.testing.assert_array_equal(y.ravel(), x.ravel())
    np.testing.assert_array_equal(layer.backward(y), x)


@pytest.mark.parametrize("layer", [Subtract, Average])
def test_sums_are_their_own_transpose(layer) -> None:
    transpose_holds(layer(dtype="float64"), [numbers(3, 4, seed=1), numbers(3, 4, seed=2)])


def test_a_model_of_all_of_them_trains_saves_and_loads(backend: str, tmp_path) -> None:
    a, b = Input((6,)), Input((6,))
    x = Concatenate()([Subtract()([a, b]), Average()([a, b]), Multiply()([a, b])])
    x = Permute((2, 1))(Reshape((-1, 3))(x))
    model = sn.Model([a, b], layers.Dense(3, "softmax")(layers.Flatten()(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    data = [numbers(40, 6, seed=1), numbers(40, 6, seed=2)]
    losses = model.fit(data, np.arange(40) % 3, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.npz")
    np.testing.assert_array_equal(sn.load_model(tmp_path / "model.npz").predict(data), model.predict(data))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Subtract()([Input((2,))] * 3), "expected a list of exactly two inputs"),
        (lambda: Multiply()([Input((2,)), Input((3,))]), r"expected inputs of one shape, got \(None, 2\) and"),
        (lambda: Average()(Input((2,))), "expected a list of two or more inputs"),
        (lambda: Concatenate(0), "any axis but 0, which is the batch"),
        (lambda: Concatenate(1.5), r"axis of Concatenate expected a whole number, got 1\.5"),
        (lambda: Concatenate()([Input((2,))]), "expected a list of two or more inputs"),
        (lambda: Concatenate(2)([Input((2,))] * 2), "expected inputs with an axis 2 beside the batch"),
        (lambda: Concatenate(-2)([Input((2,))] * 2), "expected inputs with an axis -2 beside the batch"),
        (lambda: Concatenate()([Input((2, 3)), Input((3, 3))]), "expected inputs of one shape but for axis -1"),
        (lambda: Concatenate(1)([Input((2, 3)), Input((3,))]), "expected inputs of one shape but for axis 1"),
        (lambda: Reshape((2, -1, -1)), "one may be -1"),
        (lambda: Reshape((0, 3)), "expected sizes ≥ 1"),
        (lambda: Reshape(6), "got 6"),
        (lambda: Reshape((4,))(Input((6,))), r"expected samples of as many numbers as \(4,\), got \(None, 6\)"),
        (lambda: Reshape((-1, 4))(Input((6,))), r"as many numbers as \(-1, 4\)"),
        (lambda: Permute((0, 1)), "the numbers from 1 on in some order"),
        (lambda: Permute((2, 2)), r"got \(2, 2\)"),
        (lambda: Permute((2, 1))(Input((3,))), r"expected an input of 2 axes beside the batch, for dims=\(2, 1\)"),
    ],
)
def test_refusals(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
