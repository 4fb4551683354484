"""The kernel of the mean squared error against its definition, and where the definition runs itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet.graph.kernel_losses import KernelMeanSquaredError, kernel_loss
from scratchnet.kernels.loops.mean_squared_error import mean_squared_error
from scratchnet.kernels.machine import runtime
from scratchnet.losses import Huber, MeanSquaredError
from tests.kernels.common import assert_near, examples

TOLERANCE = {"float32": 1e-6, "float64": 1e-14}


class Mine(MeanSquaredError):
    """A subclass may mean something else."""


def computed(loss, y_true, y_pred, weight=None):
    """Return loss, gradient and what metrics see."""
    value = loss.forward(y_true, y_pred, weight)
    return np.asarray(value, y_pred.dtype), loss.backward(), loss.predictions


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.sampled_from(["float32", "float64"]),
    st.sampled_from(["sum_over_batch_size", "mean_with_sample_weight", "sum"]),
    st.sampled_from([None, "sample", "place"]),
)
def test_the_kernel_equals_the_definition(shape, dtype, reduction, weighs):
    rng = np.random.default_rng(0)
    y_true, y_pred = (rng.standard_normal(shape).astype(dtype) for _ in range(2))
    places = shape[:1] if weighs == "sample" else shape[: max(1, len(shape) - 1)]
    weight = None if weighs is None else rng.uniform(0, 2, places)
    expected = computed(MeanSquaredError(reduction), y_true, y_pred, weight)
    kernel = kernel_loss(MeanSquaredError(reduction), None)[0]
    assert isinstance(kernel, KernelMeanSquaredError)
    for _ in range(2):  # in memory that is there
        for ours, theirs in zip(computed(kernel, y_true, y_pred, weight), expected):
            assert_near(ours, theirs, TOLERANCE)


@pytest.mark.parametrize("weight", [None, np.linspace(0, 2, 5)])
def test_more_numbers_than_a_block_and_any_number_of_threads_give_the_same(weight):
    rng = np.random.default_rng(0)
    y_true, y_pred = (rng.standard_normal((5, 41, 61, 3)).astype("float32") for _ in range(2))
    expected = computed(MeanSquaredError(), y_true, y_pred, weight)
    kernel, before, found = KernelMeanSquaredError(MeanSquaredError()), runtime.num_threads(), []
    try:
        for threads in range(1, before + 1):
            runtime.set_num_threads(threads)
            found.append([array.tobytes() for array in computed(kernel, y_true, y_pred, weight)])
    finally:
        runtime.set_num_threads(before)
    assert all(one == found[0] for one in found)
    for ours, theirs in zip(computed(kernel, y_true, y_pred, weight), expected):
        assert_near(ours, theirs, TOLERANCE)


def test_labels_may_lack_the_last_axis_and_have_another_type_and_order():
    y_true, y_pred = np.arange(6).reshape(3, 2).T, np.ones((2, 3, 1), "float32")
    for ours, theirs in zip(
        computed(KernelMeanSquaredError(MeanSquaredError()), y_true, y_pred),
        computed(MeanSquaredError(), y_true, y_pred),
    ):
        assert_near(ours, theirs, TOLERANCE)


def test_a_number_that_is_not_finite_is_seen():
    y_pred = np.zeros((4, 2000), "float32")
    y_pred[3, 1999] = np.nan
    loss = KernelMeanSquaredError(MeanSquaredError())
    assert np.isnan(loss.forward(np.zeros_like(y_pred), y_pred))
    assert np.argwhere(np.isnan(loss.backward())).tolist() == [[3, 1999]]


def test_what_metrics_see_is_not_what_the_model_goes_on_with():
    y_pred = np.zeros((2, 3), "float32")
    loss = KernelMeanSquaredError(MeanSquaredError())
    loss.forward(np.ones_like(y_pred), y_pred)
    loss.predictions[...] = 7
    assert (y_pred == 0).all()


@pytest.mark.parametrize("loss", [Mine(), MeanSquaredError(dtype="float64"), Huber()])
def test_other_losses_run_by_their_definition(loss):
    assert kernel_loss(loss, None)[0] is loss


def test_labels_of_another_shape_are_refused_as_by_the_definition():
    for loss in (MeanSquaredError(), KernelMeanSquaredError(MeanSquaredError())):
        with pytest.raises(ValueError, match=r"mean_squared_error expected y of the outputs' shape \(2, 3\)"):
            loss.forward(np.zeros((2, 2)), np.zeros((2, 3)))


def test_arrays_that_do_not_belong_together_are_refused():
    x, short, one = np.zeros(8, "float32"), np.zeros(7, "float32"), np.ones(1, "float32")
    wrong = ((short, x, one, x), (x, short, one, x), (x, x, one, short), (x, x, short, x), (x, x, one[:0], x))
    for arrays in wrong:
        with pytest.raises(ValueError, match="do not belong together"):
            mean_squared_error(*arrays)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight"])
def test_squares_whose_sum_overflows_have_the_mean_of_the_definition(reduction):
    y_true, y_pred = np.zeros((64, 100), "float32"), np.full((64, 100), 1e18, "float32")
    kernel = KernelMeanSquaredError(MeanSquaredError(reduction))
    for ours, theirs in zip(
        computed(kernel, y_true, y_pred), computed(MeanSquaredError(reduction), y_true, y_pred), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
