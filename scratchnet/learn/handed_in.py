"""What students have handed in: zips and folders, in which only files with an exercise's name are looked at.

What a zip says of itself is not believed: its paths do not matter, and only small files are taken out of it.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from scratchnet.learn.catalogue import EXERCISES, NAMES, name_in
from scratchnet.learn.folder import LearnError

_LARGEST = 2**20
"""Bytes of a solution; a longer one was not written by hand."""


@dataclass
class HandedIn:
    """The work of a class.

    Attributes:
        files: by student, the file of each exercise.
        unread: by student, a sentence that says why there is none.
    """

    files: dict[str, dict[str, Path]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)


def collect(folder: Path, place: Path) -> HandedIn:
    """Find each student's files, and unpack zips into ``place``.

    Args:
        folder: has for each student a zip; or a folder, with the files, or another folder or a zip that has them.
        place: an empty folder.

    Raises:
        LearnError: if there are no students, or two of one name.
    """
    if not folder.is_dir():
        raise LearnError(f"There is no folder {folder}: give one with a zip or a folder for each student.")
    found = HandedIn()
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not (path.is_dir() or _is_zip(path)):
            continue
        name = path.name if path.is_dir() else path.stem
        if name in found.files or name in found.unread:
            raise LearnError(f"There are two students of the name {name} in {folder}: rename one.")
        try:
            files = _files(path) if path.is_dir() else _unpacked(path, place / name)
            inner = sorted(path.iterdir()) if path.is_dir() and not files else []
            for one in inner:
                files = files or (_files(one) if one.is_dir() else _unpacked(one, place / name) if _is_zip(one) else {})
            if files:
                found.files[name] = files
            else:
                found.unread[name] = "has no file that is called as an exercise"
        except LearnError as error:
            found.unread[name] = str(error)
    if not found.files:
        said = "".join(f" {name}: {why}." for name, why in found.unread.items())
        raise LearnError(f"There are no students in {folder}: it should have a zip or a folder for each.{said}")
    return found


def is_stub(exercise: str, path: Path) -> bool:
    """Whether a file is as it was given out."""
    return path.read_bytes().replace(b"\r\n", b"\n").strip() == EXERCISES[exercise].stub.encode().strip()


def _is_zip(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() == ".zip"


def _exercise_of(file: str) -> str | None:
    name = name_in(file)
    return name if name in EXERCISES and file.endswith(".py") else None


def _files(folder: Path) -> dict[str, Path]:
    found = {_exercise_of(path.name): path for path in sorted(folder.iterdir()) if path.is_file()}
    return {name: found[name] for name in NAMES if name in found and found[name].stat().st_size <= _LARGEST}


def _unpacked(path: Path, place: Path) -> dict[str, Path]:
    """Take the exercises out of a zip; their paths in it do not matter, only their names.

    Raises:
        LearnError: if it is no zip.
    """
    place.mkdir(exist_ok=True)
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                name = _exercise_of(entry.filename)
                if name is not None and entry.file_size <= _LARGEST:
                    with archive.open(entry) as stream:
                        (place / f"{name}.py").write_bytes(stream.read(_LARGEST))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise LearnError(f"{path.name} cannot be read as a zip ({error}), so ask for it again") from error
    return _files(place)
