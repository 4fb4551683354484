"""Layers on images: loops, definition and both backends agree, gradients are right, linear layers have adjoints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet import layers
from scratchnet.gradient_check import check_layer
from tests.oracles import image_loops, loops
from tests.oracles.configurations import ACTIVATIONS, Array, Configuration, _configured, assert_agree, seeds

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


def _geometry(draw: st.DrawFn, largest: int = 6) -> tuple[dict[str, Any], tuple[int, int]]:
    """Draw how the windows lie, and the size of an image that has room for one."""
    size, padding = draw(PAIRS, label="size"), draw(st.sampled_from(["valid", "same"]))
    dilation = draw(PAIRS, label="dilation")
    least = [d * (k - 1) + 1 if padding == "valid" else 1 for k, d in zip(size, dilation)]
    image = tuple(draw(st.integers(n, max(n, largest))) for n in least)
    arguments = {"kernel_size": size, "strides": draw(PAIRS), "padding": padding, "dilation_rate": dilation}
    return arguments, (image[0], image[1])


def _more(draw: st.DrawFn) -> dict[str, Any]:
    return {"activation": draw(st.sampled_from(ACTIVATIONS)), "use_bias": draw(st.booleans()), "dtype": "float64"}


@st.composite
def grouped(draw: st.DrawFn) -> Configuration:
    """A Conv2D of one to three groups."""
    geometry, image = _geometry(draw)
    G, per_C, per_F, N = (
        draw(st.integers(1, n), label=name) for name, n in zip(("G", "C/G", "F/G", "N"), (3, 2, 2, 2))
    )
    layer = layers.Conv2D(G * per_F, groups=G, **geometry, **_more(draw))
    return _configured(layer, (N, *image, G * per_C), draw(seeds), draw(st.booleans()))


@st.composite
def transposed(draw: st.DrawFn) -> Configuration:
    """A Conv2DTranspose on an image of up to 4 by 4, with or without output_padding."""
    geometry, _ = _geometry(draw)
    H, W = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    N, C, F = (draw(st.integers(1, 2), label=letter) for letter in "NCF")
    spans = [(k - 1) * d + 1 for k, d in zip(geometry["kernel_size"], geometry["dilation_rate"])]
    least = [1 - span % 2 if geometry["padding"] == "same" else 0 for span in spans]
    extra = None
    if draw(st.booleans()) and all(a < s for a, s in zip(least, geometry["strides"])):
        extra = tuple(draw(st.integers(a, s - 1)) for a, s in zip(least, geometry["strides"]))
    layer = layers.Conv2DTranspose(F, output_padding=extra, **geometry, **_more(draw))
    return _configured(layer, (N, H, W, C), draw(seeds), draw(st.booleans()))


@st.composite
def depthwise(draw: st.DrawFn) -> Configuration:
    """A DepthwiseConv2D with up to three filters for each channel."""
    geometry, image = _geometry(draw)
    N, C, M = draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    layer = layers.DepthwiseConv2D(depth_multiplier=M, **geometry, **_more(draw))
    return _configured(layer, (N, *image, C), draw(seeds), draw(st.booleans()))


@st.composite
def separable(draw: st.DrawFn) -> Configuration:
    """A SeparableConv2D."""
    geometry, image = _geometry(draw)
    N, C, M, F = (draw(st.integers(1, 2), label=letter) for letter in "NCMF")
    layer = layers.SeparableConv2D(F, depth_multiplier=M, **geometry, **_more(draw))
    return _configured(layer, (N, *image, C), draw(seeds), draw(st.booleans()))


@st.composite
def average(draw: st.DrawFn) -> Configuration:
    """An AveragePooling2D."""
    size, padding = draw(PAIRS), draw(st.sampled_from(["valid", "same"]))
    H, W = (draw(st.integers(k if padding == "valid" else 1, 7)) for k in size)
    layer = layers.AveragePooling2D(size, draw(st.none() | PAIRS), padding, dtype="float64")
    return _configured(layer, (draw(st.integers(1, 2)), H, W, draw(st.integers(1, 3))), draw(seeds), False)


@st.composite
def moving(draw: st.DrawFn) -> Configuration:
    """A layer that only moves, adds or blends pixels."""
    shape = tuple(draw(st.integers(1, 5)) for _ in range(4))
    sides = st.tuples(st.integers(0, 3), st.integers(0, 3))
    kinds = st.one_of(
        st.builds(layers.ZeroPadding2D, st.integers(0, 3) | sides | st.tuples(sides, sides)),
        st.builds(layers.UpSampling2D, PAIRS, st.none(), st.sampled_from(["nearest", "bilinear"])),
        st.builds(layers.GlobalAveragePooling2D, st.none(), st.booleans()),
    )
    layer = draw(kinds)
    return _configured(type(layer).from_config({**layer.get_config(), "dtype": "float64"}), shape, draw(seeds), False)


def kernel_oracle(configuration: Configuration) -> tuple[dict[str, Array], Array]:
    """Return y and all gradients of a convolution of any kind, and the upstream gradient that they are for."""
    layer, x = configuration.layer, configuration.x
    name, shape = layer.activation.name, (len(x), *layer.output_shape[1:])
    geometry = (layer.strides, layer.dilation_rate, layer.padding)
    kernel = next(iter(layer.params.values()))
    if isinstance(layer, layers.Conv2D):
        terms = list(image_loops.grouped(x, kernel, layer.groups, geometry))
    elif isinstance(layer, layers.Conv2DTranspose):
        terms = list(image_loops.transposed(x, kernel, shape[1:3], geometry))
    else:
        terms = list(image_loops.depthwise(x, kernel, geometry))
    separable = isinstance(layer, layers.SeparableConv2D)
    middle = (*shape[:3], x.shape[3] * layer.depth_multiplier) if separable else shape
    z = t = image_loops.multiply(terms, x, kernel, middle)
    if separable:
        pointwise = layer.params["pointwise_kernel"]
        z = loops.conv2d(t, pointwise, np.zeros(shape[3]), (1, 1), (1, 1), "valid")
    z = z + layer.params.get("bias", 0)
    dy = configuration.dy(shape)
    dt = dz = loops.activate_backward(name, z, dy)
    results = {"y": loops.activate(name, z)}
    if separable:
        dt, dpointwise, _ = loops.conv2d_backward(t, pointwise, dz, (1, 1), (1, 1), "valid")
        results["dpointwise_kernel"] = dpointwise
    dx, dkernel = image_loops.multiply_backward(terms, x, kernel, dt)
    results |= {"dx": dx, f"d{next(iter(layer.params))}": dkernel}
    return results | ({"dbias": dz.sum(axis=(0, 1, 2))} if layer.use_bias else {}), dy


def all_agree(configuration: Configuration, expected: dict[str, Array], dy: Array) -> None:
    for backend in ("numpy", "numba"):
        for dtype in ("float64", "float32"):
            assert_agree(configuration.run(backend, dtype, dy).arrays(), expected, dtype)


@settings(max_examples=40)
@given(st.one_of(grouped(), transposed(), depthwise(), separable()))
def test_convolutions_of_every_kind_are_sums_of_products(configuration: Configuration) -> None:
    all_agree(configuration, *kernel_oracle(configuration))


@settings(max_examples=40)
@given(average())
def test_average_pooling_divides_by_the_pixels_under_the_window(configuration: Configuration) -> None:
    layer, x = configuration.layer, configuration.x
    geometry = (layer.pool_size, layer.strides, layer.padding)
    y, pixels = image_loops.average_pooling2d(x, *geometry)
    dy = configuration.dy(y.shape)
    dx = image_loops.average_pooling2d_backward(x, dy, pixels, *geometry)
    all_agree(configuration, {"y": y, "dx": dx}, dy)


@settings(max_examples=40)
@given(
    st.lists(st.floats(-9, 9), min_size=1, max_size=6),
    st.lists(st.floats(-9, 9), min_size=1, max_size=6),
    PAIRS,
    st.sampled_from(["nearest", "bilinear"]),
)
def test_up_sampling_makes_rows_longer_and_columns_alike(down, across, size, interpolation) -> None:
    x = np.outer(down, across)
    y = layers.UpSampling2D(size, interpolation=interpolation, dtype="float64")(x[None, :, :, None])[0, :, :, 0]
    longer = [image_loops.up_sample(row, s, interpolation) for row, s in zip((down, across), size)]
    np.testing.assert_allclose(y, np.outer(*longer), rtol=1e-12, atol=1e-12)


@settings(max_examples=80)
@given(configuration=st.one_of(grouped(), transposed(), depthwise(), separable(), average(), moving()))
def test_every_gradient_is_right(configuration: Configuration) -> None:
    layer = configuration.layer
    report = check_layer(type(layer).from_config(layer.get_config()), configuration.x.shape, seed=configuration.seed)
    assert report.passed, f"\n{report}"


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@settings(max_examples=40)
@given(configuration=st.one_of(grouped(), transposed(), depthwise(), separable(), average(), moving()))
def test_backward_is_the_adjoint_of_forward(backend: str, configuration: Configuration) -> None:
    """⟨f(x), dy⟩ = ⟨x, fᵀ(dy)⟩ for a layer without bias and activation, and the same in each of its kernels."""
    layer, x = configuration.layer, configuration.x
    config = layer.get_config()
    config.update({k: v for k, v in {"activation": None, "use_bias": False}.items() if k in config})
    linear = type(layer).from_config(config)
    linear.build_once((None, *x.shape[1:]))
    for name, param in linear.params.items():
        param[...] = layer.params[name]
    dy = configuration.dy((len(x), *layer.output_shape[1:]))
    seen = Configuration(linear, x, 0).run(backend, "float64", dy)
    total = float((seen.y * dy).sum())
    assert total == pytest.approx(float((x * seen.dxs[0]).sum()), rel=1e-9, abs=1e-9)
    for name, gradient in seen.grads.items():
        assert total == pytest.approx(float((linear.params[name] * gradient).sum()), rel=1e-9, abs=1e-9)


@settings(max_examples=20)
@given(depthwise())
def test_a_depthwise_convolution_is_a_convolution_with_a_group_for_each_channel(configuration: Configuration) -> None:
    layer, x = configuration.layer, configuration.x
    C, M = x.shape[3], layer.depth_multiplier
    same = layers.Conv2D(
        C * M, layer.kernel_size, layer.strides, layer.padding, None, layer.dilation_rate, C, layer.activation.name,
        layer.use_bias, dtype="float64",
    )  # fmt: skip
    same(x)
    same.set_weights([w.reshape(s.shape) for w, s in zip(layer.get_weights(), same.get_weights(), strict=True)])
    np.testing.assert_allclose(same(x), layer(x), rtol=1e-10, atol=1e-10)


@settings(max_examples=20)
@given(transposed())
def test_a_transposed_convolution_is_the_backward_pass_of_a_convolution(configuration: Configuration) -> None:
    layer, x = configuration.layer, configuration.x
    F, C = layer.params["kernel"].shape[2:]
    forward = layers.Conv2D(
        C, layer.kernel_size, layer.strides, layer.padding, None, layer.dilation_rate, use_bias=False, dtype="float64"
    )
    forward(np.zeros((len(x), *layer.output_shape[1:3], F)))
    forward.set_weights([layer.params["kernel"]])
    z = forward.backward(x) + layer.params.get("bias", 0)
    np.testing.assert_allclose(layer(x), layer.activation.forward(z), rtol=1e-10, atol=1e-10)
