"""Numerical derivatives: exact, honest about their error, and not fooled by kinks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnet.gradient_check.differences import Estimate, Prober, differentiate
from scratchnet.gradient_check.subject import Subject


def derivative(function: Callable[[Any], Any], at: Any, tolerance: float = 1e-7) -> Estimate:
    """Return the estimate for a function of one array, entry by entry, dy being ones."""
    x = np.array(at, np.float64).reshape(-1)

    def forward() -> Any:
        return np.array(function(x))

    subject = Subject({"x": x}, forward, lambda name: forward(), lambda dy: {})
    prober = Prober(subject, "x", np.ones(forward().shape))
    return differentiate(prober, np.arange(x.size), tolerance)


SMOOTH: dict[str, tuple[Any, Any]] = {
    "square": (np.square, lambda x: 2 * x),
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "fast": (lambda x: np.sin(50 * x), lambda x: 50 * np.cos(50 * x)),
    "tiny": (lambda x: 1e-6 * np.sin(x), lambda x: 1e-6 * np.cos(x)),
    "huge": (lambda x: 1e6 * np.sin(x), lambda x: 1e6 * np.cos(x)),
}


@pytest.mark.parametrize("name", SMOOTH)
@given(at=st.lists(st.floats(-3, 3), min_size=1, max_size=5))
def test_smooth_functions_to_a_hundredth_of_the_tolerance_and_the_error_is_honest(name: str, at: list[float]) -> None:
    function, slope = SMOOTH[name]
    estimate = derivative(function, at)
    true_error = np.abs(estimate.value - slope(np.array(at)))
    assert (true_error <= 1e-9 * np.maximum(estimate.scale, 1e-6)).all()
    assert (true_error <= 3 * estimate.error + 1e-15 * np.abs(estimate.value) + 1e-18).all()
    assert not estimate.kink.any()


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-5, -1e-5])
def test_a_kink_nearby_is_stepped_round(distance: float) -> None:
    estimate = derivative(lambda x: np.abs(x - distance) + np.sin(x), [0.0])
    assert not estimate.kink[0]
    assert estimate.value[0] == pytest.approx(1 - math.copysign(1, distance), abs=1e-7)


def test_a_kink_right_here_is_recognised_with_the_slopes_of_both_sides() -> None:
    estimate = derivative(lambda x: 3 * np.maximum(x, 0) - np.minimum(x, 0), [0.0, 1.0])
    assert estimate.kink.tolist() == [True, False]
    assert (estimate.low[0], estimate.high[0]) == pytest.approx((-1, 3))
    assert estimate.value[1] == pytest.approx(3)


def test_a_kink_is_found_beside_a_smooth_part() -> None:
    """|x| has the quotients -1 and 1; x² changes the difference at every h, but not in the limit."""
    assert derivative(lambda x: np.abs(x) + 5 * x**2, [0.0]).kink[0]
    assert not derivative(lambda x: np.abs(x) ** 1.0 * x, [0.0]).kink[0]


def test_of_a_jump_nothing_is_known_and_beside_it_all() -> None:
    estimate = derivative(lambda x: np.sign(x) + 2 * x, [0.0, 0.4, 1e-4])
    assert np.isinf(estimate.error[0])
    assert not estimate.kink[0]
    assert estimate.value[1:] == pytest.approx([2, 2])
    assert (estimate.error[1:] < 1e-6).all()


def test_where_the_function_is_not_finite_at_large_steps_small_ones_are_taken() -> None:
    estimate = derivative(np.log, [1e-3, 1e-4])
    assert estimate.value == pytest.approx([1e3, 1e4], rel=1e-8)


def test_an_infinite_slope_is_not_believed() -> None:
    estimate = derivative(lambda x: np.sqrt(np.abs(x)), [0.0])
    assert estimate.kink[0] or not estimate.error[0] < 1e-7 * estimate.scale[0]


def test_a_constant_has_slope_zero() -> None:
    estimate = derivative(lambda x: np.full(3, 7.0), [1.0])
    assert estimate.value[0] == 0
    assert not estimate.kink[0]


def test_the_array_is_put_back() -> None:
    x = np.array([0.1, 0.2])
    subject = Subject({"x": x}, lambda: x**2, lambda name: x**2, lambda dy: {})
    differentiate(Prober(subject, "x", np.ones(2)), np.arange(2), 1e-7)
    assert x.tolist() == [0.1, 0.2]


@given(offset=st.floats(1, 1e4), bend=st.floats(-100, 100))
def test_the_slopes_beside_a_kink_are_as_exact_as_their_error_says(offset: float, bend: float) -> None:
    estimate = derivative(lambda x: np.maximum(x, 0) + bend * x**2 + offset, 0.0)
    assert estimate.kink.all()
    assert estimate.error[0] <= 1e-3
    assert abs(estimate.low[0]) <= 2 * estimate.error[0]
    assert abs(estimate.high[0] - 1) <= 2 * estimate.error[0]
