"""Random layers with random batches, for every test that compares ways of computing the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from scratchnet import activations, layers
from scratchnet.gradient_check.runner import Pass, Runner
from scratchnet.gradient_check.twins import layer_graph
from tests.oracles.loops import windows_count

Array = Any

ACTIVATIONS = tuple(activations.ACTIVATIONS)
TOLERANCES = {"float64": 1e-10, "float32": 1e-5}
"""How far two ways may differ, relative to the largest number of the array, or of what was summed up to make it."""


@dataclass
class Configuration:
    """A layer, built in float64, with a batch for it."""

    layer: Any
    x: Array
    seed: int

    def dy(self, shape: tuple[int, ...]) -> Array:
        """Return a random upstream gradient."""
        return np.random.default_rng(self.seed + 1).standard_normal(shape)

    def run(self, backend: str, dtype: str, dy: Array) -> Pass:
        """Run the layer with the same parameters on a backend, in a float type."""
        runner = Runner(layer_graph(self.layer, [self.x.shape], dtype), backend)
        with runner.running():
            return runner.run([self.x.astype(dtype)], dy.astype(dtype))


def _configured(layer: Any, shape: tuple[int, ...], seed: int, whole_numbers: bool) -> Configuration:
    generator = np.random.default_rng(seed)
    x = generator.standard_normal(shape)
    layer.build_once((None, *shape[1:]))
    for param in layer.params.values():
        param[...] = generator.standard_normal(param.shape) / 2
    if whole_numbers:  # zeros and ties in plenty
        x = np.round(x)
        for param in layer.params.values():
            param[...] = np.round(param)
    return Configuration(layer, x, seed)


seeds = st.integers(0, 2**31)


@st.composite
def dense(draw: st.DrawFn) -> Configuration:
    """A Dense layer of up to 9 by 9."""
    N, D, U = (draw(st.integers(1, 9), label=letter) for letter in "NDU")
    layer = layers.Dense(
        U, activation=draw(st.sampled_from(ACTIVATIONS)), use_bias=draw(st.booleans()), dtype="float64"
    )
    return _configured(layer, (N, D), draw(seeds), draw(st.booleans(), label="whole numbers"))


@st.composite
def conv2d(draw: st.DrawFn, dilated_strides: bool = True) -> Configuration:
    """A Conv2D on an image of up to 8 by 8; ``dilated_strides`` allows stride and dilation at once."""
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    N, C, F = (draw(st.integers(1, 3), label=letter) for letter in "NCF")
    size, strides, padding = draw(pairs), draw(pairs), draw(st.sampled_from(["valid", "same"]))
    dilation = draw(pairs) if dilated_strides or strides == (1, 1) else (1, 1)
    least = [d * (k - 1) + 1 if padding == "valid" else 1 for k, d in zip(size, dilation)]
    H, W = draw(st.integers(least[0], 8), label="H"), draw(st.integers(least[1], 8), label="W")
    layer = layers.Conv2D(
        F,
        size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation,
        activation=draw(st.sampled_from(ACTIVATIONS)),
        use_bias=draw(st.booleans()),
        dtype="float64",
    )
    return _configured(layer, (N, H, W, C), draw(seeds), draw(st.booleans(), label="whole numbers"))


@st.composite
def max_pooling2d(draw: st.DrawFn) -> Configuration:
    """A MaxPooling2D on an image of up to 8 by 8."""
    pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
    N, C = (draw(st.integers(1, 3), label=letter) for letter in "NC")
    size, padding = draw(pairs), draw(st.sampled_from(["valid", "same"]))
    H, W = (draw(st.integers(k if padding == "valid" else 1, 8)) for k in size)
    layer = layers.MaxPooling2D(size, draw(st.none() | pairs), padding, dtype="float64")
    return _configured(layer, (N, H, W, C), draw(seeds), draw(st.booleans(), label="whole numbers"))


@st.composite
def activation(draw: st.DrawFn) -> Configuration:
    """An activation layer on an array of two to four axes."""
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=2, max_size=4)))
    kinds = [layers.Activation(name, dtype="float64") for name in ACTIVATIONS]
    kinds += [layers.ReLU(dtype="float64"), layers.Softmax(dtype="float64")]
    return _configured(draw(st.sampled_from(kinds)), shape, draw(seeds), draw(st.booleans(), label="whole numbers"))


def assert_agree(seen: dict[str, Array], expected: dict[str, Array], dtype: str, summands: float = 1.0) -> None:
    """Assert that arrays of the same names agree within the tolerance of ``dtype``.

    ``summands`` is the size of the numbers that sums are made of: 1 where x and dy are standard normal.
    """
    assert seen.keys() == expected.keys()
    for name, array in seen.items():
        assert array.shape == expected[name].shape, name
        size = np.abs(expected[name]).max(initial=0)
        off = np.abs(array.astype(np.float64) - expected[name]).max(initial=0)
        assert off <= TOLERANCES[dtype] * max(size, summands), f"{name} is off by {off} at a size of {size}"


def by_loops(configuration: Configuration) -> tuple[dict[str, Array], Array]:
    """Return y and all gradients of a layer by ``loops``, and the upstream gradient that they are for."""
    from tests.oracles import loops

    layer, x = configuration.layer, configuration.x
    name = layer.activation.name if hasattr(layer, "activation") else "linear"
    if isinstance(layer, layers.MaxPooling2D):
        y, winners = loops.max_pooling2d(x, layer.pool_size, layer.strides, layer.padding)
        dy = configuration.dy(y.shape)
        return {"y": y, "dx": loops.max_pooling2d_backward(x, winners, dy)}, dy
    if isinstance(layer, layers.Activation):
        y, dy = loops.activate(name, x), configuration.dy(x.shape)
        return {"y": y, "dx": loops.activate_backward(name, x, dy)}, dy
    kernel = layer.params["kernel"]
    bias = layer.params.get("bias", np.zeros(kernel.shape[-1]))
    if isinstance(layer, layers.Dense):
        z = loops.dense(x, kernel, bias)
    else:
        geometry = (layer.strides, layer.dilation_rate, layer.padding)
        assert windows_count(x.shape[1:3], layer.kernel_size, *geometry) == layer.output_shape[1:3]
        z = loops.conv2d(x, kernel, bias, *geometry)
    dy = configuration.dy(z.shape)
    dz = loops.activate_backward(name, z, dy)
    if isinstance(layer, layers.Dense):
        dx, dkernel, dbias = loops.dense_backward(x, kernel, dz)
    else:
        dx, dkernel, dbias = loops.conv2d_backward(x, kernel, dz, *geometry)
    results = {"y": loops.activate(name, z), "dx": dx, "dkernel": dkernel}
    return results | ({"dbias": dbias} if layer.use_bias else {}), dy
