from __future__ import annotations

import pytest

from benchmarks import __main__ as command_line
from tests.benchmarks.fakes import report_of

STEPS = {"scratchnet": [1e-3, 1.1e-3, 1.2e-3], "keras": [4e-3, 5e-3, 6e-3]}


@pytest.fixture(autouse=True)
def _environment_stays(monkeypatch):
    monkeypatch.setattr(command_line.environment, "clean", lambda: ["OPENBLAS_CORETYPE"])


def test_tables_and_pictures_come_from_the_json(tmp_path):
    report_of({f"step/{network}/64": STEPS for network in ("cnn", "mlp")}).write(tmp_path / "benchmark.json")
    assert command_line.main(["tables", "--reports", str(tmp_path)]) == 0
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"benchmark.json", "benchmark.md", "targets.md", "short.md", "steps.png", "sweep.png"}


def test_tables_without_a_report_say_what_to_do(tmp_path, capsys):
    assert command_line.main(["tables", "--reports", str(tmp_path)]) == 1
    assert "run python -m benchmarks first" in capsys.readouterr().err


def test_what_was_unset_is_named(tmp_path, capsys):
    command_line.main(["tables", "--reports", str(tmp_path)])
    assert "OPENBLAS_CORETYPE" in capsys.readouterr().err


def test_unknown_rows_are_refused(capsys):
    assert command_line.main(["--rows", "step,speed"]) == 2
    assert "got speed" in capsys.readouterr().err


def test_unknown_frameworks_are_refused(capsys):
    assert command_line.main(["--frameworks", "theano"]) == 2
    assert "got 'theano'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["networks", "--networks", "cnn,alexnet"], "got alexnet"),
        (["networks", "--batches", "64,0"], "got 0"),
        (["sweep", "--curves", "depth"], "got depth"),
    ],
)
def test_unknown_networks_batches_and_curves_are_refused(arguments, named, capsys):
    assert command_line.main(arguments) == 2
    assert named in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["tables", "--quick"], "no other options than --reports, got --quick"),
        (["ladder", "--networks", "cnn", "--again"], "got --networks, --again"),
        (["--curves", "units"], "run expected"),
        (["challenge", "--megabytes", "2"], "got --megabytes"),
    ],
)
def test_options_that_a_command_would_ignore_are_refused(arguments, named, capsys):
    assert command_line.main(arguments) == 2
    assert named in capsys.readouterr().err


def test_every_option_is_taken_by_some_command():
    taken = {name for options in command_line.TAKES.values() for name in options.split()}
    assert taken == set(vars(command_line.parser().parse_args([]))) - {"command"}
