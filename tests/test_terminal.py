"""What is printed where not every character can be written, and where there is nothing to print to."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from rich.table import Table

from scratchnet import Input, Model, callbacks, layers
from scratchnet.cli import run
from scratchnet.training.progress import Progress
from scratchnet.utils.terminal import can_write, make_console, plain, writable

ENCODINGS = ["ascii", "cp1252", "latin-1", "cp437", "koi8-r"]
X, Y = np.zeros((9, 5)), np.zeros((9, 3))


def stream(encoding: str, errors: str = "strict") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors)


def text_of(file: io.TextIOWrapper) -> str:
    file.flush()
    return file.buffer.getvalue().decode(file.encoding)


def small_model() -> Model:
    inputs = Input((5,))
    middle = layers.Dense(3, name="größe_→_日")(inputs)
    model = Model(inputs, layers.Add(name="eine_summe_mit_einem_langen_namen")([middle, middle]))
    model.compile("sgd", "mse")
    return model


def print_everything(model: Model) -> None:
    hooks = [
        callbacks.EarlyStopping("loss", verbose=1, restore_best_weights=True),
        callbacks.LearningRateScheduler(lambda epoch: 0.1, verbose=1),
    ]
    model.fit(X, Y, epochs=3, verbose=1, callbacks=hooks)
    model.fit(X, Y, verbose=2)
    model.evaluate(X, Y, verbose=1)
    model.predict(X)
    model.summary()
    model.plan(4)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_everything_is_printed_in_any_encoding(encoding, monkeypatch):
    out = stream(encoding)
    monkeypatch.setattr(sys, "stdout", out)
    print_everything(small_model())
    printed = text_of(out)
    assert "s/step" in printed
    assert "early stopping" in printed
    assert "Total params" in printed
    assert "MFLOP" in printed


def test_what_is_printed_in_ascii(monkeypatch):
    out = stream("ascii")
    monkeypatch.setattr(sys, "stdout", out)
    print_everything(small_model())
    printed = text_of(out)
    assert f"1/1 {'=' * 20} " in printed
    assert "grosse_>_?" in printed
    assert "> forward, < backward" in printed


def test_the_frame_of_a_table_stays_straight_where_a_cell_is_cut():
    file = stream("ascii")
    console = make_console(file=file, width=20)
    table = Table("Name", "Run by")
    table.add_row("a_rather_long_name", "definition")
    console.print(table)
    lines = text_of(file).splitlines()
    assert any("." in line for line in lines)
    assert len({len(line) for line in lines}) == 1


def test_utf8_keeps_every_character(monkeypatch):
    out = stream("utf-8")
    monkeypatch.setattr(sys, "stdout", out)
    print_everything(small_model())
    assert all(character in text_of(out) for character in "━→←größe日┏")


@pytest.mark.parametrize("errors", ["replace", "ignore", "backslashreplace", "strict"])
def test_a_stand_in_is_better_than_what_python_would_put(errors, monkeypatch):
    out = stream("ascii", errors)
    monkeypatch.setattr(sys, "stdout", out)
    Progress(4, 1).finish({"loss": 1.0})
    assert "=" * 20 in text_of(out)


def test_no_standard_output_is_no_reason_to_fail(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    print_everything(small_model())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("━→←≥×…", "=><>=x..."),
        ("Käse, naïve, ½", "Kase, naive, 12"),
        ("┏━┓└─┘│", "+=++-+|"),
        ("日", "?"),
        ("\udc80", "?"),
        ("plain", "plain"),
    ],
)
def test_plain(text, expected):
    assert plain(text) == expected
    assert writable(text, stream("ascii")) == expected


def test_only_what_cannot_be_written_changes():
    assert writable("Käse → Brot", stream("latin-1")) == "Käse > Brot"
    assert writable("Käse → Brot", stream("utf-8")) == "Käse → Brot"
    assert writable("Käse → Brot", io.StringIO()) == "Käse → Brot"
    assert writable("file\udc80 →", stream("utf-8", "surrogateescape")) == "file\udc80 →"
    assert writable("file\udc80 →", stream("utf-8")) == "file? →"
    assert can_write("ä", stream("cp1252"))
    assert not can_write("→", stream("cp1252"))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("arguments", [[], ["--help"], ["summary", "cnn"], ["train", "--help"], ["sumary"]])
def test_the_command_line_in_any_encoding(encoding, arguments, monkeypatch):
    out, error = stream(encoding), stream(encoding)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", error)
    assert run(arguments) == (2 if arguments == ["sumary"] else 0)
    assert text_of(out) + text_of(error)


def test_the_command_line_without_streams(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert [run(["summary", "cnn"]), run(["--version"]), run(["sumary"])] == [0, 0, 2]


def test_a_process_of_its_own_whose_output_is_ascii():
    code = "from tests.test_terminal import print_everything, small_model; print_everything(small_model())"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    assert ran.stdout.isascii()
