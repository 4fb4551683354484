"""The progress file and the folder: nothing of the learner's is lost, whatever becomes of them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from scratchnet.learn import progress
from scratchnet.learn.catalogue import EXERCISES, NAMES
from scratchnet.learn.folder import Folder, LearnError, nearest, start
from scratchnet.learn.hinting import may_see_solution, next_hint
from scratchnet.learn.progress import FILE, ProgressError
from scratchnet.learn.report import Mistake, Report

PASSED = Report("chain", ["runs"], True)
MISTAKEN = Report("chain", ["runs", "values"], mistake=Mistake("sign-turned", "The sign.", ("a", "b", "c")))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return start(tmp_path / "mine")[0]


def test_start_writes_every_exercise_and_a_progress_file(folder: Folder) -> None:
    assert [folder.file(name).read_text(encoding="utf-8") for name in NAMES] == [e.stub for e in EXERCISES.values()]
    assert json.loads((folder.path / FILE).read_text())["exercises"] == {}
    assert folder.current() == "chain"


def test_start_again_writes_only_what_is_missing(folder: Folder) -> None:
    folder.file("chain").write_text("mine")
    folder.file("adam").unlink()
    folder.progress.record(PASSED)
    again, count = start(folder.path)
    assert count == 1
    assert folder.file("chain").read_text() == "mine"
    assert again.progress.passed("chain")


def test_a_file_with_another_number_is_found(folder: Folder) -> None:
    path = folder.file("relu")
    moved = path.rename(path.with_name("31-relu.py"))
    assert folder.file("relu") == moved
    assert start(folder.path)[1] == 0


def test_a_verdict_is_written_down_and_a_pass_stays(folder: Folder) -> None:
    for report in (MISTAKEN, MISTAKEN, PASSED, MISTAKEN):
        folder.progress.record(report)
    read = progress.read(folder.path)
    assert read.passed("chain")
    assert read.of("chain")["mistakes"] == {"sign-turned": 3}
    assert read.of("chain")["tries"] == 4


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"\xff\xfe", b"[]", b"{}", b'{"format": 1, "exercises": []}', b'{"exercises": {}}']
)
def test_a_damaged_file_is_set_aside(folder: Folder, damage: bytes) -> None:
    path = folder.path / FILE
    for count in ("", "-2"):
        path.write_bytes(damage)
        read = progress.read(folder.path)
        assert read.aside == folder.path / f"{FILE}.damaged{count}"
        assert read.aside.read_bytes() == damage
        assert not read.passed("chain")


def test_a_newer_format_is_refused_and_left(folder: Folder) -> None:
    text = '{"what": "scratchnet learn", "format": 99, "exercises": {}}'
    (folder.path / FILE).write_text(text)
    with pytest.raises(ProgressError, match="newer"):
        Folder(folder.path)
    assert (folder.path / FILE).read_text() == text


def test_what_it_does_not_know_is_kept(folder: Folder) -> None:
    exercises = {"chain": {"passed": "2026-01-02", "mood": "good"}, "lstm": {"passed": "x"}}
    content = {"format": 1, "exercises": exercises, "more": 1}
    (folder.path / FILE).write_text(json.dumps(content))
    read = progress.read(folder.path)
    read.record(PASSED)
    written = json.loads((folder.path / FILE).read_text())
    assert written["more"] == 1
    assert written["exercises"]["lstm"] == {"passed": "x"}
    assert written["exercises"]["chain"]["mood"] == "good"
    assert written["exercises"]["chain"]["passed"] == "2026-01-02"


def test_reset_keeps_a_copy_each_time(folder: Folder) -> None:
    assert folder.reset("chain") is None
    for count in (1, 2):
        folder.file("chain").write_text(f"mine {count}")
        copy = folder.reset("chain")
        assert copy == folder.path / "kept" / f"chain-{count}.py"
        assert copy.read_text() == f"mine {count}"
    assert folder.file("chain").read_text(encoding="utf-8") == EXERCISES["chain"].stub


def test_a_cell_replaces_a_cell_and_keeps_what_an_editor_wrote(folder: Folder) -> None:
    folder.write("chain", "cell 1")
    folder.write("chain", "cell 2")
    assert not (folder.path / "kept").exists()
    folder.file("chain").write_text("by an editor")
    folder.write("chain", "cell 3")
    assert (folder.path / "kept" / "chain-1.py").read_text() == "by an editor"
    assert folder.file("chain").read_text() == "cell 3"


def test_export_has_files_and_progress_and_overwrites_nothing(folder: Folder, tmp_path: Path) -> None:
    target = tmp_path / "mine.zip"
    folder.export(target)
    with zipfile.ZipFile(target) as archive:
        assert set(archive.namelist()) == {FILE, *(folder.file(name).name for name in NAMES)}
    with pytest.raises(LearnError, match="there already"):
        folder.export(target)


def test_the_folder_is_found_from_within_and_from_above(folder: Folder, tmp_path: Path) -> None:
    (folder.path / "deeper").mkdir()
    assert nearest(folder.path / "deeper").path == folder.path
    assert nearest(tmp_path).path == folder.path
    start(tmp_path / "other")
    with pytest.raises(LearnError, match="several"):
        nearest(tmp_path)


def test_without_a_folder_it_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(LearnError, match="learn start"):
        nearest(tmp_path)


def test_hints_are_those_of_the_mistake_if_one_was_named(folder: Folder) -> None:
    assert next_hint(folder, "chain") == (1, "a question", EXERCISES["chain"].hints[0])
    folder.progress.record(MISTAKEN)
    given = [next_hint(folder, "chain") for _ in range(4)]
    assert given == [(1, "a question", "a"), (2, "the sum", "b"), (3, "the operation", "c"), (3, "the operation", "c")]
    folder.progress.record(MISTAKEN)
    assert next_hint(folder, "chain")[0] == 3


def test_a_solution_is_shown_after_all_hints_and_the_name(folder: Folder) -> None:
    with pytest.raises(LearnError, match="3 hints are left"):
        may_see_solution(folder, "chain", "chain")
    for _ in range(3):
        next_hint(folder, "chain")
    with pytest.raises(LearnError, match="Not shown"):
        may_see_solution(folder, "chain", "yes")
    may_see_solution(folder, "chain", "chain")


def test_a_solution_is_shown_after_passing(folder: Folder) -> None:
    folder.progress.record(PASSED)
    may_see_solution(folder, "chain", None)
