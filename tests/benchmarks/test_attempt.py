from __future__ import annotations

import pytest

from benchmarks.attempt import UsageError, attempt, some_of
from benchmarks.side_by_side import SlowThreads


def test_what_is_measured_comes_back_and_says_how_far_it_is(capsys):
    def measure(say):
        say("half of it")
        return ["row"]

    assert attempt(measure, "nothing is kept") == ["row"]
    assert capsys.readouterr().err == "    0 s  half of it\n"


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (SlowThreads("install TBB"), 2, "install TBB"),
        (ValueError("no such framework"), 2, "no such framework"),
        (KeyboardInterrupt(), 130, "Interrupted: nothing is kept."),
    ],
)
def test_what_cannot_be_measured_ends_in_a_word(error, code, said, capsys):
    def measure(say):
        raise error

    assert attempt(measure, "nothing is kept") == code
    assert capsys.readouterr().err == said + "\n"


def test_names_with_commas_are_all_known_or_all_there_are():
    assert some_of("--rows", "", ("step", "memory")) == ["step", "memory"]
    assert some_of("--rows", "memory,", ("step", "memory")) == ["memory"]
    with pytest.raises(UsageError, match="--rows expected some of step, memory, got speed"):
        some_of("--rows", "step,speed", ("step", "memory"))
