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


PLACES = st.sampled_from([(), (3,), (2, 3)])  # further axes between the samples and the scores


def scores_and_labels(data, places, classes):
    y = data.draw(hnp.arrays("int64", (4, *places), elements=st.integers(0, classes - 1)))
    scores = st.integers(0, 4).map(lambda n: n / 4)  # few different ones, so that there are ties
    return y, data.draw(hnp.arrays("float64", (4, *places, classes), elements=scores))


@given(st.data(), PLACES, st.integers(2, 5), st.integers(1, 6))
def test_metrics_of_class_scores_are_means_over_all_places_in_any_encoding(data, places, classes, k):
    y, p = scores_and_labels(data, places, classes)
    rows = list(zip(y.reshape(-1), p.reshape(-1, classes)))
    expected = {
        "accuracy": np.mean([list(row).index(max(row)) == label for label, row in rows]),
        "top": np.mean([sum(other > row[label] for other in row) < k for label, row in rows]),
    }
    for labels in (y, y[..., None], y.astype("float32"), utils.to_categorical(y, classes)):
        for name, metric in (
            ("accuracy", metrics.Accuracy()),
            ("accuracy", metrics.SparseCategoricalAccuracy()),
            ("accuracy", metrics.CategoricalAccuracy()),
            ("top", metrics.TopKCategoricalAccuracy(k)),
        ):
            metric.update(labels[:3], p[:3])
            metric.update(labels[3:], p[3:])
            assert metric.result() == pytest.approx(expected[name])


@given(st.data(), PLACES)
def test_one_output_is_right_on_the_right_side_of_one_half(data, places):
    y = data.draw(hnp.arrays("int64", (4, *places), elements=st.integers(0, 1)))
    p = data.draw(hnp.arrays("float64", (4, *places, 1), elements=st.sampled_from([0, 0.4, 0.5, 0.6, 1, np.nan])))
    score = p[..., 0]
    expected = np.mean(((score > 0.5) & (y == 1)) | ((score <= 0.5) & (y == 0)))
    for labels in (y, y[..., None], y.astype(bool), y.astype("float32")):
        for metric in (metrics.Accuracy(), metrics.BinaryAccuracy()):
            metric.update(labels, p)
            assert metric.result() == pytest.approx(expected)


@given(st.data(), st.integers(1, 4))
def test_a_row_with_a_nan_is_no_hit_and_disturbs_no_other_row(data, k):
    y, p = scores_and_labels(data, (), 4)
    broken = data.draw(hnp.arrays("bool", (4, 4)))
    for metric in (metrics.Accuracy(), metrics.CategoricalAccuracy(), metrics.TopKCategoricalAccuracy(k)):
        whole = metric.values(y, p)
        np.testing.assert_array_equal(metric.values(y, np.where(broken, np.nan, p)), whole & ~broken.any(axis=1))


def test_infinite_scores_are_the_largest_and_the_smallest():
    p = np.array([[np.inf, 0, 1], [-np.inf, 0, 1]])
    assert metrics.Accuracy().values(np.array([0, 0]), p).tolist() == [True, False]
    assert metrics.TopKCategoricalAccuracy(2).values(np.array([0, 0]), p).tolist() == [True, False]


def test_a_label_that_is_no_class_is_never_among_the_k_largest():
    y = np.array([-1, 3, 0.5, np.nan])
    assert not metrics.TopKCategoricalAccuracy(3).values(y, np.ones((4, 3))).any()
    assert not metrics.Accuracy().values(y, np.ones((4, 3))).any()


def test_binary_accuracy_counts_each_of_several_outputs_against_its_threshold():
    y, p = np.array([[0, 1], [1, 1]]), np.array([[0.4, 0.6], [0.6, 0.3]])
    assert metrics.BinaryAccuracy().values(y, p).tolist() == [1.0, 0.5]
    assert metrics.BinaryAccuracy(threshold=0.2).values(y, p).tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("y_shape", "p_shape"), [((3,), (4, 2)), ((4, 3), (4, 2)), ((4, 2), (4, 3, 2)), ((1, 4), (4, 1)), ((4, 2), (4, 1))]
)
def test_labels_that_do_not_fit_the_predictions_are_refused(y_shape, p_shape):
    with pytest.raises(ValueError, match=r"^A metric expected labels"):
        metrics.Accuracy().values(np.zeros(y_shape, int), np.zeros(p_shape))


@pytest.mark.parametrize(
    ("y_shape", "p_shape"),
    [
        *[((6,), (6, 1)), ((6, 1), (6, 1)), ((6, 4), (6, 4, 1)), ((6, 4, 1), (6, 4, 1))],
        *[((6,), (6, 3)), ((6, 1), (6, 3)), ((6, 3), (6, 3)), ((6, 4), (6, 4, 3)), ((6, 4, 3), (6, 4, 3))],
        *[((6, 2, 2), (6, 2, 2, 3)), ((6, 2, 2, 1), (6, 2, 2, 3)), ((6, 2, 2, 3), (6, 2, 2, 3))],
    ],
)
def test_accuracy_is_what_keras_takes_the_word_for(y_shape, p_shape, rng):
    utilities = pytest.importorskip("keras.src.trainers.compile_utils")
    y, p = rng.integers(0, max(2, p_shape[-1]), y_shape), rng.random(p_shape, "float32")
    if y_shape == p_shape and p_shape[-1] > 1:
        y = np.eye(p_shape[-1])[y[..., 0]]
    theirs, ours = utilities.get_metric("accuracy", y, p), metrics.get("accuracy")
    theirs.update_state(y, p)
    ours.update(y, p)
    assert ours.result() == pytest.approx(float(theirs.result()))


def test_errors_of_numbers_are_means_over_outputs_and_samples():
    y, p = np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([[1.0, -3.0], [0.0, 2.0]])
    for metric, expected in [(metrics.MeanSquaredError(), 14 / 4), (metrics.MeanAbsoluteError(), 6 / 4)]:
        metric.update_state(y[:1], p[:1])
        metric.update_state(y[1:], p[1:])
        assert metric.result() == expected
        metric.reset_state()
        assert metric.result() == 0.0
    assert metrics.MeanAbsoluteError().values(np.array([3], "uint8"), np.array([[1]], "uint8")).tolist() == [2.0]


def test_precision_and_recall_divide_the_counts_of_the_whole_pass():
    y, p = np.array([1, 0, 1, 1, 0]), np.array([[0.9], [0.8], [0.7], [0.2], [0.5]])
    for metric, expected in [
        (metrics.Precision(), 2 / 3),
        (metrics.Recall(), 2 / 3),
        (metrics.Precision(0.75), 1 / 2),
        (metrics.Recall(0.75), 1 / 3),
    ]:
        metric.update(y[:1], p[:1])
        metric.update(y[1:], p[1:])
        assert metric.result() == expected
        metric.reset()
        assert metric.result() == 0.0


@given(
    hnp.arrays("int64", 12, elements=st.integers(0, 1)),
    hnp.arrays("float64", 12, elements=st.integers(0, 50).map(lambda n: n / 50)),
)
def test_auc_is_the_chance_that_a_yes_is_rated_above_a_no(y, p):
    auc = metrics.AUC(num_thresholds=1001)  # between any two different ones of p
    auc.update_state(y[:7], p[:7])
    auc.update_state(y[7:], p[7:])
    yes, no = p[y == 1], p[y == 0]
    if yes.size and no.size:
        above = (yes[:, None] > no).mean() + (yes[:, None] == no).mean() / 2  # a tie counts half
        assert auc.result() == pytest.approx(above)
    else:
        assert auc.result() == 0.0


def test_auc_rates_nan_lowest():
    auc = metrics.AUC()
    auc.update_state([1, 0], [np.nan, 0.7])
    assert auc.result() == 0.0


def test_a_function_is_a_metric():
    def off(y_true, y_pred):
        return np.abs(y_pred[:, 0] - y_true)

    metric = metrics.get(off)
    metric.update_state([0, 1], [[1], [3]])
    assert (metric.name, metric.result()) == ("off", 1.5)
    with pytest.raises(ValueError, match=r"The metric function .* a number for each of 2 samples, got shape \(\)"):
        metrics.get(lambda y_true, y_pred: y_pred.mean()).update_state([0, 1], [[1], [3]])
    with pytest.raises(TypeError, match="it is a function, which a file does not hold"):
        metric.get_config()


def test_a_class_and_its_name_are_metrics():
    assert type(metrics.get(metrics.AUC)) is type(metrics.get("AUC")) is metrics.AUC
    assert (metrics.get(metrics.AUC).name, metrics.get("AUC").name) == ("auc", "AUC")


@pytest.mark.parametrize("own", ["update", "update_state"])
def test_a_metric_of_ones_own_may_define_either_name(own):
    seen = []
    kind = type("Own", (metrics.Metric,), {own: lambda self, y_true, y_pred: seen.append(1)})
    kind().update(np.zeros(1), np.zeros(1))
    assert seen == [1]


@pytest.mark.parametrize("make", [metrics.Precision, metrics.Recall, metrics.AUC, metrics.MeanSquaredError])
def test_shapes_of_counts_are_checked(make):
    with pytest.raises(ValueError, match="labels of the predictions' shape"):
        make().update_state(np.zeros(3), np.zeros((3, 2)))


def test_arguments_of_counts_are_checked():
    with pytest.raises(ValueError, match="one for one figure in the logs"):
        metrics.Precision([0.2, 0.5])
    with pytest.raises(ValueError, match="num_thresholds of AUC expected a whole number ≥ 2, got 1"):
        metrics.AUC(1)
