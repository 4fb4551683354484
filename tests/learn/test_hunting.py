"""The bug hunt: each planted mistake trains, as the learner is told; what is in her file is what is planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scratchnet.datasets.mini import load_mini
from scratchnet.learn.catalogue import EXERCISES
from scratchnet.learn.exercises.hunting import backpropagated, start
from scratchnet.learn.grading import grade
from tests.learn.trusted import Trusted

ROUNDS = {1: "gate-forgotten", 2: "divided-twice", 3: "constants"}


def losses(round: int, bug: str, epochs: int = 2) -> list[float]:
    """Return the losses of training as the stub says: 2,000 images, batches of 50, a rate of 0.1."""
    mini, random = load_mini(), np.random.default_rng(0)
    x, labels = mini["x_train"][:2000].reshape(2000, -1) / 255.0, mini["y_train"][:2000].astype(int)
    params = start(random, 784, 32, 10, normalized=round == 3)
    seen = []
    for _ in range(epochs):
        order = random.permutation(2000).reshape(-1, 50)
        for batch in order:
            loss, gradients = backpropagated(params, x[batch], labels[batch], round == 3, bug)
            seen.append(float(loss))
            for name, gradient in gradients.items():
                params[name] = params[name] - 0.1 * gradient
    return seen


@pytest.mark.parametrize("round", ROUNDS)
def test_the_planted_mistake_trains(round: int) -> None:
    seen = losses(round, ROUNDS[round])
    assert np.mean(seen[-10:]) < 0.8 * np.mean(seen[:10])


@pytest.mark.parametrize("round", ROUNDS)
def test_without_the_mistake_it_trains_too(round: int) -> None:
    seen = losses(round, "")
    assert np.mean(seen[-10:]) < 0.6 * np.mean(seen[:10])


def test_the_file_has_the_planted_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "bug-hunt.py"
    path.write_text(EXERCISES["bug-hunt"].stub, encoding="utf-8")
    report = grade(path, "bug-hunt", sandbox=Trusted)
    assert report.mistake is not None
    assert report.mistake.name == "all-three-left"
    assert report.stages[-1] == "gradients"
