"""The step equals the layer it stands for; more threads change no bit."""

from __future__ import annotations

from functools import partial
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet.graph.kernel_steps import kernel_step
from scratchnet.kernels.loops import layer_normalization
from scratchnet.kernels.steps.layer_normalization import LayerNormalizationStep
from scratchnet.layers import LayerNormalization
from tests.kernels.common import assert_near, examples, twice

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
two = partial(twice, LayerNormalization)
assert_close = partial(assert_near, tolerance=TOLERANCE)


@settings(max_examples=examples(100))
@given(
    st.lists(st.integers(1, 6), max_size=2), st.sampled_from([1, 2, 3, 8, 16, 17, 33, 70]), st.integers(1, 40),
    st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["float32", "float64"]), st.integers(0, 99),
)  # fmt: skip
def test_it_is_the_definition(
    inner: list[int], D: int, n: int, center: bool, scale: bool, needs_dx: bool, dtype: str, seed: int
) -> None:
    definition, layer = two((*inner, D), center=center, scale=scale, dtype=dtype)
    step = LayerNormalizationStep([layer], needs_dx)
    rng = np.random.default_rng(seed)
    for size in (n, n // 2 + 1, n):
        x, dy = rng.normal(1, 2, (2, size, *inner, D)).astype(dtype)
        before = x.copy(), dy.copy()
        assert_close(step.forward(x, True), definition.forward(x, True))
        expected, dx = definition.backward(dy), step.backward(dy)
        if needs_dx:
            assert_close(dx, expected, scale=np.abs(dy).max() / definition._sigma.min())  # what cancels in dx
        else:
            assert dx is None
        for name, gradient in layer.grads.items():
            assert_close(gradient, definition.grads[name], scale=size)
        assert np.array_equal(before[0], x)
        assert np.array_equal(before[1], dy)


def test_of_many_rows_float32_keeps_what_it_can() -> None:
    _, layer = two((40, 40, 6), dtype="float32")
    exact, _ = two((40, 40, 6), dtype="float64")
    x, dy = np.random.default_rng(0).uniform(0, 2, (2, 200, 40, 40, 6)).astype("float32")
    step = LayerNormalizationStep([layer], False)
    step.forward(x)
    step.backward(dy)
    exact.forward(x.astype("float64"))
    exact.backward(dy.astype("float64"))
    np.testing.assert_allclose(layer.grads["beta"], exact.grads["beta"], rtol=2e-6)


def test_nan_stays_in_its_row() -> None:
    _, layer = two((40,))
    x = np.random.default_rng(0).normal(size=(3, 40)).astype("float32")
    x[1, 7] = np.nan
    y = LayerNormalizationStep([layer], True).forward(x)
    assert np.isnan(y[1]).all()
    assert np.isfinite(y[[0, 2]]).all()


@pytest.mark.parametrize("shape", [(64, 26, 26, 32), (5, 7), (200, 40)])
def test_threads_change_no_bit(shape: tuple[int, ...]) -> None:
    x, dy = np.random.default_rng(0).normal(1, 2, (2, *shape)).astype("float32")
    _, layer = two(shape[1:])
    before, found = numba.get_num_threads(), []
    for threads in (1, numba.config.NUMBA_NUM_THREADS):
        step = LayerNormalizationStep([layer], True)
        numba.set_num_threads(threads)
        y, dx = step.forward(x, True), step.backward(dy)
        found.append([y, dx, *(g.copy() for g in layer.grads.values())])
    numba.set_num_threads(before)
    assert all(np.array_equal(a, b) for a, b in zip(*found))


@pytest.mark.parametrize(("axis", "fits"), [(-1, True), (3, True), (1, False), (-2, False), ((2, 3), False)])
def test_it_is_for_the_last_axis_alone(axis: Any, fits: bool) -> None:
    layer = LayerNormalization(axis=axis)
    layer.build_once((None, 4, 3, 2))
    assert (kernel_step([layer], True) is not None) == fits


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    x, row, column, short = (np.ones(n, "float32") for n in (12, 4, 3, 2))
    for arrays in ((x[1:], row, row, 0.1, x), (x, row, short, 0.1, x), (x, row, row, 0.1, x[1:])):
        with pytest.raises(ValueError, match="do not belong together"):
            layer_normalization.forward(*arrays, column, column)
    with pytest.raises(ValueError, match="do not belong together"):
        layer_normalization.forward(x, row, row, 0.1, x, column, short)
    partial, total = np.ones(16 * 8, "float32"), np.ones(8, "float32")
    layer_normalization.backward(x, x, row, column, column, x.copy(), True, partial, total)
    for changed in range(8):
        arrays = [x, x, row, column, column, x, partial, total]
        arrays[changed] = arrays[changed][1:]
        with pytest.raises(ValueError, match="do not belong together"):
            layer_normalization.backward(*arrays[:6], True, *arrays[6:])
