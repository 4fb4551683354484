"""A user's own layer in the gradient check: its known mistake is named in the report."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from scratchnet import layers
from scratchnet.gradient_check import check_layer, check_loss
from scratchnet.learn.mistakes.dense import BiasGradientIsAMean
from scratchnet.learn.own_layers import MOST_NUMBERS, name_layer
from scratchnet.losses import SparseCategoricalCrossentropy
from tests.learn import written

MEAN = "dbias: you divided by N here too; the loss has done it already."


class Theirs:
    """A Dense layer with names of its own for its parameters."""

    def __init__(self, units: int = 5) -> None:
        self.units, self.params, self.grads = units, {}, {}

    def build(self, shape: Any) -> None:
        self.params = {"W": np.random.default_rng(0).normal(size=(shape[-1], self.units)), "b": np.zeros(self.units)}
        self.grads = {name: np.zeros_like(array) for name, array in self.params.items()}

    def forward(self, x: Any) -> Any:
        self.x, self.z = x.copy(), self.values(x)
        return np.maximum(self.z, 0)

    def values(self, x: Any) -> Any:
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dy: Any) -> Any:
        dz = dy * (self.z > 0)
        self.grads["W"][...] = self.x.T @ dz
        self.grads["b"][...] = self.db(dz)
        return dz @ self.params["W"].T

    def db(self, dz: Any) -> Any:
        return dz.sum(axis=0)


class TheirsMeanBias(Theirs):
    def db(self, dz: Any) -> Any:
        return dz.mean(axis=0)


class TheirsTwoMistakes(TheirsMeanBias):
    def backward(self, dy: Any) -> Any:
        dx = super().backward(dy)
        self.grads["W"] /= len(dy)
        return dx


class TheirsWithoutBias(Theirs):
    def values(self, x: Any) -> Any:
        return x @ self.params["W"]


class TheirsUnknown(Theirs):
    def db(self, dz: Any) -> Any:
        return 3.3 * dz.sum(axis=0)


class TheirsOfAnotherFunction(TheirsMeanBias):
    def values(self, x: Any) -> Any:
        return x**2 @ self.params["W"] + self.params["b"]


@pytest.mark.parametrize(
    ("layer", "sentences"),
    [
        (TheirsMeanBias(), [MEAN]),
        (TheirsTwoMistakes(), [MEAN, "dkernel: you divided by N here too"]),
        (TheirsWithoutBias(), ["y: the bias is not added."]),
        (TheirsUnknown(), []),
        (TheirsOfAnotherFunction(), []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_known_mistake_stands_in_the_report(layer: Any, sentences: list[str]) -> None:
    report = check_layer(layer, (4, 6))
    assert not report.passed
    assert all(sentence in report.known for sentence in sentences)
    assert bool(report.known) is bool(sentences)
    assert report.to_dict()["known"] == report.known
    arrows = [bool(report.known), bool(report.conclusion)].count(True)
    assert str(report).count("  → ") == report._repr_html_().count("<p>→ ") == arrows
    json.dumps(report.to_dict())


@pytest.mark.parametrize(
    ("layer", "shape", "sentence"),
    [
        (BiasGradientIsAMean(5, "tanh", use_bias=True), (4, 6), MEAN),
        (written.ConvolvedMeanBias(3, 3, padding="same", activation="relu"), (3, 5, 6, 2), "dbias: you took the mean"),
        (written.ConvolvedMeanBias(3, (2, 3), strides=2), (3, 7, 7, 2), "dbias: you took the mean"),
        (written.PooledEveryTie(3, 2, "same"), (3, 6, 7, 2), "dx: at a tie every one of the largest"),
        (written.SoftmaxedDiagonal(), (4, 6), "dx: this is a sigmoid's slope"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_layers_are_recognized_by_what_they_compute(layer: Any, shape: tuple[int, ...], sentence: str) -> None:
    assert sentence in name_layer(layer, [shape], True)


def test_right_layers_have_no_known_mistake() -> None:
    report = check_layer(Theirs(), (4, 6))
    assert report.passed
    assert report.known == ""
    assert name_layer(Theirs(), [(4, 6)], True) == ""


def test_the_layer_itself_stays_as_it_is() -> None:
    layer = TheirsMeanBias()
    layer.build((None, 6))
    before = {name: array.copy() for name, array in layer.params.items()}
    report = check_layer(layer, (4, 6))
    layer.params["W"][...] = 0  # the report was made before
    assert MEAN in report.known
    layer.params["W"][...] = before["W"]
    assert all(np.array_equal(layer.params[name], array) for name, array in before.items())
    assert not hasattr(layer, "x")


def test_what_is_too_large_or_has_several_inputs_is_not_looked_at() -> None:
    assert name_layer(TheirsMeanBias(), [(2, MOST_NUMBERS)], True) == ""
    assert name_layer(layers.Add(), [(4, 6), (4, 6)], True) == ""


def test_an_error_while_naming_leaves_the_report_as_it_is() -> None:
    class Moody(TheirsMeanBias):
        def forward(self, x: Any) -> Any:
            if np.array_equal(x, np.round(x)) and x.any():
                raise RuntimeError("no whole numbers")
            return super().forward(x)

    report = check_layer(Moody(), (4, 6))
    assert "db is wrong" in str(report)
    assert report.known == ""


def test_a_loss_of_the_users_own_is_named() -> None:
    class Mine(SparseCategoricalCrossentropy):
        def backward(self) -> Any:
            return super().backward() * len(self.predictions)

    report = check_loss(Mine(from_logits=True), backend="numpy")
    assert "dz: 1/N is missing" in report.known
    assert "cross-entropy of logits and class numbers" in report.known
