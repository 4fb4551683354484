from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import scratchnet as sn
from scratchnet import Input, Sequential, activations, config, layers, losses, optimizers, utils

CROSSENTROPIES = [losses.SparseCategoricalCrossentropy, losses.CategoricalCrossentropy]


def labels_for(loss, y):
    return y if isinstance(loss, losses.SparseCategoricalCrossentropy) else utils.to_categorical(y, 4)


@pytest.fixture
def data(rng):
    return rng.integers(0, 4, 6), rng.normal(size=(6, 4))


@pytest.mark.parametrize("make", CROSSENTROPIES)
def test_loss_is_the_mean_surprise_at_the_truth(make, data):
    y, z = data
    p = activations.Softmax().forward(z)
    expected = -np.log(p[np.arange(6), y]).mean()
    assert make(from_logits=True).forward(labels_for(make(), y), z) == pytest.approx(expected)
    assert make().forward(labels_for(make(), y), p) == pytest.approx(expected)


@pytest.mark.parametrize("make", CROSSENTROPIES)
def test_gradient_from_logits_is_prediction_minus_truth_over_n(make, data):
    y, z = data
    loss = make(from_logits=True)
    loss.forward(labels_for(loss, y), z)
    expected = (activations.Softmax().forward(z) - utils.to_categorical(y, 4)) / 6
    np.testing.assert_allclose(loss.backward(), expected, atol=1e-15)


@pytest.mark.parametrize("make", [*CROSSENTROPIES, losses.MeanSquaredError])
@pytest.mark.parametrize("weighted", [False, True])
def test_gradient_matches_difference_quotient(make, weighted, data, rng):
    y, z = data
    loss = make()
    p = activations.Softmax().forward(z) * 1.3  # need not sum to one
    target = utils.to_categorical(y, 4) if make is losses.MeanSquaredError else labels_for(loss, y)
    weight = rng.uniform(0, 2, 6) if weighted else None
    loss.forward(target, p, weight)
    gradient = loss.backward()
    for index in np.ndindex(p.shape):
        h = np.zeros_like(p)
        h[index] = 1e-6
        quotient = (loss.forward(target, p + h, weight) - loss.forward(target, p - h, weight)) / 2e-6
        assert gradient[index] == pytest.approx(quotient, abs=1e-7)


@pytest.mark.parametrize("make", CROSSENTROPIES)
def test_sure_and_wrong_logits_stay_finite(make):
    z = np.array([[1e4, -1e4, 0, 0], [-1e4, 1e4, 0, 0.0]], "float32")
    loss = make(from_logits=True)
    assert loss.forward(labels_for(loss, np.array([1, 1])), z) == pytest.approx(1e4)
    assert np.isfinite(loss.backward()).all()


@pytest.mark.parametrize("make", CROSSENTROPIES)
def test_probability_zero_costs_the_logarithm_of_epsilon(make):
    loss = make()
    value = loss.forward(labels_for(loss, np.array([0])), np.array([[0, 1, 0, 0.0]]))
    assert value == pytest.approx(-math.log(losses.EPSILON), rel=1e-6)
    assert np.isfinite(loss.backward()).all()


def test_weights_scale_the_loss_but_the_mean_still_divides_by_n(data):
    y, z = data
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    first = loss.forward(y[:1], z[:1])
    weight = np.array([3.0, 0, 0, 0, 0, 0])
    assert loss.forward(y, z, weight) == pytest.approx(3 * first / 6)


@pytest.mark.parametrize("make", [*CROSSENTROPIES, losses.MeanSquaredError])
def test_float32_stays_float32(make, data):
    y, z = data
    loss = make()
    target = utils.to_categorical(y, 4) if make is losses.MeanSquaredError else labels_for(loss, y)
    loss.forward(target, activations.Softmax().forward(z.astype("float32")), np.ones(6))
    assert loss.backward().dtype == loss.predictions.dtype == np.float32


def test_metrics_get_what_the_network_puts_out(data):
    y, z = data
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    loss.forward(y, z)
    np.testing.assert_array_equal(loss.predictions, z)
    loss.stands_in = True  # for the softmax that the network ends in
    loss.forward(y, z)
    np.testing.assert_allclose(loss.predictions, activations.Softmax().forward(z))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 4], r"labels in 0…3, since there are 4 outputs, got 4 at index 1"),
        ([-1, 0], r"got -1 at index 0"),
        ([0, 1.5], r"whole class numbers as labels, got 1.5 at index 1"),
        ([[0, 1], [1, 0]], r"use categorical_crossentropy"),
    ],
)
def test_sparse_labels_are_checked(y, message):
    with pytest.raises(ValueError, match=message):
        losses.SparseCategoricalCrossentropy().prepare_labels(np.array(y), (None, 4))


def test_sparse_labels_may_be_a_column_or_whole_floats():
    prepared = losses.SparseCategoricalCrossentropy().prepare_labels(np.array([[1.0], [3.0]]), (None, 4))
    assert prepared.tolist() == [1, 3]
    assert prepared.dtype == np.int64


def test_one_hot_labels_are_checked():
    loss = losses.CategoricalCrossentropy()
    with pytest.raises(ValueError, match=r"y of shape \(N, 4\), got \(3,\): make rows .*to_categorical\(y, 4\)"):
        loss.prepare_labels(np.array([0, 1, 2]), (None, 4))
    with pytest.raises(ValueError, match="negative or non-finite"):
        loss.prepare_labels(np.array([[1, -1, 0, 0]]), (None, 4))


def test_a_classification_loss_needs_one_row_of_scores():
    with pytest.raises(ValueError, match=r"of shape \(2, 3, 3\), got \(2,\): .* end the model in Flatten and Dense"):
        losses.SparseCategoricalCrossentropy().prepare_labels(np.zeros(2), (None, 3, 3, 4))
    with pytest.raises(ValueError, match=r"got \(None,\): end the model in Flatten and Dense"):
        losses.SparseCategoricalCrossentropy().prepare_labels(np.zeros(2), (None,))


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'categorical_crossentropy'"):
        losses.get("categorical_crossentrpy")
    with pytest.raises(TypeError, match="given as a name"):
        losses.get(3)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_whole_numbers_as_predictions_are_not_cut(dtype):
    loss = losses.MeanSquaredError()
    y, y_pred = np.array([[0.5], [0.25]]), np.array([[1], [0]], dtype)
    assert loss.forward(y, y_pred) == (0.5**2 + 0.25**2) / 2
    np.testing.assert_array_equal(loss.backward(), [[0.5], [-0.25]])
    assert loss.predictions.dtype == np.float64


SMALL_NUMBERS = hnp.arrays("int64", (4, 3), elements=st.integers(-5, 5))


@given(SMALL_NUMBERS, SMALL_NUMBERS)
def test_the_number_type_of_targets_and_predictions_does_not_matter(y, y_pred):
    expected = ((y_pred - y) ** 2).mean()
    for kind in (np.int64, np.int8, np.float64):
        assert losses.MeanSquaredError().forward(y.astype(kind), y_pred.astype(kind)) == pytest.approx(expected)


SHAPES = [(4,), (4, 1), (1, 4), (4, 4), (4, 2), (1,), (1, 1), (4, 2, 1), (2, 4)]


@pytest.mark.parametrize("y_shape", SHAPES)
@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 2), (4, 2, 1)])
def test_targets_of_another_shape_are_refused_and_never_broadcast(y_shape, shape, rng):
    y, y_pred = rng.normal(size=y_shape), rng.normal(size=shape)
    loss = losses.MeanSquaredError()
    if y_shape == shape or (*y_shape, 1) == shape or y_shape == (*shape, 1):
        assert loss.forward(y, y_pred) == pytest.approx(((y.ravel() - y_pred.ravel()) ** 2).mean())
        assert loss.backward().shape == shape
    else:
        with pytest.raises(ValueError, match=r"^mean_squared_error expected y of the outputs' shape"):
            loss.forward(y, y_pred)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 3], r"expected labels in 0…2, since there are 3 outputs, got 3 at index 1"),
        ([0, -1], r"got -1 at index 1"),
        ([0, 0.5], r"got 0\.5 at index 1"),
        ([0, np.nan], r"got nan at index 1"),
        ([0], r"one class number for each of 2 samples, y of shape \(N,\), got \(1,\)"),
        ([[0, 1]], r"got \(1, 2\)"),
        ([[0, 1, 0], [1, 0, 0]], "for one-hot rows use categorical_crossentropy"),
    ],
)
def test_labels_asked_about_directly_are_checked_too(y, message):
    with pytest.raises(ValueError, match=message):
        losses.SparseCategoricalCrossentropy().forward(np.array(y), np.full((2, 3), 1 / 3))


@pytest.mark.parametrize("shape", [(2,), (2, 1), (1, 3), (3,), (2, 2)])
def test_rows_asked_about_directly_have_the_shape_of_the_predictions(shape):
    with pytest.raises(ValueError, match=r"expected y_true of the predictions' shape \(2, 3\), got"):
        losses.CategoricalCrossentropy().forward(np.ones(shape), np.full((2, 3), 1 / 3))


@pytest.mark.parametrize("make", CROSSENTROPIES)
@pytest.mark.parametrize("y_pred", [np.full(3, 0.5), np.array("x"), np.array([["a"]])])
def test_predictions_that_are_no_rows_of_scores_are_refused(make, y_pred):
    with pytest.raises(ValueError, match="expected predictions"):
        make().forward(np.zeros(2, int), y_pred)


@pytest.mark.parametrize("make", [*CROSSENTROPIES, losses.MeanSquaredError])
def test_weights_are_one_for_each_sample(make, data, rng):
    y, z = data
    target, weight = (y if make is losses.SparseCategoricalCrossentropy else utils.to_categorical(y, 4)), rng.random(6)
    p = activations.Softmax().forward(z)
    assert make().forward(target, p, weight[:, None]) == make().forward(target, p, weight)
    for wrong in (weight[:5], weight[None], np.ones((6, 4))):
        with pytest.raises(ValueError, match=r"expected sample_weight of shape \(6,\) or \(6, 1\), got"):
            make().forward(target, p, wrong)


def test_a_bad_number_in_the_rows_is_named_with_its_place():
    with pytest.raises(ValueError, match=r"got the negative or non-finite -1\.0 at index \(1, 2\) of y"):
        losses.CategoricalCrossentropy().prepare_labels(np.array([[1.0, 0, 0], [1, 0, -1]]), (None, 3))


def test_errors_of_numbers_by_example():
    y, y_pred = np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([[1.0, -3.0], [0.0, 0.5]])
    for loss, value, gradient in [
        (losses.MeanSquaredError(), (1 + 9 + 0 + 0.25) / 4, [[0.5, -1.5], [0, 0.25]]),
        (losses.MeanAbsoluteError(), 4.5 / 4, [[0.25, -0.25], [0, 0.25]]),  # at the kink, 0
        (losses.Huber(), (0.5 + 2.5 + 0 + 0.125) / 4, [[0.25, -0.25], [0, 0.125]]),
        (losses.Huber(4), (0.5 + 4.5 + 0 + 0.125) / 4, [[0.25, -0.75], [0, 0.125]]),
    ]:
        assert loss.forward(y, y_pred) == value
        np.testing.assert_array_equal(loss.backward(), gradient)


def test_binary_crossentropy_is_the_surprise_at_the_answer():
    loss = losses.BinaryCrossentropy()
    assert loss([1, 0], [[0.5], [0.75]]) == pytest.approx((math.log(2) + math.log(4)) / 2)
    np.testing.assert_allclose(loss.backward(), [[-1.0], [2.0]])


@given(st.floats(-700, 700), st.floats(0, 1))
def test_binary_crossentropy_is_that_of_two_classes_from_logits(z, t):
    two = losses.CategoricalCrossentropy(True)
    one = losses.BinaryCrossentropy(True)
    expected = two(np.array([[t, 1 - t]]), np.array([[z, 0.0]]))
    assert one(np.array([t]), np.array([[z]])) == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(one.backward()[0, 0], two.backward()[0, 0], atol=1e-12)


def test_divergence_is_crossentropy_less_entropy(rng):
    t, p = rng.dirichlet(np.ones(4), 5), rng.dirichlet(np.ones(4), 5)
    entropy = -(t * np.log(t)).sum(axis=1).mean()
    assert losses.KLDivergence()(t, p) == pytest.approx(losses.CategoricalCrossentropy()(t, p) - entropy)
    assert losses.KLDivergence()(t, t) == 0


def test_smoothing_gives_a_share_to_all_classes():
    t = np.array([[0, 1, 0, 0.0]])
    np.testing.assert_allclose(losses.CategoricalCrossentropy(True, 0.2).smoothed(t), [[0.05, 0.85, 0.05, 0.05]])
    assert losses.CategoricalCrossentropy().smoothed(t) is t


PLACED = [losses.SparseCategoricalCrossentropy, losses.CategoricalCrossentropy]


@pytest.mark.parametrize("make", PLACED)
@pytest.mark.parametrize("from_logits", [False, True])
def test_a_class_for_each_place_is_the_mean_over_all_places(make, from_logits, rng):
    y, p = rng.integers(0, 4, (3, 2, 5)), rng.dirichlet(np.ones(4), (3, 2, 5))
    weight = rng.uniform(0, 2, 3)
    rows, places = make(from_logits), make(from_logits)
    flat = rows.forward(labels_for(rows, y.reshape(-1)), p.reshape(-1, 4), np.repeat(weight, 10))
    assert places.forward(labels_for(places, y), p, weight) == pytest.approx(flat)
    np.testing.assert_array_equal(places.backward().reshape(-1, 4), rows.backward())
    assert places.predictions.shape == p.shape


@pytest.mark.parametrize("name", sorted({cls.__name__ for cls in losses.LOSS_CLASSES}))
def test_a_sum_is_the_mean_times_the_samples(name, rng):
    y, p = rng.dirichlet(np.ones(4), 6), rng.dirichlet(np.ones(4), 6)
    y = y.argmax(axis=1) if name.startswith("Sparse") else y
    mean, total = losses.get(name), getattr(losses, name)(reduction="sum")
    assert total(y, p) == pytest.approx(6 * mean(y, p))
    np.testing.assert_allclose(total.backward(), 6 * mean.backward())


EVERY_LOSS = pytest.mark.parametrize("name", sorted({cls.__name__ for cls in losses.LOSS_CLASSES}))


def labels_and_rows(name, rng, *places):
    y, p = rng.dirichlet(np.ones(4), places), rng.dirichlet(np.ones(4), places)
    return (y.argmax(axis=-1) if name.startswith("Sparse") else y), p


@EVERY_LOSS
def test_without_reduction_a_call_returns_the_loss_of_every_row(name, rng):
    make = getattr(losses, name)
    y, p = labels_and_rows(name, rng, 3, 5)
    for none in ("none", None):
        rows = make(reduction=none)(y, p)
        assert rows.shape == (3, 5)
        each = [[make()(y[n : n + 1, i : i + 1], p[n : n + 1, i : i + 1]) for i in range(5)] for n in range(3)]
        np.testing.assert_allclose(rows, each)
        np.testing.assert_allclose(make(reduction=none)(y, p, [1, 2, 0.5]), rows * [[1], [2], [0.5]])


@EVERY_LOSS
def test_a_weight_is_for_all_for_each_sample_or_for_each_row(name, rng):
    make = getattr(losses, name)
    y, p = labels_and_rows(name, rng, 3, 5)
    rows, weight = make(reduction="none")(y, p), rng.uniform(0, 2, (3, 5))
    assert make()(y, p, 2.5) == pytest.approx(2.5 * rows.mean())
    for shape in ((3, 5), (3, 5, 1)):
        assert make()(y, p, weight.reshape(shape)) == pytest.approx((weight * rows).mean())
    assert make()(y, p, weight[:, :1]) == pytest.approx((weight[:, :1] * rows).mean())
    for shape in ((5,), (5, 3), (2,)):
        with pytest.raises(ValueError, match=r"sample_weight of shape \(3,\) or \(3, 1\), or \(3, 5\) for each place"):
            make()(y, p, np.ones(shape))


@EVERY_LOSS
def test_what_each_reduction_divides_by(name, rng):
    make = getattr(losses, name)
    y, p = labels_and_rows(name, rng, 6)
    rows, weight = make(reduction="none")(y, p), rng.uniform(0, 2, 6)
    for reduction, whole in {"mean": 6, "mean_with_sample_weight": weight.sum(), "sum": 1}.items():
        loss = make(reduction=reduction)
        assert loss(y, p, weight) == pytest.approx((weight * rows).sum() / whole)
        plain = make(reduction="sum")
        plain(y, p, weight)
        np.testing.assert_allclose(loss.backward(), plain.backward() / whole)
    assert make(reduction="mean_with_sample_weight")(y, p) == pytest.approx(rows.mean())
    assert make(reduction="mean_with_sample_weight")(y, p, np.zeros(6)) == 0


def test_an_unknown_reduction_is_refused():
    with pytest.raises(ValueError, match="'sum', 'none', None, got 3"):
        losses.MeanSquaredError(3)


@pytest.mark.parametrize("reduction", [None, "none"])
def test_training_refuses_a_loss_that_is_no_number(reduction):
    model = Sequential([Input((3,)), layers.Dense(2)])
    with pytest.raises(ValueError, match=r"one number for a batch, .* mean_squared_error with reduction="):
        model.compile("sgd", losses.MeanSquaredError(reduction=reduction))
    assert model.loss is None
    assert model.optimizer is None


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("make", [losses.SparseCategoricalCrossentropy, losses.CategoricalCrossentropy])
def test_training_divides_by_the_sum_of_the_weights(make, backend, rng):
    weight = np.array([1.0, 0, 3, 0.5])
    y, p = labels_and_rows(make.__name__, rng, 4)
    config.set_backend(backend)
    try:
        model = Sequential([Input((4,)), layers.Activation("softmax")])
        model.compile("sgd", make(reduction="mean_with_sample_weight"))
        score = model.evaluate(p, y, sample_weight=weight, batch_size=2, verbose=0)
    finally:
        config.set_backend("numba")
    each = make(from_logits=True, reduction="none")(y, p) * weight
    halves = [each[:2].sum() / 1.0, each[2:].sum() / 3.5]  # batch by batch, as in Keras
    assert score == pytest.approx(np.mean(halves), rel=1e-5)


FUNCTIONS = {
    "mean_squared_error": [{}],
    "mean_absolute_error": [{}],
    "huber": [{}, {"delta": 0.1}],
    "kl_divergence": [{}],
    "binary_crossentropy": [{}, {"from_logits": True, "label_smoothing": 0.2}],
    "categorical_crossentropy": [{}, {"from_logits": True, "label_smoothing": 0.2}],
    "sparse_categorical_crossentropy": [{}, {"from_logits": True}, {"ignore_class": 2}],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_loss_is_a_function_of_rows_too(name, rng):
    function, loss = getattr(losses, name), losses.get(name)
    y, p = labels_and_rows(type(loss).__name__, rng, 3, 5)
    for options in FUNCTIONS[name]:
        rows = function(y, p, **options)
        assert rows.shape == (3, 5)
        np.testing.assert_array_equal(rows, type(loss)(reduction="none", **options)(y, p))
        assert function(list(y[0, 0]) if y.ndim > 2 else y[0, 0], list(p[0, 0]), **options) == pytest.approx(rows[0, 0])
    assert type(losses.get(function)) is type(loss)


@pytest.mark.parametrize("from_logits", [False, True])
def test_ignored_rows_do_not_count_whatever_the_reduction(from_logits, rng):
    y, p, weight = rng.integers(0, 4, (3, 5)), rng.dirichlet(np.ones(4), (3, 5)), rng.uniform(0, 2, (3, 5))
    y[0] = 1
    make = lambda **options: losses.SparseCategoricalCrossentropy(from_logits, **options)  # noqa: E731
    rows, counts = make(reduction="none")(y, p), y != 1
    np.testing.assert_allclose(make(reduction="none", ignore_class=1)(y, p), rows * counts)
    for reduction, whole in {
        "sum": 1,
        "mean": counts.sum(),
        "sum_over_batch_size": counts.sum(),
        "mean_with_sample_weight": weight[counts].sum(),
    }.items():
        loss = make(reduction=reduction, ignore_class=1)
        assert loss(y, p, weight) == pytest.approx((rows * weight)[counts].sum() / whole)
        plain = make(reduction="sum")
        plain(y, p, weight * counts)
        np.testing.assert_allclose(loss.backward(), plain.backward() / whole)
    assert make(ignore_class=1)(np.ones(2), p[0, :2]) == 0


def test_a_single_class_is_warned_of():
    y = np.ones((4, 1))
    model = Sequential([Input((4,)), layers.Dense(1, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    for what in (lambda: losses.categorical_crossentropy(y, y), lambda: model.evaluate(np.ones((4, 4)), y, verbose=0)):
        with pytest.warns(SyntaxWarning, match="several class scores, .* binary_crossentropy"):
            what()


def test_two_functions_are_a_loss(rng):
    def squared(y_true, y_pred):
        return ((y_pred - y_true) ** 2).mean(axis=-1)

    def slope(y_true, y_pred):
        return 2 * (y_pred - y_true) / y_pred.shape[-1]

    y, p, weight = rng.normal(size=(6, 4)), rng.normal(size=(6, 4)), rng.uniform(0, 2, 6)
    ours, theirs = losses.get((squared, slope)), losses.MeanSquaredError()
    assert ours.name == "squared"
    assert ours.forward(y, p, weight) == pytest.approx(theirs.forward(y, p, weight))
    np.testing.assert_allclose(ours.backward(), theirs.backward())
    with pytest.raises(TypeError, match="made of functions, which a file does not hold"):
        ours.get_config()


def test_functions_that_do_not_fit_are_refused():
    def mine(y_true, y_pred):
        return ((y_pred - y_true) ** 2).mean()

    y = np.zeros((3, 2))
    with pytest.raises(TypeError, match=r"from the function mine alone: pass a pair .*loss=\(mine, slope\).* subclass"):
        losses.get(mine)
    with pytest.raises(ValueError, match=r"a loss for each of 3 samples, of shape \(3,\), got shape \(\)"):
        losses.get((mine, mine))(y, y)
    wrong = losses.get((lambda t, p: p.sum(axis=1), mine))
    wrong(y, y)
    with pytest.raises(ValueError, match=r"slope of .* expected to return the predictions' shape \(3, 2\), got \(\)"):
        wrong.backward()
    with pytest.raises(TypeError, match="expected two functions"):
        losses.get((mine, 3))


def test_labels_of_probabilities_are_checked():
    with pytest.raises(ValueError, match=r"labels from 0 \(no\) to 1 \(yes\), got -1 at index \(1, 0\) of y"):
        losses.BinaryCrossentropy().prepare_labels(np.array([1, -1]), (None, 1))
    with pytest.raises(ValueError, match="numbers from 0 to 1, got 2"):
        losses.KLDivergence().prepare_labels(np.array([[1, 2]]), (None, 2))
    for make in (losses.BinaryCrossentropy, losses.CategoricalCrossentropy):
        with pytest.raises(ValueError, match=r"label_smoothing of .* ≤ 1, got 2"):
            make(label_smoothing=2)
    with pytest.raises(ValueError, match="delta of Huber expected a finite number > 0, got 0"):
        losses.Huber(0)


@pytest.mark.parametrize("make", losses.LOSS_CLASSES)
def test_every_loss_keeps_float32_and_makes_an_equal_one(make, rng):
    y, p = rng.dirichlet(np.ones(4), 6), rng.dirichlet(np.ones(4), 6).astype("float32")
    loss = make(**make(reduction="sum").get_config())
    assert loss.reduction == "sum"
    loss(y.argmax(axis=1) if make is losses.SparseCategoricalCrossentropy else y, p, np.ones(6))
    assert loss.backward().dtype == loss.predictions.dtype == np.float32


@pytest.mark.parametrize("make", PLACED)
def test_a_class_for_each_pixel_is_learnt(make, backend, rng):
    x = rng.normal(size=(40, 3, 3, 2))
    y = (x[..., 0] > x[..., 1]).astype(int)
    y = y if make is losses.SparseCategoricalCrossentropy else np.eye(2)[y]
    utils.set_random_seed(0)
    model = Sequential([Input((3, 3, 2)), layers.Conv2D(2, 1, activation="softmax")])
    model.compile(optimizers.SGD(1.0), make(), metrics=["accuracy"])
    first, last = (model.fit(x, y, epochs=epochs, verbose=0).history for epochs in (1, 30))
    assert last["loss"][-1] < first["loss"][0]
    assert last["accuracy"][-1] > 0.9


def test_a_sigmoid_is_trained_through_its_logits(backend):
    model = Sequential([Input((1,)), layers.Dense(1, "sigmoid")])
    model.set_weights([np.array([[1.0]]), np.zeros(1)])
    model.compile("sgd", "bce", metrics=["binary_accuracy", "auc"])
    assert model.trains_through_logits()
    assert model.evaluate(np.array([[-50.0], [50.0]]), np.array([1, 1]), verbose=0)[0] == pytest.approx(25)


def test_a_sum_is_evaluated_batch_by_batch(backend, rng):
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 1))
    model = Sequential([Input((3,)), layers.Dense(1)])
    model.compile("sgd", losses.MeanSquaredError(reduction="sum"))
    batches = [model.test_on_batch(x[i : i + 8], y[i : i + 8]) for i in range(0, 40, 8)]
    assert model.evaluate(x, y, batch_size=8, verbose=0) == pytest.approx(np.mean(batches), rel=1e-5)


# Places that do not count -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("ignored", [-1, 1, 255])
def test_ignored_places_do_not_count_in_any_way(ignored, from_logits, rng):
    p, y = rng.random((6, 3)), np.array([0, ignored, 2, 0, ignored, 2])
    weight = rng.random(6)
    loss, plain = (
        losses.SparseCategoricalCrossentropy(from_logits, ignored),
        losses.get("SparseCategoricalCrossentropy"),
    )
    plain.from_logits = from_logits
    kept = y != ignored
    for w in (None, weight):
        assert loss(y, p, w) == pytest.approx(plain(y[kept], p[kept], None if w is None else w[kept]), rel=1e-12)
        gradient = loss.backward()
        assert not gradient[~kept].any()
        np.testing.assert_allclose(gradient[kept], plain.backward(), rtol=1e-12)
    assert loss(np.full(6, ignored), p) == 0
    assert not loss.backward().any()


def test_only_the_ignored_label_may_lie_outside(rng):
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    with pytest.raises(ValueError, match=r"labels in 0…2.*got -2 at index 1"):
        loss(np.array([-1, -2]), rng.random((2, 3)))
    with pytest.raises(
        ValueError, match=r"ignore_class of SparseCategoricalCrossentropy expected a whole number, got 1\.5"
    ):
        losses.SparseCategoricalCrossentropy(ignore_class=1.5)


def test_a_model_is_trained_alike_on_both_backends_with_ignored_places(rng):
    x, y = rng.normal(size=(40, 4)), rng.integers(-1, 3, 40)
    histories = []
    for backend in ("numpy", "numba"):
        sn.config.set_backend(backend)
        try:
            sn.utils.set_random_seed(0)
            model = sn.Sequential([sn.Input((4,)), sn.layers.Dense(3, "softmax", dtype="float32")])
            model.compile("sgd", losses.SparseCategoricalCrossentropy(ignore_class=-1))
            histories.append(model.fit(x, y, epochs=3, verbose=0).history["loss"])
        finally:
            sn.config.set_backend("numba")
    np.testing.assert_allclose(*histories, rtol=1e-5)
    assert histories[0][-1] < histories[0][0]
