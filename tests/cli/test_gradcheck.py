"""scratchnet gradcheck, as typed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from scratchnet.cli import run
from scratchnet.gradient_check import builtin
from scratchnet.gradient_check.builtin import builtin_checks
from scratchnet.gradient_check.workers import run_checks

LAYER = """
import scratchnet as sn

class MyLayer(sn.Layer):
    def __init__(self, units, mean=False, **kwargs):
        super().__init__(**kwargs)
        self.units, self.mean = units, mean

    def build(self, input_shape):
        self.add_weight("kernel", (input_shape[-1], self.units))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def forward(self, x, training=False):
        self.x = x.copy()
        return x @ self.params["kernel"]

    def backward(self, dy):
        self.grads["kernel"][...] = self.x.T @ dy / (len(dy) if self.mean else 1)
        return dy @ self.params["kernel"].T
"""


@pytest.fixture
def my_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "my_layer.py").write_text(LAYER, encoding="utf-8")
    return "my_layer.py:MyLayer"


def test_a_right_layer_passes(my_layer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcheck", my_layer, "--input-shape", "4,6", "--arg", "units=5"]) == 0
    assert "Gradient check of MyLayer 'my_layer'" in capsys.readouterr().out


def test_a_wrong_layer_fails_and_the_mistake_is_explained(my_layer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcheck", my_layer, "--input-shape", "4,6", "--arg", "units=5", "--arg", "mean=true"]) == 1
    out = capsys.readouterr().out
    assert "dkernel is wrong." in out
    assert "the right one times 0.25 = 1/N" in out
    assert "look at the line that computes dkernel." in out


def test_json_can_be_read(my_layer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcheck", my_layer, "--input-shape", "4,6", "--arg", "units=5", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["passed"] is True


def test_the_class_may_be_left_out_or_come_from_a_module(my_layer: str) -> None:
    assert run(["gradcheck", "my_layer.py", "--input-shape", "4,6", "--arg", "units=5"]) == 0
    assert run(["gradcheck", "my_layer:MyLayer", "--input-shape", "4,6", "--arg", "units=5"]) == 0
    assert run(["gradcheck", "scratchnet.layers:Dense", "--input-shape", "4,6", "--arg", "units=5"]) == 0
    assert run(["gradcheck", "scratchnet.layers:Add", "--input-shape", "4,6;4,6"]) == 0
    assert run(["gradcheck", "scratchnet.losses:MeanSquaredError"]) == 0


def test_a_picture_is_drawn(my_layer: str, tmp_path: Path) -> None:
    assert run(["gradcheck", my_layer, "--input-shape", "4,6", "--arg", "units=5", "--plot", "picture.png"]) == 0
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--input-shape", "4,6"], 1, "'units': give constructor arguments as --arg NAME=VALUE."),
        (["--arg", "units=5"], 2, "--input-shape is needed to check a layer"),
        (["--input-shape", "4,x", "--arg", "units=5"], 2, "--input-shape expected whole numbers"),
        (["--input-shape", "4,6", "--arg", "units"], 2, "--arg expected NAME=VALUE"),
        (
            ["--input-shape", "4,6", "--arg", "units=5", "--backend", "cuda"],
            2,
            "--backend expected numpy, numba or both",
        ),
        (["--input-shape", "2,4,6", "--arg", "units=5"], 1, "my_layer.py, line 20, in backward"),
    ],
)
def test_errors_are_one_sentence(
    my_layer: str, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    assert run(["gradcheck", my_layer, *arguments]) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_what_is_not_there_is_named(my_layer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcheck", "my_layer.py:Nope", "--input-shape", "4,6"]) == 1
    assert "my_layer.py has no class Nope; classes with a backward in it: MyLayer." in capsys.readouterr().err
    assert run(["gradcheck", "nowhere.py:Nope", "--input-shape", "4,6"]) == 1
    assert "There is no file nowhere.py" in capsys.readouterr().err


def test_options_for_a_class_need_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcheck", "--input-shape", "4,6"]) == 2
    assert "need a class to check" in capsys.readouterr().err


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the quick checks; the networks have a test of their own."""
    checks = [check for check in builtin_checks() if check.kind in ("layer", "loss")][::6]
    monkeypatch.setattr(builtin, "builtin_checks", lambda: checks)


@pytest.mark.usefixtures("few")
def test_everything_built_in_is_green_on_both_backends(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcheck", "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert "checks passed" in out
    assert "numba" in out
    assert "numpy" in out
    assert "✗" not in out


@pytest.mark.usefixtures("few")
def test_everything_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcheck", "--backend", "numpy", "--json", "--jobs", "1"]) == 0
    said = capsys.readouterr()
    assert said.err == "", "what draws a progress bar has nothing to draw where there is no terminal"
    read = json.loads(said.out)
    assert read["passed"] is True
    assert {check["backend"] for check in read["checks"]} == {"numpy"}


@pytest.mark.usefixtures("few")
def test_a_failure_is_shown_with_its_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from scratchnet.layers import Dense

    monkeypatch.setattr(Dense, "backward", lambda self, dy: dy @ self.params["kernel"].T)
    assert run(["gradcheck", "--backend", "numpy", "--jobs", "1"]) == 1
    out = capsys.readouterr().out
    assert "✗" in out
    assert "was it ever written?" in out


def test_two_processes_give_the_same_as_one() -> None:
    tasks = [(title, "numpy") for title in ("Flatten()", "ReLU()", "MeanSquaredError", "Dense(5, activation='tanh')")]
    seen: list[str] = []
    alone = run_checks(tasks, 1, lambda outcome: None)
    shared = run_checks(tasks, 2, lambda outcome: seen.append(outcome.title))
    assert list(shared) == tasks
    assert sorted(seen) == sorted(title for title, _ in tasks)
    for task in tasks:
        assert shared[task].passed
        assert shared[task].as_dict["worst_error"] == alone[task].as_dict["worst_error"]


def test_titles_are_unique() -> None:
    titles = [check.title for check in builtin_checks()]
    assert len(set(titles)) == len(titles)


def test_every_layer_and_loss_is_in_the_table() -> None:
    from scratchnet.layers import LAYERS
    from scratchnet.losses import LOSSES

    titles = " ".join(check.title for check in builtin_checks())
    for name in {*LAYERS, *(cls.__name__ for cls in LOSSES.values())} - {"InputLayer"}:
        assert name in titles
    assert {"mlp, images to loss", "cnn, images to loss"} <= {check.title for check in builtin_checks()}


# What a user's own code may do ----------------------------------------------------------------------------------------

PLAIN = """
import sys
import numpy as np

print("loading")

class Table:
    def __init__(self):
        print("made")
        self.table = np.arange(3.0)

    def forward(self, x):
        print("forward")
        return (x * self.table).astype(x.dtype)

    def backward(self, dy):
        return (dy * self.table).astype(dy.dtype)

class Centre:
    def forward(self, x):
        return x - x.mean(axis=0)

    def backward(self, dy):
        return dy - dy.mean(axis=0)

class Leaves(Table):
    def forward(self, x):
        sys.exit(0)

class LeavesLate(Table):
    def backward(self, dy):
        raise SystemExit
"""


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain.py").write_text(PLAIN, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("plain")
def test_a_constant_is_named_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcheck", "plain.py:Table", "--input-shape", "4,3"]) == 1
    assert "(on the command line: --constant table)" in capsys.readouterr().err
    assert run(["gradcheck", "plain.py:Table", "--input-shape", "4,3", "--constant", "table"]) == 0
    assert "not checked: table: a constant, as told" in capsys.readouterr().out
    assert run(["gradcheck", "plain.py:Table", "--input-shape", "4,3", "--constant", "tabel"]) == 1
    assert "got 'tabel'; those that hold numbers: table" in capsys.readouterr().err


@pytest.mark.usefixtures("plain")
def test_dependent_samples_are_told_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcheck", "plain.py:Centre", "--input-shape", "4,3"]) == 1
    assert "--batch-dependent" in capsys.readouterr().out
    assert run(["gradcheck", "plain.py:Centre", "--input-shape", "4,3", "--batch-dependent"]) == 0
    assert "batch-dependent, as told: the samples of Centre depend on each other" in capsys.readouterr().out


@pytest.mark.usefixtures("plain")
def test_what_a_layer_prints_is_no_part_of_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcheck", "plain.py:Table", "--input-shape", "4,3", "--constant", "table", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["notes"] == ["not checked: table: a constant, as told"]
    assert captured.err.startswith("loading\nmade\nforward\n")


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(("cls", "place"), [("Leaves", "in forward"), ("LeavesLate", "in backward")])
def test_code_that_ends_the_program_is_no_verdict(cls: str, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gradcheck", f"plain.py:{cls}", "--input-shape", "4,3", "--constant", "table"]) == 1
    captured = capsys.readouterr()
    assert place in captured.err
    assert "it ends the program, so nothing was checked" in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("line", ["import sys; sys.exit(0)", "raise SystemExit", "quit(0)"])
def test_a_script_that_ends_the_program_when_loaded(plain: Path, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    (plain / "script.py").write_text(f"{PLAIN}\n{line}\n", encoding="utf-8")
    assert run(["gradcheck", "script.py:Table", "--input-shape", "4,3"]) == 1
    captured = capsys.readouterr()
    assert "script.py, line" in captured.err
    assert 'put what a script does under if __name__ == "__main__".' in " ".join(captured.err.split())


def test_options_of_layers_are_refused_for_a_loss_and_for_everything(capsys: pytest.CaptureFixture[str]) -> None:
    for option in (["--batch-dependent"], ["--constant", "table"]):
        assert run(["gradcheck", "scratchnet.losses:MeanSquaredError", *option]) == 2
        assert "are for layers" in capsys.readouterr().err
        assert run(["gradcheck", *option]) == 2
        assert "need a class to check" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["my_layer.py:MyLayer", "my_layer:MyLayer"])
def test_what_changed_within_a_second_is_read_again(
    my_layer: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's compiled copy would be taken for good: it goes by the second and the length of the file."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = Path("my_layer.py")
    for kernel, code in (("self.x.T @ dy /", 0), ("self.x.T @-dy /", 1)):
        path.write_text(LAYER.replace("self.x.T @ dy /", kernel), encoding="utf-8")
        os.utime(path, (10**9, 10**9))
        assert run(["gradcheck", target, "--input-shape", "2,3", "--arg", "units=4"]) == code
    assert list(path.parent.glob("__pycache__")) == []
