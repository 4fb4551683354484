"""The kernel of the accuracies against their definition, and where the definition counts itself."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet.graph.backends import Backend, KernelBackend
from scratchnet.graph.kernel_metrics import KernelAccuracy, kernel_metric
from scratchnet.kernels.loops.right_classes import count_right
from scratchnet.metrics import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from tests.kernels.common import examples

CLASSES = Accuracy, CategoricalAccuracy, SparseCategoricalAccuracy
SCORES = st.sampled_from([-np.inf, -1.0, 0.0, -0.0, 1.0, 2.0, np.inf, np.nan])


class Mine(Accuracy):
    """A subclass may mean something else."""

    def values(self, y_true, y_pred):
        return 1 - super().values(y_true, y_pred)


def counted(metric, count, *batches):
    for batch in batches:
        count(*batch)
    return metric.total, metric.count, metric.result()


@settings(max_examples=examples(60), deadline=None)
@given(
    st.data(), st.sampled_from(CLASSES), st.sampled_from(["float32", "float64"]), st.sampled_from(["u1", "i4", "i8"])
)
def test_the_kernel_equals_the_definition_with_ties_infinities_nan_and_labels_that_are_no_class(
    data, kind, dtype, label
):
    N, C = data.draw(st.integers(0, 6)), data.draw(st.integers(2, 5))
    y_pred = np.array(data.draw(st.lists(SCORES, min_size=N * C, max_size=N * C)), dtype).reshape(N, C)
    y_true = np.array(data.draw(st.lists(st.integers(0, C), min_size=N, max_size=N)), label)
    plain, metric = kind(), kind()
    count = kernel_metric(metric)
    assert isinstance(count, KernelAccuracy)
    batch = y_true, y_pred
    assert counted(metric, count, batch, batch) == counted(plain, plain.update, batch, batch)


@pytest.mark.parametrize(
    ("y_true", "y_pred", "weight"),
    [
        ([0, 1, 1], [[0.2], [0.7], [0.1]], None),  # one output: which side of a half
        ([0, 1, 1], [0.2, 0.7, 0.1], None),
        ([[0, 1], [1, 0]], [[0.2, 0.8], [0.3, 0.7]], None),  # one-hot rows
        ([[1], [1]], [[0.2, 0.8], [0.3, 0.7]], None),
        ([1.0, 0.0], [[0.2, 0.8], [0.3, 0.7]], None),
        ([[1, 0]], [[[0.2, 0.8], [0.3, 0.7]]], None),  # a class for each place
        ([1, 0], [[0.2, 0.8], [0.3, 0.7]], [0.25, 4.0]),
    ],
)
def test_whatever_else_comes_the_metric_counts_itself(y_true, y_pred, weight):
    batch = (np.array(y_true), np.array(y_pred, np.float32), *(() if weight is None else (np.array(weight),)))
    plain, metric = Accuracy(), Accuracy()
    assert counted(metric, kernel_metric(metric), batch) == counted(plain, plain.update, batch)


def test_views_and_what_may_not_be_written_count_as_well():
    y_pred = np.random.default_rng(0).random((8, 3)).astype(np.float32)
    fixed = np.arange(8) % 3
    fixed.flags.writeable = False
    for y_true, scores in ((np.arange(16)[::2] % 3, y_pred), (fixed, y_pred), (fixed, y_pred[:, ::-1])):
        plain, metric = Accuracy(), Accuracy()
        assert counted(metric, kernel_metric(metric), (y_true, scores)) == counted(
            plain, plain.update, (y_true, scores)
        )


def test_only_our_own_classes_in_the_predictions_own_dtype_have_a_kernel():
    for metric in (Mine(), BinaryAccuracy(), TopKCategoricalAccuracy(), Accuracy(dtype="float64")):
        assert kernel_metric(metric) is None
        assert KernelBackend().counting(metric) == metric.update
    assert isinstance(KernelBackend().counting(Accuracy()), KernelAccuracy)
    metric = Accuracy()
    assert Backend().counting(metric) == metric.update


@pytest.mark.parametrize("name", ["values", "update_state", "update"])
@pytest.mark.parametrize("of_class", [True, False])
def test_what_somebody_has_put_into_a_metric_counts(name, of_class, monkeypatch):
    metric = Accuracy()
    monkeypatch.setattr(Accuracy if of_class else metric, name, lambda *_: np.ones(2), raising=False)
    assert kernel_metric(metric) is None


def test_a_copy_counts_for_itself():
    metric = Accuracy()
    count = kernel_metric(copy.deepcopy(metric))
    count(np.array([0]), np.array([[1.0, 0.0]]))
    assert (metric.count, count.metric.count) == (0, 1)


def test_the_kernel_refuses_sizes_that_do_not_belong_together():
    for shape in ((3, 2), (1, 2), (2, 0)):
        with pytest.raises(ValueError, match="do not belong together"):
            count_right(np.ones(shape), np.zeros(2, int))
