"""A file that is signed, and describes no model that could be as it says, is refused: what loads works."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet import layers
from scratchnet.errors import ModelFileError
from scratchnet.saving import read_notes, save_model
from scratchnet.saving.agreement import expect_same
from scratchnet.saving.training_state import read_training_state, training_snapshot
from tests.fuzz.limits import bounded

Edit = Callable[[Any, Any], Any]


@pytest.fixture
def two_outputs() -> Any:
    """A compiled model with a layer of each kind that a stranger's file may lie about."""
    image = sn.Input((4, 4, 1), name="image")
    x = layers.BatchNormalization(axis=-1, name="norm")(layers.Conv2D(2, 3, name="conv")(image))
    flat = layers.Flatten(name="flat")(layers.ReLU(name="relu")(x))
    outputs = [layers.Dense(2, name="a")(flat), layers.Dense(1, name="b")(flat)]
    model = sn.Model(image, outputs, name="stranger")
    model.compile(sn.optimizers.Adam(), ["mse", "mae"], [["mae"], []], loss_weights=[1, 2])
    return model


def layer(head: Any, name: str) -> Any:
    return next(each for each in head["model"]["layers"] if each["name"] == name)


EDITS: dict[str, Edit] = {
    "an axis out of range": lambda h, t: layer(h, "norm")["config"].update(axis=-1_000_000),
    "a list for a metric's name": lambda h, t: h["compiled"]["targets"][0]["metrics"][0]["config"].update(name=["x"]),
    "four million units": lambda h, t: layer(h, "a")["config"].update(units=4_000_000),
    "more units than there are numbers": lambda h, t: layer(h, "a")["config"].update(units=10**30),
    "an object for a number": lambda h, t: layer(h, "relu")["config"].update(
        negative_slope={"!object": dict(layer(h, "conv"))}
    ),
    "a word for trainable": lambda h, t: layer(h, "conv").update(trainable="no"),
    "a number for trainable": lambda h, t: layer(h, "conv").update(trainable=1),
    "a word for the model's trainable": lambda h, t: h["model"].update(trainable="no"),
    "a number for the model's trainable": lambda h, t: h["model"].update(trainable=0),
    "a number for a layer's name": lambda h, t: layer(h, "relu").update(name=4),
    "two names of one layer": lambda h, t: layer(h, "relu")["config"].update(name="other"),
    "a name that a terminal obeys": lambda h, t: h["model"].update(name="\x1b[2J\n"),
    "a number for the model's name": lambda h, t: h["model"].update(name=7),
    "whole numbers where floats are computed": lambda h, t: layer(h, "relu").update(dtype="int32"),
    "a dtype that there is not": lambda h, t: layer(h, "relu").update(dtype="float8"),
    "an argument nobody asked for": lambda h, t: layer(h, "relu").update(colour="red"),
    "a word for a call's mode": lambda h, t: h["model"]["tensors"][2].append("yes"),
    "a layer that is frozen and not there": lambda h, t: h["model"]["frozen_inside"].append("relu/inner"),
    "an end that is not there": lambda h, t: h["model"].update(inputs=[17]),
    "a step that never was": lambda h, t: h["compiled"].update(iterations=-1),
    "more steps than can be counted": lambda h, t: h["compiled"].update(iterations=10**30),
    "true for the steps": lambda h, t: h["compiled"].update(iterations=True),
    "a loss for an output that is not there": lambda h, t: h["compiled"]["targets"][0].update(output="c"),
    "losses in another order": lambda h, t: h["compiled"]["targets"].reverse(),
    "one loss too few": lambda h, t: h["compiled"]["targets"].pop(),
    "no loss": lambda h, t: [target.update(loss=None) for target in h["compiled"]["targets"]],
    "a weight that is no number": lambda h, t: h["compiled"]["targets"][0].update(weight="1"),
    "a turn that is none": lambda h, t: h["compiled"]["targets"][0].update(turn=-1),
    "a loss of no reduction": lambda h, t: h["compiled"]["targets"][0]["loss"]["config"].update(reduction="none"),
    "variables in another order": lambda h, t: h["variables"].reverse(),
    "no variables": lambda h, t: h.update(variables=[]),
    "a number for a note": lambda h, t: h.update(notes={"network": 3}),
    "a list for the notes": lambda h, t: h.update(notes=[["network", "mlp"]]),
    "no version": lambda h, t: h.pop("scratchnet_version"),
    "a class that is a list": lambda h, t: layer(h, "relu").update({"class": ["ReLU"]}),
    "a class for a model that is a layer's": lambda h, t: h["model"].update({"class": "Dense"}),
}


@pytest.mark.parametrize("kind", EDITS)
def test_a_signed_file_that_makes_no_sense_is_refused(kind: str, two_outputs: Any, path: Path, rewrite: Any) -> None:
    two_outputs.save(path)
    rewrite(EDITS[kind])
    with bounded(60, 300), pytest.raises(ModelFileError) as caught:
        sn.load_model(path)
    assert str(caught.value).startswith(f"Cannot load {str(path)!r}: ")
    assert str(caught.value).isprintable()


def test_the_place_of_a_difference_is_named(two_outputs: Any, path: Path, rewrite: Any) -> None:
    two_outputs.save(path)
    rewrite(EDITS["an argument nobody asked for"])
    with pytest.raises(
        ModelFileError, match=r"at model, 'layers', 3, 'colour' it has 'red', of which the model makes nothing"
    ):
        sn.load_model(path)


@pytest.mark.parametrize(
    ("said", "made"), [({}, {"later": 1}), ([1, 2.0], (1.0, 2)), (float("nan"), float("nan")), ({"a": [{}]},) * 2]
)
def test_what_an_older_version_wrote_agrees(said: Any, made: Any) -> None:
    expect_same(said, made, "it")


@pytest.mark.parametrize(
    ("said", "made"),
    [({"a": 1}, {}), ([1], [1, 2]), (True, 1), (0, False), ("1", 1), (None, 0), ({}, []), ([{"a": 1}], [{"a": 2}])],
)
def test_what_differs_is_refused(said: Any, made: Any) -> None:
    with pytest.raises(ModelFileError, match="its description of the model makes no sense: at it"):
        expect_same(said, made, "it")


def test_what_a_users_class_says_of_itself_is_its_own_business(path: Path) -> None:
    class Counted(layers.Layer):
        made = 0

        def __init__(self, times: int = 0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            Counted.made += 1
            self.times = Counted.made

        def forward(self, x: Any, training: bool = False) -> Any:
            return x

        def get_config(self) -> Any:
            return super().get_config() | {"times": self.times}

    sn.Sequential([sn.Input((2,)), Counted()]).save(path)
    assert sn.load_model(path, {"Counted": Counted}).layers[0].times == 2


TRAININGS: dict[str, Any] = {
    "no run": {"run": None},
    "a list for the run": {"run": [1]},
    "an array that is not there": {"run": {"order": {"!array": 7}}},
    "an array that is a word": {"run": {"order": {"!array": ["x"]}}},
    "a word for the batches": {"batches": "3"},
    "fewer batches than none": {"batches": -1},
    "a rate that is no number": {"learning_rate": "1"},
    "an endless rate": {"learning_rate": float("inf")},
}


@pytest.mark.parametrize("kind", TRAININGS)
def test_a_training_that_makes_no_sense_is_refused(kind: str, small_model: Any, path: Path) -> None:
    snapshot = training_snapshot(small_model, {"epoch": 1, "order": np.arange(3)})
    path.write_bytes(replace(snapshot, content={**snapshot.content, **TRAININGS[kind]}).to_bytes())
    with pytest.raises(ModelFileError, match="its state of a training makes no sense"):
        read_training_state(small_model, str(path))


# Size, notes, versions, and numbers that are none ---------------------------------------------------------------------


def test_many_layers_are_no_trouble(path: Path, rewrite: Any) -> None:
    sn.Sequential([sn.Input((4,)), layers.ReLU(name="0")]).save(path)

    def repeat(head: Any, tensors: Any) -> None:
        one = json.dumps(head["model"]["layers"][1])
        head["model"]["layers"] += [json.loads(one.replace('"0"', f'"{number}"')) for number in range(1, 10_000)]

    rewrite(repeat)
    assert len(sn.load_model(path).layers) == 10_000


def test_notes_are_read_as_they_are(small_model: Any, path: Path) -> None:
    notes = {"network": "a\nb\x1b[2J", "Größe": ""}
    save_model(small_model, path, notes=notes)
    assert read_notes(path) == notes
    assert sn.load_model(path).name == "small"


def test_notes_that_are_none_are_refused(small_model: Any, path: Path, rewrite: Any) -> None:
    small_model.save(path)
    rewrite(lambda head, tensors: head.update(notes={"network": 3}))
    with pytest.raises(ModelFileError, match=r"its notes should be texts by name, got \{'network': 3\}"):
        read_notes(path)


def test_a_newer_version_is_named_escaped(small_model: Any, path: Path, rewrite: Any, monkeypatch: Any) -> None:
    small_model.save(path)
    monkeypatch.setattr("scratchnet.saving.model_file.FORMAT_VERSION", 2)
    rewrite(lambda head, tensors: head.update(format_version=2, scratchnet_version="9\x1b[2J\n"))
    monkeypatch.undo()
    with pytest.raises(ModelFileError, match=r"written by scratchnet 9\\x1b\[2J\\n, and this version reads"):
        sn.load_model(path)


@pytest.mark.filterwarnings("ignore:The model saved to")
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_told(small_model: Any, path: Path, number: float) -> None:
    small_model.params["dense/kernel"][0, 0] = number
    small_model.save(path)
    with pytest.warns(UserWarning, match=r"expected finite numbers, got NaN or infinity in dense/kernel \(1 of 4 arr"):
        sn.load_model(path)
