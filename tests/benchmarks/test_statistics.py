from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.statistics import count_of_bytes, pairwise_ratios, seconds, summarise

TIMES = st.lists(st.floats(1e-7, 1e4), min_size=1, max_size=30)


def test_the_summary_is_the_median_and_the_middle_half():
    s = summarise([5.0, 1.0, 2.0, 4.0, 3.0])
    assert (s.low, s.median, s.high, s.count, s.spread) == (2.0, 3.0, 4.0, 5, 2.0)


@given(TIMES)
def test_the_median_lies_between_the_quartiles_and_they_between_the_extremes(values):
    s = summarise(values)
    assert min(values) <= s.low <= s.median <= s.high <= max(values)


@given(TIMES)
def test_the_order_of_the_turns_does_not_matter(values):
    assert summarise(values) == summarise(sorted(values))


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [float("inf")]])
def test_what_has_no_median_is_refused(values):
    with pytest.raises(ValueError, match="at least one value and finite ones"):
        summarise(values)


@given(TIMES, st.floats(0.01, 100))
def test_ratios_are_taken_turn_by_turn(ours, factor):
    np.testing.assert_allclose(pairwise_ratios([factor * t for t in ours], ours), factor, rtol=1e-12)


def test_a_disturbance_of_both_in_one_turn_leaves_its_ratio():
    assert pairwise_ratios([2.0, 20.0], [1.0, 10.0]) == [2.0, 2.0]


def test_ratios_of_different_numbers_of_turns_are_refused():
    with pytest.raises(ValueError, match="got 2 and 1"):
        pairwise_ratios([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("value", "text"),
    [(16.0, "16.0 s"), (1.0, "1.00 s"), (0.00166, "1.66 ms"), (0.85e-3, "850 µs"), (5e-8, "0.05 µs")],
)
def test_times_have_three_digits_and_a_unit(value, text):
    assert seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(1.2e9, "1.20 GB"), (3.63e6, "3.63 MB"), (4e3, "4.00 kB"), (12, "12 B")])
def test_bytes_have_three_digits_and_a_unit(value, text):
    assert count_of_bytes(value) == text
