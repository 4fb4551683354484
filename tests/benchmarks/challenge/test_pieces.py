from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.challenge import pieces
from scratchnet import cli, config
from scratchnet.cli import results, samples
from scratchnet.recipes import CHALLENGE, Recipe

TINY = Recipe(filters=(4, 8), pooled=(True, True), epochs=1, batch_size=32)


@pytest.fixture
def finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run of a tiny recipe, with images held back; and the embedded subset for whoever loads data."""
    config.set_backend("numpy")
    monkeypatch.setitem(CHALLENGE, "minutes", TINY)
    monkeypatch.setattr(results, "_draw", lambda *_: None)
    load = samples.load
    monkeypatch.setattr(samples, "load", lambda mini: load(True))
    folder = tmp_path / "run"
    assert cli.run(["train", "challenge", "--mini", "--hold-out", "200", "--samples", "64", "-o", str(folder)]) == 0
    return folder


def test_a_piece_says_what_its_run_came_to(finished: Path, tmp_path: Path) -> None:
    written = pieces.collect(finished, tmp_path / "pieces", "held-back-1", on="a machine")
    record = json.loads((finished / "run.json").read_text())
    (piece,) = pieces.read_all(tmp_path / "pieces")
    assert written == pieces.path_of(tmp_path / "pieces", "minutes", "held-back-1", TINY)
    assert (piece["measured_on"], piece["images"], piece["machine"]) == ("held-back", 200, "a machine")
    assert piece["accuracy"] == pytest.approx(record["held_back_accuracy"])
    confusion = np.array(piece["confusion"])
    assert confusion.sum() == 200
    assert confusion.trace() == round(200 * piece["accuracy"])
    assert len(piece["history"]) == 1
    truth = samples.load(mini=True).y_train[-200:]
    assert piece["mistakes"]
    assert all(truth[i] != said for i, said, _ in piece["mistakes"])


def test_a_run_that_has_not_ended_is_no_piece(finished: Path, tmp_path: Path) -> None:
    record = json.loads((finished / "run.json").read_text())
    (finished / "run.json").write_text(json.dumps(record | {"status": "training"}))
    with pytest.raises(ValueError, match="finished"):
        pieces.collect(finished, tmp_path, "held-back-1")


@pytest.mark.parametrize("name", pieces.WITHOUT)
def test_without_any_one_ingredient_it_trains_to_its_end_and_evaluate_finds_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.set_backend("numpy")
    monkeypatch.setitem(CHALLENGE, "minutes", replace(TINY, **pieces.WITHOUT[name]))
    monkeypatch.setattr(results, "_draw", lambda *_: None)
    folder = str(tmp_path / "run")
    assert cli.run(["train", "challenge", "--mini", "--samples", "64", "-o", folder]) == 0, capsys.readouterr().err
    assert cli.run(["evaluate", folder, "--mini"]) == 0
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["status"] == "finished"
    assert f"Test accuracy {facts['test_accuracy']:.4f} " in capsys.readouterr().out.split("What next")[1]


def test_each_ingredient_that_is_left_out_makes_another_recipe() -> None:
    whole = CHALLENGE["minutes"]
    left_out = [pieces.digest(replace(whole, **change)) for change in pieces.WITHOUT.values()]
    assert len({pieces.digest(whole), *left_out}) == 1 + len(pieces.WITHOUT)
    assert pieces.digest(whole) == pieces.digest(replace(whole))


def test_the_test_comes_last_and_ablations_belong_to_the_shortest_budget() -> None:
    assert pieces.names("hour") == ["held-back-1", "seed-1", "seed-2", "seed-3"]
    assert pieces.names("minutes")[-3:] == ["seed-1", "seed-2", "seed-3"]
    assert "without-flip" in pieces.names("minutes")


def test_a_piece_is_trained_with_its_own_recipe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    trained: list[tuple[list[str], Recipe]] = []
    monkeypatch.setattr(pieces, "_train", lambda command, recipe: trained.append((command, recipe)))
    monkeypatch.setattr(pieces, "collect", lambda *_: None)
    for name in ("seed-3", "held-back-1", "without-erasing"):
        pieces.run(tmp_path, tmp_path, "minutes", name)
    (seed, whole), (held, _), (without, changed) = trained
    assert "--hold-out" not in seed
    assert seed[seed.index("--seed") + 1] == "3"
    assert held[-2:] == without[-2:] == ["--hold-out", "5000"]
    assert (whole, changed.erase) == (CHALLENGE["minutes"], 0.0)
