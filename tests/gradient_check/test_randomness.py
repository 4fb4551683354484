"""A layer that is random is told so, and checked with its draws held still."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet.gradient_check import check_layer, check_model
from scratchnet.utils.held_still import RandomSources, held_still
from scratchnet.utils.random import new_generator

MODULE_GENERATOR = np.random.default_rng(5)


class Noisy:
    """y = x · m for a random m, of somebody who does not know our base class; backward is wrong by ``factor``."""

    factor = 1.0
    draw: Any  # of a subclass: takes a shape

    def forward(self, x: Any, training: bool = True) -> Any:
        self.m = np.asarray(self.draw(x.shape)).reshape(x.shape).astype(x.dtype) if training else np.ones_like(x)
        return x * self.m

    def backward(self, dy: Any) -> Any:
        return (self.factor * dy * self.m).astype(dy.dtype)


class FreshGenerator(Noisy):
    def draw(self, shape: Any) -> Any:
        return np.random.default_rng().random(shape)


class FreshBits(Noisy):
    def draw(self, shape: Any) -> Any:
        return np.random.Generator(np.random.Philox()).random(shape)


class FreshLegacy(Noisy):
    def draw(self, shape: Any) -> Any:
        return np.random.RandomState().uniform(size=shape)


class GlobalState(Noisy):
    def draw(self, shape: Any) -> Any:
        return np.random.uniform(size=shape)


class PythonState(Noisy):
    def draw(self, shape: Any) -> Any:
        return [random.random() for _ in range(int(np.prod(shape)))]


class ModuleGenerator(Noisy):
    def draw(self, shape: Any) -> Any:
        return MODULE_GENERATOR.random(shape)


class ClassGenerator(Noisy):
    generator = np.random.default_rng(1)

    def draw(self, shape: Any) -> Any:
        return self.generator.random(shape)


class OwnGenerator(Noisy):
    def __init__(self) -> None:
        self.generator = np.random.default_rng(1)

    def draw(self, shape: Any) -> Any:
        return self.generator.random(shape)


class LazyGenerator(Noisy):
    generator: Any = None

    def draw(self, shape: Any) -> Any:
        self.generator = self.generator or np.random.default_rng(1)
        return self.generator.random(shape)


class NestedGenerator(Noisy):
    def __init__(self) -> None:
        self.parts = {"sources": [np.random.RandomState(1), random.Random(2)]}

    def draw(self, shape: Any) -> Any:
        legacy, python = self.parts["sources"]
        return legacy.uniform(size=shape) + python.random()


class Counted(Noisy):
    """Draws by the number of its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def draw(self, shape: Any) -> Any:
        self.calls += 1
        return np.random.default_rng((3, self.calls)).random(shape)


class Variable(sn.Layer, Noisy):
    """Draws by a variable that is not trained."""

    def build(self, input_shape: Any) -> None:
        self.non_trainable = {"step": np.zeros((), np.int64)}

    def draw(self, shape: Any) -> Any:
        self.non_trainable["step"] += 1
        return np.random.default_rng(int(self.non_trainable["step"])).random(shape)

    def forward(self, x: Any, training: bool = False) -> Any:
        return Noisy.forward(self, x, training)

    def backward(self, dy: Any) -> Any:
        return Noisy.backward(self, dy)


class State:
    """As ``scratchnet.utils.random.SeedGenerator``: a counter that draws change in place."""

    def __init__(self) -> None:
        self.state = np.array([7, 0], np.uint64)


class CounterArray(Noisy):
    def __init__(self) -> None:
        self.seeds = State()

    def draw(self, shape: Any) -> Any:
        self.seeds.state[1] += 1
        return np.random.default_rng(self.seeds.state).random(shape)


class OurGenerator(Noisy):
    def draw(self, shape: Any) -> Any:
        return new_generator().random(shape)


def closure() -> Any:
    generator = np.random.default_rng(2)

    class Closed(Noisy):
        def draw(self, shape: Any) -> Any:
            return generator.random(shape)

    return Closed()


ALL: list[Callable[[], Any]] = [
    FreshGenerator,
    FreshBits,
    FreshLegacy,
    GlobalState,
    PythonState,
    ModuleGenerator,
    ClassGenerator,
    OwnGenerator,
    LazyGenerator,
    NestedGenerator,
    Counted,
    CounterArray,
    Variable,
    OurGenerator,
    closure,
]


@pytest.mark.parametrize("make", ALL)
def test_a_random_layer_is_told_so_and_passes_with_its_draws_held_still(make: Callable[[], Any], backend: str) -> None:
    report = check_layer(make(), (4, 3), backend=backend)
    assert report.passed, f"\n{report}"
    assert report.random
    assert "random: forward gives other numbers at every call" in str(report)
    assert report.to_dict()["random"] is True


@pytest.mark.parametrize("make", ALL)
def test_a_wrong_backward_of_a_random_layer_is_found(make: Callable[[], Any], backend: str) -> None:
    layer = make()
    layer.factor = 3.0
    report = check_layer(layer, (4, 3), backend=backend)
    assert [t.passed for t in report.tensors] == [False]
    assert "the right one times 3, at every wrong entry" in " ".join(str(report).split())


@pytest.mark.parametrize("make", ALL)
def test_without_training_nothing_is_random(make: Callable[[], Any]) -> None:
    report = check_layer(make(), (4, 3), training=False)
    assert report.passed
    assert not report.random
    assert report.notes == []


def test_checking_takes_no_random_numbers_from_anybody() -> None:
    def following() -> list[float]:
        with held_still(MODULE_GENERATOR):
            return [np.random.random(), random.random(), MODULE_GENERATOR.random(), float(new_generator().random())]

    expected = following()
    for make in ALL:
        check_layer(make(), (4, 3))
    assert following() == expected


def test_promises_that_a_random_layer_cannot_keep_are_not_asked() -> None:
    skipped = {f.promise: f.skipped for f in check_layer(FreshGenerator(), (4, 3)).contract if f.skipped}
    assert "random" in skipped["a batch is the sum of its parts"]
    assert "random" in skipped["the order of samples does not matter"]
    assert "a second pass gives the same bits" not in skipped


def test_a_rare_event_is_held_still_too() -> None:
    class Rare(Noisy):
        def draw(self, shape: Any) -> Any:
            return np.random.default_rng().random(shape) > 1e-9

    report = check_layer(Rare(), (4, 3))
    assert report.passed
    assert "draws random numbers, but its output was the same in all runs" in str(report)


class FromTheSystem(Noisy):
    def draw(self, shape: Any) -> Any:
        return np.frombuffer(os.urandom(int(np.prod(shape))), np.uint8) / 255


class FromTheClock(Noisy):
    def draw(self, shape: Any) -> Any:
        return np.full(shape, time.perf_counter())


class CountedOutOfReach(Noisy):
    def __init__(self) -> None:
        self.calls = itertools.count()

    def draw(self, shape: Any) -> Any:
        return np.random.default_rng(next(self.calls)).random(shape)


@pytest.mark.parametrize("cls", [FromTheSystem, FromTheClock, CountedOutOfReach])
def test_what_cannot_be_held_still_does_not_pass(cls: Callable[[], Any]) -> None:
    report = check_layer(cls(), (4, 3))
    assert not report.passed
    assert report.random
    assert "random in a way that cannot be held still" in report.problems[0]
    assert "draw from a generator that the layer keeps" in report.problems[0]
    assert "(what changes from call to call: m)" in report.problems[0]


def test_a_layer_that_depends_on_what_it_remembers_does_not_pass_and_is_not_called_random() -> None:
    class Centre(sn.Layer):
        def build(self, input_shape: Any) -> None:
            self.mean = np.zeros(input_shape[-1], "float32")

        def forward(self, x: Any, training: bool = False) -> Any:
            if training:
                self.mean += (0.1 * (x.mean(axis=0) - self.mean)).astype(x.dtype)
            return x - self.mean

        def backward(self, dy: Any) -> Any:
            return dy.copy()

    report = check_layer(Centre(), (4, 3))
    assert not report.passed
    assert not report.random
    assert "because it changes mean, and its output depends on that" in report.problems[0]
    report = check_layer(Centre(), (4, 3), training=False)
    assert report.passed
    assert "not checked: mean: forward changes it, so it is state" in str(report)


class BatchNormalization(sn.Layer):
    """Right, with its running means and variances in attributes of its own."""

    def build(self, input_shape: Any) -> None:
        self.add_weight("gamma", (input_shape[-1],), "ones")
        self.add_weight("beta", (input_shape[-1],), "zeros")
        self.mean, self.variance = np.zeros(input_shape[-1], "float32"), np.ones(input_shape[-1], "float32")

    def forward(self, x: Any, training: bool = False) -> Any:
        mean, variance = self.mean.astype(x.dtype), self.variance.astype(x.dtype)
        if training:
            mean, variance = x.mean(axis=0), x.var(axis=0)
            self.mean = (0.9 * self.mean + 0.1 * mean).astype("float32")
            self.variance = (0.9 * self.variance + 0.1 * variance).astype("float32")
        self.training, self.inverse = training, (1 / np.sqrt(variance + 1e-3)).astype(x.dtype)
        self.z = (x - mean) * self.inverse
        return self.params["gamma"] * self.z + self.params["beta"]

    def backward(self, dy: Any) -> Any:
        self.grads["gamma"][...], self.grads["beta"][...] = (dy * self.z).sum(axis=0), dy.sum(axis=0)
        dz = dy * self.params["gamma"]
        if not self.training:
            return dz * self.inverse
        return self.inverse * (dz - dz.mean(axis=0) - self.z * (dz * self.z).mean(axis=0))


def test_a_batch_normalization_passes_in_both_ways_of_running(backend: str) -> None:
    report = check_layer(BatchNormalization(), (6, 3), independent_samples=False, backend=backend)
    assert report.passed, f"\n{report}"
    assert report.notes == [f"batch-dependent, as told: the samples of {report.title} depend on each other"]
    report = check_layer(BatchNormalization(), (6, 3), training=False, backend=backend)
    assert report.passed, f"\n{report}"
    assert report.notes == [f"not checked: {name}: forward changes it, so it is state" for name in ("mean", "variance")]


class Drop(sn.Layer):
    factor = 1.0

    def forward(self, x: Any, training: bool = False) -> Any:
        self.mask = (np.random.random(x.shape) < 0.5) * 2.0 if training else np.ones(x.shape)
        return (x * self.mask).astype(x.dtype)

    def backward(self, dy: Any) -> Any:
        return (self.factor * dy * self.mask).astype(dy.dtype)


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_a_random_layer_inside_a_model(factor: float, backend: str) -> None:
    inputs = sn.Input((3,))
    drops = [Drop(name="first"), Drop(name="second")]
    drops[1].factor = factor
    x = drops[0](sn.layers.Dense(6, activation="tanh")(inputs))
    model = sn.Model(inputs, sn.layers.Dense(2)(drops[1](sn.layers.Dense(6, activation="tanh")(x))))
    report = check_model(model, np.random.default_rng(0).standard_normal((5, 3)), backend=backend)
    assert report.passed is (factor == 1)
    assert "random: first gives other numbers at every call" in str(report)


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(["numpy", "python", "own", "fresh", "spawned"]), max_size=6))
def test_held_still_what_runs_twice_draws_the_same_and_leaves_no_trace(seed: int, draws: list[str]) -> None:
    own = np.random.default_rng(seed)
    sources: dict[str, Any] = {
        "numpy": np.random.random,
        "python": random.random,
        "own": own.random,
        "fresh": lambda: np.random.default_rng().random(),
        "spawned": lambda: new_generator().random(),
    }
    state, python = own.bit_generator.state, random.getstate()
    held, drawn = RandomSources({"generator": own}), []
    for _ in range(2):
        with held.held_still():
            drawn.append([sources[name]() for name in draws])
        assert held.touched is bool(draws)
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == len(draws)
    assert own.bit_generator.state == state
    assert random.getstate() == python


OUTSIDE = np.random.default_rng(3)


def test_a_function_put_into_one_of_our_classes_is_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sn.layers.Dense, "forward", lambda layer, x, training=False: OUTSIDE.random())
    held, drawn = RandomSources(sn.layers.Dense(2)), []
    for _ in range(2):
        with held.held_still():
            drawn.append(OUTSIDE.random())
    assert drawn[0] == drawn[1]


def test_after_an_error_nothing_is_held_any_more() -> None:
    with pytest.raises(KeyError), held_still():
        raise KeyError
    assert np.random.default_rng().random() != np.random.default_rng().random()
