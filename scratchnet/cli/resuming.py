"""``scratchnet train --resume``: what a run remembers, and what may be asked of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scratchnet import __version__
from scratchnet.architectures import ARCHITECTURES
from scratchnet.cli import made, runs, samples
from scratchnet.cli.output import remark
from scratchnet.errors import ScratchnetError, unknown_name
from scratchnet.recipes import CHALLENGE

_REMEMBERED = {  # by option, where run.json has it, and of what type it is
    "network": (("network",), str),
    "--epochs": (("epochs",), int),
    "--batch-size": (("batch_size",), int),
    "--learning-rate": (("learning_rate",), float),
    "--seed": (("seed",), int),
    "--samples": (("data", "training_images"), int),
    "--mini": (("data", "subset"), str),
    "--hold-out": (("data", "held_back"), int),
    "--budget": (("budget",), str),
}

_IF_ABSENT = {"budget": "", "held_back": 0}
"""Only the challenge has a budget, and few runs hold images back."""


def check_folder(folder: Path) -> None:
    """Raise a ScratchnetError unless this is the folder of a run."""
    if not folder.exists():
        raise runs.no_such_run(folder)
    if not folder.is_dir():
        raise ScratchnetError(f"{folder} is a file: give --resume the folder of the run.")
    if not (folder / runs.RECORD).exists():
        inside = sorted(path.parent for path in folder.glob(f"*/{runs.RECORD}"))
        if inside:
            raise ScratchnetError(f"{folder} is a folder of runs: give --resume one of them, such as {inside[-1]}.")
        begin = runs.command("train", "cnn", "--output", str(folder))
        raise ScratchnetError(f"{folder} holds no run, as it has no {runs.RECORD}: a new one begins with {begin}")


def remembered(folder: Path, given: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a run that is to go on.

    Args:
        folder: the run's.
        given: the options of the command line that were given, by their names.

    Raises:
        ScratchnetError: if it cannot go on, or not as it was asked to; nothing has been changed then.
    """
    record = _read(folder)
    epochs = _checked_options(folder, record, given)
    if record.get("status") == "finished" and epochs == record["epochs"]:
        if record["network"] == made.CHALLENGE:
            raise ScratchnetError(f"{folder} has come to its end, after {epochs} epochs; longer is another recipe.")
        more = runs.command("train", "--resume", str(folder), "--epochs", str(2 * epochs))
        raise ScratchnetError(f"{folder} has come to its end, after {epochs} epochs. To train it longer: {more}")
    if not (folder / runs.MODEL).exists() and record.get("epochs_finished"):
        raise ScratchnetError(
            f"{folder} has trained for {record['epochs_finished']} epochs, but {folder / runs.MODEL}, from which it "
            f"would go on, is not there: put it back, or train a new run."
        )
    _check_surroundings(folder, record)
    for name in ("error", "test_accuracy", "test_loss", "held_back_accuracy", "held_back_loss"):
        record.pop(name, None)
    record["epochs"] = epochs
    return record


def _read(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / runs.RECORD).read_text(encoding="utf-8"))
        values = {option: _find(record, path) for option, (path, _) in _REMEMBERED.items()}
    except (ValueError, LookupError, TypeError) as error:
        raise ScratchnetError(
            f"{folder / runs.RECORD} is damaged ({error!r}): the run cannot go on without what it remembers."
        ) from error
    for option, (path, kind) in _REMEMBERED.items():
        value = values[option]
        if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else kind):
            where = " of ".join(reversed(path))
            raise ScratchnetError(
                f"{folder / runs.RECORD} expected {where} as {kind.__name__}, got {value!r}: it was changed by hand."
            )
    if record["network"] not in ARCHITECTURES:
        raise unknown_name("network", record["network"], ARCHITECTURES)
    if record["network"] == made.CHALLENGE and values["--budget"] not in CHALLENGE:
        raise unknown_name("budget", values["--budget"], CHALLENGE)
    if record["data"]["subset"] not in (samples.FULL, samples.MINI):
        raise ScratchnetError(
            f"{folder / runs.RECORD} expected subset of data as {samples.FULL} or {samples.MINI}, got "
            f"{record['data']['subset']!r}: it was changed by hand."
        )
    return record


def _find(record: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        record = record[name] if name not in _IF_ABSENT or name in record else _IF_ABSENT[name]
    return record


def _checked_options(folder: Path, record: dict[str, Any], given: dict[str, Any]) -> int:
    """Refuse options that would make another run of it; return up to which epoch it is to be trained."""
    if "--output" in given and Path(given["--output"]).resolve() != folder.resolve():
        raise ScratchnetError(f"--resume names the folder already, {folder}, got --output {given['--output']}.")
    for option, value in given.items():
        if option not in _REMEMBERED or option == "--epochs":
            continue
        then = _find(record, _REMEMBERED[option][0])
        if option == "--mini":
            then = then == samples.MINI
        if value != then:
            raise ScratchnetError(
                f"{folder} was begun with {option} {then}, got {value}: leave it out to go on, or train a new run."
            )
    epochs: int = given.get("--epochs", record["epochs"])
    if epochs < record["epochs"]:
        raise ScratchnetError(
            f"{folder} was begun for {record['epochs']} epochs, got --epochs {epochs}: there may be more of them, not "
            f"fewer."
        )
    if epochs > record["epochs"] and record["network"] == made.CHALLENGE:
        raise ScratchnetError(
            f"{folder} was begun for {record['epochs']} epochs, at whose end its learning rate comes to 0, got "
            f"--epochs {epochs}: leave it out to go on, or train a new run."
        )
    return epochs


def _check_surroundings(folder: Path, record: dict[str, Any]) -> None:
    from scratchnet import config

    backend, there = config.backend(), record.get("backend")
    if there != backend:
        raise ScratchnetError(
            f"{folder} was trained on the backend {there!r}, got {backend!r}, which rounds in other ways: set "
            f"SCRATCHNET_BACKEND={there} to go on."
        )
    if record.get("scratchnet") != __version__:
        remark(
            f"{folder} was begun with scratchnet {record.get('scratchnet')}, and goes on with {__version__}: the last "
            f"bits of the result may be those of neither."
        )
