"""What holds for every command: help, exit codes, one sentence and no traceback, quick start."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from typer.testing import CliRunner

import scratchnet
from scratchnet import cli
from scratchnet.cli import summary
from scratchnet.cli.output import bar
from scratchnet.datasets import fashion_mnist
from tests.cli.conftest import Command

COMMANDS = ["show", "summary", "train", "evaluate", "predict", "export", "data"]


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from scratchnet.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ | environment)


def test_help_lists_every_command_with_a_line_of_its_own() -> None:
    result = CliRunner().invoke(cli.app, ["--help"], prog_name="scratchnet")
    assert result.exit_code == 0
    for command in COMMANDS:
        assert f" {command} " in result.output


@pytest.mark.parametrize("command", [[], ["data"], ["data", "verify"], *([name] for name in COMMANDS)])
def test_every_command_explains_itself(scratchnet_command: Command, command: list[str]) -> None:
    result = scratchnet_command(*command, "--help")
    assert result.code == 0
    assert "Usage: scratchnet " in result.out
    assert scratchnet_command(*command, "-h") == result


def test_no_command_at_all_prints_the_help(scratchnet_command: Command) -> None:
    assert scratchnet_command().out.strip() == scratchnet_command("--help").out.strip()
    assert scratchnet_command("data").out.strip() == scratchnet_command("data", "--help").out.strip()
    assert scratchnet_command().code == 0


def test_version(scratchnet_command: Command) -> None:
    assert scratchnet_command("--version") == (0, f"scratchnet {scratchnet.__version__}\n", "")


def test_a_command_mistyped_is_answered_with_the_right_one(scratchnet_command: Command) -> None:
    result = scratchnet_command("trian", "cnn")
    assert result.code == 2
    assert "'trian'" in result.err
    assert "train" in result.err.replace("trian", "")


@pytest.mark.parametrize(("network", "parameters"), [("mlp", "203,530 (795.04 KB)"), ("cnn", "302,026 (1.15 MB)")])
def test_summary_prints_the_table(scratchnet_command: Command, network: str, parameters: str) -> None:
    result = scratchnet_command("summary", network)
    assert result.code == 0
    assert f'Model: "{network}"' in result.out
    assert f"Total params: {parameters}" in result.out


def test_the_installed_program_answers_and_exits_with_its_codes() -> None:
    right, wrong, failed = program("summary", "mlp"), program("summary", "mpl"), program("evaluate", "nothing")
    assert (right.returncode, wrong.returncode, failed.returncode) == (0, 2, 1)
    assert "203,530" in right.stdout
    assert "did you mean 'mlp'?" in wrong.stderr
    assert "There is no run nothing" in failed.stderr
    assert "Traceback" not in wrong.stderr + failed.stderr


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from scratchnet.cli import run; run(['--help']); "
        "sys.exit(str(sorted({'numba', 'matplotlib', 'scipy', 'PIL', 'pooch', 'tensorflow'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == "[]"


def test_a_reader_that_stops_reading_is_no_error() -> None:
    code = "from scratchnet.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "summary", "cnn"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""


def test_a_terminal_without_box_characters_gets_something_in_their_place() -> None:
    done = program("summary", "cnn", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "302,026" in done.stdout


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(fashion_mnist, "locate", fail)


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (ValueError("a sentence with [brackets]."), 1, "Error: a sentence with [brackets].\n"),
        (OSError(28, "No space left on device", "run/x"), 1, "Error: run/x: No space left on device.\n"),
        (PermissionError("Cannot write it."), 1, "Error: Cannot write it.\n"),
        (MemoryError(), 1, "Error: The memory of this machine is not enough: try "),
        (ZeroDivisionError("division"), 1, "Error: Unexpected ZeroDivisionError: division. That is a bug; "),
        (KeyboardInterrupt(), 130, "Note: Stopped by Ctrl-C.\n"),
    ],
)
def test_every_error_is_one_sentence_on_stderr(
    scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, sentence: str
) -> None:
    fail_with(error, monkeypatch)
    result = scratchnet_command("data", "where")
    assert result.code == code
    assert result.out == ""
    assert result.err.startswith(sentence)
    assert result.err.count("\n") == 1


def test_a_traceback_can_be_had(scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(ZeroDivisionError("division"), monkeypatch)
    monkeypatch.setenv("SCRATCHNET_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        scratchnet_command("data", "where")


def test_a_warning_is_one_line_and_the_result_still_comes(
    scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warn(*_: object) -> None:
        warnings.simplefilter("default")
        warnings.warn("cache: a file is wrong.", UserWarning, stacklevel=1)

    monkeypatch.setattr(fashion_mnist, "locate", warn)
    assert scratchnet_command("data", "where").err.startswith("Note: cache: a file is wrong.\nError: ")


@pytest.mark.parametrize(
    ("share", "drawn"),
    [(0, "    "), (1, "████"), (2, "████"), (0.5, "██  "), (0.25 + 1 / 32, "█▏  "), (0.99, "████"), (0.97, "███▉")],
)
def test_a_bar_is_exact_to_an_eighth_of_a_character(share: float, drawn: str) -> None:
    assert bar(share, 4) == drawn


def test_help_texts_are_not_cut_where_the_source_is() -> None:
    from scratchnet.cli.output import help_of

    assert help_of(summary.summary) == "Print the layers of a network and their parameters."

    def two() -> None:
        """First
        line.

        Second
        paragraph.
        """

    assert help_of(two) == "First line.\n\nSecond paragraph."


def test_the_console_script_is_this_main() -> None:
    project = (Path(scratchnet.__file__).parents[1] / "pyproject.toml").read_text()
    assert 'scratchnet = "scratchnet.cli:main"' in project


@pytest.mark.parametrize(("number", "code", "word"), [("SIGINT", 130, "Ctrl-C"), ("SIGTERM", 143, "SIGTERM")])
def test_asked_again_while_it_says_that_it_stops_and_while_python_ends(number: str, code: int, word: str) -> None:
    program = f"""if True:
        import os, signal, sys, typer.main
        from scratchnet import cli

        def ask(*_):
            os.kill(os.getpid(), signal.{number})

        class Late:
            def __del__(self, kill=os.kill, process=os.getpid(), number=signal.{number}):
                kill(process, number)

        say = cli.remark
        cli.remark = lambda sentence: (ask(), say(sentence))
        typer.main.get_command = ask
        sys.late = Late()  # goes when Python has taken its own handlers of signals away
        cli.main()
    """
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (code, f"Note: Stopped by {word}.\n")
