"""check_layer and check_loss: what they accept, what they leave alone, what they promise."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from scratchnet import Input, Sequential, gradient_check, layers, losses
from scratchnet.gradient_check import check_layer, check_loss
from scratchnet.testing import assert_gradients


class Scale:
    """A layer of somebody who does not know scratchnet's base class: y = a·x."""

    def __init__(self, right: bool = True) -> None:
        self.params = {"a": np.array([1.5, -0.5, 2.0])}
        self.grads = {"a": np.zeros(3)}
        self.right = right

    def forward(self, x: Any) -> Any:
        self.x = x.copy()
        return x * self.params["a"]

    def backward(self, dy: Any) -> Any:
        self.grads["a"][...] = (dy * self.x).sum(axis=0) if self.right else dy.sum(axis=0)
        return dy * self.params["a"]


def test_any_object_with_the_contract_can_be_checked(backend: str) -> None:
    assert check_layer(Scale(), (4, 3), backend=backend).passed
    report = check_layer(Scale(right=False), (4, 3), backend=backend)
    assert [t.name for t in report.tensors if not t.passed] == ["da"]
    assert "Scale" in report.title


def test_the_layer_itself_is_left_alone() -> None:
    layer = layers.Dense(3, name="mine")
    layer.build_once((None, 4))
    before = layer.get_weights()
    assert check_layer(layer, (5, 4)).passed
    assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights()))
    assert layer.dtype == "float32"
    foreign = Scale()
    check_layer(foreign, (5, 3))
    assert foreign.params["a"].tolist() == [1.5, -0.5, 2.0]


def test_a_layer_inside_a_model_can_be_checked() -> None:
    from scratchnet.architectures import cnn

    model = cnn()
    report = check_layer(model.get_layer("Conv_2"), (2, 5, 5, 32), max_entries=500)
    assert report.passed
    assert [(t.name, len(t.checked)) for t in report.tensors] == [("dx", 500), ("dkernel", 500), ("dbias", 32)]


def test_the_same_seed_gives_the_same_report_and_another_one_does_not() -> None:
    reports = [check_layer(layers.Dense(5, activation="tanh"), (4, 6), seed=seed).to_dict() for seed in (1, 1, 2)]
    for report in reports:
        del report["title"]
    assert reports[0] == reports[1] != reports[2]


def test_a_given_x_and_dy_are_used() -> None:
    x = np.array([[1.0, -2.0]])
    report = check_layer(layers.ReLU(), (1, 2), x=x, dy=np.array([[3.0, 5.0]]))
    assert report.tensors[0].analytic.tolist() == [3.0, 0.0]


def test_a_kink_in_the_input_is_reported_and_any_slope_between_is_right() -> None:
    report = check_layer(layers.ReLU(), (1, 2), x=np.array([[0.0, 1.0]]))
    assert report.passed
    assert report.tensors[0].estimate.kink.tolist() == [True, False]
    assert "(1 on a kink)" in str(report)


def test_a_slope_outside_the_two_of_a_kink_is_wrong() -> None:
    class Wrong(layers.ReLU):
        def backward(self, dy: Any) -> Any:
            return np.where(self._y > 0, dy, -dy) * (self._y >= 0)

    report = check_layer(Wrong(), (1, 2), x=np.array([[0.0, 1.0]]))
    assert not report.passed
    assert "on this kink any slope between" in str(report)


def test_kinks_of_a_users_own_layer_are_found_on_whole_numbers() -> None:
    class Leaky(layers.Layer):
        slope = 0.5

        def forward(self, x: Any, training: bool = False) -> Any:
            self._x = x.copy()
            return np.where(x > 0, x, 0.1 * x)

        def backward(self, dy: Any) -> Any:
            slopes = np.where(self._x > 0, 1, np.where(self._x < 0, 0.1, self.slope))
            return dy * slopes.astype(dy.dtype)

    report = check_layer(Leaky(), (6, 5))
    assert report.passed
    assert report.kinks is not None
    assert report.kinks.outputs > 0
    Leaky.slope = 7
    report = check_layer(Leaky(), (6, 5))
    assert not report.passed
    assert "Convention broken: a slope between left and right." in str(report)


def test_conventions_at_kinks_are_asked_where_a_layer_documents_one() -> None:
    relu, pool = check_layer(layers.ReLU(), (4, 6)).kinks, check_layer(layers.MaxPooling2D(), (3, 6, 6, 2)).kinks
    assert relu is not None
    assert (relu.convention, relu.outputs > 0) == ("ReLU'(0) = 0", True)
    assert pool is not None
    assert (pool.convention, pool.outputs > 0) == ("the first maximum wins", True)
    assert check_layer(layers.Dense(3), (4, 6)).kinks is None


def test_a_batch_normalization_can_be_checked_if_its_samples_may_depend_on_each_other() -> None:
    class Centre(layers.Layer):
        def forward(self, x: Any, training: bool = False) -> Any:
            return x - x.mean(axis=0)

        def backward(self, dy: Any) -> Any:
            return dy - dy.mean(axis=0)

    assert not check_layer(Centre(), (4, 3)).passed
    report = check_layer(Centre(), (4, 3), independent_samples=False)
    assert report.passed, f"\n{report}"


def test_a_batch_of_one_is_checked_without_what_needs_two() -> None:
    report = check_layer(layers.Dense(3), (1, 4))
    assert report.passed
    assert [f.promise for f in report.contract if f.skipped == "needs a batch of two samples or more"] == [
        "a batch is the sum of its parts",
        "the order of samples does not matter",
    ]


def test_float32_is_checked_as_well_as_it_can_be() -> None:
    assert check_layer(layers.Dense(5, activation="tanh"), (4, 6), dtype="float32", tolerance=1e-2).passed


def test_an_error_inside_a_contract_check_is_a_broken_promise() -> None:
    class Picky(layers.Dense):
        def forward(self, x: Any, training: bool = False) -> Any:
            if not x.flags.c_contiguous:
                raise TypeError("contiguous arrays only")
            return super().forward(x, training)

    report = check_layer(Picky(3), (4, 6))
    assert [f.problem for f in report.contract if f.problem] == ["TypeError: contiguous arrays only"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_entries": 10}, "max_entries of a gradient check expected a whole number ≥ 500, got 10"),
        ({"tolerance": 0}, "tolerance of a gradient check expected a finite number > 0, got 0"),
        ({"backend": "cuda"}, "numba, numpy, got 'cuda'"),
        ({"kinks": "smooth"}, "relu, first_maximum, between, got 'smooth'"),
        ({"dy": np.ones(3)}, r"dy of the output's shape \(4, 3\), got \(3,\)"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_layer(layers.Dense(3), (4, 6), **options)


def test_a_shape_without_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the batch in front, such as \(4, 8, 8, 3\), got \(None, 6\)"):
        check_layer(layers.Dense(3), (None, 6))


def test_assert_gradients_returns_the_report_or_raises_it() -> None:
    assert assert_gradients(layers.Dense(3), (4, 6)).passed
    assert assert_gradients(losses.MeanSquaredError()).passed
    with pytest.raises(AssertionError, match="da is wrong"):
        assert_gradients(Scale(right=False), (4, 3))


def test_a_loss_of_the_users_own_can_be_checked() -> None:
    class Absolute:
        def forward(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
            weight = np.ones(len(y_pred)) if sample_weight is None else sample_weight
            self.scale = (weight / y_pred.size)[:, None].astype(y_pred.dtype)
            self.off = y_pred - y_true.astype(y_pred.dtype)
            return float((np.abs(self.off) * self.scale).sum())

        def backward(self) -> Any:
            return np.sign(self.off) * self.scale

    report = check_loss(Absolute())
    assert report.passed, f"\n{report}"


class Mean:
    """A loss, for subclasses that get one thing wrong."""

    def forward(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        self.shape, self.dtype = y_pred.shape, y_pred.dtype
        return float(y_pred.mean())

    def backward(self) -> Any:
        return np.full(self.shape, 1 / np.prod(self.shape), self.dtype)


class Forgets(Mean):
    def backward(self) -> Any:
        return None


class NotANumber(Mean):
    def forward(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return super().forward(y_true, y_pred) * np.nan


@pytest.mark.parametrize(
    ("loss", "options", "words"),
    [
        (Forgets(), {}, "Forgets.backward to return the gradient of y_pred, an array of floats, got None"),
        (NotANumber(), {}, r"expected finite numbers, got nan at the loss\[0\]"),
        (Mean(), {"y_pred": np.array([[1, np.nan]])}, r"expected finite numbers, got nan at y_pred\[0, 1\]"),
        (Mean, {}, "expected an object, got the class Mean: make one of it first"),
        (object(), {}, "got one of type object without forward and backward: define them"),
    ],
)
def test_a_loss_that_cannot_be_checked_is_refused(loss: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_loss(loss, **options)


def test_a_random_loss_does_not_pass() -> None:
    class Random(Mean):
        def forward(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            return super().forward(y_true, y_pred) * np.random.default_rng().random()

    report = check_loss(Random())
    assert not report.passed
    assert report.random
    assert "a loss must not be random" in str(report)


class NeedsMore:
    """Its forward cannot be called with x alone."""

    def forward(self, x: Any, is_training: bool) -> Any:
        return x * 1

    def backward(self, dy: Any) -> Any:
        return dy * 1


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (layers.Flatten, "got the class Flatten"),
        (Mean.forward, "without forward and backward"),
        (None, "got None"),
        (NeedsMore(), r"got forward\(x, is_training\): give is_training a default"),
        (Mean(), r"got forward\(y_true, y_pred\): give y_pred a default; .* a loss is checked with check_loss"),
        (losses.MeanSquaredError(), "a loss is checked with check_loss"),
        (Sequential([Input((3,)), layers.Dense(2)], name="net"), "got the model 'net': check_model checks models"),
    ],
)
def test_what_is_no_layer_is_refused(layer: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_layer(layer, (4, 3))


def test_a_report_is_json_and_says_what_it_says() -> None:
    for layer in (Scale(), Scale(right=False)):
        report = check_layer(layer, (4, 3))
        read = json.loads(json.dumps(report.to_dict(), allow_nan=False))
        assert read["passed"] is report.passed is bool(report)
        assert [t["name"] for t in read["tensors"]] == ["dx", "da"]
        assert bool(read["problems"]) is not report.passed


@pytest.mark.parametrize(
    ("layer", "shape"), [(layers.Conv2D(2, 3), (2, 5, 5, 2)), (layers.Dense(5), (4, 6)), (Scale(right=False), (4, 3))]
)
def test_the_picture_has_a_heat_map_and_a_curve(layer: Any, shape: Any) -> None:
    figure = check_layer(layer, shape).plot()
    heat, curve, _ = figure.axes
    assert heat.images
    assert "error of each entry" in heat.get_title()
    assert curve.get_xscale() == curve.get_yscale() == "log"
    steps, distances = map(np.asarray, curve.lines[0].get_data())
    assert distances[np.argmin(np.abs(steps - 1e-3))] < 1e-9 < distances[0]  # a V: rounding errors at small steps


def test_the_picture_of_a_gradient_of_the_wrong_shape_says_so() -> None:
    class Wrong(layers.Dense):
        def backward(self, dy: Any) -> Any:
            return super().backward(dy).T.copy()

    figure = check_layer(Wrong(3), (4, 6)).plot()
    assert any("has the shape (6, 4)" in text.get_text() for text in figure.axes[0].texts)


def test_public_names() -> None:
    assert gradient_check.__all__ == ["Report", "check_layer", "check_loss", "check_model"]
