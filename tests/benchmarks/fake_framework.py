"""A framework that costs nothing, to test the workers with; its modes are the ways in which frameworks misbehave."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import numpy as np

from benchmarks.frameworks.base import Framework, StepClock


def create(mode: str) -> Framework:
    if mode == "spinning":
        threading.Thread(target=_spin, daemon=True).start()
    return Fake(mode)


def _spin() -> None:
    while True:
        pass


class Fake(Framework):
    def __init__(self, mode: str = "") -> None:
        self.mode = mode
        self.steps_taken: list[int] = []

    def versions(self) -> dict[str, str]:
        return {"fake": "1"}

    def model(self, network: str, rescaling: bool = False) -> Any:
        return {"network": network}

    def parameters(self, model: Any) -> int:
        return 9 if self.mode == "smaller" else 10

    def set_weights(self, model: Any, weights: dict[str, list[Any]]) -> None:
        pass

    def data(self, x: Any, y: Any, network: str) -> tuple[Any, Any]:
        return x, y

    def fit(self, model: Any, x: Any, y: Any, batch_size: int, clock: StepClock) -> None:
        for step in range(0, len(x) // batch_size + 1, self.step_multiple()):
            clock.on_train_batch_begin(step)
            if clock.ended:
                self.steps_taken.append(step)
                return

    def evaluate(self, model: Any, x: Any, y: Any, batch_size: int | None) -> tuple[float, float]:
        return 0.5, 0.9

    def predict(self, model: Any, x: Any) -> Any:
        return np.full((len(x), 10), 0.1)

    def save(self, model: Any, path: str) -> str:
        with open(path, "wb") as file:
            file.write(bytes(123))
        return path

    def step_multiple(self) -> int:
        return 16 if self.mode == "sixteen" else 1

    def threads(self) -> dict[str, Any]:
        if self.mode == "noisy":
            print("a banner on standard output")
            os.write(1, b"and another\n")
        if self.mode == "raising":
            raise ValueError("no such thing\nas a second line")
        if self.mode == "dying":
            print("out of luck", file=sys.stderr)
            os._exit(3)
        if self.mode == "hanging":
            threading.Event().wait()
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        return {"cores": cores, "variable": os.environ.get("OMP_NUM_THREADS")}
