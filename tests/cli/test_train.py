from __future__ import annotations

import csv
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import scratchnet
from scratchnet.cli import results, runs
from scratchnet.datasets import fashion_mnist
from scratchnet.errors import DatasetError
from scratchnet.saving import read_notes
from tests.cli.conftest import Command

BOX = "NOT THE WHOLE DATA SET"
TINY = ("--mini", "--samples", 96, "-e", 1)


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the drawing out where it is not what a test is about: it takes most of the time."""
    monkeypatch.setattr(results, "_draw", lambda *_: None)


def record(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "run.json").read_text())


@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_a_run_leaves_model_history_pictures_and_record(trained: dict[str, Path], network: str) -> None:
    pictures = {"images", "learning-curves", "confusion-matrix", "mistakes", "filters"}
    pictures |= {"feature-maps"} if network == "cnn" else set()
    files = {"model.safetensors", "history.csv", "run.json"} | {f"{name}.png" for name in pictures}
    assert {path.name for path in trained[network].iterdir()} == files
    for name in pictures:
        with Image.open(trained[network] / f"{name}.png") as picture:
            picture.load()
            assert min(picture.size) > 300


def test_the_record_says_how_the_run_was_made_and_what_came_out(trained: dict[str, Path]) -> None:
    facts = record(trained["mlp"])
    assert facts["status"] == "finished"
    assert facts["network"] == "mlp"
    assert (facts["epochs"], facts["epochs_finished"], facts["batch_size"], facts["seed"]) == (2, 2, 64, 42)
    assert facts["data"]["training_images"] == 320
    assert facts["data"]["test_images"] == 1000
    with open(trained["mlp"] / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert float(rows[-1]["val_accuracy"]) == facts["test_accuracy"]


@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_the_saved_model_is_the_one_that_was_measured(trained: dict[str, Path], network: str) -> None:
    model = scratchnet.load_model(trained[network] / "model.safetensors")
    _, (x, y) = fashion_mnist.load_data(subset="mini")
    x = (x / 255).reshape(-1, *model.input_shape[1:])
    facts = record(trained[network])
    loss, accuracy = model.evaluate(x, y, verbose=0)
    assert accuracy == facts["test_accuracy"]
    assert loss == pytest.approx(facts["test_loss"], rel=1e-5)


def test_it_learns(trained: dict[str, Path]) -> None:
    assert record(trained["mlp"])["test_accuracy"] > 0.5  # by chance it would be 0.1


@pytest.mark.usefixtures("without_pictures")
def test_the_end_says_how_good_it_is_where_things_are_and_what_next(scratchnet_command: Command) -> None:
    result = scratchnet_command("train", "mlp", *TINY)
    assert result.code == 0
    (folder,) = Path("runs").iterdir()
    assert f"Test accuracy {record(folder)['test_accuracy']:.4f}, loss {record(folder)['test_loss']:.4f}" in result.out
    assert "Trained in " in result.out
    assert f"{folder}/\n  model.safetensors" in result.out
    assert f"scratchnet predict {folder} test:17 --mini" in result.out
    assert "scratchnet train cnn" in result.out
    assert result.err == ""
    assert "\x1b" not in result.out


@pytest.mark.usefixtures("without_pictures")
def test_what_next_can_be_typed(scratchnet_command: Command) -> None:
    out = scratchnet_command("train", "mlp", *TINY, "--output", "my first run").out
    commands = [line.split("  ")[1] for line in out.splitlines() if line.startswith("  scratchnet ")]
    assert len(commands) == 4
    for command in (*commands[:2], commands[3]):
        assert scratchnet_command(*shlex.split(command)[1:]).code == 0


@pytest.mark.usefixtures("without_pictures")
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(scratchnet_command: Command) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        scratchnet_command("train", "mlp", *TINY, "--seed", seed, "-o", name)
    a, b, c = (scratchnet.load_model(Path(name) / "model.safetensors").get_weights() for name in "abc")
    assert all(np.array_equal(x, y) for x, y in zip(a, b))
    assert not np.array_equal(a[0], c[0])


@pytest.mark.usefixtures("without_pictures")
def test_options_reach_the_training(scratchnet_command: Command) -> None:
    scratchnet_command("train", "mlp", *TINY, "--batch-size", 48, "--learning-rate", 0.01, "-o", "run")
    model = scratchnet.load_model("run/model.safetensors")
    assert model.optimizer is not None
    assert model.optimizer.iterations == 2
    assert float(model.optimizer.get_config()["learning_rate"]) == 0.01


@pytest.mark.usefixtures("without_pictures")
def test_two_runs_of_one_second_get_two_folders(scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs.time, "strftime", lambda _: "20300101-000000")
    assert runs.new_folder(None, "cnn") == Path("runs/cnn-20300101-000000")
    assert runs.new_folder(None, "cnn") == Path("runs/cnn-20300101-000000-2")
    assert runs.new_folder(None, "cnn") == Path("runs/cnn-20300101-000000-3")


@pytest.mark.usefixtures("without_pictures")
def test_an_earlier_run_is_never_overwritten(scratchnet_command: Command) -> None:
    scratchnet_command("train", "mlp", *TINY, "-o", "run")
    before = {path.name: path.read_bytes() for path in Path("run").iterdir()}
    result = scratchnet_command("train", "mlp", *TINY, "-o", "run")
    assert result.code == 1
    assert result.err.startswith("Error: run exists already and holds a run, which would be overwritten: choose")
    assert {path.name: path.read_bytes() for path in Path("run").iterdir()} == before


@pytest.mark.usefixtures("without_pictures")
def test_a_folder_of_something_else_is_left_alone_and_an_empty_one_is_used(scratchnet_command: Command) -> None:
    Path("mine").mkdir()
    Path("mine", "letter.txt").write_text("dear")
    assert "mine exists already and is not empty" in scratchnet_command("train", "mlp", *TINY, "-o", "mine").err
    assert [path.name for path in Path("mine").iterdir()] == ["letter.txt"]
    assert "is a file: choose a folder" in scratchnet_command("train", "mlp", *TINY, "-o", "mine/letter.txt").err
    Path("empty").mkdir()
    assert scratchnet_command("train", "mlp", *TINY, "-o", "empty").code == 0


@pytest.mark.usefixtures("without_pictures")
def test_the_subset_is_announced_twice_and_written_into_the_run(scratchnet_command: Command) -> None:
    out = scratchnet_command("train", "mlp", *TINY, "-o", "run").out
    assert out.count(BOX) == 2
    assert record(Path("run"))["data"]["subset"] == "mini"
    assert "only the 5,000 training and 1,000 test images" in record(Path("run"))["data"]["notice"]
    notes = read_notes("run/model.safetensors")
    assert "only the 5,000 training and 1,000 test images" in notes["notice"]
    assert "the first 96 of 5,000" in notes["data"]
    assert notes["trained"] == "1 of 1 epochs"


@pytest.mark.usefixtures("without_pictures")
def test_without_the_whole_set_it_falls_back_and_says_so(
    scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fashion_mnist.load_data

    def nowhere(path: Any = None, subset: str | None = None) -> Any:
        if subset is None:
            raise DatasetError("found nowhere")
        return real(path, subset)

    monkeypatch.setattr(fashion_mnist, "load_data", nowhere)
    result = scratchnet_command("train", "mlp", "--samples", 96, "-e", 1, "-o", "run")
    assert result.code == 0
    assert result.out.count(BOX) == 2
    unfolded = re.sub(r"[┃\s]+", " ", result.out)
    assert "was not found on this machine and could not be fetched" in unfolded
    assert "what to do about it, says: scratchnet data fetch" in unfolded
    assert "could not be fetched" in record(Path("run"))["data"]["notice"]
    assert "could not be fetched" in read_notes("run/model.safetensors")["notice"]


@pytest.mark.usefixtures("without_pictures")
def test_the_whole_set_has_no_notice(scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    mini = fashion_mnist.load_data(subset="mini")
    monkeypatch.setattr(fashion_mnist, "load_data", lambda: mini)
    result = scratchnet_command("train", "mlp", "--samples", 96, "-e", 1, "-o", "run")
    assert BOX not in result.out
    assert "--mini" not in result.out
    assert record(Path("run"))["data"] == {
        "name": "Fashion-MNIST",
        "subset": "full",
        "training_images": 96,
        "test_images": 1000,
        "notice": None,
    }
    assert "notice" not in read_notes("run/model.safetensors")


@pytest.mark.usefixtures("without_pictures")
def test_a_loss_that_explodes_is_one_sentence_and_recorded(scratchnet_command: Command) -> None:
    result = scratchnet_command("train", "mlp", *TINY, "--learning-rate", 1e38, "-o", "run")
    assert result.code == 1
    assert result.err.startswith("Error: The loss became ")
    assert result.err.count("\n") == 1
    assert record(Path("run"))["status"] == "failed"
    assert record(Path("run"))["error"] in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "cnm"], "did you mean 'cnn'?"),
        (["train"], "Missing argument"),
        (["train", "mlp", "--epochs", "0"], "--epochs"),
        (["train", "mlp", "--batch-size", "many"], "--batch-size"),
        (["train", "mlp", "--seed", "-1"], "--seed"),
        (["train", "mlp", "--learning-rate", "0"], "expected a number above 0, got 0.0"),
        (["train", "mlp", "--learning-rate", "nan"], "expected a number above 0, got nan"),
        (["train", "mlp", "--mini", "--samples", "5001"], "expected at most 5,000, got 5,001"),
        (["train", "mlp", "--optimiser", "adam"], "No such option"),
    ],
)
@pytest.mark.usefixtures("without_pictures")
def test_wrong_usage_is_one_line_with_code_2_and_makes_nothing(
    scratchnet_command: Command, arguments: list[str], message: str
) -> None:
    result = scratchnet_command(*arguments)
    assert result.code == 2
    assert message in result.err
    assert "scratchnet train --help" in result.err
    assert result.err.count("\n") == 1
    assert list(Path().iterdir()) == []


def start(*arguments: object) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", "from scratchnet.cli import main; main()", *map(str, arguments)]
    environment = os.environ | {"SCRATCHNET_BACKEND": "numpy"}
    return subprocess.Popen(program, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


def wait_for(condition: Any, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def an_epoch_is_done() -> bool:
    history = Path("run", "history.csv")
    return history.exists() and len(history.read_text().splitlines()) >= 2 and Path("run", runs.MODEL).exists()


def test_ctrl_c_keeps_what_was_reached() -> None:
    process = start("train", "mlp", "--mini", "-e", 10_000, "-o", "run")
    wait_for(an_epoch_is_done, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    facts = record(Path("run"))
    assert err == (
        f"Note: Stopped by Ctrl-C after {facts['epochs_finished']} of 10000 epochs. What was reached is in run/; "
        f"test it with: scratchnet evaluate run --mini; go on with: scratchnet train --resume run\n"
    )
    assert facts["status"] == "interrupted"
    assert 1 <= facts["epochs_finished"] < 10_000
    with open("run/history.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == facts["epochs_finished"]
    model = scratchnet.load_model("run/model.safetensors")
    assert model.optimizer is not None
    whole = model.optimizer.iterations == 79 * facts["epochs_finished"]
    assert whole or model.optimizer.iterations > 79 * facts["epochs_finished"]
    trained = f"{facts['epochs_finished']} of 10000 epochs"
    assert read_notes("run/model.safetensors")["trained"] == trained + ("" if whole else " and part of the next")


def test_a_killed_run_leaves_the_network_of_its_last_epoch() -> None:
    process = start("train", "mlp", "--mini", "--samples", 640, "-e", 10_000, "-o", "run")
    wait_for(an_epoch_is_done, process)
    process.kill()
    process.communicate(timeout=60)
    model = scratchnet.load_model("run/model.safetensors")
    assert model.optimizer is not None
    assert model.optimizer.iterations % 10 == 0  # ten steps an epoch
    assert record(Path("run"))["status"] == "training"
