from __future__ import annotations

import math

import numpy as np
import pytest

from scratchnet import activations, losses, utils

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


def test_predictions_are_probabilities_also_from_logits(data):
    y, z = data
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
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
    with pytest.raises(ValueError, match=r"got \(None, 3, 3, 4\): end the model in Flatten and Dense"):
        losses.SparseCategoricalCrossentropy().prepare_labels(np.zeros(2), (None, 3, 3, 4))


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'categorical_crossentropy'"):
        losses.get("categorical_crossentrpy")
    with pytest.raises(TypeError, match="given as a name"):
        losses.get(3)
