"""``scratchnet train --resume``: what a user tries first, what goes wrong, and what comes out."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet
from scratchnet.callbacks import LambdaCallback
from scratchnet.cli import keeping, results, runs
from scratchnet.datasets import fashion_mnist
from scratchnet.errors import DatasetError
from scratchnet.models import Model
from scratchnet.saving import read_notes
from scratchnet.utils.locks import FolderLock
from tests.cli.conftest import Command
from tests.killing import left

QUICK = ("train", "mlp", "--mini", "--samples", 96, "--batch-size", 32)
STEPS = 3


@pytest.fixture(autouse=True)
def _without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "_draw", lambda *_: None)


def record(folder: str = "run") -> dict[str, Any]:
    return json.loads(Path(folder, "run.json").read_text())


def hooked(monkeypatch: pytest.MonkeyPatch, **hooks: Any) -> None:
    """Let every fit call more hooks, before those of the command."""
    fit: Any = Model.fit

    def with_hooks(self: Any, *given: Any, callbacks: Any = (), **options: Any) -> Any:
        return fit(self, *given, callbacks=[LambdaCallback(**hooks), *callbacks], **options)

    monkeypatch.setattr(Model, "fit", with_hooks)


@pytest.fixture
def interrupted(scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a run of four epochs that was interrupted in the second step of its third."""
    with monkeypatch.context() as patch:
        steps: list[int] = []

        def press(batch: int, logs: Any) -> None:
            steps.append(batch)
            if len(steps) == 2 * STEPS + 2:
                signal.raise_signal(signal.SIGINT)

        hooked(patch, on_train_batch_end=press)
        assert scratchnet_command(*QUICK, "-e", 4, "-o", "run").code == 130


def test_an_interrupted_run_goes_on_to_the_same_bits(interrupted: None, scratchnet_command: Command) -> None:
    assert record()["status"] == "interrupted"
    assert read_notes("run/model.safetensors")["trained"] == "2 of 4 epochs and part of the next"
    assert scratchnet.load_model("run/model.safetensors").optimizer.iterations == 2 * STEPS + 2
    result = scratchnet_command("train", "--resume", "run")
    assert (result.code, result.err) == (0, "")
    assert "Going on after 2 of 4 epochs, batches of 32, seed 42. In run/" in result.out
    scratchnet_command(*QUICK, "-e", 4, "-o", "alone")
    assert left(Path("run")) == left(Path("alone"))
    assert record()["status"] == "finished"
    assert read_notes("run/model.safetensors")["trained"] == "4 of 4 epochs"


def test_every_option_that_says_the_same_may_be_given_again(interrupted: None, scratchnet_command: Command) -> None:
    again = (*QUICK, "-e", 4, "--seed", 42, "--learning-rate", 0.001, "--resume", "run")
    assert scratchnet_command(*again).code == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--seed", 3), "run was begun with --seed 42, got 3: leave it out to go on, or train a new run."),
        (("--batch-size", 64), "run was begun with --batch-size 32, got 64"),
        (("--learning-rate", 0.1), "run was begun with --learning-rate 0.001, got 0.1"),
        (("--samples", 97), "run was begun with --samples 96, got 97"),
        (("cnn",), "run was begun with network mlp, got cnn"),
        (("-e", 3), "run was begun for 4 epochs, got --epochs 3: there may be more of them, not fewer."),
        (("-o", "elsewhere"), "--resume names the folder already"),
    ],
)
def test_an_option_that_would_make_another_run_is_refused(
    options: tuple[Any, ...], sentence: str, interrupted: None, scratchnet_command: Command
) -> None:
    before = {path.name: path.read_bytes() for path in Path("run").iterdir()}
    result = scratchnet_command("train", *options, "--resume", "run")
    assert result.code in (1, 2)
    assert sentence in result.err
    assert result.err.count("\n") == 1
    assert {path.name: path.read_bytes() for path in Path("run").iterdir()} == before


def test_a_finished_run_says_how_to_train_it_longer_and_does(scratchnet_command: Command) -> None:
    scratchnet_command(*QUICK, "-e", 2, "-o", "run")
    result = scratchnet_command("train", "--resume", "run")
    assert result.code == 1
    assert result.err == (
        "Error: run has come to its end, after 2 epochs. To train it longer: scratchnet train --resume run --epochs 4\n"
    )
    assert scratchnet_command("train", "--resume", "run", "--epochs", 4).code == 0
    scratchnet_command(*QUICK, "-e", 4, "-o", "alone")
    assert left(Path("run")) == left(Path("alone"))


@pytest.mark.parametrize("at", ["evaluate", "_draw"])
def test_a_run_that_was_killed_after_its_last_epoch_gets_its_end(
    at: str, scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(Exception):
        pass

    def crash(*_: Any, **__: Any) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(*(Model, at) if at == "evaluate" else (results, at), crash)
        assert scratchnet_command(*QUICK, "-e", 2, "-o", "run").code == 1
    assert record()["status"] == "trained"
    assert scratchnet_command("train", "--resume", "run").code == 0
    scratchnet_command(*QUICK, "-e", 2, "-o", "alone")
    assert left(Path("run")) == left(Path("alone"))


def test_a_run_that_was_killed_before_its_first_epoch_begins_anew(
    scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratchnet_command(*QUICK, "-e", 1, "-o", "alone")
    Path("run").mkdir()
    begun = {**record("alone"), "status": "training", "epochs_finished": 0}
    Path("run/run.json").write_text(json.dumps(begun))
    assert scratchnet_command("train", "--resume", "run").code == 0
    assert left(Path("run")) == left(Path("alone"))


# What is no run that could go on -----------------------------------------------------------------------------------


def test_without_network_and_resume_it_says_what_is_missing(scratchnet_command: Command) -> None:
    result = scratchnet_command("train")
    assert result.code == 2
    assert "Missing argument: mlp, cnn or challenge to train one, or --resume RUN to go on with a run" in result.err


def test_a_folder_that_is_not_there_empty_or_foreign(scratchnet_command: Command) -> None:
    assert "There is no run nowhere: make one with scratchnet train cnn." in (
        scratchnet_command("train", "--resume", "nowhere").err
    )
    Path("empty").mkdir()
    expected = "empty holds no run, as it has no run.json: a new one begins with scratchnet train cnn --output empty"
    assert expected in scratchnet_command("train", "--resume", "empty").err
    Path("foreign").mkdir()
    Path("foreign/letter.txt").write_text("dear")
    assert "foreign holds no run" in scratchnet_command("train", "--resume", "foreign").err
    assert "letter.txt is a file: give --resume the folder" in (
        scratchnet_command("train", "--resume", "foreign/letter.txt").err
    )
    Path("runs/mine").mkdir(parents=True)
    Path("runs/mine/run.json").write_text("{}")
    assert "runs is a folder of runs: give --resume one of them, such as runs/mine" in (
        scratchnet_command("train", "--resume", "runs").err
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda facts: facts.pop("seed"), "run.json is damaged (KeyError('seed')): the run cannot go on without"),
        (lambda facts: facts.update(data=[]), "run.json is damaged (TypeError("),
        (lambda facts: facts.update(epochs="many"), "run.json expected epochs as int, got 'many': it was changed by"),
        (lambda facts: facts.update(batch_size=True), "run.json expected batch_size as int, got True"),
        (lambda facts: facts.update(batch_size=16), "batch_size was 32, got 16"),
        (lambda facts: facts.update(network="cnm"), "did you mean 'cnn'?"),
        (lambda facts: facts["data"].update(training_images=9999), "begun with 9,999 training images, got 5,000"),
        (lambda facts: facts["data"].update(subset="half"), "expected subset of data as full or mini, got 'half'"),
        (lambda facts: facts.update(backend="numba"), "run was trained on the backend 'numba', got 'numpy', which ro"),
    ],
)
def test_a_record_that_was_changed_is_refused(
    change: Any, sentence: str, interrupted: None, scratchnet_command: Command
) -> None:
    facts = record()
    change(facts)
    Path("run/run.json").write_text(json.dumps(facts))
    result = scratchnet_command("train", "--resume", "run")
    assert result.code == 1
    assert sentence in result.err
    assert result.err.count("Error: ") == 1


def test_a_record_that_is_cut_and_a_model_that_is_gone_or_damaged(
    interrupted: None, scratchnet_command: Command
) -> None:
    model, facts = Path("run/model.safetensors"), Path("run/run.json")
    content, text = model.read_bytes(), facts.read_text()
    facts.write_text(text[:40])
    assert "run.json is damaged" in scratchnet_command("train", "--resume", "run").err
    facts.write_text(text)
    model.write_bytes(content[:-9])
    assert "Cannot load 'run/model.safetensors': it is damaged" in _resumed_error(scratchnet_command)
    model.unlink()
    assert "has trained for 2 epochs, but run/model.safetensors, from which it would go on, is not there" in (
        _resumed_error(scratchnet_command)
    )
    model.write_bytes(content)
    assert scratchnet_command("train", "--resume", "run").code == 0


def _resumed_error(command: Command) -> str:
    return command("train", "--resume", "run").err.replace(os.path.abspath("run"), "run")


def test_a_run_of_an_earlier_version_that_kept_no_training(interrupted: None, scratchnet_command: Command) -> None:
    scratchnet.load_model("run/model.safetensors").save("run/model.safetensors")
    assert "it holds a model alone, and nothing of a training that could go on" in _resumed_error(scratchnet_command)


def test_another_version_goes_on_and_says_so(interrupted: None, scratchnet_command: Command) -> None:
    facts = {**record(), "scratchnet": "0.0.9"}
    Path("run/run.json").write_text(json.dumps(facts))
    result = scratchnet_command("train", "--resume", "run")
    assert result.code == 0
    assert "run was begun with scratchnet 0.0.9, and goes on with" in result.err


def test_the_whole_data_set_is_not_replaced_by_the_subset(
    interrupted: None, scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = record()
    facts["data"]["subset"] = "full"
    Path("run/run.json").write_text(json.dumps(facts))
    real = fashion_mnist.load_data

    def nowhere(path: Any = None, subset: str | None = None) -> Any:
        if subset is None:
            raise DatasetError("found nowhere")
        return real(path, subset)

    monkeypatch.setattr(fashion_mnist, "load_data", nowhere)
    err = scratchnet_command("train", "--resume", "run").err
    assert "begun with the whole of Fashion-MNIST, which cannot be had now: get it with scratchnet data fetch" in err


def test_output_onto_a_run_says_how_to_go_on_with_it(interrupted: None, scratchnet_command: Command) -> None:
    err = scratchnet_command(*QUICK, "-o", "run").err
    assert "run exists already and holds a run, which would be overwritten" in err
    assert "to go on with that run: scratchnet train --resume run" in err


def test_what_a_process_killed_at_its_start_has_left_is_no_content(scratchnet_command: Command) -> None:
    Path("run").mkdir()
    Path("run/.run.json.0123.part").write_text("{")
    assert scratchnet_command(*QUICK, "-e", 1, "-o", "run").code == 0
    assert not list(Path("run").glob("*.part"))


def test_a_run_that_is_being_trained_is_left_alone(interrupted: None, scratchnet_command: Command) -> None:
    lock = FolderLock()
    assert lock.take("run")
    result = scratchnet_command("train", "--resume", "run")
    assert result.code == 1
    assert result.err == (
        "Error: run is being trained by another process: wait until it has ended, or choose another folder.\n"
    )
    lock.give_back()
    assert scratchnet_command("train", "--resume", "run").code == 0


# Long epochs, full disks -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("at_once")
def test_long_epochs_are_saved_within(scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock makes each step as long as the minutes between two saves."""
    clock = iter(range(0, 10**9, 400))
    monkeypatch.setattr("scratchnet.callbacks.backup_and_restore.time.monotonic", lambda: next(clock))
    seen = []

    def look(batch: int, logs: Any) -> None:
        if Path("run/model.safetensors").exists():
            seen.append((record()["epochs_finished"], read_notes("run/model.safetensors")["trained"]))

    hooked(monkeypatch, on_train_batch_begin=look)
    assert scratchnet_command(*QUICK, "-e", 2, "-o", "run").code == 0
    assert seen[0] == (0, "0 of 2 epochs and part of the next")
    assert seen[-1] == (1, "1 of 2 epochs and part of the next")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every save be done before training goes on, so that what fails is what the test wants to fail."""
    save = keeping.Keeper._save

    def save_and_wait(self: Any, snapshot: Any) -> None:
        save(self, snapshot)
        self._writer.wait()

    monkeypatch.setattr(keeping.Keeper, "_save", save_and_wait)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_a_full_disk_ends_no_training_and_the_next_epoch_writes_all(
    number: int, scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        real = keeping.write_together

        def epoch_begins(epoch: int, logs: Any) -> None:
            broken[0] = epoch in (1, 2)

        broken = [False]

        def sometimes(contents: Any) -> None:
            if broken[0]:
                raise OSError(number, os.strerror(number))
            real(contents)

        patch.setattr("scratchnet.callbacks.backup_and_restore.write_together", sometimes)
        hooked(patch, on_epoch_begin=epoch_begins)
        result = scratchnet_command(*QUICK, "-e", 4, "-o", "run")
    assert result.code == 0
    assert result.err.count("\n") == 1
    assert "Training goes on, and after every epoch saving is tried again." in result.err
    scratchnet_command(*QUICK, "-e", 4, "-o", "alone")
    assert left(Path("run")) == left(Path("alone"))


@pytest.mark.usefixtures("at_once")
def test_a_disk_that_stays_full_leaves_the_last_good_epoch_and_the_network_elsewhere(
    scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    with monkeypatch.context() as patch:
        real, broken = keeping.write_together, [False]

        def full_in_run(contents: Any) -> None:
            if broken[0] and any("/run/" in path for path in contents):
                raise OSError(errno.ENOSPC, "No space left on device")
            real(contents)

        patch.setattr("scratchnet.callbacks.backup_and_restore.write_together", full_in_run)
        hooked(patch, on_epoch_begin=lambda epoch, logs: broken.__setitem__(0, epoch >= 2))
        result = scratchnet_command(*QUICK, "-e", 4, "-o", "run")
    assert result.code == 1
    (saved,) = (tmp_path / "temporary").rglob("model.safetensors")
    assert result.err.splitlines()[-1].endswith(f"No space left on device; the network is in {saved} instead")
    assert scratchnet.load_model(saved).optimizer.iterations == 4 * STEPS
    assert record()["epochs_finished"] == 2
    assert read_notes("run/model.safetensors")["trained"] == "2 of 4 epochs"
    assert len(Path("run/history.csv").read_text().splitlines()) == 3
    assert scratchnet_command("train", "--resume", "run").code == 0
    scratchnet_command(*QUICK, "-e", 4, "-o", "alone")
    assert left(Path("run")) == left(Path("alone"))


@pytest.mark.usefixtures("at_once")
def test_a_folder_that_is_gone_leaves_the_network_elsewhere(
    scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    hooked(monkeypatch, on_epoch_begin=lambda epoch, logs: epoch == 1 and shutil.rmtree("run"))
    result = scratchnet_command(*QUICK, "-e", 3, "-o", "run")
    assert result.code == 1
    (saved,) = (tmp_path / "temporary").rglob("model.safetensors")
    assert f"does not exist; make it first; the network is in {saved} instead" in result.err
    assert scratchnet.load_model(saved).optimizer.iterations == 3 * STEPS


# Signals to a real process -----------------------------------------------------------------------------------------


def started(*arguments: object) -> subprocess.Popen[str]:
    code = "from scratchnet.cli import main; main()"
    environment = os.environ | {"SCRATCHNET_BACKEND": "numpy"}
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment,
    )  # fmt: skip
    end = time.monotonic() + 120
    while not Path("run/history.csv").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
    return process


@pytest.mark.parametrize(("number", "code", "word"), [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")])
@pytest.mark.parametrize("times", [1, 2])
def test_asked_to_stop_once_or_twice_it_keeps_what_was_reached(number: int, code: int, word: str, times: int) -> None:
    process = started("train", "mlp", "--mini", "--samples", 640, "-e", 10_000, "-o", "run")
    for _ in range(times):
        process.send_signal(number)
        time.sleep(0.01)
    _, err = process.communicate(timeout=120)
    assert process.returncode == code
    assert err.startswith(f"Note: Stopped by {word}")
    assert err.count("\n") == 1
    done = record()["epochs_finished"]
    assert len(Path("run/history.csv").read_text().splitlines()) == done + 1
    assert read_notes("run/model.safetensors")["trained"].startswith(f"{done} of 10000 epochs")
    weights = scratchnet.load_model("run/model.safetensors").get_weights()
    assert all(np.isfinite(w).all() for w in weights)


def test_after_a_kill_the_record_the_history_and_the_model_count_the_same_epochs() -> None:
    process = started("train", "mlp", "--mini", "--samples", 320, "-e", 10_000, "-o", "run")
    time.sleep(0.3)
    process.kill()
    process.communicate()
    rows = len(Path("run/history.csv").read_text().splitlines()) - 1
    assert abs(rows - record()["epochs_finished"]) <= 1  # it may have died between two of the three moves
    assert runs.load(Path("run"))[1]["trained"] in (f"{rows} of 10000 epochs", f"{rows + 1} of 10000 epochs")
