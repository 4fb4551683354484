"""Optimizers and schedules against their references, step by step, also by the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet import optimizers, schedules
from tests.oracles.checking_updates import STEPS, check_optimizer, check_schedule

rates = st.floats(1e-4, 0.5) | st.builds(
    schedules.ExponentialDecay, st.floats(1e-3, 0.1), st.integers(1, 50), st.floats(0.1, 1), st.booleans()
)
decays = st.none() | st.floats(0, 0.1)
adams = st.fixed_dictionaries(
    {
        "learning_rate": rates,
        "beta_1": st.floats(0, 0.99),
        "beta_2": st.floats(0.5, 0.9999),  # below, Keras's v + (g² - v)(1 - β₂) itself loses digits
        "epsilon": st.floats(1e-8, 1e-2),
        "amsgrad": st.booleans(),
        "weight_decay": decays,
    }
)
rmsprops = st.fixed_dictionaries(
    {
        "learning_rate": rates,
        "rho": st.floats(0, 0.99),
        "momentum": st.floats(0, 0.99),
        "epsilon": st.floats(1e-3, 1e-2),  # centered, v - a² loses the digits that a smaller one would show
        "centered": st.booleans(),
        "weight_decay": decays,
    }
)
adagrads = st.fixed_dictionaries(
    {
        "learning_rate": rates,
        "initial_accumulator_value": st.floats(0, 1),
        "epsilon": st.floats(1e-8, 1e-2),
        "weight_decay": decays,
    }
)
everybodys = st.one_of(
    st.just({}),
    st.builds(lambda c: {"clipnorm": c}, st.floats(0.1, 5)),
    st.builds(lambda c: {"clipvalue": c}, st.floats(0.1, 3)),
    st.builds(lambda c: {"global_clipnorm": c}, st.floats(0.1, 5)),
    st.builds(
        lambda momentum, every: {"use_ema": True, "ema_momentum": momentum, "ema_overwrite_frequency": every},
        st.floats(0, 1),
        st.none() | st.integers(1, 20),
    ),
)
accumulated = st.just({}) | st.builds(lambda k: {"gradient_accumulation_steps": k}, st.integers(2, 7))
sgds = st.fixed_dictionaries(
    {"learning_rate": rates, "momentum": st.floats(0, 0.99), "nesterov": st.booleans(), "weight_decay": decays}
)


def rule_on(backend: str, optimizer: optimizers.Optimizer) -> Any:
    if backend == "numpy":
        return None
    from scratchnet.graph.kernel_steps import kernel_update_rule

    return kernel_update_rule(optimizer)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@settings(max_examples=40)
@given(
    made=st.one_of(
        st.tuples(st.just(optimizers.Adam), adams),
        st.tuples(st.just(optimizers.SGD), sgds),
        st.tuples(st.just(optimizers.RMSprop), rmsprops),
        st.tuples(st.just(optimizers.Adagrad), adagrads),
        st.tuples(st.just(optimizers.AdamW), st.fixed_dictionaries({"learning_rate": rates})),
    ),
    options=st.builds(lambda *parts: {k: v for part in parts for k, v in part.items()}, everybodys, accumulated),
    seed=st.integers(0),
)
def test_a_hundred_steps_agree_with_the_reference(
    backend: str, made: tuple[Any, dict[str, Any]], options: dict[str, Any], seed: int
) -> None:
    cls, arguments = made[0], {**made[1], **options}
    optimizer = cls(**arguments)
    gradients = np.random.default_rng(seed).standard_normal((STEPS, 7))
    assert check_optimizer(optimizer, arguments, gradients, rule_on(backend, optimizer)) == ""


@given(
    st.fixed_dictionaries(
        {
            "initial_learning_rate": st.floats(1e-4, 1),
            "decay_steps": st.integers(1, 150),
            "decay_rate": st.floats(0.01, 1),
            "staircase": st.booleans(),
        }
    )
)
def test_exponential_decay(arguments: dict[str, Any]) -> None:
    assert check_schedule(schedules.ExponentialDecay(**arguments), arguments) == ""


@given(
    st.fixed_dictionaries(
        {
            "initial_learning_rate": st.floats(0, 1),
            "decay_steps": st.integers(1, 150),
            "alpha": st.floats(0, 1),
            "warmup_target": st.none() | st.floats(1e-4, 1),
            "warmup_steps": st.integers(1, 30),
        }
    )
)
def test_cosine_decay(arguments: dict[str, Any]) -> None:
    assert check_schedule(schedules.CosineDecay(**arguments), arguments) == ""


@given(
    st.fixed_dictionaries(
        {
            "initial_learning_rate": st.floats(1e-4, 1),
            "first_decay_steps": st.integers(1, 150),
            "t_mul": st.sampled_from([1.0, 1.5, 2.0, 3.0]),  # so that restarts fall on the steps that they should
            "m_mul": st.floats(0.1, 1),
            "alpha": st.floats(0, 1),
        }
    )
)
def test_cosine_decay_restarts(arguments: dict[str, Any]) -> None:
    assert check_schedule(schedules.CosineDecayRestarts(**arguments), arguments) == ""


@given(
    st.fixed_dictionaries(
        {
            "initial_learning_rate": st.floats(1e-4, 1),
            "decay_steps": st.integers(1, 150),
            "end_learning_rate": st.floats(1e-4, 1),
            "power": st.floats(0.5, 3),
            "cycle": st.booleans(),
        }
    )
)
def test_polynomial_decay(arguments: dict[str, Any]) -> None:
    assert check_schedule(schedules.PolynomialDecay(**arguments), arguments) == ""


@given(
    st.fixed_dictionaries(
        {
            "initial_learning_rate": st.floats(1e-4, 1),
            "decay_steps": st.integers(1, 150),
            "decay_rate": st.floats(0.01, 1),
            "staircase": st.booleans(),
        }
    )
)
def test_inverse_time_decay(arguments: dict[str, Any]) -> None:
    assert check_schedule(schedules.InverseTimeDecay(**arguments), arguments) == ""


@given(st.lists(st.integers(0, 99), unique=True).map(sorted), st.data())
def test_piecewise_constant_decay(boundaries: list[int], data: st.DataObject) -> None:
    count = len(boundaries) + 1
    values = data.draw(st.lists(st.floats(1e-4, 1), min_size=count, max_size=count))
    arguments = {"boundaries": boundaries, "values": values}
    assert check_schedule(schedules.PiecewiseConstantDecay(**arguments), arguments) == ""
