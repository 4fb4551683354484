"""Inputs of every kind, what forward and backward may return, and who is told ``training``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet.gradient_check import check_layer, check_model
from scratchnet.gradient_check.report import Report


def text(report: Report) -> str:
    return " ".join(str(report).split())


class Twice:
    def forward(self, x: Any) -> Any:
        return 2 * x

    def backward(self, dy: Any) -> Any:
        return 2 * dy


# Who is told training -------------------------------------------------------------------------------------------------


class AnotherSecond(Twice):
    def forward(self, x: Any, scale: float = 2.0) -> Any:
        return scale * x


class AnyOthers(Twice):
    def forward(self, x: Any, **others: Any) -> Any:
        assert not others
        return 2 * x


class AnyMore(Twice):
    def forward(self, x: Any, *more: Any) -> Any:
        assert not more
        return 2 * x


class Third(Twice):
    def forward(self, x: Any, scale: float = 2.0, training: bool = False) -> Any:
        self.told = training
        return scale * x

    def backward(self, dy: Any) -> Any:
        assert self.told is True
        return 2 * dy


class ByNameOnly(Third):
    def forward(self, x: Any, *, training: bool) -> Any:
        return super().forward(x, training=training)


class OursWithAnother(sn.Layer):
    def forward(self, x: Any, scale: float = 2.0) -> Any:
        return scale * x

    def backward(self, dy: Any) -> Any:
        return 2 * dy


class OursWithout(OursWithAnother):
    def forward(self, x: Any) -> Any:
        return super().forward(x)


class OursByNameOnly(OursWithAnother):
    def forward(self, x: Any, *, training: bool) -> Any:
        assert training is True
        return 2 * x


@pytest.mark.parametrize(
    "cls", [AnotherSecond, AnyOthers, AnyMore, Third, ByNameOnly, OursWithAnother, OursWithout, OursByNameOnly]
)
def test_training_goes_to_a_parameter_of_that_name_only(cls: Callable[[], Any], backend: str) -> None:
    report = check_layer(cls(), (4, 3), backend=backend)
    assert report.passed, f"\n{report}"
    assert cls.__name__ in report.title


# Inputs that have no gradient -----------------------------------------------------------------------------------------


class Embedding:
    """Rows of a table by their numbers."""

    factor = 1.0

    def __init__(self) -> None:
        self.params = {"table": np.random.default_rng(0).standard_normal((5, 3))}
        self.grads: dict[str, Any] = {}

    def forward(self, x: Any) -> Any:
        assert x.dtype.kind == "i"
        self.x = x.copy()
        return self.params["table"][x]

    def backward(self, dy: Any) -> None:
        self.grads["table"][...] = 0
        np.add.at(self.grads["table"], self.x, self.factor * dy)


INDICES = np.array([[1, 2, 2], [4, 0, 1]])


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_indices_stay_whole_and_need_no_gradient(factor: float, backend: str) -> None:
    layer = Embedding()
    layer.factor = factor
    report = check_layer(layer, (2, 3), x=INDICES, backend=backend)
    assert report.passed is (factor == 1), f"\n{report}"
    assert [(t.name, t.passed) for t in report.tensors] == [("dtable", factor == 1)]
    assert "not checked: x: no gradient (backward returns None)" in text(report)


def test_indices_of_one_input_and_floats_of_the_other() -> None:
    class Weighted(Embedding):
        def forward(self, xs: Any) -> Any:
            self.w = xs[1].copy()
            self.rows = super().forward(xs[0])
            return self.rows * self.w

        def backward(self, dy: Any) -> Any:
            super().backward(dy * self.w)
            return None, (dy * self.rows).sum(axis=-1, keepdims=True)

    report = check_layer(Weighted(), [(2, 3), (2, 3, 1)], x=[INDICES, np.ones((2, 3, 1))])
    assert report.passed, f"\n{report}"
    assert [t.name for t in report.tensors] == ["dx[1]", "dtable"]
    assert "not checked: x[0]: no gradient" in text(report)


def test_an_embedding_inside_a_model() -> None:
    class Ours(sn.Layer):
        def build(self, input_shape: Any) -> None:
            self.add_weight("table", (5, 3))

        def compute_output_shape(self, input_shape: Any) -> Any:
            return (*input_shape, 3)

        def forward(self, x: Any, training: bool = False) -> Any:
            self.x = x.astype(int)
            return self.params["table"][self.x]

        def backward(self, dy: Any) -> None:
            self.grads["table"][...] = 0
            np.add.at(self.grads["table"], self.x, dy)

    inputs = sn.Input((3,))
    report = check_model(sn.Model(inputs, sn.layers.Dense(2)(Ours()(inputs))), INDICES)
    assert report.passed, f"\n{report}"
    assert "dx" not in [t.name for t in report.tensors]
    assert "not checked: x: no gradient" in text(report)


def test_whole_numbers_that_have_a_gradient_are_floats_all_the_same(backend: str) -> None:
    for layer in (Twice(), sn.layers.Dense(2)):
        report = check_layer(layer, (2, 3), x=INDICES, backend=backend)
        assert report.passed
        assert report.tensors[0].name == "dx"


def test_none_for_an_input_that_counts_is_wrong() -> None:
    class Forgets(Twice):
        def backward(self, dy: Any) -> None:
            return None

    report = check_layer(Forgets(), (4, 3))
    assert not report.passed
    assert "dx is wrong. Backward returns None for x, but the output changes with it." in text(report)


def test_with_nothing_to_compare_nothing_passes() -> None:
    class Constant(Twice):
        def forward(self, x: Any) -> Any:
            return np.ones_like(x)

        def backward(self, dy: Any) -> None:
            return None

    report = check_layer(Constant(), (4, 3))
    assert not report.passed
    assert "there is nothing to compare" in text(report)


def test_a_wrong_index_is_told_as_the_layer_told_it() -> None:
    with pytest.raises(IndexError, match="index 9 is out of bounds"):
        check_layer(Embedding(), (2, 3), x=INDICES + 8)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"x": np.ones((4, 2))}, r"x of the shape \(4, 3\) that input_shape says, got \(4, 2\)"),
        ({"x": [np.ones((4, 3)), np.ones((4, 3))]}, r"x of the shape \(4, 3\) that input_shape says"),
        ({"x": np.full((4, 3), np.nan)}, r"expected finite numbers, got nan at x\[0, 0\] \(12 of 12\)"),
        ({"x": np.full((4, 3), "a")}, "expected x to hold numbers, got an array of <U1"),
        ({"x": np.ones((4, 3), complex)}, "expected x to hold numbers, got an array of complex128"),
        ({"dy": np.full((4, 3), np.inf)}, r"expected finite numbers, got inf at dy\[0, 0\]"),
    ],
)
def test_inputs_that_make_no_sense_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_layer(Twice(), (4, 3), **options)


def test_nan_in_a_models_input_is_refused() -> None:
    inputs = sn.Input((3,))
    with pytest.raises(ValueError, match=r"got nan at index \(1, 2\)"):
        check_model(sn.Model(inputs, sn.layers.Dense(2)(inputs)), np.array([[1, 2, 3], [4, 5, np.nan]]))


# What forward and backward return -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: [x, x], "one array of floats, the batch in front, got a list of 2"),
        (lambda x: (x,), "got a tuple of 1"),
        (lambda x: x * 1j, "got an array of complex128"),
        (lambda x: x > 0, "got an array of bool"),
        (lambda x: x.astype(int), "got an array of int64"),
        (lambda x: x.sum(), "got one number"),
        (lambda x: None, "got None"),
        (lambda x: x / 0, r"expected finite numbers, got -?inf at y\[0, 0\] \(12 of 12\)"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_output_without_a_gradient_is_refused(function: Callable[[Any], Any], words: str) -> None:
    class Returns(Twice):
        def forward(self, x: Any) -> Any:
            return function(x)

    with pytest.raises(ValueError, match=words):
        check_layer(Returns(), (4, 3))


class TwoInputs:
    def __init__(self, returned: Callable[[Any], Any]) -> None:
        self.returned = returned

    def forward(self, xs: Any) -> Any:
        return xs[0] + 2 * xs[1]

    def backward(self, dy: Any) -> Any:
        return self.returned(dy)


@pytest.mark.parametrize("kind", [list, tuple])
def test_several_gradients_come_as_a_list_or_a_tuple(kind: Callable[[Any], Any], backend: str) -> None:
    report = check_layer(TwoInputs(lambda dy: kind([dy.copy(), 2 * dy])), [(4, 3), (4, 3)], backend=backend)
    assert report.passed, f"\n{report}"


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (lambda dy: dy.copy(), "a list of 2 gradients, one for each input, got an array of float64"),
        (lambda dy: [dy.copy()], "a list of 2 gradients, one for each input, got a list of 1"),
        (lambda dy: [dy.copy()] * 3, "got a list of 3"),
        (lambda dy: None, "got None"),
        (lambda dy: [dy.copy(), "dx"], "got a list of 2"),
    ],
)
def test_too_few_or_too_many_gradients_are_refused(returned: Callable[[Any], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_layer(TwoInputs(returned), [(4, 3), (4, 3)])


def test_gradients_of_parameters_are_not_returned() -> None:
    class ReturnsAll(Twice):
        def backward(self, dy: Any) -> Any:
            return 2 * dy, dy.sum(axis=0)

    with pytest.raises(ValueError, match="return dx, one array, got a tuple of 2: gradients of parameters stay behind"):
        check_layer(ReturnsAll(), (4, 3))


def test_another_shape_than_compute_output_shape_says_is_refused() -> None:
    class Both(sn.Layer):
        def forward(self, x: Any, training: bool = False) -> Any:
            return np.concatenate([x, -x], axis=1)

        def backward(self, dy: Any) -> Any:
            return dy[:, :3] - dy[:, 3:]

    with pytest.raises(ValueError, match=r"shape \(None, 3\) that its compute_output_shape gives, got \(4, 6\)"):
        check_layer(Both(), (4, 3))


# Kinks and samples that depend on each other --------------------------------------------------------------------------


class Absolute:
    def forward(self, x: Any) -> Any:
        self.sign = np.sign(x)
        return np.abs(x)

    def backward(self, dy: Any) -> Any:
        return dy * self.sign


@pytest.mark.parametrize("zeros", [1, 12, 32])
def test_entries_on_a_kink_are_not_right_by_being_unjudged(zeros: int) -> None:
    x = np.arange(1.0, 33)
    x[:zeros] = 0
    report = check_layer(Absolute(), (8, 4), x=x.reshape(8, 4))
    assert not report.passed
    assert f"{zeros} of 32 entries lie exactly on a kink" in text(report)
    assert "UNSETTLED" in text(report)


def test_a_known_convention_is_asked_at_the_very_same_inputs() -> None:
    few = np.array([[0.0, 1, 2, -3], [0, 1, 3, -4]])
    assert check_layer(sn.layers.ReLU(), (2, 4), x=few).passed
    assert not check_layer(sn.layers.ReLU(), (8, 4), x=np.zeros((8, 4))).passed

    class SlopeOne(sn.layers.ReLU):
        def backward(self, dy: Any) -> Any:
            return dy * (self._y >= 0) * (self.x >= 0)

        def forward(self, x: Any, training: bool = False) -> Any:
            self.x = x.copy()
            return super().forward(x, training)

    report = check_layer(SlopeOne(), (2, 4), x=few)
    assert not report.passed
    assert "Convention broken: ReLU'(0) = 0." in text(report)


class Centre(sn.Layer):
    def forward(self, x: Any, training: bool = False) -> Any:
        return x - x.mean(axis=0)

    def backward(self, dy: Any) -> Any:
        return dy - dy.mean(axis=0)


def test_dependent_samples_are_told_with_the_way_out_and_then_as_told() -> None:
    report = check_layer(Centre(name="mine"), (4, 3))
    assert not report.passed
    assert report.batch_dependent
    assert "batch-dependent: the samples of Centre 'mine' depend on each other" in text(report)
    assert "say so with independent_samples=False (on the command line: --batch-dependent)" in text(report)
    report = check_layer(Centre(name="mine"), (4, 3), independent_samples=False)
    assert report.passed
    assert "batch-dependent, as told: the samples of Centre 'mine' depend on each other" in text(report)
    assert [f.promise for f in report.contract if "depend" in f.skipped] == ["a batch is the sum of its parts"]


def test_the_order_is_asked_of_dependent_samples_but_not_demanded() -> None:
    class Neighbour(Centre):
        def forward(self, x: Any, training: bool = False) -> Any:
            return x + np.roll(x, 1, axis=0)

        def backward(self, dy: Any) -> Any:
            return dy + np.roll(dy, -1, axis=0)

    report = check_layer(Neighbour(), (4, 3), independent_samples=False)
    assert report.passed, f"\n{report}"
    skipped = {f.promise: f.skipped for f in report.contract}
    assert skipped["the order of samples does not matter"].endswith("and on their order")


def test_independent_samples_told_to_be_dependent_are_told_so() -> None:
    report = check_layer(sn.layers.Dense(2), (4, 3), independent_samples=False)
    assert report.passed
    assert "gives the same alone as among others" in text(report)


def test_a_model_with_dependent_samples() -> None:
    inputs = sn.Input((3,))
    model = sn.Model(inputs, sn.layers.Dense(2)(Centre()(inputs)))
    x = np.random.default_rng(0).standard_normal((4, 3))
    assert not check_model(model, x).passed
    assert check_model(model, x, independent_samples=False).passed


def test_a_model_of_several_inputs_and_a_frozen_layer() -> None:
    a, b = sn.Input((3,)), sn.Input((4,))
    frozen = sn.layers.Dense(2, trainable=False)
    model = sn.Model([a, b], sn.layers.Add()([frozen(a), sn.layers.Dense(2)(b)]))
    generator = np.random.default_rng(0)
    report = check_model(model, [generator.standard_normal((5, 3)), generator.standard_normal((5, 4))])
    assert report.passed, f"\n{report}"
    assert len(report.tensors) == 6


# The report -----------------------------------------------------------------------------------------------------------


def test_a_report_shows_itself_in_a_line_and_as_a_table() -> None:
    class Evil(Twice):
        name = "<script>alert(1)</script>"

        def backward(self, dy: Any) -> Any:
            return 3 * dy

    for layer, passed in ((Twice(), True), (Evil(), False)):
        report = check_layer(layer, (40, 30))
        assert len(repr(report)) < 200
        assert "\n" not in repr(report)
        assert ("passed" in repr(report)) is passed
        html = report._repr_html_()
        assert len(html) < 2500
        assert html.count("<table>") == html.count("</table>") == 1
        assert "<script>" not in html
        assert ("dx is wrong." in html) is not passed
    assert "&lt;script&gt;" in html
