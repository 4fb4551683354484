"""``scratchnet train challenge``, with a recipe that is over in a moment; and images held back, of any network."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet
from scratchnet.cli import results, samples
from scratchnet.datasets import fashion_mnist
from scratchnet.recipes import CHALLENGE, Recipe, averaged
from scratchnet.saving import read_notes, save_model
from tests.cli.conftest import Command

TINY = Recipe(filters=(4, 8), pooled=(True, True), epochs=2, batch_size=32)
FEW = ("--mini", "--samples", 96)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHALLENGE, "minutes", TINY)
    monkeypatch.setattr(results, "_draw", lambda *_: None)


def record(folder: str) -> dict[str, Any]:
    return json.loads((Path(folder) / "run.json").read_text())


def rows(folder: str) -> list[dict[str, str]]:
    with open(Path(folder) / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_it_follows_its_recipe_and_looks_at_the_test_images_once(scratchnet_command: Command) -> None:
    result = scratchnet_command("train", "challenge", *FEW, "-o", "run")
    assert result.code == 0, result.err
    facts = record("run")
    assert (facts["budget"], facts["epochs"], facts["batch_size"], facts["learning_rate"]) == ("minutes", 2, 32, 0.2)
    assert facts["views"] == read_notes("run/model.safetensors")["views"] == "mirrored"
    assert not any(name.startswith("val_") for row in rows("run") for name in row)
    optimizer = scratchnet.load_model("run/model.safetensors").optimizer
    assert optimizer is not None
    assert optimizer.iterations == 6


def test_what_is_measured_is_the_mean_over_the_views_and_evaluate_says_the_same(scratchnet_command: Command) -> None:
    scratchnet_command("train", "challenge", *FEW, "-o", "run")
    model = scratchnet.load_model("run/model.safetensors")
    _, (images, y) = fashion_mnist.load_data(subset="mini")
    x = samples.as_input(model, images)
    mean = averaged(lambda views: model.predict(views, verbose=0), x, ("mirrored",))
    right = int((mean.argmax(axis=1) == y).sum())
    assert record("run")["test_accuracy"] == right / len(y)
    said = scratchnet_command("evaluate", "run", "--mini").out
    assert f"({right:,} of 1,000 right)" in said
    assert "several looks at it (mirrored)" in said
    best = fashion_mnist.LABELS[int(mean[17].argmax())]
    assert f"{best:<12}" in scratchnet_command("predict", "run", "test:17", "--mini").out


def test_a_run_that_was_cut_off_ends_with_the_bits_of_one_that_was_not(scratchnet_command: Command) -> None:
    scratchnet_command("train", "challenge", *FEW, "-o", "whole")
    scratchnet_command("train", "challenge", *FEW, "-o", "cut")
    facts = record("cut")
    (Path("cut") / "run.json").write_text(json.dumps(facts | {"status": "training"}))
    result = scratchnet_command("train", "--resume", "cut")
    assert result.code == 0, result.err
    assert record("cut")["test_accuracy"] == record("whole")["test_accuracy"]


def test_epochs_cannot_be_added_where_the_learning_rate_has_come_to_0(scratchnet_command: Command) -> None:
    scratchnet_command("train", "challenge", *FEW, "-o", "run")
    for options in ((), ("--epochs", 4)):
        result = scratchnet_command("train", "--resume", "run", *options)
        assert result.code == 1
        assert "another recipe" in result.err or "train a new run" in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("cnn", "--budget", "hour"), "belongs to challenge"),
        (("challenge", "--budget", "hours"), "did you mean 'hour'"),
        (("mlp", "--hold-out", 5000), "expected fewer than 5,000"),
        (("mlp", "--hold-out", -1), "--hold-out"),
    ],
)
def test_wrong_usage_makes_nothing(scratchnet_command: Command, arguments: Any, said: str) -> None:
    result = scratchnet_command("train", *arguments, "--mini")
    assert result.code == 2
    assert said in result.err
    assert not Path("runs").exists()


@pytest.mark.parametrize("network", ["mlp", "challenge"])
def test_held_back_images_are_measured_and_the_test_images_are_not(scratchnet_command: Command, network: str) -> None:
    result = scratchnet_command("train", network, *FEW, "-e", 1, "--hold-out", 200, "-o", "run")
    facts = record("run")
    assert (facts["data"]["held_back"], facts["data"]["test_images"]) == (200, 0)
    assert "test_accuracy" not in facts
    assert f"Held-back accuracy {facts['held_back_accuracy']:.4f}" in result.out
    assert "val_accuracy" in rows("run")[0]


def test_a_run_with_held_back_images_goes_on_with_the_same_ones(scratchnet_command: Command) -> None:
    scratchnet_command("train", "mlp", *FEW, "-e", 1, "--hold-out", 200, "-o", "run")
    assert scratchnet_command("train", "--resume", "run", "--epochs", 2, "--hold-out", 100).code == 1
    assert scratchnet_command("train", "--resume", "run", "--epochs", 2).code == 0
    facts = record("run")
    assert (facts["data"]["held_back"], facts["data"]["training_images"], facts["epochs_finished"]) == (200, 96, 2)


def test_nothing_is_learnt_from_what_is_held_back() -> None:
    data = samples.load(mini=True)
    every, labels = data.x_train, data.y_train
    data.hold_back(300)
    assert np.array_equal(data.x_test, every[-300:])
    assert np.array_equal(data.y_test, labels[-300:])
    assert np.array_equal(data.x_train, every[:-300])
    assert (data.measured_on, len(data.y_train)) == ("held-back", 4700)


def test_a_view_that_nobody_knows_is_refused(scratchnet_command: Command) -> None:
    scratchnet_command("train", "challenge", *FEW, "-o", "run")
    save_model(scratchnet.load_model("run/model.safetensors"), "other.safetensors", notes={"views": "upside down"})
    result = scratchnet_command("evaluate", "other.safetensors", "--mini")
    assert result.code == 1
    assert "upside down" in result.err
