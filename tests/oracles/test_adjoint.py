"""col2im is the transpose of im2col, and a convolution's dx that of the convolution: ⟨A x, y⟩ = ⟨x, Aᵀ y⟩."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from scratchnet.layers.windows import col2im, im2col
from tests.oracles import configurations
from tests.oracles.configurations import Configuration


def inner(a: np.ndarray, b: np.ndarray) -> float:
    return float((a * b).sum())


@given(configurations.conv2d())
def test_col2im_is_the_transpose_of_im2col(configuration: Configuration) -> None:
    layer, x = configuration.layer, configuration.x
    windows = layer._windows(x.shape[1:3])
    cols = im2col(x, windows)
    c = configuration.dy(cols.shape)
    assert inner(cols, c) == pytest.approx(inner(x, col2im(c, windows, x.shape)), rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@given(configuration=configurations.conv2d())
def test_dx_of_a_convolution_is_its_transpose(backend: str, configuration: Configuration) -> None:
    from scratchnet import layers

    layer, x = configuration.layer, configuration.x
    linear = layers.Conv2D(
        layer.filters,
        layer.kernel_size,
        layer.strides,
        layer.padding,
        dilation_rate=layer.dilation_rate,
        use_bias=False,
        dtype="float64",
    )
    linear.build_once((None, *x.shape[1:]))
    linear.params["kernel"][...] = layer.params["kernel"]
    y = configuration.dy((len(x), *layer.output_shape[1:]))
    seen = Configuration(linear, x, 0).run(backend, "float64", y)
    assert inner(seen.y, y) == pytest.approx(inner(x, seen.dxs[0]), rel=1e-10, abs=1e-10)
    # The layer is as linear in its kernel as in x, so dkernel is the other transpose.
    assert inner(seen.y, y) == pytest.approx(inner(linear.params["kernel"], seen.grads["kernel"]), rel=1e-10, abs=1e-10)
