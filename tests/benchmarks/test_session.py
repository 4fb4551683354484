from __future__ import annotations

import pytest

from benchmarks.frameworks.base import StepClock
from benchmarks.session import Session
from tests.benchmarks.fake_framework import Fake


@pytest.fixture
def session(images):
    return Session(Fake(), images)


def test_the_clock_counts_the_steps_between_first_and_last(monkeypatch):
    monkeypatch.setattr("time.perf_counter", iter(range(100)).__next__)
    clock = StepClock(2, 5)
    for step in range(9):
        clock.on_train_batch_begin(step)
    assert clock.seconds == 1  # one reading when step 2 begins, the next when step 5 does


def test_a_clock_that_has_not_seen_its_last_step_says_so():
    clock = StepClock(0, 3)
    clock.on_train_batch_begin(0)
    with pytest.raises(RuntimeError, match="expected 3 steps"):
        _ = clock.seconds


def test_the_clock_ends_the_training_of_its_model():
    clock = StepClock(0, 1)
    clock.model = Fake()
    for step in range(2):
        clock.on_train_batch_begin(step)
    assert clock.model.stop_training


def test_a_turn_trains_for_at_least_four_steps_beside_those_that_warm_up(session):
    assert session.answer({"do": "train", "network": "cnn", "batch_size": 16, "seconds": 0.0})["seconds"] > 0
    assert session.framework.steps_taken[-1] == 3 + 4


def test_steps_are_timed_in_whole_executions(images):
    session = Session(Fake("sixteen"), images)
    session.answer({"do": "train", "network": "cnn", "batch_size": 4, "seconds": 0.0})
    assert session.framework.steps_taken[-1] == 16 + 16


def test_a_turn_never_takes_more_steps_than_an_epoch_has(session):
    session.answer({"do": "train", "network": "cnn", "batch_size": 16, "seconds": 1e3})
    assert session.framework.steps_taken[-1] < 320 // 16


def test_too_few_images_for_a_batch_are_an_error_in_words(session):
    answer = session.answer({"do": "train", "network": "cnn", "batch_size": 200, "seconds": 0.0})
    assert answer["error"].startswith("ValueError: 320 images are too few")


def test_evaluation_reports_its_accuracy(session):
    answer = session.answer({"do": "evaluate", "network": "mlp", "batch_size": None})
    assert answer["accuracy"] == 0.9


def test_a_prediction_of_the_wrong_shape_is_an_error(session, monkeypatch):
    monkeypatch.setattr(session.framework, "predict", lambda model, x: x)
    answer = session.answer({"do": "predict", "network": "mlp", "directly": False, "times": 1})
    assert "expected probabilities of shape (1, 10)" in answer["error"]


def test_the_size_of_a_saved_model_is_that_of_its_file(session):
    assert session.answer({"do": "save", "network": "cnn"}) == {"bytes": 123}
