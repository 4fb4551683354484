"""The depthwise convolution's step equals the layer."""

from __future__ import annotations

import numba
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet.graph.kernel_steps import kernel_step
from scratchnet.kernels.steps.depthwise_conv2d import DepthwiseConv2DStep
from scratchnet.layers import DepthwiseConv2D
from tests.kernels.common import assert_step_is_definition, built, examples

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=examples(80))
@given(
    pairs, pairs, st.sampled_from(["valid", "same"]), st.integers(1, 3), st.integers(1, 2),
    st.sampled_from(["relu", None]), st.booleans(), st.sampled_from(["float32", "float64"]),
    st.tuples(st.integers(5, 8), st.integers(5, 8), st.integers(1, 18)), st.integers(1, 6), st.integers(0, 99),
)  # fmt: skip
def test_the_step_equals_the_definition(
    size, strides, padding, multiplier, dilation, activation, bias, dtype, image, n, seed
):  # fmt: skip
    layer = DepthwiseConv2D(
        size, strides if dilation == 1 else 1, padding, multiplier, None, dilation, activation, bias, dtype=dtype
    )
    layers = built([layer], image, seed)
    assert type(kernel_step(layers, True)) is DepthwiseConv2DStep
    assert_step_is_definition(DepthwiseConv2DStep, layers, n, seed)


def test_another_activation_runs_by_its_definition():
    layers = built([DepthwiseConv2D(2, activation="sigmoid", dtype="float64")], (3, 4, 2))
    assert_step_is_definition(DepthwiseConv2DStep, layers, 4, tolerance=1e-12)


def test_threads_change_no_bit():
    rng = np.random.default_rng(0)
    layers = built([DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="relu")], (7, 6, 8))
    x, dy = (rng.standard_normal((35, 7, 6, c)).astype("float32") for c in (8, 16))

    def run(threads):
        before = numba.get_num_threads()
        numba.set_num_threads(threads)
        try:
            step = DepthwiseConv2DStep(layers, True)
            found = step.forward(x).copy(), step.backward(dy).copy()
            return [*found, *(g.copy() for g in layers[0].grads.values())]
        finally:
            numba.set_num_threads(before)

    assert all(np.array_equal(a, b) for a, b in zip(run(1), run(numba.config.NUMBA_NUM_THREADS)))
