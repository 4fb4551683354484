"""The folder that a learner works in: a file for each exercise, and her progress.

Files are found by the exercise's name, whatever number stands before it: an exercise that comes in between later does
not lose anyone's work. Nothing that a learner has written is overwritten: what has to give way is kept in ``kept/``.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from scratchnet.errors import ScratchnetError
from scratchnet.learn import progress
from scratchnet.learn.catalogue import EXERCISES, NAMES, find
from scratchnet.learn.report import Report
from scratchnet.utils.files import write_atomically

KEPT = "kept"


class LearnError(ScratchnetError):
    """What was asked for cannot be done in this folder."""


class Folder:
    """A learner's folder.

    Args:
        path: it has to exist; see ``start``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.progress = progress.read(path)

    def file(self, name: str) -> Path:
        """Return the file of an exercise, whether it is there or not."""
        pattern = re.compile(rf"(?:\d+-)?{re.escape(find(name).name)}\.py")
        there = sorted(path for path in self.path.glob(f"*{name}.py") if pattern.fullmatch(path.name))
        return there[0] if there else self.path / f"{NAMES.index(name) + 1:02}-{name}.py"

    def current(self, after: str = "") -> str | None:
        """Return the first exercise that is not passed, or None; ``after`` one, and from the beginning if need be."""
        begin = NAMES.index(after) + 1 if after else 0
        return next((name for name in NAMES[begin:] + NAMES[:begin] if not self.progress.passed(name)), None)

    def present(self) -> list[str]:
        """Return the exercises that have a file here.

        Raises:
            LearnError: if there is none.
        """
        names = [name for name in NAMES if self.file(name).is_file()]
        if not names:
            raise LearnError(f"There is no exercise's file in {self.path}: scratchnet learn start DIR writes them.")
        return names

    def check(self, name: str) -> Report:
        """Grade an exercise and write down the verdict.

        Raises:
            LearnError: if its file is missing.
        """
        from scratchnet.learn.grading import grade

        path = self.file(name)
        if not path.is_file():
            raise LearnError(f"There is no {path.name} in {self.path}: scratchnet learn reset {name} writes it anew.")
        report = grade(path, name)
        self.progress.record(report)
        return report

    def keep(self, name: str) -> Path | None:
        """Put a copy of an exercise's file into ``kept/`` and return where; None where there is nothing to keep."""
        path = self.file(name)
        if not path.is_file() or path.read_bytes() == find(name).stub.encode():
            return None
        kept = self.path / KEPT
        kept.mkdir(exist_ok=True)
        count = 1
        while (copy := kept / f"{name}-{count}.py").exists():
            count += 1
        copy.write_bytes(path.read_bytes())
        return copy

    def reset(self, name: str) -> Path | None:
        """Write an exercise's file anew, and return where the old one is kept."""
        copy = self.keep(name)
        write_atomically(self.file(name), find(name).stub.encode())
        return copy

    def write(self, name: str, text: str) -> None:
        """Replace an exercise's file by what a notebook's cell says; what someone else wrote is kept."""
        entry = self.progress.of(name)
        path = self.file(name)
        if path.is_file() and path.read_text(encoding="utf-8") not in (text, entry.get("cell")):
            self.keep(name)
        write_atomically(path, text.encode())
        entry["cell"] = text
        self.progress.write()

    def export(self, target: Path) -> None:
        """Write one zip with the exercises' files and the progress.

        Raises:
            LearnError: if there is such a file already, or it is not to be called a zip.
        """
        if target.suffix.lower() != ".zip":
            raise LearnError(f"{target} is no zip's name, and learn class looks for zips: try {target.name}.zip.")
        if target.exists():
            raise LearnError(f"{target} is there already: give another name, as in scratchnet learn export mine.zip.")
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in (self.progress.path, *map(self.file, NAMES)):
                if path.is_file():
                    archive.writestr(path.name, path.read_bytes())
        write_atomically(target, content.getvalue())


def start(path: Path) -> tuple[Folder, int]:
    """Make a folder with all exercises, or add to one what is missing; return it, and how many files were written."""
    if path.exists() and not path.is_dir():
        raise LearnError(f"{path} is a file: name a folder, as in scratchnet learn start exercises.")
    path.mkdir(parents=True, exist_ok=True)
    folder = Folder(path)
    missing = [name for name in EXERCISES if not folder.file(name).exists()]
    for name in missing:
        folder.file(name).write_text(EXERCISES[name].stub, encoding="utf-8")
    if not folder.progress.path.exists():
        folder.progress.write()
    return folder, len(missing)


def nearest(place: Path, upwards: bool = True) -> Folder:
    """Return the folder that a place is or, ``upwards``, lies in; else the only one that lies in the place.

    Raises:
        LearnError: if there is none, or several.
    """
    for path in (place, *place.parents) if upwards else (place,):
        if progress.is_progress(path / progress.FILE):
            return Folder(path)
    below = [path.parent for path in place.glob(f"*/{progress.FILE}")]
    if len(below) == 1:
        return Folder(below[0])
    if below:
        names = ", ".join(sorted(path.name for path in below))
        raise LearnError(f"There are several folders with exercises here ({names}): change into one of them.")
    where = "here" if upwards else f"in {place}"
    raise LearnError(f"There are no exercises {where}: scratchnet learn start DIR writes them, then cd DIR.")
