"""The transposed convolution's step equals the layer."""

from __future__ import annotations

import numba
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet.graph.kernel_steps import kernel_step
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


def test_threads_change_no_bit():
    rng = np.random.default_rng(0)
    layers = built([Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu")], (7, 6, 8))
    x, dy = (rng.standard_normal((35, *shape)).astype("float32") for shape in ((7, 6, 8), (14, 12, 16)))

    def run(threads):
        before = numba.get_num_threads()
        numba.set_num_threads(threads)
        try:
            step = Conv2DTransposeStep(layers, True)
            found = step.forward(x).copy(), step.backward(dy).copy()
            return [*found, *(g.copy() for g in layers[0].grads.values())]
        finally:
            numba.set_num_threads(before)

    assert all(np.array_equal(a, b) for a, b in zip(run(1), run(numba.config.NUMBA_NUM_THREADS)))
