from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as command_line
from benchmarks import cold
from benchmarks.processes import ROOT


@pytest.fixture
def starts(monkeypatch):
    """This checkout takes 2 s by the clock, any other one what is put here; nothing is started."""
    taken = {ROOT: 2.0}
    order: list[Path] = []

    def cold_start(checkout, extra=()):
        order.append(checkout)
        return cold.Start(taken[checkout], 2 * taken[checkout])

    monkeypatch.setattr(cold, "cold_start", cold_start)
    return taken, order


@pytest.fixture
def other(tmp_path):
    (tmp_path / "scratchnet").mkdir()
    (tmp_path / "scratchnet" / "__init__.py").touch()
    return tmp_path.resolve()


@pytest.mark.parametrize(("seconds", "code", "verdict"), [(5.0, 0, ": met."), (3.0, 1, "not met.")])
def test_both_checkouts_start_in_turns_and_the_target_is_half(starts, other, capsys, seconds, code, verdict):
    taken, order = starts
    taken[other] = seconds
    assert cold.main(other, quick=False) == code
    assert order == [ROOT, other, other, ROOT, ROOT, other, other, ROOT, ROOT, other]
    said = capsys.readouterr().out
    assert verdict in said
    assert f"By the clock: {2 / seconds:.2f} of the other" in said


def test_alone_it_judges_nothing(starts, capsys):
    assert cold.main(None, quick=True) == 0
    assert "met" not in capsys.readouterr().out


def test_what_is_no_checkout_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command_line.environment, "clean", list)
    assert command_line.main(["cold", "--against", str(tmp_path)]) == 2
    assert "expected a checkout of scratchnet" in capsys.readouterr().err


@pytest.mark.slow
def test_the_first_step_of_the_command_is_seen():
    start = cold.cold_start(ROOT, ("--mini",))
    assert start.seconds > 0
    assert start.processor > 0


def test_a_command_that_fails_is_no_start():
    with pytest.raises(ValueError, match="expected a first training step, got code 2"):
        cold.cold_start(ROOT, ("--no-such-option",))


def test_the_code_of_another_checkout_is_not_measured(other):
    (other / "scratchnet" / "__init__.py").unlink()  # so that the scratchnet that is installed is found
    with pytest.raises(ValueError, match="expected"):
        cold.cold_start(other, ("--no-such-option",))
