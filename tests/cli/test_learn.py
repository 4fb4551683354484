"""``scratchnet learn`` as it is typed."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path

import pexpect
import pytest

from scratchnet.learn.catalogue import EXERCISES, NAMES
from tests.cli.conftest import Command

RIGHT = EXERCISES["chain"].solution
WRONG = RIGHT.replace("dy * 2 * z", "dy")


@pytest.fixture
def started(scratchnet_command: Command, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert scratchnet_command("learn", "start", "mine").code == 0
    monkeypatch.chdir(elsewhere / "mine")
    return elsewhere / "mine"


def test_start_says_how_to_go_on(scratchnet_command: Command, elsewhere: Path) -> None:
    result = scratchnet_command("learn", "start", "mine")
    assert "25 of 25" in result.out
    assert "01-chain.py" in result.out
    assert "All exercises are in mine/" in scratchnet_command("learn", "start", "mine").out


def test_check_tells_the_mistake_and_then_passes(scratchnet_command: Command, started: Path) -> None:
    (started / "01-chain.py").write_text(WRONG, encoding="utf-8")
    result = scratchnet_command("learn", "check")
    assert result.code == 1
    assert "The slope of the square is left out" in result.out
    assert "scratchnet learn hint chain" in result.out
    assert "How much does y = z² move" in scratchnet_command("learn", "hint").out
    (started / "01-chain.py").write_text(RIGHT, encoding="utf-8")
    result = scratchnet_command("learn", "check", "chain")
    assert result.code == 0
    assert "Next: 02-fan-out.py" in result.out
    assert "→ fan-out" in scratchnet_command("learn", "list").out
    assert RIGHT.strip() in scratchnet_command("learn", "solution").out


def shown(columns: int, command: str) -> str:
    """What a terminal of that width shows of a command, without colours."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": str(columns), "LINES": "90"}
    text = pexpect.run(
        f"{sys.executable} -m scratchnet learn {command}",
        env=environment, encoding="utf-8", dimensions=(90, columns), timeout=60,
    )  # fmt: skip
    return re.sub("\x1b\\[[0-9;]*m", "", text).replace("\r\n", "\n")


def test_the_list_keeps_names_and_marks_whole_where_it_is_narrow(started: Path) -> None:
    plain = shown(50, "list")
    assert " 1 → chain" in plain
    assert all(name in plain.split() for name in NAMES)
    assert "…" not in plain


def test_what_a_command_does_goes_on_below_its_beginning_where_it_is_narrow(elsewhere: Path) -> None:
    assert shown(60, "start mine").endswith(
        "  scratchnet learn          checks the current exercise\n"
        "                            whenever you save it\n"
        "  scratchnet learn hint     if you are stuck\n"
    )


def test_brackets_in_a_learners_code_are_no_markup(scratchnet_command: Command, started: Path) -> None:
    (started / "01-chain.py").write_text("def backward(w, b, x, t):\n    return [1, 2][5]  # [red]\n", encoding="utf-8")
    assert "return [1, 2][5]  # [red]" in scratchnet_command("learn", "check").out


def test_a_solution_needs_hints_and_the_name(
    scratchnet_command: Command, started: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = scratchnet_command("learn", "solution", "adam")
    assert result.code == 1
    assert "3 hints are left" in result.err
    for _ in range(3):
        scratchnet_command("learn", "hint", "adam")
    for typed, code in (("yes", 1), ("adam", 0)):
        monkeypatch.setattr("typer.prompt", lambda *_, typed=typed, **__: typed)
        result = scratchnet_command("learn", "solution", "adam")
        assert result.code == code
        assert ("def update" in result.out) == (code == 0)


def test_reset_asks_and_keeps_a_copy(
    scratchnet_command: Command, started: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = started / "01-chain.py"
    path.write_text("mine")
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    assert "Nothing was changed" in scratchnet_command("learn", "reset", "chain").out
    assert path.read_text() == "mine"
    assert "kept" in scratchnet_command("learn", "reset", "chain", "--yes").out
    assert path.read_text(encoding="utf-8") == EXERCISES["chain"].stub
    assert (started / "kept" / "chain-1.py").read_text() == "mine"


def test_a_damaged_progress_file_is_set_aside_and_said(scratchnet_command: Command, started: Path) -> None:
    (started / "progress.json").write_text("{")
    result = scratchnet_command("learn", "list")
    assert "damaged" in result.err
    assert (started / "progress.json.damaged").read_text() == "{"
    assert json.loads((started / "progress.json").read_text())["format"] == 1


def test_export_and_class(scratchnet_command: Command, started: Path, elsewhere: Path) -> None:
    for name in NAMES[1:]:
        next(started.glob(f"*-{name}.py")).unlink()
    (started / "01-chain.py").write_text(WRONG, encoding="utf-8")
    (elsewhere / "class").mkdir()
    assert scratchnet_command("learn", "export", elsewhere / "class" / "Ada.zip").code == 0
    result = scratchnet_command("learn", "class", elsewhere / "class", "--seed", 3)
    assert result.code == 0
    assert "1 × chain: square-forgotten" in result.out
    assert (elsewhere / "class" / "class.csv").read_text().splitlines()[1].startswith("Ada,values,")
    assert "square is left out" in (elsewhere / "class" / "class.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "dense-wd"], "dense-dw"),
        (["check", "--dir", "nowhere"], "learn start"),
        (["class", "nowhere"], "There is no folder"),
        (["start", "progress.json"], "progress.json is a file: name a folder"),
        (["export", "mine.txt"], "try mine.txt.zip"),
    ],
)
def test_errors_are_a_sentence(scratchnet_command: Command, started: Path, arguments: list[str], said: str) -> None:
    result = scratchnet_command("learn", *arguments)
    assert result.code == 1
    assert said in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dense-dw"], "did you mean scratchnet learn check dense-dw?"),
        (["05-dense-dw.py"], "did you mean scratchnet learn check 05-dense-dw.py?"),
        (["--dir", ".", "check"], "give it behind it: scratchnet learn check --dir"),
        (["--poll", "list"], "--poll before a command is not heard by it: give it alone."),
    ],
)
def test_what_stands_in_the_wrong_place_is_said_to(
    scratchnet_command: Command, started: Path, arguments: list[str], said: str
) -> None:
    result = scratchnet_command("learn", *arguments)
    assert result.code == 2
    assert said in result.err


def test_an_exercise_may_be_called_by_its_file(scratchnet_command: Command, started: Path) -> None:
    (started / "01-chain.py").write_text(RIGHT, encoding="utf-8")
    for called in ("01-chain.py", "chain.py", started / "01-chain.py"):
        assert scratchnet_command("learn", "check", called).out.startswith("chain: passed")


def test_from_the_folder_above_files_are_named_with_their_folder(scratchnet_command: Command, elsewhere: Path) -> None:
    assert "  cd mine\n" in scratchnet_command("learn", "start", "mine").out
    assert "Your file: mine/01-chain.py " in scratchnet_command("learn", "check").out


def test_exercises_in_the_folder_itself_need_no_cd(scratchnet_command: Command, elsewhere: Path) -> None:
    assert "  cd " not in scratchnet_command("learn", "start", ".").out


def test_all_are_checked_in_a_line_each(scratchnet_command: Command, started: Path) -> None:
    for name in NAMES[2:]:
        next(started.glob(f"*-{name}.py")).unlink()
    (started / "01-chain.py").write_text(RIGHT, encoding="utf-8")
    assert scratchnet_command("learn", "check", "--all") == (1, "✓ chain\n✗ fan-out\n", "")
    for name in NAMES[:2]:
        next(started.glob(f"*-{name}.py")).unlink()
    result = scratchnet_command("learn", "check", "--all")
    assert result.code == 1
    assert "There is no exercise's file" in result.err


def test_a_question_that_nobody_answers_is_not_called_ctrl_c(
    scratchnet_command: Command, started: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    result = scratchnet_command("learn", "reset", "chain")
    assert result.code == 1
    assert "standard input has ended" in result.err


@pytest.mark.parametrize("option", [[], ["--poll"]])
def test_watching_checks_what_is_saved_and_enter_goes_on(started: Path, option: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "80", "LINES": "40"}
    command = ["-m", "scratchnet", "learn", *option]
    with (started / "01-chain.py").open(encoding="utf-8") as stream:
        assert stream.read() == EXERCISES["chain"].stub
    child = pexpect.spawn(sys.executable, command, cwd=str(started), env=environment, timeout=60, encoding="utf-8")
    try:
        child.expect("chain: not yet")
        child.expect("Enter checks again")
        (started / "01-chain.py").write_text(WRONG, encoding="utf-8")
        child.expect("square is left out")
        child.expect("Enter checks again")
        child.sendline("h")
        child.expect("How much does y")
        child.sendline("")
        child.expect("square is left out")
        child.expect("Enter checks again")
        (started / "01-chain.py").write_text(RIGHT, encoding="utf-8")
        child.expect("chain: passed")
        child.expect("Enter goes on")
        child.sendline("")
        child.expect("fan-out: not yet")
        child.expect("Enter checks again")
        child.sendline("n")
        child.expect("central-difference: not yet")
        child.expect("Enter checks again")
        (started / "05-dense-dw.py").write_text(EXERCISES["dense-dw"].solution, encoding="utf-8")
        child.expect("dense-dw: passed")
        child.expect("Next: 06-dense-db.py")
        child.sendline("q")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
    assert child.exitstatus == 0
