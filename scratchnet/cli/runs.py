"""Run folders: what ``scratchnet train`` writes, and how the other commands find it again."""

from __future__ import annotations

import difflib
import json
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scratchnet.errors import ScratchnetError

if TYPE_CHECKING:
    from scratchnet.models import Model

RUNS = Path("runs")
MODEL, HISTORY, RECORD = "model.safetensors", "history.csv", "run.json"


def new_folder(wanted: Path | None, network: str) -> Path:
    """Make and return the folder of a new run: the one wanted, or ``runs/cnn-<date>-<time>``.

    Raises:
        ScratchnetError: if the one wanted exists and is not empty: nothing that is there gets overwritten.
        OSError: if it cannot be made.
    """
    if wanted is not None:
        check_free(wanted)
        wanted.mkdir(parents=True, exist_ok=True)
        return wanted
    name = f"{network}-{time.strftime('%Y%m%d-%H%M%S')}"
    for folder in (RUNS / name, *(RUNS / f"{name}-{number}" for number in range(2, 1000))):
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:  # another run began in the same second
            continue
    raise ScratchnetError(f"{RUNS / name} and 998 more like it exist already: name a folder with --output.")


def check_free(wanted: Path) -> None:
    """Raise a ScratchnetError unless this is no folder yet, or an empty one."""
    if wanted.is_dir():
        from scratchnet.utils.files import is_part

        if any(not is_part(path.name) for path in wanted.iterdir()):
            holds_run = (wanted / MODEL).exists() or (wanted / RECORD).exists()
            what, resume = "is not empty", ""
            if holds_run:
                what, resume = "holds a run", f"; to go on with that run: {command('train', '--resume', str(wanted))}"
            raise ScratchnetError(
                f"{wanted} exists already and {what}, which would be overwritten: choose another --output, or leave "
                f"it out for a new folder in {RUNS}/{resume}."
            )
    elif wanted.exists():
        raise ScratchnetError(f"{wanted} is a file: choose a folder for --output.")


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write ``run.json``; a reader never sees half of it."""
    from scratchnet.utils.files import write_atomically

    write_atomically(folder / RECORD, record_bytes(record))


def record_bytes(record: dict[str, Any]) -> bytes:
    """Return the content of ``run.json``."""
    return (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode()


def command(name: str, *arguments: str) -> str:
    """Return a command line that can be pasted."""
    return shlex.join(["scratchnet", name, *arguments])


def model_path(run: Path) -> Path:
    """Return the model file of a run, given as its folder or as the file itself.

    Raises:
        ScratchnetError: if there is none; the message names a run that exists, if one does.
    """
    if run.is_file():
        return run
    if run.is_dir():
        if (run / MODEL).is_file():
            return run / MODEL
        inside = sorted(folder for folder in run.iterdir() if (folder / MODEL).is_file())
        if inside:
            raise ScratchnetError(f"{run} is a folder of runs: name one of them, such as {_newest(inside)}.")
        raise ScratchnetError(f"{run} holds no {MODEL}: its training may have ended before the first epoch did.")
    raise no_such_run(run)


def no_such_run(run: Path) -> ScratchnetError:
    """Return the error for a run that does not exist; it names one that does."""
    known = sorted(folder for folder in RUNS.glob("*") if (folder / MODEL).is_file())
    if not known:
        return ScratchnetError(f"There is no run {run}: make one with scratchnet train cnn.")
    near = difflib.get_close_matches(str(run), [str(folder) for folder in known], n=1)
    hint = f"did you mean {near[0]}?" if near else f"the newest is {_newest(known)}."
    return ScratchnetError(f"There is no run {run}: {hint}")


def _newest(folders: list[Path]) -> Path:
    return max(folders, key=lambda folder: (folder / MODEL).stat().st_mtime)


def load(run: Path) -> tuple[Model, dict[str, str]]:
    """Return the model of a run and the notes saved with it.

    Raises:
        ScratchnetError: if there is no such run, or its file is damaged.
    """
    from scratchnet.saving import load_model, read_notes

    path = model_path(run)
    return load_model(path), read_notes(path)


def new_file(path: Path, advice: str = "name another file", makes_folder: bool = False) -> Path:
    """Return a path to write to: there is no file yet, but there is the folder, if it is not to be made.

    Raises:
        ScratchnetError: if that is not so; ``advice`` says what else to do than to remove the file.
    """
    if path.exists():
        raise ScratchnetError(f"{path} exists already: {advice}, or remove it first.")
    if not (makes_folder or path.parent.is_dir()):
        raise ScratchnetError(f"There is no folder {path.parent} to write {path.name} to: make it first.")
    return path
