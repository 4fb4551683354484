"""The cache: whole files or none, also when two processes start at once or one is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scratchnet.datasets import fashion_mnist, files

CHILD = """
import sys, warnings
sys.path[:0] = [{tests!r}, {project!r}]
import conftest
from scratchnet.datasets import apt, download, fashion_mnist, sources
from pathlib import Path
sources.FILES = fashion_mnist.FILES = conftest.tiny_files()
sources.DEBIAN_FOLDER = Path({nowhere!r})
apt.available = lambda: False
download.MIRRORS = ({mirror!r},)
warnings.simplefilter("ignore")
(x, y), _ = fashion_mnist.load_data()
print(x.shape, int(x.sum()))
"""


def start(machine, mirror) -> subprocess.Popen[str]:
    code = CHILD.format(
        tests=str(Path(__file__).parent),
        project=str(Path(files.__file__).parents[2]),
        nowhere=str(machine.debian),
        mirror=mirror.url,
    )
    return subprocess.Popen([sys.executable, "-c", code], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("cache", ["empty", "corrupt"])
def test_two_processes_that_start_at_once_both_succeed(machine, mirror, cache: str) -> None:
    if cache == "corrupt":
        machine.fill(machine.cache)
        for path in machine.cache.iterdir():
            path.write_bytes(b"<html>")
    # The server answers neither until both have asked, so that both are in the middle of it together.
    both = threading.Barrier(2)
    first = "/train-images-idx3-ubyte.gz"
    answers = mirror.answers

    class Together(dict):
        def get(self, path, default=None):
            if path == first:
                both.wait(60)
            return answers.get(path, default)

    mirror.answers = Together()
    children = [start(machine, mirror) for _ in range(2)]
    outcomes = [(*child.communicate(timeout=120), child.returncode) for child in children]

    pixels = sum(machine.content["train-images-idx3-ubyte"][16:])
    for out, err, code in outcomes:
        assert (code, out) == (0, f"(20, 28, 28) {pixels}\n"), err
    assert mirror.asked.count(first) == 2
    assert fashion_mnist.locate().source == "cache"
    assert list(machine.cache.glob(".*")) == []


def test_a_file_that_another_process_set_aside_counts_as_set_aside(tmp_path: Path) -> None:
    (tmp_path / "file.corrupt").write_bytes(b"<html>")
    assert files.set_aside(tmp_path / "file") == tmp_path / "file.corrupt"


def test_a_file_that_cannot_be_renamed_stays(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").write_bytes(b"<html>")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    assert files.set_aside(tmp_path / "file") is None
    assert (tmp_path / "file").exists()
