"""The plain loops mean what the layers mean."""

from __future__ import annotations

import numpy as np
import pytest

import scratchnet as sn
from benchmarks import plain_loops as plain
from scratchnet.architectures import cnn
from scratchnet.layers import Conv2D, Dense, MaxPooling2D


@pytest.fixture(autouse=True)
def _float64_by_definition():
    sn.config.set_floatx("float64")
    sn.config.set_backend("numpy")


def test_conv2d(rng):
    x, dy = rng.normal(size=(5, 6, 3)), rng.normal(size=(4, 5, 2))
    layer = Conv2D(2, kernel_size=2)
    z = layer(x[None])
    kernel, bias = layer.params["kernel"].tolist(), layer.params["bias"].tolist()
    dkernel, dbias = plain.zeros_like(kernel), plain.zeros_like(bias)
    np.testing.assert_allclose(plain.conv2d_forward(x.tolist(), kernel, bias), z[0], rtol=1e-12)
    dx = plain.conv2d_backward(dy.tolist(), x.tolist(), kernel, dkernel, dbias)
    np.testing.assert_allclose(dx, layer.backward(dy[None])[0], rtol=1e-12)
    np.testing.assert_allclose(dkernel, layer.grads["kernel"], rtol=1e-12)
    np.testing.assert_allclose(dbias, layer.grads["bias"], rtol=1e-12)


def test_dense(rng):
    x, dy = rng.normal(size=7), rng.normal(size=4)
    layer = Dense(4)
    z = layer(x[None])
    kernel, bias = layer.params["kernel"].tolist(), layer.params["bias"].tolist()
    dkernel, dbias = plain.zeros_like(kernel), plain.zeros_like(bias)
    np.testing.assert_allclose(plain.dense_forward(x.tolist(), kernel, bias), z[0], rtol=1e-12)
    dx = plain.dense_backward(dy.tolist(), x.tolist(), kernel, dkernel, dbias)
    np.testing.assert_allclose(dx, layer.backward(dy[None])[0], rtol=1e-12)
    np.testing.assert_allclose(dkernel, layer.grads["kernel"], rtol=1e-12)
    np.testing.assert_allclose(dbias, layer.grads["bias"], rtol=1e-12)


def test_max_pooling_with_ties_and_an_odd_edge(rng):
    x, dy = rng.integers(0, 3, size=(5, 7, 2)).astype(float), rng.normal(size=(2, 3, 2))
    layer = MaxPooling2D()
    y, winners = plain.max_pool_forward(x.tolist())
    np.testing.assert_array_equal(y, layer(x[None])[0])
    np.testing.assert_array_equal(
        plain.max_pool_backward(dy.tolist(), winners, x.tolist()), layer.backward(dy[None])[0]
    )


def test_a_training_step_of_the_cnn_leaves_the_same_weights(rng):
    model = cnn()
    model.compile("adam", "sparse_categorical_crossentropy")
    x, y = rng.random((1, 28, 28, 1)), np.array([3])
    loops = plain.PlainCnn(model.get_weights())
    loss = loops.train_step(x.tolist(), y.tolist())
    assert model.train_on_batch(x, y) == pytest.approx(loss, rel=1e-12)
    for ours, theirs in zip(loops.grads, model.grads.values()):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-15)
    for ours, theirs in zip(loops.weights, model.get_weights()):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
