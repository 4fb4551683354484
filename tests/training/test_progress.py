from __future__ import annotations

import re
import sys

import numpy as np
import pytest

from scratchnet import Input, Sequential
from scratchnet.layers import Dense
from scratchnet.training import progress
from scratchnet.training.progress import Progress, resolve_verbose

LOGS = {"accuracy": 0.78059, "loss": 0.62831}


@pytest.fixture
def clock(monkeypatch):
    """Let the test say what time it is."""
    time = type("Time", (), {"now": 100.0})
    monkeypatch.setattr(progress.time, "perf_counter", lambda: time.now)
    return time


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(progress, "is_interactive", lambda: True)


def run(clock, verbose, steps=938, seconds_each=0.005):
    bar = Progress(steps, verbose)
    for step in range(1, steps + 1):
        clock.now += seconds_each
        bar.update(step, lambda: LOGS)
    bar.finish(LOGS)


def test_verbose_1_ends_in_keras_line(clock, capsys):
    run(clock, 1)
    assert capsys.readouterr().out == "938/938 ━━━━━━━━━━━━━━━━━━━━ 5s 5ms/step - accuracy: 0.7806 - loss: 0.6283\n"


def test_verbose_2_prints_keras_line(clock, capsys):
    run(clock, 2, steps=313, seconds_each=0.0064)
    assert capsys.readouterr().out == "313/313 - 2s - 6ms/step - accuracy: 0.7806 - loss: 0.6283\n"


def test_verbose_0_is_silent(clock, capsys):
    run(clock, 0)
    assert capsys.readouterr().out == ""


def test_the_live_bar_shows_the_time_remaining(clock, terminal, capsys):
    bar = Progress(100, 1)
    for step in range(1, 26):
        clock.now += 4.0
        bar.update(step, lambda: LOGS)
    last = capsys.readouterr().out.split("\r")[-1]
    plain = re.sub(r"\x1b\[\d+m", "", last)
    assert plain.rstrip() == " 25/100 ━━━━━━━━━━━━━━━━━━━━ 5:00 4s/step - accuracy: 0.7806 - loss: 0.6283"
    assert last.count("\x1b[32m━━━━━\x1b[0m") == 1


def test_the_live_bar_is_redrawn_only_now_and_then(clock, terminal, capsys):
    run(clock, 1, steps=1000, seconds_each=0.001)
    assert 15 <= capsys.readouterr().out.count("\r") <= 25


def test_a_log_file_gets_no_control_characters(clock, capsys):
    for verbose in (1, 2):
        run(clock, verbose)
    assert not set("\r\x1b\b") & set(capsys.readouterr().out)


def test_first_step_does_not_count_in_the_mean(clock, capsys):
    bar = Progress(11, 2)
    clock.now += 9.0  # compiling
    bar.update(1, dict)
    for step in range(2, 12):
        clock.now += 0.1
        bar.update(step, dict)
    bar.finish({})
    assert capsys.readouterr().out == "11/11 - 10s - 100ms/step\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.4, "2s/step"), (0.0124, "12ms/step"), (0.000213, "213us/step"), (0, "0s/step")]
)
def test_time_per_step(seconds, text):
    assert progress._per_step(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(5.9, "5s"), (60, "60s"), (75, "1:15"), (4000, "1:06:40")])
def test_time_remaining(seconds, text):
    assert progress._clock(seconds) == text


def test_small_numbers_are_shown_with_an_exponent():
    assert progress._metrics({"loss": 0.00012345, "accuracy": 0.0}) == " - loss: 1.2345e-04 - accuracy: 0.0000e+00"


def test_auto_is_one_in_a_terminal_and_two_elsewhere(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert resolve_verbose("auto") == 1
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert resolve_verbose("auto") == 2
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert resolve_verbose("auto") == 1


def test_fit_evaluate_and_predict_print_keras_steps(capsys):
    model = Sequential([Input((3,)), Dense(2)])
    model.compile("sgd", "mse")
    x, y = np.ones((10_000, 3)), np.ones((10_000, 2))
    model.fit(x, y, batch_size=64, epochs=2, verbose=2)
    model.evaluate(x, y, verbose=2)
    model.predict(x, verbose=2)
    lines = [re.sub(r"\d+s - \d+[mu]s", "…", line) for line in capsys.readouterr().out.splitlines()]
    shapes = [re.sub(r"loss: .*", "loss", line) for line in lines]
    assert shapes == [
        "Epoch 1/2",
        "157/157 - …/step - loss",
        "Epoch 2/2",
        "157/157 - …/step - loss",
        "313/313 - …/step - loss",
        "313/313 - …/step",
    ]


def test_a_pass_of_unknown_length_is_counted_as_in_keras(clock, terminal, capsys):
    bar = Progress(None, 1)
    for step in range(1, 13):
        clock.now += 0.5
        bar.update(step, lambda: LOGS)
    plain = re.sub(r"\x1b\[\d+m", "", capsys.readouterr().out.split("\r")[-1])
    assert plain.rstrip() == "     12/Unknown 6s 500ms/step - accuracy: 0.7806 - loss: 0.6283"
    bar.finish(LOGS)
    plain = re.sub(r"\x1b\[\d+m", "", capsys.readouterr().out.split("\r")[-1])
    assert plain.startswith("12/12 ━━━━━━━━━━━━━━━━━━━━ 6s 500ms/step")


@pytest.mark.parametrize(("verbose", "line"), [(1, "12/12 ━━━━━━━━━━━━━━━━━━━━ 6s"), (2, "12/12 - 6s")])
def test_its_last_line_knows_the_length(verbose, line, clock, capsys):
    bar = Progress(None, verbose)
    for step in range(1, 13):
        clock.now += 0.5
        bar.update(step, lambda: LOGS)
    bar.finish(LOGS)
    assert capsys.readouterr().out == f"{line} {'- ' * (verbose - 1)}500ms/step - accuracy: 0.7806 - loss: 0.6283\n"
