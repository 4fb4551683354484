"""The four files of Fashion-MNIST, and how one of them is found in a folder and checked.

The checksums are of the decompressed bytes, so that any mirror's gzip will do. They are those of the clean
release: the very first one (before 31 August 2017) leaked test images into the training set.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scratchnet.datasets.idx import read_plain
from scratchnet.errors import DatasetError


@dataclass(frozen=True)
class DataFile:
    """One file of the data set: its name without ``.gz``; its size in bytes and SHA-256, decompressed."""

    name: str
    size: int
    sha256: str

    def problem(self, content: bytes) -> str | None:
        """Say what is wrong with these decompressed bytes, or return None when they are the right ones."""
        if len(content) != self.size:
            more = "more" if len(content) > self.size else f"{len(content):,}"
            return f"expected {self.size:,} bytes decompressed, found {more}"
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            return f"expected SHA-256 {self.sha256[:12]}…, found {found[:12]}…"
        return None


FILES = (
    DataFile(
        "train-images-idx3-ubyte",
        47_040_016,
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ),
    DataFile("train-labels-idx1-ubyte", 60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
    DataFile(
        "t10k-images-idx3-ubyte",
        7_840_016,
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ),
    DataFile("t10k-labels-idx1-ubyte", 10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
)
"""Training images and labels, then test images and labels."""


@dataclass(frozen=True)
class FileStatus:
    """What was found of one file: ``detail`` says it in words, path included."""

    name: str
    state: Literal["ok", "missing", "wrong", "unreadable"]
    path: Path | None
    detail: str


def find_file(file: DataFile, folder: Path) -> tuple[FileStatus, bytes | None]:
    """Look for ``file`` in ``folder``, plain or as ``.gz``, and check it.

    Returns:
        What was found, and the decompressed bytes when they are the right ones. Nothing is changed on the
        disk.
    """
    fault: FileStatus | None = None
    for path in (folder / file.name, folder / f"{file.name}.gz"):
        state: Literal["wrong", "unreadable"] = "wrong"
        # Not path.is_file(): a folder that may not be entered should be named, not pass for an empty one.
        try:
            content = read_plain(path, limit=file.size + 1)
            problem = file.problem(content)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            state, problem = "unreadable", f"cannot be read ({error.strerror or error})"
        except DatasetError as error:
            problem = str(error).removeprefix(f"{path}: ").removesuffix("; fetch it again.")
        if problem is None:
            detail = f"{path}: SHA-256 {file.sha256[:12]}… as expected"
            return FileStatus(file.name, "ok", path, detail), content
        fault = fault or FileStatus(file.name, state, path, f"{path}: {problem}")
    if fault is not None:
        return fault, None
    return FileStatus(file.name, "missing", None, f"{folder} has no {file.name}[.gz]"), None


def set_aside(path: Path) -> Path | None:
    """Rename a wrong file to ``*.corrupt`` (over an older one) and return the new path, or None if it stays.

    Another process may have done so already, or have stored the right file since. Neither matters: whoever
    sets a file aside goes on to store the right one.
    """
    aside = path.with_name(f"{path.name}.corrupt")
    try:
        os.replace(path, aside)
    except FileNotFoundError:
        return aside if aside.exists() else None
    except OSError:
        return None
    return aside
