"""The transposed convolution's step equals the layer."""

from __future__ import annotations

from unittest import mock

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet.graph.kernel_steps import kernel_step
from scratchnet.kernels.steps import conv2d_transpose
from scratchnet.kernels.steps.conv2d_transpose import Conv2DTransposeStep
from scratchnet.layers import Conv2DTranspose
from tests.kernels.common import assert_step_is_definition, built, examples

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=examples(80))
@given(
    st.integers(1, 20), pairs, pairs, st.sampled_from(["valid", "same"]), st.integers(1, 2),
    st.sampled_from(["relu", None]), st.booleans(), st.sampled_from(["float32", "float64"]),
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 18)), st.integers(1, 6), st.integers(0, 99),
)  # fmt: skip
def test_the_step_equals_the_definition(
    filters, size, strides, padding, dilation, activation, bias, dtype, image, n, seed
):  # fmt: skip
    layer = Conv2DTranspose(
        filters, size, strides if dilation == 1 else 1, padding, None, None, dilation, activation, bias, dtype=dtype
    )
    assert_step_is_definition(Conv2DTransposeStep, built([layer], image, seed), n, seed)


def test_another_activation_runs_by_its_definition():
    layers = built([Conv2DTranspose(3, 2, activation="tanh", dtype="float64")], (3, 4, 2))
    assert_step_is_definition(Conv2DTransposeStep, layers, 4, tolerance=1e-12)


def test_output_padding_makes_the_image_larger():
    layers = built([Conv2DTranspose(3, 3, strides=2, output_padding=1)], (3, 4, 2))
    assert type(kernel_step(layers, True)) is Conv2DTransposeStep
    assert_step_is_definition(Conv2DTransposeStep, layers, 4)


@pytest.mark.parametrize("filters", [1, 3, 20])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_blocks_of_several_samples_equal_the_definition(filters, padding):
    layers = built([Conv2DTranspose(filters, 3, strides=2, padding=padding, activation="relu")], (3, 5, 4))
    assert_step_is_definition(Conv2DTransposeStep, layers, 103)


def found(filters, threads=1, together=conv2d_transpose.SAMPLES):
    """Return y, dx and the gradients of a layer."""
    rng = np.random.default_rng(0)
    layer = Conv2DTranspose(filters, 3, strides=2, padding="same", activation="relu")
    layers = built([layer], (7, 6, 8))
    x, dy = (rng.standard_normal((103, *shape)).astype("float32") for shape in ((7, 6, 8), (14, 12, filters)))
    before = numba.get_num_threads()
    numba.set_num_threads(threads)
    try:
        with mock.patch.object(conv2d_transpose, "SAMPLES", together):
            step = Conv2DTransposeStep(layers, True)
        return [step.forward(x).copy(), step.backward(dy).copy(), *(g.copy() for g in layer.grads.values())]
    finally:
        numba.set_num_threads(before)


@pytest.mark.parametrize("filters", [1, 16])
def test_threads_change_no_bit(filters):
    for threads in range(2, numba.config.NUMBA_NUM_THREADS + 1):
        assert all(np.array_equal(a, b) for a, b in zip(found(filters), found(filters, threads)))


@pytest.mark.parametrize("together", [1, 3])
def test_how_many_samples_are_done_together_changes_no_bit(together):
    assert all(np.array_equal(a, b) for a, b in zip(found(5), found(5, together=together)))
