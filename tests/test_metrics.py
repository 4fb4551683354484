from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratchnet import metrics, utils


def test_accuracy_is_the_share_of_right_ones_over_ragged_batches():
    accuracy = metrics.Accuracy()
    p = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    accuracy.update(np.array([1, 1, 1]), p)
    accuracy.update(np.array([0]), p[:1])
    assert accuracy.result() == 0.5
    accuracy.reset()
    assert accuracy.result() == 0.0


def test_accuracy_takes_one_hot_rows_and_columns_too():
    p = np.array([[0.1, 0.9], [0.8, 0.2]])
    for y in (np.array([1, 1]), np.array([[1], [1]]), utils.to_categorical([1, 1])):
        accuracy = metrics.Accuracy()
        accuracy.update(y, p)
        assert accuracy.result() == 0.5


def test_accuracy_at_a_tie_takes_the_first_class():
    accuracy = metrics.Accuracy()
    accuracy.update(np.array([0, 1]), np.full((2, 2), 0.5))
    assert accuracy.result() == 0.5


def test_top_k_counts_the_right_class_among_the_k_largest():
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])
    for k, expected in [(1, 0.0), (2, 0.5), (3, 1.0)]:
        metric = metrics.TopKCategoricalAccuracy(k=k)
        metric.update(np.array([1, 0]), p)
        assert metric.result() == expected


@given(
    hnp.arrays("float64", (5, 4), elements=st.floats(0, 1), unique=True),
    hnp.arrays("int64", 5, elements=st.integers(0, 3)),
)
def test_top_one_is_accuracy(p, y):
    np.testing.assert_array_equal(metrics.TopKCategoricalAccuracy(k=1).values(y, p), metrics.Accuracy().values(y, p))


@pytest.mark.parametrize("k", [0, -1, 1.5])
def test_k_must_be_a_positive_whole_number(k):
    with pytest.raises(ValueError, match=r"^k of TopKCategoricalAccuracy expected a whole number ≥ 1, got"):
        metrics.TopKCategoricalAccuracy(k=k)


@pytest.mark.parametrize("name", metrics.METRICS)
def test_the_name_given_is_the_name_shown(name):
    assert metrics.get(name).name == name


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'accuracy'"):
        metrics.get("acuracy")
    with pytest.raises(TypeError, match="given as a name"):
        metrics.get(7)
