"""The exercise that is watched is checked whenever its file is saved, at whatever moment that is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scratchnet.learn.catalogue import EXERCISES
from scratchnet.learn.folder import Folder, start
from scratchnet.learn.report import Report
from scratchnet.learn.watching import Watch


@pytest.mark.parametrize("poll", [False, True])
@pytest.mark.parametrize("moment", ["during the check", "after a hint"])
def test_a_save_is_never_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, poll: bool, moment: str) -> None:
    start(tmp_path / "mine")
    folder = Folder(tmp_path / "mine")
    reading, writing = os.pipe()
    reports = []

    def save() -> None:
        folder.file("chain").write_text(EXERCISES["chain"].solution, encoding="utf-8")

    def show(_: Folder, report: Report) -> None:
        reports.append(report.passed)
        if report.passed:
            os.close(writing)  # the end of standard input is the end of watching
        elif moment == "during the check":
            save()
        else:
            os.write(writing, b"h\n")

    def tell(said: str) -> None:
        if said.startswith("Hint"):
            save()

    with os.fdopen(reading) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        Watch(folder, show, tell, poll).run()
    assert reports == [False, True]
