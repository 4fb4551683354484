from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.challenge import command, pictures, report
from benchmarks.challenge.pieces import digest
from benchmarks.report import write_json
from scratchnet.recipes import CHALLENGE

FIRST = replace(CHALLENGE["minutes"], epochs=15)


def piece(name: str, recipe: Any, accuracy: float, seed: int = 1) -> dict[str, Any]:
    return {
        "piece": name, "budget": "minutes", "recipe": asdict(recipe), "of": digest(recipe), "seed": seed,
        "machine": "a machine", "seconds": 300.0, "parameters": 7, "file_bytes": 10**6, "accuracy": accuracy,
        "history": [{"val_accuracy": accuracy}],
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the pieces of an earlier recipe, and what PyTorch came to."""
    monkeypatch.setattr(pictures, "save", lambda *_: [])
    runs = [{"device": "cpu", "seconds": 26.0, "epochs": 13, "held_back": [[2.0, 0.8]], "seed": 1}]
    runs += [{"device": "cuda", "test_accuracy": value} for value in (0.94, 0.941)]
    beside = {
        "of": digest(CHALLENGE["minutes"]), "torch": "2.13", "machine": "that one", "seed": 1, "images": 55000,
        "scratchnet_with_both_views": 0.943, "scratchnet": [[30.0, 0.93], [60.0, 0.941]],
        "pytorch": [[60.0, 0.94], [120.0, 0.95]],
    }  # fmt: skip
    write_json(tmp_path / "pytorch.json", {"of": digest(FIRST), "runs": runs, "side_by_side": beside})
    write_json(tmp_path / "exploration.json", {"runs": []})
    for seed, accuracy in ((1, 0.93), (2, 0.94), (3, 0.95)):
        write_json(tmp_path / f"minutes-a-seed-{seed}.json", piece(f"seed-{seed}", FIRST, accuracy, seed))
    write_json(tmp_path / "minutes-a-held-back-1.json", piece("held-back-1", FIRST, 0.92))
    return tmp_path


def written(folder: Path) -> str:
    report.write(folder, folder / "page.md")
    return (folder / "page.md").read_text()


def test_what_nobody_has_run_is_a_dash_and_no_figure(folder: Path) -> None:
    row = next(line for line in written(folder).splitlines() if line.startswith("| hour | now"))
    assert row == "| hour | now | – | – | – (target 94.8) | – of 60 |"


def test_an_earlier_recipe_keeps_its_figures_under_its_own_name(folder: Path) -> None:
    row = next(line for line in written(folder).splitlines() if "earlier" in line)
    assert "92.00 | 93.00, 94.00, 95.00 | 94.00 ± 1.00 (target 94.0: reached) | 5.0 of 12" in row


def test_a_missed_target_is_called_that(folder: Path) -> None:
    for seed in (1, 2, 3):
        write_json(folder / f"minutes-b-seed-{seed}.json", piece(f"seed-{seed}", CHALLENGE["minutes"], 0.93, seed))
    row = next(line for line in written(folder).splitlines() if line.startswith("| minutes | now"))
    assert "target 94.0: missed" in row


def test_two_seeds_are_no_verdict(folder: Path) -> None:
    write_json(folder / "minutes-b-seed-1.json", piece("seed-1", CHALLENGE["minutes"], 0.95))
    row = next(line for line in written(folder).splitlines() if line.startswith("| minutes | now"))
    assert "reached" not in row


def test_the_time_is_that_of_two_cores(folder: Path) -> None:
    more = piece("seed-1", CHALLENGE["minutes"], 0.95) | {"cores": 13, "seconds": 6000.0}
    write_json(folder / "minutes-b-seed-1.json", more)
    assert "| 95.00 (target 94.0) | – of 12 |" in written(folder)
    write_json(folder / "minutes-b-seed-2.json", piece("seed-2", CHALLENGE["minutes"], 0.96, 2) | {"cores": 2})
    assert "| 95.00, 96.00 | 95.50 ± 0.71 (target 94.0) | 5.0 of 12 |" in written(folder)


def test_an_ingredient_whose_absence_did_no_harm_is_named(folder: Path) -> None:
    for name, accuracy in (("held-back-1", 0.9), ("without-flip", 0.89), ("without-weight-decay", 0.91)):
        write_json(folder / f"minutes-b-{name}.json", piece(name, CHALLENGE["minutes"], accuracy))
    page = " ".join(written(folder).split())
    assert "such a figure has a standard error of 0.4. By these runs, nothing was gained by: weight decay." in page


def test_pytorch_is_compared_by_the_time_of_an_epoch(folder: Path) -> None:
    assert "300.0 | 2.0" in written(folder)
    assert "94.05" in written(folder)


def test_two_whole_trainings_are_compared_by_their_time_and_that_to_94_percent(folder: Path) -> None:
    page = " ".join(written(folder).split())
    assert "one after the other on that one, seed 1, 55,000 images" in page
    assert "scratchnet is 2.00 times as fast and 1.00 times as fast to 94 %" in page
    assert "| minutes to 94 % | 1.0 | 1.0 |" in page
    assert "| held-back images right after 2 epochs, both views, % | 94.30 | 95.00 |" in page


def test_who_never_came_to_94_percent_has_no_time_to_it(folder: Path) -> None:
    torch = json.loads((folder / "pytorch.json").read_text())
    torch["side_by_side"]["pytorch"] = [[60.0, 0.9], [120.0, 0.91]]
    write_json(folder / "pytorch.json", torch)
    page = " ".join(written(folder).split())
    assert "| minutes to 94 % | 1.0 | not reached |" in page
    assert "scratchnet is 2.00 times as fast; the aim was 1.5." in page


def test_unknown_pieces_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(folder, "hour", "seed-4") == 2
    assert "seed-3" in capsys.readouterr().out


def test_the_shipped_page_is_what_its_pieces_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pictures, "save", lambda *_: [])
    reports = Path(report.__file__).parents[1] / "reports" / "challenge"
    report.write(reports, tmp_path / "challenge.md")
    assert (tmp_path / "challenge.md").read_text() == command.PAGE.read_text()
    assert all(json.loads(path.read_text()) for path in reports.glob("*.json"))
