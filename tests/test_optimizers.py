from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from scratchnet import optimizers, schedules
from scratchnet.optimizers import SGD, Adam


def run(optimizer, steps=1, w=1.0, gradient=lambda t: 0.5):
    """Return the one parameter after some steps with given gradients."""
    values, gradients = np.array([w]), np.zeros(1)
    optimizer.build(1, "float64")
    for t in range(steps):
        gradients[0] = gradient(t)
        optimizer.step([(slice(0, 1), values, gradients)])
    return float(values[0])


def test_sgd_goes_down_the_slope():
    assert run(SGD(0.1)) == pytest.approx(1 - 0.05)


def test_momentum_remembers():
    assert run(SGD(0.1, momentum=0.9), steps=2) == pytest.approx(1 - 0.05 - (0.9 * 0.05 + 0.05))


def test_nesterov_looks_ahead():
    assert run(SGD(0.1, momentum=0.9, nesterov=True)) == pytest.approx(1 - 0.9 * 0.05 - 0.05)


@pytest.mark.parametrize("gradient", [1e-3, 0.5, -40.0])
def test_first_step_of_adam_is_the_learning_rate_whatever_the_slope(gradient):
    assert run(Adam(0.01), gradient=lambda t: gradient) == pytest.approx(1 - math.copysign(0.01, gradient), rel=1e-4)


def test_adam_follows_its_formula():
    m = v = 0.0
    w = 1.0
    for t in range(1, 6):
        g = math.sin(t)
        m += (g - m) * (1 - 0.9)
        v += (g * g - v) * (1 - 0.999)
        w -= 0.01 * math.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (math.sqrt(v) + 1e-7)
    assert run(Adam(0.01), steps=5, gradient=lambda t: math.sin(t + 1)) == pytest.approx(w, rel=1e-14)


def test_weight_decay_takes_its_share_once_before_the_step():
    assert run(SGD(0.1, weight_decay=0.2)) == pytest.approx((1 - 0.2 * 0.1) - 0.05)


def test_only_the_segments_given_move_and_each_has_its_own_moments():
    adam = Adam(0.1)
    adam.build(4, "float64")
    w, g = np.ones(4), np.ones(4)
    adam.step([(slice(0, 1), w[0:1], g[0:1]), (slice(3, 4), w[3:4], g[3:4])])
    assert (w != 1).tolist() == [True, False, False, True]
    assert (adam.slots["momentum"] != 0).tolist() == [True, False, False, True]


@pytest.mark.parametrize("optimizer", [SGD(), SGD(0.1, 0.9), SGD(0.1, 0.9, True), Adam()])
def test_float32_stays_float32(optimizer):
    w, g = np.ones(3, "float32"), np.ones(3, "float32")
    optimizer.build(3, "float32")
    optimizer.step([(slice(0, 3), w, g)])
    assert {a.dtype for a in (w, g, *optimizer.slots.values())} == {np.dtype("float32")}


@pytest.mark.parametrize("optimizer", [SGD(0.2, 0.9, True, 0.01), Adam(0.2, 0.8, 0.99, 1e-5)])
def test_saved_optimizer_is_equal(optimizer):
    again = optimizers.get(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adam(-1), "^learning_rate of Adam expected a finite number ≥ 0, got -1"),
        (lambda: Adam(math.nan), "^learning_rate of Adam expected a finite number"),
        (lambda: Adam(beta_1=1.0), "^beta_1 of Adam expected a finite number ≥ 0 and < 1, got 1.0"),
        (lambda: Adam(epsilon=-1), "^epsilon of Adam expected a finite number ≥ 0, got -1"),
        (lambda: SGD(momentum=2), "^momentum of SGD expected a finite number ≥ 0 and ≤ 1, got 2"),
        (lambda: optimizers.get("adm"), "did you mean 'adam'"),
    ],
)
def test_senseless_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_names_are_taken_in_any_case():
    assert isinstance(optimizers.get("Adam"), Adam)
    assert isinstance(optimizers.get("SGD"), SGD)


def test_a_function_may_say_the_learning_rate():
    rates = iter([0.5, 0.25, math.nan])
    sgd, w = SGD(lambda: next(rates)), np.ones(2)
    for _ in range(2):
        sgd.step([(slice(0, 2), w, np.ones(2))])
    assert w.tolist() == [0.25, 0.25]
    assert sgd.has_schedule
    with pytest.raises(ValueError, match=r"^What the learning_rate of SGD returned expected a finite .* got nan"):
        sgd.step([(slice(0, 2), w, np.ones(2))])
    assert (sgd.iterations, w.tolist()) == (2, [0.25, 0.25])
    with pytest.raises(TypeError, match=r"Cannot save the learning rate <lambda>: it is a function"):
        sgd.get_config()
    schedule = schedules.CosineDecay(0.1, 10)
    assert type(schedule).from_config(schedule.get_config())(3) == schedule(3)


@pytest.mark.parametrize("rate", [math.nan, math.inf, -0.1, None, "0.1"])
def test_a_schedule_that_gives_no_learning_rate_is_refused_before_the_step(rate):
    class OfMyOwn(schedules.LearningRateSchedule):
        def __call__(self, step):
            return rate

    sgd, w = SGD(OfMyOwn()), np.ones(2)
    with pytest.raises(ValueError, match=r"^OfMyOwn of SGD expected a finite number ≥ 0, got"):
        sgd.step([(slice(0, 2), w, np.ones(2))])
    assert sgd.iterations == 0
    assert w.tolist() == [1, 1]


# Arguments that are set later


@pytest.mark.parametrize(
    ("optimizer", "name", "value"),
    [
        (SGD(), "momentum", -1),
        (SGD(), "nesterov", "yes"),
        (SGD(), "weight_decay", -1),
        (SGD(), "clipnorm", 0),
        (SGD(lambda: 0.1), "clipvalue", math.nan),
        (SGD(), "ema_momentum", 2),
        (SGD(), "ema_overwrite_frequency", 0),
        (SGD(), "gradient_accumulation_steps", 1),
        (SGD(clipnorm=1.0), "clipvalue", 1.0),
        (Adam(), "beta_1", 1.0),
        (Adam(), "beta_2", None),
        (Adam(), "epsilon", "small"),
        (optimizers.RMSprop(), "rho", 3),
        (optimizers.Adagrad(), "initial_accumulator_value", -1),
        (optimizers.AdamW(), "weight_decay", math.inf),
    ],
)
def test_an_argument_that_is_set_later_is_checked_as_by_the_constructor(optimizer, name, value):
    before = dict(vars(optimizer))
    options = {"clipnorm": optimizer.clipnorm} if optimizer.clipnorm else {}
    with pytest.raises(ValueError, match="expected") as by_constructor:
        type(optimizer)(**{name: value, **options})
    with pytest.raises(ValueError, match=re.escape(str(by_constructor.value))):
        setattr(optimizer, name, value)
    assert vars(optimizer) == before


def test_it_is_kept_as_by_the_constructor():
    sgd: Any = SGD()
    sgd.momentum, sgd.clipnorm, sgd.use_ema = np.float32(0.5), np.array(2), np.True_
    assert [type(value) for value in (sgd.momentum, sgd.clipnorm, sgd.use_ema)] == [float, float, bool]
    assert sgd.get_config() == SGD(momentum=0.5, clipnorm=2.0, use_ema=True).get_config()
    assert sgd.vector_names == ("momentum", "average")


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        (lambda: SGD(momentum=0.9), "momentum", 0.0),
        (lambda: SGD(momentum=0.9), "use_ema", True),
        (lambda: Adam(), "amsgrad", True),
        (lambda: Adam(), "gradient_accumulation_steps", 2),
        (lambda: Adam(gradient_accumulation_steps=2), "gradient_accumulation_steps", 3),
        (lambda: optimizers.RMSprop(), "centered", True),
        (lambda: optimizers.RMSprop(), "momentum", 0.9),
        (lambda: optimizers.Adagrad(), "initial_accumulator_value", 0.5),
    ],
)
def test_what_the_vectors_have_not_been_made_for_is_refused(make, name, value):
    changed_before, changed_after, unchanged = make(), make(), make()
    setattr(changed_before, name, value)  # nothing has been made yet
    run(changed_before)
    run(changed_after)
    run(unchanged)
    with pytest.raises(
        ValueError, match=rf"^\w+ expected {name} to stay .*, for which its vectors have been made, got"
    ):
        setattr(changed_after, name, value)
    assert run(changed_after, 3) == run(unchanged, 3)
    setattr(changed_after, name, getattr(changed_after, name))


def test_the_misspelt_name_of_an_argument_is_refused_and_any_other_name_is_free():
    sgd = SGD(0.1)
    with pytest.raises(AttributeError, match=r"^Unknown attribute of SGD 'lr': did you mean 'learning_rate'"):
        sgd.lr = 0.5
    with pytest.raises(AttributeError, match="did you mean 'momentum'"):
        sgd.momentun = 0.9
    sgd.colour = "red"
    assert sgd.colour == "red"

    class OfMyOwn(SGD):
        def __init__(self, lr):
            super().__init__(lr)
            self.lr = lr

    assert OfMyOwn(0.5).lr == 0.5
