"""The pieces of the challenge's report: one training each, and what it came to as one JSON file.

A piece that has its file is not run again, so they can be run one by one, on whatever machine has time.
"""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.report import write_json
from scratchnet.recipes import CHALLENGE, Recipe

HELD_BACK, SEEDS = 5000, (1, 2, 3)
WITHOUT: dict[str, dict[str, Any]] = {
    "flip": {"flip": False},
    "erasing": {"erase": 0.0},
    "label-smoothing": {"label_smoothing": 0.0},
    "weight-decay": {"weight_decay": 0.0},
    "warm-up": {"warm_up": 0.0},
    "views": {"views": ()},
}
"""The ingredients that can be left out one at a time, and how."""


def names(budget: str) -> list[str]:
    """Return the names of a budget's pieces: first what is measured by held-back images, then the test."""
    left_out = [f"without-{name}" for name in WITHOUT] if budget == "minutes" else []
    return ["held-back-1", *left_out, *(f"seed-{seed}" for seed in SEEDS)]


def digest(recipe: Recipe) -> str:
    """Return a name for exactly this recipe."""
    return hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode()).hexdigest()[:8]


def path_of(folder: Path, budget: str, name: str, recipe: Recipe) -> Path:
    """Return the file of a piece."""
    return folder / f"{budget}-{digest(recipe)}-{name}.json"


def read_all(folder: Path) -> list[dict[str, Any]]:
    """Return all pieces that there are, by the names of their files."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*-*-*.json"))]


def run(folder: Path, runs: Path, budget: str, name: str) -> None:
    """Train one piece with ``scratchnet train``, or go on with it, and write its file."""
    recipe = CHALLENGE[budget]
    place = runs / f"challenge-{budget}-{digest(recipe)}-{name}"
    if name.startswith("without-"):
        recipe = replace(recipe, **WITHOUT[name.removeprefix("without-")])
    if not (place / "run.json").exists():
        command = ["challenge", "--budget", budget, "--seed", name.rpartition("-")[2], "--output", str(place)]
        if name.startswith("without-"):
            command[command.index("--seed") + 1] = "1"
        command += [] if name.startswith("seed-") else ["--hold-out", str(HELD_BACK)]
        _train(command, recipe)
    elif json.loads((place / "run.json").read_text())["status"] != "finished":
        _train(["--resume", str(place)], recipe)
    collect(place, folder, name)


def _train(arguments: list[str], recipe: Recipe) -> None:
    """Run ``scratchnet train`` in a process of its own, in which the recipe has the place of its budget's."""
    program = (
        "import sys\nfrom scratchnet import cli\nfrom scratchnet.recipes import CHALLENGE, Recipe\n"
        f"recipe = {recipe!r}\n"
        "CHALLENGE.update(dict.fromkeys(CHALLENGE, recipe))\n"
        "sys.exit(cli.run(['train', *sys.argv[1:]]))"
    )
    code = subprocess.run([sys.executable, "-c", program, *arguments], check=False).returncode
    if code:
        raise SystemExit(code)


def collect(place: Path, folder: Path, name: str, on: str | None = None, cores: int | None = None) -> Path:
    """Write the file of the piece whose run lies in the folder ``place``, and return its path.

    Args:
        place: the folder that ``scratchnet train challenge`` wrote.
        folder: where the pieces are.
        name: of the piece.
        on: the machine that it ran on; this one if not given.
        cores: how many of its cores were used; all of this one's if not given. The report tells the time of two.

    Raises:
        ValueError: if the run has not come to its end.
    """
    from scratchnet import load_model
    from scratchnet.cli import samples
    from scratchnet.cli.made import recipe_of

    record = json.loads((place / "run.json").read_text(encoding="utf-8"))
    if record["status"] != "finished":
        raise ValueError(
            f"{place} expected a finished run, got status {record['status']!r}: train it to its end first."
        )
    held_back, recipe = record["data"].get("held_back", 0), recipe_of(record)
    data = samples.load(mini=False)
    data.hold_back(held_back)
    model = load_model(place / "model.safetensors")
    chances = samples.probabilities(model, samples.as_input(model, data.x_test), record)
    said, truth = chances.argmax(axis=1), data.y_test
    wrong = np.flatnonzero(said != truth)
    surest = wrong[np.argsort(-chances[wrong, said[wrong]], kind="stable")][:24]
    with open(place / "history.csv", newline="", encoding="utf-8") as file:
        history = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (truth, said), 1)
    written = path_of(folder, record["budget"], name, recipe if not name.startswith("without-") else _whole(record))
    content = {
        "piece": name,
        "budget": record["budget"],
        "recipe": asdict(recipe),
        "of": digest(recipe if not name.startswith("without-") else _whole(record)),
        "seed": record["seed"],
        "machine": on or f"{machine.processor()}, {machine.usable_cores()} cores",
        "cores": cores or machine.usable_cores(),
        "commit": machine.commit(),
        "seconds": record["seconds"],
        "parameters": model.count_params(),
        "file_bytes": (place / "model.safetensors").stat().st_size,
        "measured_on": data.measured_on,
        "images": len(truth),
        "accuracy": float((said == truth).mean()),
        "history": history,
        "confusion": confusion.tolist(),
        "mistakes": [[int(i), int(said[i]), round(float(chances[i, said[i]]), 4)] for i in surest],
    }
    write_json(written, content)
    return written


def _whole(record: dict[str, Any]) -> Recipe:
    """Return the recipe that an ingredient was left out of."""
    return CHALLENGE[record["budget"]]
