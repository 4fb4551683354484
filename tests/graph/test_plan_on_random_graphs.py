"""The kernels' plan and the definitions agree on random graphs: outputs, gradients and training."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet import Input, Model, config, layers
from scratchnet.graph.plan import Plan
from scratchnet.layers import Layer
from scratchnet.layers.tensor import SymbolicTensor

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
activation = st.sampled_from([None, "relu", "relu", "tanh", "sigmoid", "softmax"])
padding = st.sampled_from(["valid", "same"])


class Halve(Layer):
    """A user's layer, with no kernel, in between."""

    def forward(self, x, training=False):
        return x / 2

    def backward(self, dy):
        return dy / 2


def image_layer(draw: st.DrawFn, dtype: str, H: int, W: int) -> Layer:
    kind = draw(st.sampled_from(["conv", "conv", "pool", "relu", "halve", "rescale"]))
    if kind == "conv":
        size = (draw(st.integers(1, min(3, H))), draw(st.integers(1, min(3, W))))
        strides = draw(st.integers(1, 2))
        return layers.Conv2D(
            draw(st.integers(1, 5)),
            size,
            strides=strides,
            padding=draw(padding),
            activation=draw(activation),
            use_bias=draw(st.booleans()),
            bias_initializer="glorot_uniform",
            dtype=dtype,
        )
    if kind == "pool":
        size = (draw(st.integers(1, min(3, H))), draw(st.integers(1, min(3, W))))
        return layers.MaxPooling2D(
            size, strides=draw(st.sampled_from([None, 1, 2])), padding=draw(padding), dtype=dtype
        )
    if kind == "relu":
        return layers.ReLU(dtype=dtype)
    return Halve(dtype=dtype) if kind == "halve" else layers.Rescaling(0.5, 0.1, dtype=dtype)


@st.composite
def models(draw: st.DrawFn, dtype: str) -> Model:
    """A few image layers, with a shortcut where the shapes allow one, then a few dense ones."""
    H, W, C = draw(st.integers(3, 9)), draw(st.integers(3, 9)), draw(st.sampled_from([1, 2, 3, 16]))
    x = first = Input((H, W, C), dtype=dtype)
    shortcut: SymbolicTensor | None = None
    for _ in range(draw(st.integers(0, 4))):
        x = image_layer(draw, dtype, *x.shape[1:3])(x)
        if shortcut is not None and shortcut.shape == x.shape and draw(st.booleans()):
            x = layers.Add(dtype=dtype)([x, shortcut])
        shortcut = x
    x = layers.Flatten(dtype=dtype)(x)
    for _ in range(draw(st.integers(1, 3))):
        x = layers.Dense(draw(st.sampled_from([1, 3, 10, 33])), draw(activation), draw(st.booleans()), dtype=dtype)(x)
    return Model(first, x)


def close(actual: np.ndarray, expected: np.ndarray, dtype: str, what: str) -> None:
    scale = max(float(np.abs(expected).max(initial=0)), 1.0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE[dtype] * scale, err_msg=what)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(st.data())
@settings(max_examples=60)
def test_kernels_and_definitions_agree(dtype: str, data: st.DataObject) -> None:
    model = data.draw(models(dtype))
    rng = np.random.default_rng(data.draw(st.integers(0, 9)))
    plans = [Plan(model.graph, backend, input_gradients=True) for backend in ("numpy", "numba")]
    for n in (data.draw(st.integers(1, 9)), data.draw(st.integers(1, 70))):
        x = rng.normal(size=(n, *model.inputs[0].shape[1:])).astype(dtype)
        dy = rng.normal(size=(n, *model.outputs[0].shape[1:])).astype(dtype)
        results = []
        for plan in plans:
            y = plan.forward([x], training=True)[0].copy()
            plan.backward([dy])
            dx = plan.gradients[model.inputs[0]]
            results.append({"y": y, "dx": dx.copy(), **{k: g.copy() for k, g in model.grads.items()}})
        for name, expected in results[0].items():
            close(results[1][name], expected, dtype, name)
        close(plans[1].forward([x])[0], results[0]["y"], dtype, "y without training")


@given(st.data())
@settings(max_examples=15)
def test_both_backends_reach_the_same_weights(data: st.DataObject) -> None:
    model = data.draw(models("float64"))
    start = model.get_weights()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, *model.inputs[0].shape[1:]))
    y = rng.normal(size=(20, *model.outputs[0].shape[1:]))
    reached = []
    for backend in ("numpy", "numba"):
        config.set_backend(backend)
        model.set_weights(start)
        model.compile(data.draw(st.sampled_from(["sgd", "adam"])) if not reached else type(model.optimizer)(), "mse")
        model.fit(x, y, batch_size=8, shuffle=False, epochs=2, verbose=0)
        reached.append(model.get_weights())
    for a, b in zip(*reached):
        np.testing.assert_allclose(a, b, atol=1e-9)
