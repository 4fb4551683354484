"""The steps equal the layers they stand for: any size, stride, padding, dilation, channels, dtype."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scratchnet.kernels.loops.dense_products import APART
from scratchnet.kernels.steps.conv2d import Conv2DStep
from scratchnet.kernels.steps.conv2d_maxpool import Conv2DMaxPoolStep
from scratchnet.kernels.steps.dense import DenseStep
from scratchnet.kernels.steps.dense_crossentropy import DenseCrossentropyStep
from scratchnet.kernels.steps.max_pooling2d import MaxPooling2DStep
from scratchnet.layers import Conv2D, Dense, MaxPooling2D
from tests.kernels.common import assert_step_is_definition, built, examples, rounding, whole

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
dtypes = st.sampled_from(["float32", "float64"])
channels = st.sampled_from([1, 2, 3, 8, 16, 17, 32, 40])
filters = st.sampled_from([1, 3, 8, 10, 16, 24, 32, 33, 48])
paddings = st.sampled_from(["valid", "same"])
activations = st.sampled_from(["relu", None])


@st.composite
def convolutions(draw):
    strides, dilation = draw(pairs), draw(pairs)
    assume(strides == (1, 1) or dilation == (1, 1))  # as Keras allows
    return {
        "filters": draw(filters),
        "kernel_size": draw(pairs),
        "strides": strides,
        "dilation_rate": dilation,
        "padding": draw(paddings),
        "activation": draw(activations),
        "use_bias": draw(st.booleans()),
        "dtype": draw(dtypes),
    }


sizes = st.tuples(st.integers(7, 12), st.integers(7, 12))
poolings = st.fixed_dictionaries({"pool_size": pairs, "strides": st.none() | pairs, "padding": paddings})


@settings(max_examples=examples(80))
@given(convolutions(), sizes, channels, st.integers(1, 7), st.integers(0, 99))
def test_conv2d(conv, size, c, n, seed):
    layers = built([Conv2D(**conv)], (*size, c), seed)
    assert_step_is_definition(Conv2DStep, layers, n, seed, off=rounding(Conv2DStep(layers, True)))


@settings(max_examples=examples(120))
@given(convolutions(), poolings, sizes, channels, st.integers(1, 7), st.integers(0, 99))
def test_conv2d_maxpool(conv, pool, size, c, n, seed):
    first = built([Conv2D(**conv)], (*size, c))[0]
    assume(pool["padding"] == "same" or min(first.output_shape[1:3]) >= max(pool["pool_size"]))
    layers = built([Conv2D(**conv), MaxPooling2D(**pool, dtype=conv["dtype"])], (*size, c), seed)
    assert_step_is_definition(Conv2DMaxPoolStep, layers, n, seed)


@settings(max_examples=examples(60))
@given(poolings, sizes, channels, st.integers(1, 7), dtypes, st.integers(0, 99))
def test_max_pooling2d(pool, size, c, n, dtype, seed):
    layers = built([MaxPooling2D(**pool, dtype=dtype)], (*size, c))
    assert_step_is_definition(MaxPooling2DStep, layers, n, seed)


@settings(max_examples=examples(80))
@given(
    st.integers(1, 70), st.integers(1, 140), st.integers(1, 140), activations, st.booleans(), dtypes, st.integers(0, 99)
)
def test_dense(n, d, u, activation, use_bias, dtype, seed):
    layers = built([Dense(u, activation=activation, use_bias=use_bias, dtype=dtype)], (d,), seed)
    assert_step_is_definition(DenseStep, layers, n, seed)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("float64", 1e-11)])
def test_the_notebooks_layers_on_numbers_that_are_not_whole(dtype, tolerance):
    """With a tolerance relative to sums of about a thousand products of numbers of about 3."""
    conv = {"filters": 32, "kernel_size": 2, "activation": "relu", "dtype": dtype}
    for shape in ((28, 28, 1), (13, 13, 32)):
        layers = built([Conv2D(**conv), MaxPooling2D(dtype=dtype)], shape)
        assert_step_is_definition(Conv2DMaxPoolStep, layers, 5, tolerance=tolerance * 10)
    layers = built([Dense(256, activation="relu", dtype=dtype)], (1152,))
    assert_step_is_definition(DenseStep, layers, 64, tolerance=tolerance * 10)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softmax"])
@pytest.mark.parametrize(
    ("step", "layer", "shape"),
    [
        (DenseStep, lambda name: Dense(7, activation=name), (5,)),
        (Conv2DStep, lambda name: Conv2D(7, 2, activation=name), (5, 5, 2)),
    ],
)
def test_other_activations_run_by_their_definition(step, layer, shape, activation):
    layers = built([layer(activation)], shape)
    for p in layers[0].params.values():
        p *= 0.1
    assert_step_is_definition(step, layers, 6, tolerance=2e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("features", [200, 330])  # the sum over the latter is cut in two
def test_dense_has_the_same_bits_whether_it_passes_over_zeros_or_not(features, packed, dtype):
    units = APART // np.dtype(dtype).itemsize + 2 if packed else 150
    layers = built([Dense(units, activation="relu", dtype=dtype)], (features,))
    rng = np.random.default_rng(1)
    layers[0].params["kernel"] += rng.standard_normal((features, units)).astype(dtype)
    x, dy = (rng.standard_normal((70, n)).astype(dtype) * (rng.random((70, n)) < 0.5) for n in (features, units))
    found = []
    for sparse_below in (0.0, 1.1):
        step = DenseStep(layers, True)
        step.sparse_below = sparse_below
        found.append([step.forward(x).copy(), step.backward(dy).copy(), step.dkernel.copy(), step.dbias.copy()])
    for a, b in zip(*found):
        np.testing.assert_array_equal(a, b)


def test_dense_takes_more_axes_than_two():
    layers = built([Dense(6, activation="relu")], (3, 4, 5))
    assert_step_is_definition(DenseStep, layers, 4)


def test_the_first_of_equal_maxima_gets_the_gradient():
    layers = built([MaxPooling2D()], (2, 2, 1))
    step = MaxPooling2DStep(layers, True)
    step.forward(np.array([[3, 5], [5, 5]], np.float32).reshape(1, 2, 2, 1), True)
    dx = step.backward(np.full((1, 1, 1, 1), 7, np.float32))
    np.testing.assert_array_equal(dx.reshape(-1), [0, 7, 0, 0])


@pytest.mark.parametrize(("channels", "pool"), [(1, 2), (32, 2), (1, (1, 3)), (32, (1, 3))])
def test_ties_after_relu_pay_nobody_where_the_whole_window_is_off(channels, pool):
    conv = built([Conv2D(16, 2, activation="relu"), MaxPooling2D(pool)], (8, 8, channels))
    conv[0].params["bias"][...] = -1000
    step = Conv2DMaxPoolStep(conv, True)
    y = step.forward(np.ones((3, 8, 8, channels), np.float32), True)
    dx = step.backward(np.ones_like(y))
    assert not y.any()
    assert not dx.any()
    assert not conv[0].grads["bias"].any()


def test_a_large_pooling_window_has_winners_beyond_a_byte():
    layers = built([MaxPooling2D(20)], (20, 20, 2))
    assert_step_is_definition(MaxPooling2DStep, layers, 3)
    layers = built([Conv2D(16, 2), MaxPooling2D(19)], (20, 20, 2))
    assert_step_is_definition(Conv2DMaxPoolStep, layers, 2)


def test_buffers_are_used_again_and_a_ragged_batch_shares_them():
    layers = built([Dense(8)], (4,))
    step = DenseStep(layers, True)
    rng = np.random.default_rng(0)
    x = whole(rng, (10, 4), np.float32)
    first = step.forward(x, True)
    again = step.forward(x, True)
    ragged = step.forward(x[:3], True)
    assert np.shares_memory(first, again)
    assert np.shares_memory(first, ragged)


def test_inputs_that_are_not_contiguous_or_not_writable_are_taken():
    layers = built([Dense(8)], (4,))
    step = DenseStep(layers, True)
    x = whole(np.random.default_rng(0), (6, 4), np.float32)
    expected = step.forward(x, True).copy()
    frozen = x.copy()
    frozen.flags.writeable = False
    for other in (np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2], frozen):
        np.testing.assert_array_equal(step.forward(other, True), expected)


@pytest.mark.parametrize(
    ("step", "layers"),
    [
        (Conv2DMaxPoolStep, [Conv2D(4, 2, activation="tanh"), MaxPooling2D()]),
        (Conv2DMaxPoolStep, [Conv2D(4, 2, groups=2), MaxPooling2D()]),
        (Conv2DStep, [Conv2D(4, 2, groups=2)]),
        (DenseCrossentropyStep, [Dense(4)]),  # for one axis, and here are three
    ],
)
def test_fits_refuses_what_the_step_does_not_compute(step, layers):
    built(layers, (8, 8, 2))
    assert not step.fits(layers)


def test_samples_may_come_in_ever_other_numbers(rng):
    """What the step keeps for one number of samples is not taken for another."""
    step = DenseStep(built([Dense(70, activation="relu")], (300,)), True)
    for n in (5, 2, 9, 9, 2, 40, 5):
        x, dy = whole(rng, (n, 300), np.float32), whole(rng, (n, 70), np.float32)
        fresh = DenseStep(step.layers, True)
        np.testing.assert_array_equal(step.forward(x, True), fresh.forward(x, True))
        np.testing.assert_array_equal(step.backward(dy), fresh.backward(dy))


def test_flops_count_every_row_of_a_sample():
    assert DenseStep(built([Dense(3)], (5, 4)), True).flops(2) == (2 * 2 * 5 * 4 * 3, 2 * 2 * 2 * 5 * 4 * 3)


def test_flops_of_the_notebooks_second_convolution():
    layers = built([Conv2D(32, 2, activation="relu"), MaxPooling2D()], (13, 13, 32))
    forward, backward = Conv2DMaxPoolStep(layers, True).flops(64)
    assert forward == 2 * 64 * 12 * 12 * 128 * 32
    assert backward == 2 * (2 * 64 * 6 * 6 * 128 * 32)  # winners only
    assert Conv2DStep(layers[:1], False).flops(1) == (2 * 144 * 128 * 32, 2 * 144 * 128 * 32)
