from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import scratchnet as sn
from scratchnet import Input, Sequential, layers, metrics, utils


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
    assert metrics.BinaryAccuracy().values(y, p).tolist() == [[True, True], [True, False]]
    assert metrics.BinaryAccuracy(threshold=0.2).values(y, p).tolist() == [[False, True], [True, True]]


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
    for wrong in (
        {"thresholds": [0.2, 1.5]},
        {"thresholds": "0.5"},
        {"top_k": 0},
        {"class_id": -1},
        {"class_id": 1.0},
    ):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} of Precision expected"):
            metrics.Precision(**wrong)
    for wrong, message in (
        ({"num_thresholds": 1}, "num_thresholds of AUC expected a whole number ≥ 2 and ≤ 10000000, got 1"),
        ({"curve": "PRGAIN"}, "Unknown curve of AUC 'PRGAIN'"),
        ({"summation_method": "trapezoid"}, "Unknown summation_method of AUC"),
        ({"thresholds": [2]}, "thresholds of AUC expected"),
        ({"multi_label": "yes"}, "multi_label of AUC expected"),
        ({"num_labels": 3}, "num_labels of AUC expected multi_label=True"),
        ({"label_weights": [-1]}, "label_weights of AUC expected"),
        ({"from_logits": 1}, "from_logits of AUC expected"),
    ):
        with pytest.raises(ValueError, match=message):
            metrics.AUC(**wrong)


YES = np.array([[0, 1, 1, 0], [1, 0, 0, 1]])
P = np.array([[0.9, 0.8, 0.3, 0.1], [0.6, 0.6, 0.7, 0.2]])


@pytest.mark.parametrize(
    ("arguments", "precision", "recall"),
    [
        ({}, 2 / 5, 2 / 4),
        ({"top_k": 2}, 2 / 4, 2 / 4),  # of the two 0.6 the first
        ({"top_k": 2, "thresholds": 0.75}, 1 / 2, 1 / 4),
        ({"class_id": 1}, 1 / 2, 1 / 1),
        ({"class_id": 0, "top_k": 1}, 0, 0),
        ({"thresholds": [0.25, 0.65]}, [3 / 6, 1 / 3], [3 / 4, 1 / 4]),
        ({"thresholds": [0.25]}, 3 / 6, 3 / 4),
    ],
)
def test_who_can_be_answered_yes(arguments, precision, recall):
    for make, expected in ((metrics.Precision, precision), (metrics.Recall, recall)):
        metric = make(**arguments)
        metric.update_state(YES[:1], P[:1])
        result = metric(YES[1:], P[1:])
        assert np.shape(result) == np.shape(expected)
        np.testing.assert_allclose(result, expected)
        assert make.from_config(metric.get_config()).get_config() == metric.get_config()


def test_nan_is_among_the_k_largest_of_nothing():
    metric = metrics.Precision(top_k=2)
    assert metric([[1, 1, 0]], [[np.nan, 0.1, np.nan]]) == 1.0
    assert metric.false_positives.tolist() == [0]


def test_outputs_that_counts_ask_for_must_be_there():
    with pytest.raises(ValueError, match=r"shape \(N, …, C\), since class_id=0 is given, got \(4,\)"):
        metrics.Recall(class_id=0)(YES[0], P[0])
    with pytest.raises(ValueError, match="more outputs, since class_id=4 is given, got 4"):
        metrics.Recall(class_id=4)(YES, P)
    with pytest.raises(ValueError, match="more outputs, since top_k=5 is given, got 4"):
        metrics.Recall(top_k=5)(YES, P)
    assert metrics.Precision(top_k=1)(YES[1], P[1]) == 0.0  # without samples, one row: the largest is a no


WEIGHTED = [
    metrics.Precision,
    metrics.Recall,
    metrics.AUC,
    lambda: metrics.AUC(curve="PR"),
    metrics.BinaryAccuracy,
    metrics.MeanSquaredError,
    metrics.MeanAbsoluteError,
    lambda: metrics.FunctionMetric(lambda y_true, y_pred: (y_true - y_pred).mean(axis=-1)),
]


@pytest.mark.parametrize("make", WEIGHTED)
def test_a_weight_counts_a_sample_that_many_times(make, rng):
    y, p, times = rng.integers(0, 2, (6, 3)), rng.random((6, 3)), rng.integers(0, 4, 6)
    expected = make()(np.repeat(y, times, axis=0), np.repeat(p, times, axis=0))
    assert make()(y, p, times) == pytest.approx(expected)
    assert make()(y, p, times[:, None]) == pytest.approx(expected)
    assert make()(y, p, 2.5) == pytest.approx(make()(y, p))
    with pytest.raises(ValueError, match=r"expected sample_weight of shape \(6,\) or \(6, 1\)"):
        make()(y, p, np.ones((1, 3)))


@pytest.mark.parametrize("make", [*WEIGHTED[:4], metrics.BinaryAccuracy])
def test_a_weight_counts_an_output_that_many_times(make, rng):
    y, p, times = rng.integers(0, 2, (6, 3)), rng.random((6, 3)), rng.integers(0, 4, (6, 3))
    expected = make()(np.repeat(y.ravel(), times.ravel()), np.repeat(p.ravel(), times.ravel()))
    assert make()(y, p, times) == pytest.approx(expected)


def test_the_area_lies_between_its_bounds(rng):
    y, p = rng.integers(0, 2, 60), rng.random(60)
    for curve in ("ROC", "PR"):
        areas = [metrics.AUC(9, curve, method)(y, p) for method in ("minoring", "interpolation", "majoring")]
        assert areas == sorted(areas)
        assert areas[0] < areas[2]


@given(
    hnp.arrays("int64", 12, elements=st.integers(0, 1)),
    hnp.arrays("float64", 12, elements=st.integers(0, 20).map(lambda n: n / 20)),
)
def test_the_area_under_precision_is_its_mean_along_straight_counts(y, p):
    auc = metrics.AUC(1001, "PR")
    area, yes, TP, P = 0.0, y.sum(), 0, 0
    for score in sorted(set(p), reverse=True):  # from one threshold to the next TP and P move in straight lines
        found, new = y[p == score].sum(), (p == score).sum()
        steps = (np.arange(20_000) + 0.5) / 20_000
        area += (found * (TP + found * steps) / (P + new * steps)).mean() / max(yes, 1)
        TP, P = TP + found, P + new
    assert auc(y, p) == pytest.approx(area, abs=1e-4)


def test_thresholds_of_an_area_may_be_given():
    auc = metrics.AUC(thresholds=[0.5, 0.2])
    np.testing.assert_allclose(auc.thresholds, [0, 0.2, 0.5, 1], atol=1e-6)
    assert auc.num_thresholds == 4
    even = metrics.AUC(thresholds=[0.25, 0.5, 0.75])
    assert even(YES, P) == metrics.AUC(5)(YES, P)
    assert metrics.AUC.from_config(auc.get_config()).thresholds == auc.thresholds
    assert metrics.AUC().get_config()["thresholds"] is None


def test_areas_of_several_labels_are_averaged():
    each = [metrics.AUC()(YES[:, c], P[:, c]) for c in range(4)]
    assert metrics.AUC(multi_label=True)(YES, P) == pytest.approx(np.mean(each))
    weights = [1, 2, 0, 4]
    both = metrics.AUC(multi_label=True, num_labels=4, label_weights=weights)
    both.update_state(YES[:1], P[:1])
    assert both(YES[1:], P[1:]) == pytest.approx(np.average(each, weights=weights))
    flat = metrics.AUC(label_weights=weights)(YES, P)
    assert flat == metrics.AUC()(YES, P, np.tile(weights, (2, 1)))
    with pytest.raises(ValueError, match=r"with multi_label expected predictions of shape \(N, L\), got \(2, 2, 2\)"):
        metrics.AUC(multi_label=True)(np.ones((2, 2, 2)), np.ones((2, 2, 2)))
    for metric, what in ((both, "num_labels"), (metrics.AUC(label_weights=[1]), "label_weights")):
        with pytest.raises(ValueError, match=f"outputs, as {what} say, got 3"):
            metric(YES[:, :3], P[:, :3])
    seen = metrics.AUC(multi_label=True)
    seen(YES, P)
    with pytest.raises(ValueError, match="expected 4 outputs, as earlier batches say, got 3"):
        seen(YES[:, :3], P[:, :3])


def test_an_area_of_logits_is_that_of_their_probabilities():
    with np.errstate(over="raise"):
        z = np.array([-800.0, -1.0, 2.0, 800.0])
        y = np.array([0, 1, 0, 1])
        assert metrics.AUC(from_logits=True)(y, z) == metrics.AUC()(y, 1 / (1 + np.exp(-np.clip(z, -700, 700))))


@pytest.mark.parametrize("function", [f.__name__ for f in metrics.values.FUNCTIONS])
def test_a_metric_is_a_function_of_rows_too(function, rng):
    y, p = rng.integers(0, 3, (4, 2)), rng.random((4, 2, 3), "float32")
    y = y if "sparse" in function else np.eye(3)[y]
    metric = metrics.get(getattr(metrics, function))
    rows = getattr(metrics, function)(y, p)
    assert rows.dtype == "float32"
    assert rows.shape == ((4, 2, 3) if function == "binary_accuracy" else (4, 2))
    assert rows.mean() == pytest.approx(metric(y, p), rel=1e-6)
    np.testing.assert_array_equal(getattr(metrics, function)(y[0, 0], p[0, 0]), rows[0, 0])
    assert metric.name == function


def test_answers_may_be_sorted_already():
    y, ids = [2, 0, 1], np.array([[2, 0, 1], [1, 2, 0], [0, 1, 2]])
    metric = metrics.SparseTopKCategoricalAccuracy(2, from_sorted_ids=True)
    assert metric(y, ids) == pytest.approx(2 / 3)
    assert metric.get_config()["from_sorted_ids"] is True
    assert metrics.sparse_top_k_categorical_accuracy(y, ids, 1, from_sorted_ids=True).tolist() == [1, 0, 0]


def test_training_refuses_a_metric_of_several_numbers():
    model = Sequential([Input((3,)), layers.Dense(1)])
    with pytest.raises(ValueError, match=r"one number each, .* make one metric for each threshold"):
        model.compile("sgd", "mse", [metrics.Recall([0.2, 0.5])])
    model.compile("sgd", "mse", [metrics.Recall([0.2]), metrics.binary_accuracy])
    logs = model.evaluate(np.ones((4, 3)), np.ones(4), verbose=0, return_dict=True)
    assert isinstance(logs["recall"], float)
    assert "binary_accuracy" in logs


@pytest.mark.parametrize("make", WEIGHTED)
@pytest.mark.parametrize("places", [(), (3,)])
@given(st.lists(st.integers(0, 3), min_size=6, max_size=6), st.booleans())
def test_a_weight_is_how_many_times_a_sample_counts(make, places, times, as_column):
    rng = np.random.default_rng(sum(times))
    y_true, y_pred = rng.integers(0, 2, (6, *places, 1)), rng.random((6, *places, 1))
    weighted, repeated = make(), make()
    weight = np.array(times, float)
    weighted.update_state(y_true, y_pred, weight[:, None] if as_column else weight)
    repeated.update_state(np.repeat(y_true, times, axis=0), np.repeat(y_pred, times, axis=0))
    assert weighted.result() == pytest.approx(repeated.result(), abs=1e-12)
    weighted.reset_state()
    weighted.update_state(y_true, y_pred, np.full(6, 0.25))
    alike = make()
    alike.update_state(y_true, y_pred)
    assert weighted.result() == pytest.approx(alike.result(), abs=1e-12)


@pytest.mark.parametrize("make", WEIGHTED)
@pytest.mark.parametrize("shape", [(5,), (6, 2), (1,)])
def test_weights_of_another_number_are_refused(make, shape):
    with pytest.raises(ValueError, match=r"sample_weight of shape \(6,\) or \(6, 1\)"):
        make().update_state(np.ones((6, 1)), np.ones((6, 1)), np.ones(shape))


@pytest.mark.parametrize(
    ("units", "loss"),
    [
        (1, "BinaryCrossentropy"),
        (2, "CategoricalCrossentropy"),
    ],
)
def test_metrics_look_at_what_the_network_puts_out_also_if_that_are_logits(units: int, loss: str, backend: str) -> None:
    model = sn.Sequential([sn.Input((1,)), sn.layers.Dense(units, kernel_initializer="ones")])
    model.compile("sgd", getattr(sn.losses, loss)(from_logits=True), metrics=["binary_accuracy", "mse"])
    logs = model.evaluate(np.array([[0.2], [0.9]]), np.zeros((2, units)), verbose=0, return_dict=True)
    assert logs["binary_accuracy"] == 0.5  # the threshold is 0.5 for logits too, as in Keras
    assert logs["mse"] == pytest.approx((0.2**2 + 0.9**2) / 2)
