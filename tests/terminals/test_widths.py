"""Terminals of 40, 60, 80 and 200 columns: no line is too long, no word is broken, bars differ as numbers do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scratchnet import cli, config
from tests.terminals.forking import Forking, forking
from tests.terminals.pseudo import Screen, in_terminal, program, scratchnet

WIDTHS = [40, 60, 80, 200]

FIT = """
import numpy as np
import scratchnet as sn
from scratchnet.utils.screen import Screen
from scratchnet import callbacks
from scratchnet.layers import Add, Conv2D, Conv2DTranspose, Dense, Flatten
sn.config.set_backend("numpy")
Screen.pause = 0  # every step is drawn, however fast the machine
rng = np.random.default_rng(0)
x, y = rng.normal(size=(400, 20)), rng.integers(0, 2, (400, 1)).astype(float)
model = sn.Sequential([sn.Input((20,)), Dense(16, "relu"), Dense(1, "sigmoid")])
own = sn.metrics.BinaryAccuracy(name="a_metric_with_a_name_that_no_narrow_terminal_has_room_for")
model.compile("adam", "binary_crossentropy", ["accuracy", "auc", "precision", "recall", own])
hooks = [
    callbacks.EarlyStopping("loss", restore_best_weights=True, verbose=1),
    callbacks.LearningRateScheduler(lambda epoch: 0.01, verbose=1),
    callbacks.ModelCheckpoint("a_folder.safetensors", verbose=1),
]
model.fit(x, y, epochs=3, batch_size=2, validation_split=0.25, callbacks=hooks)
model.evaluate(x, y, batch_size=1)
model.predict(x, batch_size=1)
"""

TABLES = """
import scratchnet as sn
from scratchnet.layers import Add, Conv2D, Conv2DTranspose, Dense, Flatten
sn.config.set_backend("numpy")
inputs = sn.Input((8, 8, 1))
x = Conv2DTranspose(8, 3, name="a_layer_of_a_long_name")(inputs)
model = sn.Model(inputs, Dense(10)(Flatten()(Add()([x, Conv2D(8, 3, padding="same")(x)]))))
model.compile("adam", "mse")
model.summary()
model.summary(show_trainable=True, expand_nested=True)
model.plan(4)
"""

LAYER = """
import scratchnet as sn

class Mean(sn.Layer):
    def build(self, input_shape):
        self.add_weight("kernel", (input_shape[-1], 3))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 3)

    def forward(self, x, training=False):
        self.x = x.copy()
        return x @ self.params["kernel"]

    def backward(self, dy):
        self.grads["kernel"][...] = self.x.T @ dy / len(dy)
        return dy @ self.params["kernel"].T
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an mlp, trained for a moment."""
    folder, before = tmp_path_factory.mktemp("widths"), config.backend()
    config.set_backend("numpy")
    try:
        assert cli.run(["train", "mlp", "--mini", "--samples", "640", "-e", "1", "-o", str(folder / "an-mlp")]) == 0
    finally:
        config.set_backend(before)
    (folder / "mean.py").write_text(LAYER)
    return folder


@pytest.fixture(scope="module")
def prepared() -> Iterator[Forking]:
    """What runs all programs here but those whose Python is told of another encoding."""
    with forking() as process:
        yield process


def check(screen: Screen, columns: int, longest_word: int = 0) -> None:
    too_long = [line for line in screen.lines if len(line) > max(columns, longest_word)]
    assert not too_long
    assert screen.longest <= max(columns, longest_word)
    assert "Traceback" not in screen.text


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_training_with_many_metrics(columns, tmp_path, prepared):
    screen = in_terminal(columns, program(FIT), tmp_path, forking=prepared)
    assert screen.code == 0
    check(screen, columns)
    assert sum("─" in line for line in screen.lines) <= 3  # drawings that a message of the checkpoint has ended
    bars = [line for line in screen.lines if re.match(r"(150/150|400/400) ━+ ", line)]
    assert len(bars) == 5  # no drawing but the last is left of any pass
    assert screen.text.count(" - val_precision: ") == 3
    finished = "\n".join(line for line in screen.lines if "─" not in line)  # a message may have ended an early drawing
    figures_of_an_epoch = 2 * 6 + 1
    assert len(re.findall(r" - \S+: \d\.\d{4}", finished)) == 3 * figures_of_an_epoch + 6
    assert "early stopping" in screen.text or "Restoring" in screen.text


@pytest.mark.parametrize("columns", WIDTHS)
def test_tables_of_layers(columns, tmp_path, prepared):
    screen = in_terminal(columns, program(TABLES), tmp_path, forking=prepared)
    assert screen.code == 0
    check(screen, columns)
    assert "…" not in screen.text
    words = {"a_layer_of_a_long_name", "(Conv2DTranspose)", "input_layer[0][0]", "mean_squared_error", "definition"}
    assert words <= set(re.split(r"[\s,]+", screen.text))


COMMANDS = {
    "train": ["train", "mlp", "--mini", "--samples", "64", "-e", "2", "-o", "{}"],
    "predict": ["predict", "an-mlp", "test:17", "test:3", "--mini"],
    "gradcheck": ["gradcheck", "mean.py", "--input-shape", "4,6"],
    "data where": ["data", "where"],
    "data verify": ["data", "verify", "."],
}

QUICK = [
    ["trian"],
    ["train", "cnn", "--epochs", "x"],
    ["predict", "runs/nothing", "test:1"],
    ["export", "an-mlp", "model.onn"],
    ["summary", "cnn"],
    ["--help"],
    ["train", "--help"],
    ["gradcheck", "--help"],
    ["data", "--help"],
]
"""What a process is told one after the other: to begin one takes longer than all of them."""

ALL_QUICK = f"""
from scratchnet import cli
for number, arguments in enumerate({QUICK}):
    print(f"<{{number}}: {{cli.run(arguments)}}>")
"""


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_line(name, columns, run, prepared):
    arguments = [word.format(f"new-{columns}") for word in COMMANDS[name]]
    screen = in_terminal(columns, scratchnet(*arguments), run, forking=prepared, SCRATCHNET_BACKEND="numpy")
    check(screen, columns, longest_word=max(map(len, screen.words)) if name.startswith("data") else 0)
    assert "Unexpected" not in screen.text
    # What is cut off: no word of ours is, but for SHA-256's and the sums of numbers.
    assert "…" not in re.sub(r"SHA-256\s+\w+…", "", screen.text)
    whole = {"train": "learning-curves.png", "gradcheck": "dkernel"}.get(name, "")
    assert whole in screen.text


@pytest.mark.parametrize("columns", WIDTHS)
def test_commands_that_only_say_something(columns, run, prepared):
    screen = in_terminal(columns, program(ALL_QUICK), run, forking=prepared, SCRATCHNET_BACKEND="numpy")
    assert screen.code == 0
    check(screen, columns)
    assert "Unexpected" not in screen.text
    assert "…" not in screen.text
    said = re.split(r"<\d+: (\d+)>", screen.text)
    assert said[1::2] == ["2", "2", "1", "2", *["0"] * 5]
    assert all(said[:-1:2])  # of each command something


@pytest.mark.parametrize("columns", WIDTHS)
def test_an_evaluation_whose_bars_are_as_long_as_its_numbers_are_large(columns, run, prepared):
    screen = in_terminal(
        columns, scratchnet("evaluate", "an-mlp", "--mini"), run, forking=prepared, SCRATCHNET_BACKEND="numpy"
    )
    check(screen, columns)
    assert "Unexpected" not in screen.text
    assert "…" not in screen.text
    assert "T-shirt/top" in screen.text
    shares = [float(share) for share in re.findall(r"(\d+\.\d)%", screen.text)]
    bars = re.findall(r"[█▏▎▍▌▋▊▉]+", screen.text)
    drawn = dict(zip([s for s in shares if s >= 2], bars))
    lengths = [8 * bar.count("█") + " ▏▎▍▌▋▊▉".find(bar[-1]) * (bar[-1] != "█") for _, bar in sorted(drawn.items())]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) >= min(5, len(drawn))


@pytest.mark.parametrize("columns", [1, 5, 12, 20])
def test_even_a_terminal_of_almost_nothing_gets_every_epoch_once(columns, tmp_path, prepared):
    screen = in_terminal(columns, program(FIT), tmp_path, forking=prepared)
    assert screen.code == 0
    assert screen.text.count("150/150") == 3


def test_a_dumb_terminal_gets_a_line_an_epoch_and_no_control_characters(tmp_path, prepared):
    screen = in_terminal(80, program(FIT), tmp_path, forking=prepared, TERM="dumb")
    assert screen.code == 0
    assert "\x1b" not in screen.written
    assert not re.search(r"\r(?!\n)", screen.written)
    check(screen, 80)


def test_without_colours_the_bar_is_still_seen(tmp_path, prepared):
    screen = in_terminal(80, program(FIT), tmp_path, forking=prepared, NO_COLOR="1")
    assert screen.code == 0
    assert "\x1b[3" not in screen.written
    drawn = {line.count("━") for line in re.findall(r"/150 ([━─]+) ", screen.written)}
    assert len(drawn) > 2


def test_what_the_terminal_cannot_encode_gets_stand_ins(run, tmp_path):
    for command in (program(FIT), program(TABLES), scratchnet("evaluate", str(run / "an-mlp"), "--mini")):
        screen = in_terminal(80, command, tmp_path, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
        assert screen.code == 0
        assert screen.written.isascii()
        check(screen, 80)
