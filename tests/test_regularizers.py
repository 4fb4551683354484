"""Regularizers and constraints by themselves: their laws, what they refuse, how they are named."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scratchnet import constraints, layers, regularizers
from scratchnet.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from scratchnet.gradient_check import check_layer
from scratchnet.regularizers import L1, L1L2, L2, OrthogonalRegularizer, Regularizer

PENALTIES = [L1(0.5), L2(0.25), L1L2(0.125, 0.5), OrthogonalRegularizer(2.0), OrthogonalRegularizer(2.0, "columns")]
PROJECTIONS = [NonNeg(), MaxNorm(1.5), MaxNorm(0.5, axis=1), MaxNorm(2, axis=[0, 1]), UnitNorm(), MinMaxNorm(0.5, 2)]
matrices = arrays(np.float64, (4, 3), elements=st.floats(-3, 3, allow_subnormal=False).filter(lambda v: abs(v) > 1e-2))
repeated = pytest.mark.parametrize


@repeated("penalty", PENALTIES, ids=lambda p: type(p).__name__)
@given(w=matrices)
def test_the_slope_is_the_limit_of_difference_quotients(penalty: Regularizer, w: Any) -> None:
    slope, h = penalty.gradient(w), 1e-6
    if isinstance(penalty, OrthogonalRegularizer):  # it has a corner where two rows are orthogonal
        unit = w / np.sqrt(np.square(w).sum(axis=1, keepdims=True))
        across = w / np.sqrt(np.square(w).sum(axis=0, keepdims=True))
        if min(np.abs(unit @ unit.T).min(), np.abs(across.T @ across).min()) < 1e-3:
            return
    for i in np.ndindex(w.shape):
        above, below = w.copy(), w.copy()
        above[i] += h
        below[i] -= h
        assert slope[i] == pytest.approx((penalty(above) - penalty(below)) / (2 * h), rel=1e-4, abs=1e-4)


@given(w=matrices, factor=st.floats(0.1, 10))
def test_how_penalties_grow_with_the_weights(w: Any, factor: float) -> None:
    assert L1(0.5)(factor * w) == pytest.approx(factor * L1(0.5)(w))
    assert L2(0.5)(factor * w) == pytest.approx(factor**2 * L2(0.5)(w))
    assert OrthogonalRegularizer()(factor * w) == pytest.approx(OrthogonalRegularizer()(w))
    assert L1L2(0.25, 0.5)(w) == pytest.approx(L1(0.25)(w) + L2(0.5)(w))


def test_by_hand() -> None:
    w = np.array([[3.0, 0.0], [-4.0, 0.0]])
    assert (L1(0.5)(w), L2(0.5)(w)) == (3.5, 12.5)
    np.testing.assert_array_equal(L1(0.5).gradient(w), [[0.5, 0], [-0.5, 0]])  # 0 at the corner
    np.testing.assert_array_equal(L2(0.5).gradient(w), [[3, 0], [-4, 0]])
    assert OrthogonalRegularizer(0.5)(w) == 0.5  # the two rows point in opposite directions
    assert OrthogonalRegularizer(0.5)(np.eye(3)) == 0
    assert OrthogonalRegularizer(0.5)(np.ones((1, 3))) == 0  # a row alone is at peace with all others


@repeated("dtype", ["float32", "float64"])
@repeated("thing", [*PENALTIES, *PROJECTIONS], ids=lambda p: type(p).__name__)
def test_the_dtype_stays_and_the_weight_too(thing: Any, dtype: str) -> None:
    w = np.linspace(-2, 1, 12, dtype=dtype).reshape(4, 3)
    before = w.copy()
    made = thing.gradient(w) if isinstance(thing, Regularizer) else thing(w)
    assert made.dtype == dtype
    assert made.shape == w.shape
    assert not np.shares_memory(made, w)
    np.testing.assert_array_equal(w, before)


@repeated("constraint", PROJECTIONS, ids=lambda p: type(p).__name__)
@given(w=matrices)
def test_constraining_twice_is_constraining_once(constraint: Any, w: Any) -> None:
    once = constraint(w)
    np.testing.assert_allclose(constraint(once), once, rtol=1e-6)  # a length of 1e-7 is added, as in Keras


@given(w=matrices)
def test_what_constraints_promise(w: Any) -> None:
    assert NonNeg()(w).min() >= 0
    assert np.sqrt(np.square(MaxNorm(1.5)(w)).sum(axis=0)).max() <= 1.5
    assert np.sqrt(np.square(MaxNorm(1.5, axis=1)(w)).sum(axis=1)).max() <= 1.5
    np.testing.assert_allclose(np.sqrt(np.square(UnitNorm(axis=1)(w)).sum(axis=1)), 1, rtol=1e-4)
    lengths = np.sqrt(np.square(MinMaxNorm(0.5, 1)(w)).sum(axis=0))
    assert lengths.min() > 0.4999
    assert lengths.max() <= 1
    halfway = np.sqrt(np.square(MinMaxNorm(0, 1, rate=0.5)(w)).sum(axis=0))
    before = np.sqrt(np.square(w).sum(axis=0))
    np.testing.assert_allclose(halfway, (before + np.minimum(before, 1)) / 2, rtol=1e-4)


def test_a_weight_of_length_zero_stays() -> None:
    for constraint in PROJECTIONS:
        np.testing.assert_array_equal(constraint(np.zeros((3, 2))), 0)


NAN, INF = math.nan, math.inf


@repeated(
    ("argument", "call"),
    [
        ("l1", lambda: L1(-1)),
        ("l1", lambda: L1(NAN)),
        ("l1", lambda: L1("0.1")),
        ("l2", lambda: L2(INF)),
        ("l2", lambda: L2(-1e-9)),
        ("l2", lambda: L2(l2=NAN)),
        ("l2", lambda: L2(True)),
        ("l2", lambda: L2([0.1])),
        ("l1", lambda: L1L2(-1, 0)),
        ("l2", lambda: L1L2(0, NAN)),
        ("l1", lambda: layers.ActivityRegularization(l1="x")),
        ("l2", lambda: layers.ActivityRegularization(l2=-1)),
        ("factor", lambda: OrthogonalRegularizer(-1)),
        ("mode", lambda: OrthogonalRegularizer(mode="diagonal")),
        ("max_value", lambda: MaxNorm(-1)),
        ("max_value", lambda: MaxNorm("2")),
        ("axis", lambda: MaxNorm(axis="0")),
        ("axis", lambda: UnitNorm(axis=[0, 1.5])),
        ("min_value", lambda: MinMaxNorm(NAN)),
        ("max_value", lambda: MinMaxNorm(2, 1)),
        ("rate", lambda: MinMaxNorm(rate=1.5)),
        ("regularizer", lambda: layers.Dense(3, kernel_regularizer="l3")),
        ("regularizer", lambda: layers.Dense(3, bias_regularizer=0.1)),
        ("regularizer", lambda: layers.Dense(3, activity_regularizer=np.abs)),
        ("regularizer", lambda: layers.Dense(3, kernel_regularizer={"name": "l2_", "config": {}})),
        ("constraint", lambda: layers.Dense(3, kernel_constraint="max")),
        ("constraint", lambda: layers.Dense(3, bias_constraint=abs)),
    ],
)
def test_what_makes_no_sense_is_refused(argument: str, call: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=argument) as caught:
        call()
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


class OnlyValue(Regularizer):
    def forward(self, w: Any) -> float:
        return float(np.abs(w).sum())


def test_a_regularizer_without_a_slope_is_refused_before_anything_is_built() -> None:
    with pytest.raises(TypeError, match="OnlyValue that defines no gradient"):
        layers.Dense(3, kernel_regularizer=OnlyValue())


def test_names_and_configurations() -> None:
    assert regularizers.get(None) is None is constraints.get(None)
    assert regularizers.get("l2").get_config() == {"l2": 0.01} == regularizers.l2(None).get_config()
    assert regularizers.get("l1_l2").get_config() == {"l1": 0, "l2": 0}
    for module, things in ((regularizers, PENALTIES), (constraints, PROJECTIONS)):
        for thing in things:
            saved = json.loads(json.dumps(module.serialize(thing)))
            assert type(module.get(saved)) is type(thing)
            assert module.get(saved).get_config() == thing.get_config()
            assert type(thing).from_config(thing.get_config()).get_config() == thing.get_config()
            assert module.get(thing) is thing
    assert regularizers.get({"class_name": "L1", "config": {"l1": 0.5}}).l1 == 0.5  # as Keras writes it


class Cubes(Regularizer):
    """A user's own."""

    def forward(self, w: Any) -> float:
        return float(np.abs(w**3).sum())

    def gradient(self, w: Any) -> Any:
        return 3 * w * np.abs(w)


class WrongCubes(Cubes):
    def gradient(self, w: Any) -> Any:
        return 2 * w * np.abs(w)


@repeated("option", ["kernel_regularizer", "bias_regularizer", "activity_regularizer"])
def test_the_gradient_checker_sees_a_wrong_slope_of_a_users_own(option: str) -> None:
    assert check_layer(layers.Dense(3, **{option: Cubes()}), (4, 5)).passed
    assert not check_layer(layers.Dense(3, **{option: WrongCubes()}), (4, 5)).passed
