from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from benchmarks import machine, side_by_side
from benchmarks.contenders import Contender
from benchmarks.data import Images
from benchmarks.processes import WorkerError
from benchmarks.session import Session


@pytest.fixture
def images() -> Images:
    """320 blank images."""
    x, y = np.zeros((320, 28, 28), np.float32), np.zeros(320, np.uint8)
    return Images(x, y, x[:20], y[:20], "blank images")


@pytest.fixture
def in_this_process(monkeypatch, images):
    """Workers are no processes, which take seconds to start, but sessions here."""

    class Here:
        alive = True

        def __init__(self, contender: Contender, threads: int | None = None) -> None:
            self.contender = contender
            self.session = Session(importlib.import_module(contender.module).create(contender.mode), images)

        def __enter__(self):
            return self

        def __exit__(self, *error: object) -> None:
            self.close()

        def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
            answer = self.session.answer({"do": do, **arguments})
            if "error" in answer:
                raise WorkerError(answer["error"])
            return answer

        def close(self) -> None:
            self.alive = False

    monkeypatch.setattr(side_by_side, "WorkerProcess", Here)
    monkeypatch.setattr(machine, "busy_cores", lambda: 0.0)  # to find out takes a third of a second, each time
    return Here
