"""A gradient with a NaN or an infinity in it is found out, by the kernel that asks and by the step that writes it."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnet.kernels.loops.finite import MANY, is_finite, products_are_finite, square_is_finite
from scratchnet.kernels.steps.dense import DenseStep
from scratchnet.layers import Dense
from tests.kernels.common import built


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [0, 1, 4096, 10_001, MANY - 1, MANY, MANY + 4097])
def test_is_finite_finds_the_one_number_that_is_not(dtype: str, size: int) -> None:
    g = np.full(size, np.finfo(dtype).max, dtype)
    assert is_finite(g)
    for number in (np.nan, np.inf, -np.inf):
        for place in {0, size // 2, size - 1} if size else ():
            h = g.copy()
            h[place] = number
            assert not is_finite(h)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_where_squares_have_a_finite_sum_no_product_overflows(dtype: str) -> None:
    root = np.sqrt(np.finfo(dtype).max)
    for numbers, finite in (
        ([], True), ([0, 3, -4], True), ([root / 2, -root / 2], True), ([root, root], False), ([2 * root], False),
        ([1, np.nan], False), ([np.inf, 1], False), ([-np.inf, np.nan], False),
    ):  # fmt: skip
        assert square_is_finite(np.array(numbers, dtype)) == finite, numbers


def test_sums_of_products_that_may_overflow_are_not_taken_for_finite() -> None:
    large = np.finfo(np.float32).max
    for one, other, finite in (
        (0, 0, True),
        (1, 1e30, True),
        (large, large, False),
        (0, np.inf, False),
        (1, np.nan, False),
    ):
        assert products_are_finite(np.float32(one), np.float32(other)) == finite
        assert products_are_finite(np.float32(other), np.float32(one)) == finite


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sparse_below", [0.0, 1.1])
@pytest.mark.parametrize("feature", [0, 150, 299])  # in a whole strip, and among those that fill none
@pytest.mark.parametrize("samples", [6, 60])  # few enough to look at them instead of the gradients, and not
def test_a_dense_step_tells_of_the_one_sum_that_overflows(
    samples: int, feature: int, sparse_below: float, dtype: str
) -> None:
    step = DenseStep(built([Dense(40, dtype=dtype)], (300,)), needs_dx=True)
    step.sparse_below = sparse_below
    rng, largest = np.random.default_rng(0), np.finfo(dtype).max
    x, dy = rng.standard_normal((samples, 300)).astype(dtype), np.zeros((samples, 40), dtype)
    dy[2:4, 7] = 1
    step.forward(x)
    step.backward(dy)
    assert step.finite
    x[2:4, feature] = largest
    step.forward(x)
    step.backward(dy)
    assert not step.finite
    assert (~np.isfinite(step.dkernel)).sum() == 1


def test_a_dense_step_tells_of_a_bias_that_overflows() -> None:
    step = DenseStep(built([Dense(4)], (3,)), needs_dx=False)
    step.forward(np.zeros((2, 3), np.float32))
    step.backward(np.full((2, 4), np.finfo(np.float32).max))
    assert not step.finite
    assert np.isfinite(step.dkernel).all()
