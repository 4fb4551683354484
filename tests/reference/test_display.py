"""What is printed, as a terminal shows it."""

from __future__ import annotations

import pytest

from reference import display


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        ("one\ntwo\n", ["one", "two", ""]),
        ("abc\rx", ["xbc"]),
        ("abc\b\bx", ["axc"]),
        ("abc\rx  ", ["x"]),
        ("\x1b[1mbold\x1b[0m", ["bold"]),
        ("a\b\b\bb", ["b"]),
    ],
)
def test_a_terminal_shows(written: str, lines: list[str]) -> None:
    assert display.shown(written) == lines


def test_times_are_left_out_and_nothing_else() -> None:
    line = "7/7 ━━━━ 0s 12ms/step - accuracy: 0.1250 - loss: 2.3021"
    assert display.without_times([line]) == ["7/7 ━━━━ … …/step - accuracy: 0.1250 - loss: 2.3021"]
    assert display.without_times(["938/938 - 12s - 850us/step - loss: 0.5"]) == ["938/938 - … - …/step - loss: 0.5"]


CHECKED = {
    "fit(epochs=1, verbose=1, validation)",
    "fit(epochs=3, verbose=1)",
    "fit(epochs=3, verbose=2, validation)",
    "fit(epochs=3, verbose=0)",
    "evaluate(verbose=1)",
    "evaluate(verbose=2)",
    "predict(verbose=1)",
    "evaluate(return_dict=True)",
    "train_on_batch",
}


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("where", sorted(CHECKED))
@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "file"])
def test_calls_print_and_return_what_keras_does(where: str, terminal: bool) -> None:
    found = display.Shown()
    found.compare(where, dict(display.calls())[where], terminal)
    for worst in (found.text, found.form, found.values):
        assert worst.compared
        assert worst.difference == 0, worst.where


def test_a_call_that_prints_something_else_is_found() -> None:
    found = display.Shown()
    sides = iter(["loss: 1.0\n", "loss: 2.0\n"])
    found.compare("say", lambda model: print(next(sides), end=""), terminal=False)
    assert found.text.difference == 1
    assert found.text.where == "say, file: ['loss: 1.0', ''] instead of ['loss: 2.0', '']"
