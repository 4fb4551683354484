from __future__ import annotations

import io
import re
import sys

import numpy as np
import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnet import Input, Sequential
from scratchnet.layers import Dense
from scratchnet.training import progress
from scratchnet.training.progress import Progress, resolve_verbose
from scratchnet.training.progress_line import Bar, metric, time_of_step, time_remaining
from scratchnet.utils import screen
from scratchnet.utils.terminal import cells, writable

LOGS = {"accuracy": 0.78059, "loss": 0.62831}


@pytest.fixture
def clock(monkeypatch):
    """Let the test say what time it is."""
    time = type("Time", (), {"now": 100.0})
    monkeypatch.setattr(progress.time, "perf_counter", lambda: time.now)
    return time


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(screen, "moves_cursor", lambda: True)
    monkeypatch.setattr(screen, "has_colours", lambda: True)


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
    assert plain.rstrip() == " 25/100 ━━━━━─────────────── 5:00 4s/step - accuracy: 0.7806 - loss: 0.6283"
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
    assert time_of_step(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(5.9, "5s"), (60, "60s"), (75, "1:15"), (4000, "1:06:40")])
def test_time_remaining(seconds, text):
    assert time_remaining(seconds) == text


def test_small_numbers_are_shown_with_an_exponent():
    assert metric("loss", 0.00012345) == "loss: 1.2345e-04"
    assert metric("accuracy", 0.0) == "accuracy: 0.0000e+00"


def test_auto_is_one_in_a_terminal_and_two_elsewhere(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert resolve_verbose("auto") == 1
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert resolve_verbose("auto") == 2
    monkeypatch.setattr(sys, "stdout", type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})())
    assert resolve_verbose("auto") == 1
    monkeypatch.setattr(sys, "stdout", None)
    assert resolve_verbose("auto") == 2


def test_a_terminal_that_cannot_draw_a_line_again_gets_a_line_an_epoch(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    assert resolve_verbose("auto") == 2


def test_nothing_is_estimated_from_the_first_step_alone(clock, terminal, capsys):
    """It may have compiled kernels: 1.6 s × 938 steps would be 25:03."""
    bar, drawn = Progress(938, 1), []
    for step in range(1, 300):
        clock.now += 1.6 if step == 1 else 0.003
        bar.update(step, lambda: LOGS)
        drawn += re.sub(r"\x1b\[\d+m", "", capsys.readouterr().out).split("\r")[1:]
    assert drawn[0].startswith("  1/938 ──────────────────── - accuracy: 0.7806")
    clocks = [match[1] for line in drawn if (match := re.search(r"[━─] ([\d:]+s?) \d+\w+/step", line))]
    assert len(clocks) > 5
    assert set(clocks) <= {"2s", "1s"}


def test_a_pass_in_large_blocks_leaves_the_first_block_out(clock, terminal, capsys):
    bar = Progress(100, 1)
    clock.now += 9.0
    bar.update(32, dict)
    assert "step" not in capsys.readouterr().out
    clock.now += 0.64
    bar.update(64, dict)
    assert "20ms/step" in capsys.readouterr().out


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


NAMES = ["loss", "accuracy", "auc", "precision", "recall", "a_metric_with_quite_a_long_name_of_its_own", "日本語"]


@given(
    st.integers(1, 10**6),
    st.floats(0, 1),
    st.lists(st.sampled_from(NAMES), unique=True),
    st.lists(st.sampled_from(["5s", "1:06:40", "12ms/step"]), max_size=2),
    st.integers(30, 120),
)
def test_no_line_is_longer_than_the_terminal_and_no_figure_is_cut(steps, share, names, times, width):
    done, figures = int(share * steps), [metric(name, 0.123456) for name in names]
    live = Bar(done, steps, times, figures).line(width, False)
    lines = Bar(steps, steps, times, figures).lines(width, False)
    assert all(cells(line) <= width for line in [live, *lines])
    shown = " - ".join(lines).split(" - ")
    assert sum(figure.endswith(": 0.1235") for figure in shown) == len(names)
    assert all(figure.endswith(": 0.1235") for figure in live.removesuffix(" …").split(" - ")[1:])
    assert [
        cells(re.sub(r"\x1b\[\d+m", "", line)) for line in Bar(steps, steps, times, figures).lines(width, True)
    ] == [cells(line) for line in lines]


@pytest.mark.parametrize("width", [28, 34, 39, 59, 79])
@pytest.mark.parametrize("times", [["5:00", "12ms/step"], []])
def test_a_pass_that_goes_on_shows_a_metric_in_a_narrow_terminal_too(width, times):
    figures = [metric("accuracy", 0.7806), metric("loss", 0.6283)]
    assert " - accuracy: 0.7806" in Bar(25, 100, times, figures).line(width, False)
    assert re.search(
        r" - a_m\w*(…|_of_its_own): 0\.7806", Bar(25, 100, times, [metric(NAMES[5], 0.7806)]).line(width, False)
    )


@pytest.mark.parametrize(("width", "line"), [
    (39, " 25/100 ━──── 5:00 - accuracy: 0.7806 …"),
    (34, " 25/100 ━──── - accuracy: 0.7806 …"),
    (28, " 25/100 - accuracy: 0.7806 …"),
    (24, " 25/100 ━━───────── 5:00"),
])  # fmt: skip
def test_what_makes_room_for_the_first_metric(width, line):
    figures = [metric("accuracy", 0.7806), metric("loss", 0.6283)]
    assert Bar(25, 100, ["5:00", "12ms/step"], figures).line(width, False) == line


@pytest.mark.parametrize("steps", [100, None])
@pytest.mark.parametrize("width", range(24, 100))
def test_in_ascii_three_dots_count_as_three(width, steps, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    figures = [metric(name, 0.7806) for name in ("accuracy", "ein_großes_Maß_für_die_Güte", "loss")]
    for count in range(4):
        bar = Bar(25, steps, ["5:00", "12ms/step"], figures[count:])
        written = [writable(line) for line in (bar.line(width, False), *bar.lines(width, False))]
        assert max(map(len, written)) <= width
        assert all(line.isascii() for line in written)


def test_a_line_that_is_taken_away_leaves_the_cursor_where_it_began(terminal, capsys):
    on = screen.Screen()
    on.draw("Compiling kernel 1 of 12")
    on.draw("")
    on.write("Compiled.\n")
    shown = pyte.Screen(80, 5)
    pyte.Stream(shown).feed(capsys.readouterr().out.replace("\n", "\r\n"))
    assert [line.rstrip() for line in shown.display[:2]] == ["Compiled.", ""]
    on.draw("a longer line")
    on.draw("")
    assert capsys.readouterr().out.endswith("\r")  # whatever is printed next, and by whom


def test_the_bar_is_as_long_as_what_is_done_without_colours_too():
    lengths = [Bar(done, 100, [], []).line(80, False).count("━") for done in range(101)]
    assert lengths == [done // 5 for done in range(101)]


def test_a_name_cannot_move_the_cursor():
    assert metric("a\nb\x1b[2J", 1.0) == "a\\nb\\x1b[2J: 1.0000"
