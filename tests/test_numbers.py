from __future__ import annotations

import decimal
import fractions
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnet.utils.numbers import real_number, seed_or_none, shown, true_or_false, whole_number

INTEGERS = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
FLOATS = [np.float16, np.float32, np.float64]
STRANGE = pytest.param(object(), id="object")
NO_NUMBERS = ["5", None, [1], (1,), {}, 1j, np.array([1]), np.array([[1.0]]), STRANGE, b"1", True, np.True_]


@given(
    st.integers(0, 127), st.sampled_from([int, *INTEGERS, lambda n: np.array(n), lambda n: np.array([n], np.int16)[0]])
)
def test_every_integer_type_is_a_whole_number_and_becomes_pythons(n, kind):
    number = whole_number("units of Dense", kind(n), 0)
    assert type(number) is int
    assert number == n
    assert json.loads(json.dumps(number)) == n


@given(st.integers(-5, 5), st.integers(-5, 5))
def test_the_least_number_is_allowed_itself_and_nothing_below(n, least):
    if n >= least:
        assert whole_number("k", n, least) == n
    else:
        with pytest.raises(ValueError, match=f"^k expected a whole number ≥ {least}, got {n}\\.$"):
            whole_number("k", n, least)


@pytest.mark.parametrize("value", [*NO_NUMBERS, 3.0, np.float64(3), math.nan, np.array(3.0), np.array(True)], ids=repr)
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(ValueError, match=r"^units of Dense expected a whole number, got .*\.$"):
        whole_number("units of Dense", value)


@given(st.floats(-100, 100, width=16), st.sampled_from([float, *FLOATS, lambda x: np.array(x)]))
def test_every_float_type_is_a_real_number_and_becomes_pythons(x, kind):
    number = real_number("scale", kind(x))
    assert type(number) is float
    assert number == x


def test_integers_and_fractions_are_real_numbers():
    assert [real_number("scale", n) for n in (2, np.int8(2), fractions.Fraction(1, 2))] == [2.0, 2.0, 0.5]


@pytest.mark.parametrize(
    "value", [*NO_NUMBERS, math.nan, math.inf, -math.inf, 10**400, np.float32("nan"), decimal.Decimal(1)], ids=repr
)
def test_what_is_no_finite_real_number_is_refused(value):
    with pytest.raises(ValueError, match=r"^scale of Rescaling expected a finite number, got .*\.$"):
        real_number("scale of Rescaling", value)


@pytest.mark.parametrize("open_ends", ["", "least", "most", "least most"])
@pytest.mark.parametrize("x", [-0.1, 0.0, 0.5, 1.0, 1.1])
def test_bounds_are_allowed_themselves_unless_they_are_open(x, open_ends):
    allowed = 0 <= x <= 1 and not (x == 0 and "least" in open_ends) and not (x == 1 and "most" in open_ends)
    if allowed:
        assert real_number("beta", x, 0, 1, open_ends=open_ends) == x
    else:
        wanted = f"{'>' if 'least' in open_ends else '≥'} 0 and {'<' if 'most' in open_ends else '≤'} 1"
        with pytest.raises(ValueError, match=f"^beta expected a finite number {wanted}, got {x}\\.$"):
            real_number("beta", x, 0, 1, open_ends=open_ends)


@pytest.mark.parametrize("value", ["no", 1, 0, None, np.array([True]), 1.0], ids=repr)
def test_a_switch_is_true_or_false_and_nothing_else(value):
    with pytest.raises(ValueError, match=r"^use_bias of Dense expected True or False, got"):
        true_or_false("use_bias of Dense", value)


def test_numpys_truth_is_truth():
    assert true_or_false("use_bias", np.True_) is True
    assert true_or_false("use_bias", np.False_) is False


def test_a_seed_may_be_none():
    assert seed_or_none("seed", None) is None
    assert type(seed_or_none("seed", np.uint8(3))) is int
    with pytest.raises(ValueError, match="seed expected a whole number ≥ 0, got -1"):
        seed_or_none("seed", -1)


def test_what_is_shown_stays_on_one_line():
    assert "\n" not in shown(np.zeros((3, 3)))
    assert len(shown("x" * 1000)) <= 80
