"""The kernels' plan and the definitions agree on random graphs: outputs, gradients and training."""

from __future__ import annotations

from collections.abc import Callable

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


Maker = Callable[[str], Layer]
"""Makes a layer for a dtype."""


def convolution_like(draw: st.DrawFn, kind: str, H: int, W: int) -> Maker:
    size = (draw(st.integers(1, min(3, H))), draw(st.integers(1, min(3, W))))
    options = {
        "strides": draw(st.integers(1, 2)),
        "padding": draw(padding),
        "activation": draw(activation),
        "use_bias": draw(st.booleans()),
        "bias_initializer": "glorot_uniform",
    }
    number = draw(st.integers(1, 5))
    if kind == "depthwise":
        return lambda dtype: layers.DepthwiseConv2D(size, depth_multiplier=1 + number % 2, **options, dtype=dtype)
    layer = layers.Conv2D if kind == "conv" else layers.Conv2DTranspose
    return lambda dtype: layer(number, size, **options, dtype=dtype)


def image_layer(draw: st.DrawFn, H: int, W: int) -> Maker:
    kinds = ["conv", "conv", "plain", "transposed", "depthwise", "norm", "norm", "pool", "pool", "larger", "padded"]
    kinds += ["relu", "row norm", "dropout", "halve", "rescale"]
    kind = draw(st.sampled_from(kinds))
    if kind in ("conv", "transposed", "depthwise"):
        return convolution_like(draw, kind, H, W)
    if kind == "plain":  # which takes fewer products where channels and filters fill vectors
        filters, function = draw(st.sampled_from([16, 32])), draw(activation)
        return lambda dtype: layers.Conv2D(filters, 3, padding="same", activation=function, dtype=dtype)
    if kind in ("norm", "row norm"):
        options = {"center": draw(st.booleans()), "scale": draw(st.booleans()), "beta_initializer": "random_normal"}
        norm = layers.BatchNormalization if kind == "norm" else layers.LayerNormalization
        return lambda dtype: norm(**options, dtype=dtype)
    if kind == "pool":
        size = (draw(st.integers(1, min(3, H))), draw(st.integers(1, min(3, W))))
        strides, way = draw(st.sampled_from([None, 1, 2])), draw(padding)
        layer = draw(st.sampled_from([layers.MaxPooling2D, layers.AveragePooling2D]))
        return lambda dtype: layer(size, strides=strides, padding=way, dtype=dtype)
    if kind == "larger":
        factor, way = (1 + draw(st.booleans()), 1 + draw(st.booleans())), draw(st.sampled_from(["nearest", "bilinear"]))
        return lambda dtype: layers.UpSampling2D(factor, interpolation=way, dtype=dtype)
    if kind == "padded":
        border = (draw(st.integers(0, 2)), 1), (0, draw(st.integers(0, 2)))
        return lambda dtype: layers.ZeroPadding2D(border, dtype=dtype)
    if kind == "dropout":
        return lambda dtype: layers.Dropout(0.4, seed=3, dtype=dtype)
    if kind == "relu":
        return lambda dtype: layers.ReLU(dtype=dtype)
    return lambda dtype: Halve(dtype=dtype) if kind == "halve" else layers.Rescaling(0.5, 0.1, dtype=dtype)


@st.composite
def models(draw: st.DrawFn) -> dict[str, Model]:
    """The same model in both dtypes: image layers, with a shortcut where shapes allow one, then a few dense ones."""
    image = draw(st.integers(3, 9)), draw(st.integers(3, 9)), draw(st.sampled_from([1, 2, 3, 16]))
    first = {dtype: Input(image, dtype=dtype) for dtype in TOLERANCE}
    now: dict[str, SymbolicTensor] = dict(first)
    shortcut: dict[str, SymbolicTensor] | None = None
    for _ in range(draw(st.integers(0, 4))):
        make = image_layer(draw, *now["float64"].shape[1:3])
        now = {dtype: make(dtype)(x) for dtype, x in now.items()}
        if shortcut is not None and shortcut["float64"].shape == now["float64"].shape and draw(st.booleans()):
            merge = draw(st.sampled_from([layers.Add, layers.Add, layers.Concatenate]))
            now = {dtype: merge(dtype=dtype)([x, shortcut[dtype]]) for dtype, x in now.items()}
        shortcut = now
    last = draw(st.sampled_from([layers.Flatten, layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D]))
    now = {dtype: last(dtype=dtype)(x) for dtype, x in now.items()}
    for _ in range(draw(st.integers(1, 3))):
        dense = draw(st.sampled_from([1, 3, 10, 33])), draw(activation), draw(st.booleans())
        now = {dtype: layers.Dense(*dense, dtype=dtype)(x) for dtype, x in now.items()}
    made = {dtype: Model(first[dtype], x) for dtype, x in now.items()}
    made["float32"].set_weights([w.astype("float32") for w in made["float64"].get_weights()])
    made["float64"].set_weights([w.astype("float64") for w in made["float32"].get_weights()])
    return made


def draw_again(model: Model) -> None:
    """Let every Dropout draw from the beginning."""
    for layer in model.layers:
        if isinstance(layer, layers.Dropout):
            layer.seed_generator.state[1] = 0


def run(plan: Plan, model: Model, x: np.ndarray, dy: np.ndarray) -> dict[str, np.ndarray]:
    """Return what a plan puts out, and its gradients; running means are put back as they were."""
    before, dtype = model.get_weights(), model.inputs[0].dtype
    draw_again(model)
    with np.errstate(invalid="ignore"):  # as in training: BLAS may say so of finite numbers (numpy/numpy#24067)
        found = {"y": plan.forward([x.astype(dtype)], training=True)[0].copy()}
        plan.backward([dy.astype(dtype)])
        found["y without training"] = plan.forward([x.astype(dtype)])[0].copy()
    found["dx"] = plan.gradients[model.inputs[0]].copy()
    for number, (name, gradient) in enumerate(model.grads.items()):
        found[f"gradient {number} {name.rpartition('/')[2]}"] = gradient.copy()
    model.set_weights(before)
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(models(), st.integers(0, 9), st.integers(1, 9), st.integers(1, 70))
@settings(max_examples=60)
def test_kernels_and_definitions_agree(dtype: str, model: dict[str, Model], seed: int, few: int, many: int) -> None:
    """Relative to the largest number of each gradient, however small; where rounding alone leaves more, to that.

    What rounding leaves is seen in the definition: in float32 it is so far from what it is in float64. The gradient of
    a bias before a BatchNormalization, say, is 0, and no sum of float32 numbers ends there.
    """
    rng = np.random.default_rng(seed)
    definitions = {kind: Plan(model[kind].graph, "numpy", input_gradients=True) for kind in TOLERANCE}
    plan = Plan(model[dtype].graph, "numba", input_gradients=True)
    for n in (few, many):
        x = rng.normal(size=(n, *model[dtype].inputs[0].shape[1:])).astype("float32")
        dy = rng.normal(size=(n, *model[dtype].outputs[0].shape[1:])).astype("float32")
        exact, rounded = (run(definitions[kind], model[kind], x, dy) for kind in ("float64", "float32"))
        for name, actual in run(plan, model[dtype], x, dy).items():
            left = np.abs(rounded[name] - exact[name]).max(initial=0) * np.finfo(dtype).eps / np.finfo("float32").eps
            allowed = TOLERANCE[dtype] * np.abs(exact[name]).max(initial=0) + 10 * left
            np.testing.assert_allclose(actual, exact[name], rtol=0, atol=allowed, err_msg=name, equal_nan=False)


@given(st.data())
@settings(max_examples=15)
def test_both_backends_reach_the_same_weights(data: st.DataObject) -> None:
    model = data.draw(models())["float64"]
    start = model.get_weights()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, *model.inputs[0].shape[1:]))
    y = rng.normal(size=(20, *model.outputs[0].shape[1:]))
    optimizer, reached = data.draw(st.sampled_from(["sgd", "adam"])), []
    for backend in ("numpy", "numba"):
        config.set_backend(backend)
        model.set_weights(start)
        draw_again(model)
        model.compile(optimizer, "mse")
        model.fit(x, y, batch_size=8, shuffle=False, epochs=2, verbose=0)
        reached.append(model.get_weights())
    for a, b in zip(*reached):
        np.testing.assert_allclose(a, b, atol=1e-9)
