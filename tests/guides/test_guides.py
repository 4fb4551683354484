"""The programs of Keras's first guides run here with nothing changed but their import, and come to the same.

How near, was measured, in float64, the order of the samples equal, nothing random in the model: most programs agree to
1e-15 in every loss, metric and prediction, to the end of their training. Where Keras rounds a number that a program
gave, the momentum, a penalty or the scale of pixels, to float32 on its way, they are 2e-7 apart at worst. ``SAME`` is
1e-6; a shortcut with half its slope, planted below, is 1e-3.

Where a model has dropout, noise or augmentation, each library draws its own numbers, and the losses in training cannot
be compared. Its inference is, before training, to ``SAME``; and the accuracy after training, within three standard
errors of the difference of two accuracies p measured on n samples each, 3·√(2p(1 - p)/n): 0.06 for p = 0.7, n = 1000.
Such a check says something only of a model that has learnt: each accuracy has to be three standard errors better than
the best answer that is the same for all samples.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import scratchnet
from scratchnet.layers import Add
from tests.guides.both_sides import PROGRAMS, Event, run_both, with_the_import_swapped

SAME = 1e-6
KERAS_FORGETS = {"transfer_learning": 4}
"""From which call on Keras trains in another mode than its guide says: it forgets the ``training=False`` with which the
base was called, so that its batch statistics count in training (docs/keras-differences.md)."""


@pytest.mark.parametrize("name", sorted(path.stem for path in PROGRAMS.glob("*.py")))
def test_program_of_a_guide(name: str, tmp_path: Path) -> None:
    ours, theirs = run_both(name, tmp_path)
    assert [event.where for event in ours] == [event.where for event in theirs]
    for number, (our, their) in enumerate(zip(ours, theirs)):
        compare(our, their, only_accuracies=our.random or number >= KERAS_FORGETS.get(name, math.inf))


def compare(our: Event, their: Event, only_accuracies: bool) -> None:
    where = our.where
    assert our.weights == their.weights, where
    assert our.text == their.text, where
    assert our.before.keys() == their.before.keys(), where
    if not (our.random and our.trained_before):
        assert our.before == pytest.approx(their.before, rel=SAME), f"{where}: before its first step"
    assert len(our.steps) == len(their.steps), where
    assert our.logs.keys() == their.logs.keys(), where
    assert [a.shape for a in our.outputs] == [b.shape for b in their.outputs], where
    check_that_it_learnt(their)
    if only_accuracies:
        compare_accuracies(our, their)
    else:
        compare_numbers(our, their)


def check_that_it_learnt(event: Event) -> None:
    p, n = event.one_answer, event.samples
    for key in accuracies(event) if not math.isnan(p) else ():
        assert event.logs[key][0] > p + 3 * math.sqrt(p * (1 - p) / n), f"{event.where}: {key} says nothing"


def accuracies(event: Event) -> list[str]:
    return [key for key in event.logs if "acc" in key] if event.kind == "evaluate" else []


def compare_numbers(our: Event, their: Event) -> None:
    for step, (a, b) in enumerate(zip(our.steps, their.steps)):
        assert a == pytest.approx(b, rel=SAME), f"{our.where}: loss of step {step}"
    for key, values in their.logs.items():
        assert our.logs[key] == pytest.approx(values, rel=SAME), f"{our.where}: {key}"
    for a, b in zip(our.outputs, their.outputs):
        assert np.linalg.norm(a - b) <= SAME * np.linalg.norm(b), our.where


def compare_accuracies(our: Event, their: Event) -> None:
    for key in accuracies(their):
        p, q, n = their.logs[key][0], our.logs[key][0], our.samples
        assert abs(p - q) <= 3 * math.sqrt(2 * p * (1 - p) / n), f"{our.where}: {key} {q} instead of {p}"


def test_only_the_import_is_changed() -> None:
    for path in PROGRAMS.glob("*.py"):
        before = path.read_text(encoding="utf-8").splitlines()
        after = with_the_import_swapped("\n".join(before)).splitlines()
        changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
        assert changed, path
        assert all(
            "import" in a and b.replace("scratchnet", "keras") in (a, "import keras as keras") for a, b in changed
        )


def test_a_shortcut_with_half_its_slope_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Add, "backward", lambda self, dy: [dy.copy(), dy / 2])
    ours, theirs = run_both("residual_mlp", tmp_path)
    (our, their), *_ = ((a, b) for a, b in zip(ours, theirs) if a.kind == "fit")
    with pytest.raises(AssertionError, match="loss of step"):
        compare_numbers(our, their)


def test_other_weights_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratchnet.layers.Dense, "build", lambda self, shape: self.add_weight("kernel", (shape[-1], 1)))
    with pytest.raises(AssertionError, match=r"Keras drew .* where scratchnet draws"):
        run_both("residual_mlp", tmp_path)
