"""The command line in this process: its exit code, stdout and stderr; and two networks trained by it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import scratchnet
from scratchnet import cli


class Result(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _fresh_session: None) -> Path:
    """Run each test in an empty folder, without kernels, with a wide terminal and without colours."""
    scratchnet.config.set_backend("numpy")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("SCRATCHNET_TRACEBACK", raising=False)
    return tmp_path


@pytest.fixture
def scratchnet_command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``scratchnet <arguments>``, with its error handling, in this process."""

    def command(*arguments: object) -> Result:
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        code = cli.run([str(argument) for argument in arguments])
        for number, handler in before.items():
            signal.signal(number, handler)  # a command that was stopped hears no more
        return Result(code, *capsys.readouterr())

    return command


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The run folders of an mlp and a cnn, trained for a moment on the embedded subset."""
    home, before = tmp_path_factory.mktemp("trained"), Path.cwd()
    backend = scratchnet.config.backend()
    scratchnet.config.set_backend("numpy")
    os.chdir(home)
    try:
        assert cli.run(["train", "mlp", "--mini", "--samples", "320", "-e", "2", "-o", "an-mlp"]) == 0
        assert cli.run(["train", "cnn", "--mini", "--samples", "64", "-e", "1", "-o", "a-cnn"]) == 0
    finally:
        os.chdir(before)
        scratchnet.config.set_backend(backend)
    return {"mlp": home / "an-mlp", "cnn": home / "a-cnn"}
