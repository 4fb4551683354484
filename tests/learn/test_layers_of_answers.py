"""A learner's function in a layer of the library: right ones make a right layer, wrong ones are named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scratchnet.learn.catalogue import EXERCISES
from scratchnet.learn.exercises.convolution import _conv, add_back, cut
from scratchnet.learn.exercises.pooling import _from_windows, _windows
from scratchnet.learn.mistakes import subject
from scratchnet.learn.namespace import Namespace
from scratchnet.learn.naming import name as name_of
from scratchnet.learn.running import right_signature, signature
from scratchnet.learn.signatures import differing
from tests.learn.test_exercises import ways

WITH_LAYERS = [name for name, exercise in EXERCISES.items() if exercise.naming is not None]


def asked(exercise: str, **names: Any) -> str | None:
    naming = EXERCISES[exercise].naming
    assert naming is not None
    said = naming(Namespace(names))
    return said["name"] if said is not None else None


@pytest.mark.parametrize("name", WITH_LAYERS)
def test_right_functions_make_no_mistake(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr("scratchnet.learn.naming.name", lambda kind, cls: seen.append((kind, cls)))
    for way in [EXERCISES[name].solution, *(way for _, way in ways("right", name))]:
        names: dict[str, Any] = {}
        exec(way, names)
        assert asked(name, **names) is None
    monkeypatch.undo()
    for kind, candidate in seen:
        assert name_of(kind, candidate) is None
        within = subject(kind)
        assert differing(signature(within, candidate), right_signature(within)) == []


@pytest.mark.parametrize(
    ("exercise", "names", "mistake"),
    [
        ("dense-dw", {"dkernel": lambda x, dz: x.T @ dz / len(x)}, "kernel-gradient-is-a-mean"),
        ("dense-dw", {"dkernel": lambda x, dz: x.T @ dz * len(x)}, "kernel-gradient-times-batch"),
        ("dense-db", {"dbias": lambda dz: dz.mean(axis=0)}, "bias-gradient-is-a-mean"),
        ("dense-db", {"dbias": lambda dz: 2 * dz.sum(axis=0)}, "bias-doubled"),
        ("dense-dx", {"dx": lambda dz, kernel: -dz @ kernel.T}, "sign-turned"),
        ("conv2d-backward", {"backward": _conv(kernel_for_dx=lambda k: k[::-1, ::-1])}, "kernel-flipped-for-dx"),
        (
            "conv2d-backward",
            {"backward": _conv(dkernel=lambda right, dz, N: right[::-1, ::-1].copy())},
            "kernel-gradient-flipped",
        ),
    ],
)
def test_the_catalogue_names_what_it_knows(exercise: str, names: dict[str, Any], mistake: str) -> None:
    assert asked(exercise, **names) == mistake


def test_two_mistakes_at_once_are_named_as_a_pair() -> None:
    both = _conv(dkernel=lambda right, dz, N: right[::-1, ::-1].copy(), kernel_for_dx=lambda k: k[::-1, ::-1])
    said = asked("conv2d-backward", backward=both)
    assert said is not None
    assert set(said.split(" + ")) == {"kernel-gradient-flipped", "kernel-flipped-for-dx"}


def test_what_it_does_not_know_it_does_not_name() -> None:
    assert asked("dense-db", dbias=lambda dz: 1.01 * dz.sum(axis=0)) is None
    assert asked("dense-db", dbias=lambda dz: 1 / 0) is None


def test_windows_and_back() -> None:
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 3))
    assert np.array_equal(_from_windows(_windows(x), 5, 4)[:, :4], x[:, :4])
    assert add_back(np.ones_like(cut(x, 2, 2)), 5, 4).max() == 4
