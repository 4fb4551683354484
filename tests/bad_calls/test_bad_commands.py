"""Every command of ``commands.txt`` ends with its exit code and one sentence, and writes nothing."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

import scratchnet
from scratchnet import cli
from tests.bad_calls import setting

LINES = Path(__file__).with_name("commands.txt").read_text(encoding="utf-8").partition("\n\n")[2].splitlines()
ROWS = [
    pytest.param(command, *said.strip().split(": ", 1), id=f"{number}")
    for number, (command, said) in enumerate(zip(LINES[::2], LINES[1::2], strict=True))
]


@pytest.fixture(scope="module", autouse=True)
def _among_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before, backend = Path.cwd(), scratchnet.config.backend()
    os.chdir(tmp_path_factory.mktemp("files"))
    scratchnet.config.set_backend("numpy")
    setting.make_files()
    setting.make_command_files()
    yield
    os.chdir(before)
    scratchnet.config.set_backend(backend)


@pytest.mark.parametrize(("command", "code", "sentence"), ROWS)
def test_ends_with_its_code_and_one_sentence(
    command: str, code: str, sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("SCRATCHNET_TRACEBACK", raising=False)
    scratchnet.config.set_backend("numpy")
    listing = sorted(os.listdir())
    assert cli.run(shlex.split(command)) == int(code)
    err = capsys.readouterr().err.removesuffix("\n")
    assert err.startswith("Error: ")
    assert "\n" not in err
    assert sentence in err  # of what typer says there is only what no version of it says otherwise
    assert sorted(os.listdir()) == listing
