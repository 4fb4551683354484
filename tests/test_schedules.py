from __future__ import annotations

from typing import Any

import pytest

from scratchnet import optimizers, schedules
from scratchnet.schedules import CosineDecay, ExponentialDecay, PiecewiseConstantDecay


def test_exponential_decay():
    schedule = ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)
    assert [schedule(0), schedule(10)] == [0.1, 0.05]
    assert schedule(5) == pytest.approx(0.1 * 0.5**0.5)
    stairs = ExponentialDecay(0.1, 10, 0.5, staircase=True)
    assert [stairs(9), stairs(10), stairs(19)] == [0.1, 0.05, 0.05]


def test_cosine_decay_falls_to_alpha_and_stays():
    schedule = CosineDecay(1.0, decay_steps=100, alpha=0.1)
    assert schedule(0) == 1.0
    assert schedule(50) == pytest.approx(0.55)
    assert schedule(100) == schedule(1000) == pytest.approx(0.1)


def test_cosine_decay_warms_up_in_a_straight_line():
    schedule = CosineDecay(0.0, 100, warmup_target=1.0, warmup_steps=10)
    assert [schedule(0), schedule(5), schedule(10)] == [0.0, 0.5, 1.0]
    assert schedule(60) == pytest.approx(0.5)


def test_piecewise_constant_decay_changes_after_its_boundaries():
    schedule = PiecewiseConstantDecay([2, 4], [3.0, 2.0, 1.0])
    assert [schedule(step) for step in range(6)] == [3, 3, 3, 2, 2, 1]


@pytest.mark.parametrize(
    "schedule",
    [
        ExponentialDecay(0.1, 10, 0.5, staircase=True),
        CosineDecay(0.1, 20, 0.01, 0.2, 3),
        PiecewiseConstantDecay([2], [0.1, 0.01]),
    ],
)
def test_saved_schedule_is_equal(schedule):
    again: Any = schedules.deserialize(schedules.serialize(schedule))
    assert [again(step) for step in range(40)] == [schedule(step) for step in range(40)]


def test_optimizer_asks_its_schedule_before_each_step():
    sgd = optimizers.SGD(PiecewiseConstantDecay([0], [0.5, 0.25]))
    assert sgd.learning_rate == 0.5
    sgd.iterations = 1
    assert sgd.learning_rate == 0.25
    sgd.learning_rate = 0.1
    assert sgd.learning_rate == 0.1


def test_senseless_arguments_are_refused():
    with pytest.raises(ValueError, match=r"^decay_steps of ExponentialDecay expected a finite number > 0, got 0"):
        ExponentialDecay(0.1, 0, 0.5)
    with pytest.raises(ValueError, match="one value more than boundaries, got 2 values and 2 boundaries"):
        PiecewiseConstantDecay([1, 2], [0.1, 0.2])


def test_schedules_are_also_where_keras_keeps_them() -> None:
    from scratchnet.optimizers.schedules import ExponentialDecay as there

    assert there is ExponentialDecay
    assert all(getattr(optimizers.schedules, cls.__name__) is cls for cls in schedules.SCHEDULES.values())
