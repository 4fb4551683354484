from __future__ import annotations

from pathlib import Path

import pytest

from scratchnet.datasets import fashion_mnist
from scratchnet.datasets.files import FILES, FileStatus
from scratchnet.datasets.sources import SourceReport
from scratchnet.errors import DatasetError
from tests.cli.conftest import Command


def report(source: str, *states: str) -> SourceReport:
    files = tuple(
        FileStatus(file.name, state, Path("/d", file.name), f"/d/{file.name}: it is {state}")  # type: ignore[arg-type]
        for file, state in zip(FILES, states)
    )
    return SourceReport(source, Path("/d"), files, "what it said")


OK = report("cache", *["ok"] * 4)
NOTHING = report("Keras's cache", *["missing"] * 4)


def test_where_prints_the_folder_and_nothing_else(scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fashion_mnist, "locate", lambda: OK)
    assert scratchnet_command("data", "where") == (0, "/d\n", "")
    monkeypatch.setattr(fashion_mnist, "locate", lambda: None)
    result = scratchnet_command("data", "where")
    assert (result.code, result.out) == (1, "")
    assert "scratchnet data fetch" in result.err


def test_fetch_says_where_the_data_came_from(scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fashion_mnist, "fetch", lambda: OK)
    assert scratchnet_command("data", "fetch").out == "Fashion-MNIST is here (cache): what it said.\n"


def test_fetch_in_vain_prints_what_was_tried(scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DatasetError("Tried, in this order:\n  cache: [nothing] there")

    monkeypatch.setattr(fashion_mnist, "fetch", fail)
    assert scratchnet_command("data", "fetch") == (1, "", "Error: Tried, in this order:\n  cache: [nothing] there\n")


@pytest.mark.parametrize(
    ("reports", "code", "message"),
    [
        ([OK, NOTHING], 0, ""),
        ([NOTHING], 1, "No place has all four files: scratchnet data fetch gets them."),
        ([report("cache", "ok", "ok", "ok", "missing")], 1, "No place has all four files"),
        ([OK, report("Keras's cache", "ok", "wrong", "ok", "ok")], 1, "1 of the files found cannot be used"),
        ([report("cache", "unreadable", "wrong", "ok", "ok")], 1, "2 of the files found cannot be used"),
    ],
)
def test_verify_is_content_only_when_one_place_is_whole_and_none_is_wrong(
    scratchnet_command: Command,
    monkeypatch: pytest.MonkeyPatch,
    reports: list[SourceReport],
    code: int,
    message: str,
) -> None:
    monkeypatch.setattr(fashion_mnist, "verify", lambda folder: reports)
    result = scratchnet_command("data", "verify")
    assert result.code == code
    assert message in result.err
    for one in reports:
        assert f"{one.source}  /d" in result.out
        for file in one.files:
            assert (f"{file.name}: it is {file.state}" in result.out) == (
                file.state != "missing" or one is not reports[0]
            ) or (file.state == "missing")


def test_verify_looks_at_the_folder_named(scratchnet_command: Command, tmp_path: Path) -> None:
    for file in FILES:
        (tmp_path / file.name).write_bytes(b"short")
    result = scratchnet_command("data", "verify", tmp_path)
    assert result.code == 1
    assert result.out.count("wrong ") == 4
    assert "expected 47,040,016 bytes decompressed, found 5" in result.out
    empty = tmp_path / "empty"
    empty.mkdir()
    assert f"{empty} does not hold all four files" in scratchnet_command("data", "verify", empty).err
