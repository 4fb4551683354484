"""Naming: code that learners write is told by what it does, whatever it looks like, and nothing is ever guessed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scratchnet import layers, losses, optimizers
from scratchnet.learn.mistakes import Mistake, dense, subject, subjects
from scratchnet.learn.mistakes.mistake import SUBJECTS, register
from scratchnet.learn.naming import name
from scratchnet.learn.running import right_signature, signature
from scratchnet.learn.signatures import differing
from scratchnet.utils.random import global_state
from tests.learn import written

ALL = [mistake for within in subjects() for mistake in within.mistakes.values()]


@pytest.mark.parametrize("mistake", ALL, ids=lambda m: f"{m.subject}/{m.name}")
def test_every_mistake_is_named(mistake: Mistake) -> None:
    naming = name(mistake.subject, mistake.wrong)
    assert naming is not None
    assert naming.mistakes == (mistake,)
    assert naming.sentence == mistake.sentence


@pytest.mark.parametrize(
    ("kind", "candidate", "names"),
    [
        ("dense", written.LoopsMeanBias, ["bias-gradient-is-a-mean"]),
        ("dense", written.LoopsTransposed, ["kernel-gradient-transposed"]),
        ("dense", written.LoopsOverUnits, ["bias-summed-over-units"]),
        ("dense", written.LoopsUntransposed, ["input-gradient-untransposed"]),
        ("dense", written.LoopsWithoutSlope, ["activation-forgotten"]),
        ("dense", written.LoopsLastSampleLost, ["last-sample-dropped"]),
        ("dense", written.LoopsMeanTwice, ["bias-gradient-is-a-mean", "kernel-gradient-is-a-mean"]),
        ("conv2d", written.ConvolvedMeanBias, ["mean-over-places"]),
        ("conv2d", written.ConvolvedOneImage, ["bias-of-one-image"]),
        ("max_pooling2d", written.PooledEveryTie, ["pays-every-tie"]),
        ("max_pooling2d", written.PooledLast, ["pays-the-last"]),
        ("softmax", written.SoftmaxedDiagonal, ["softmax-without-off-diagonal"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_mistake_is_named_however_the_code_is_written(kind: str, candidate: Any, names: list[str]) -> None:
    naming = name(kind, candidate)
    assert naming is not None
    assert sorted(mistake.name for mistake in naming.mistakes) == names


@pytest.mark.parametrize(
    ("kind", "candidate"),
    [
        ("dense", layers.Dense),
        ("dense", written.Loops),
        ("conv2d", layers.Conv2D),
        ("conv2d", written.Convolved),
        ("max_pooling2d", layers.MaxPooling2D),
        ("max_pooling2d", written.Pooled),
        ("softmax", written.Softmaxed),
        ("batch_normalization", layers.BatchNormalization),
        ("softmax_cross_entropy", losses.SparseCategoricalCrossentropy),
        ("adam", optimizers.Adam),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_right_code_is_never_named(kind: str, candidate: Any) -> None:
    within = subject(kind)
    assert differing(signature(within, candidate), right_signature(within)) == []
    assert name(kind, candidate) is None


@settings(max_examples=20, deadline=None)
@given(factor=st.floats(0.1, 4), part=st.sampled_from(["dkernel", "dbias", "dx"]))
def test_a_factor_that_no_mistake_has_is_not_named(factor: float, part: str) -> None:
    assume(min(abs(factor - known) for known in (1, 1.001, 2)) > 1e-6)
    right = getattr(dense.Parts, part)
    candidate = type("Scaled", (dense.Parts,), {part: lambda self, dz: right(self, dz) * factor})
    assert name("dense", candidate) is None


def test_a_known_mistake_beside_an_unknown_one_is_not_named() -> None:
    class Both(dense.BiasGradientIsAMean):
        def dx(self, dz: Any) -> Any:
            return 3.3 * super().dx(dz)

    assert name("dense", Both) is None


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("dbias", lambda self, dz: dz.cumsum(axis=0)),
        ("dbias", lambda self, dz: dz.max(axis=1)),
        ("dkernel", lambda self, dz: dz.T @ dz),
        ("dx", lambda self, dz: dz),
    ],
)
def test_a_wrong_shape_alone_says_too_little_to_name_a_mistake(part: str, wrong: Any) -> None:
    assert name("dense", type("Misfit", (dense.Parts,), {part: wrong})) is None


def test_code_that_raises_is_not_named() -> None:
    class Raises(dense.BiasGradientIsAMean):
        def dx(self, dz: Any) -> Any:
            raise KeyError("kernel")

    assert name("dense", Raises) is None
    assert name("dense", lambda *arguments, **options: None) is None


def test_plain_functions_are_named_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUBJECTS, "dw", None)
    del SUBJECTS["dw"]
    x, dz = np.arange(6.0).reshape(3, 2), np.array([1.0, -2.0, 4.0])

    def mistake(title: str, wrong: Any) -> Mistake:
        return Mistake(title, "dw", f"{title}.", "Why?", "Σ", "@", wrong)

    register(
        "dw",
        lambda candidate: {"dw": np.asarray(candidate(x.copy(), dz.copy()))},
        lambda x, dz: x.T @ dz,
        [mistake("mean", lambda x, dz: x.T @ dz / len(x)), mistake("sum", lambda x, dz: x.sum(axis=0))],
    )
    naming = name("dw", lambda x, dz: np.array([np.dot(x[:, 0], dz), np.dot(x[:, 1], dz)]) / 3)
    assert naming is not None
    assert naming.mistakes[0].name == "mean"
    assert name("dw", lambda x, dz: (x * dz[:, None]).sum(axis=0)) is None
    assert name("dw", lambda x, dz: dz) is None


def test_what_fits_two_mistakes_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUBJECTS, "twins", None)
    del SUBJECTS["twins"]
    wrong = [Mistake(title, "twins", "s.", "q?", "Σ", "@", lambda: 2.0) for title in ("one", "other")]
    register("twins", lambda candidate: {"y": np.array(candidate())}, lambda: 1.0, wrong)
    assert name("twins", lambda: 2.0) is None


def test_random_numbers_of_the_caller_go_on_as_before() -> None:
    before = global_state()
    name("dropout", layers.Dropout)
    name("dense", written.LoopsMeanBias)
    assert global_state() == before
