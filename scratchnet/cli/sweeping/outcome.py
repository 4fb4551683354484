"""What came out of a sweep: a table of the settings, best first, the same as CSV trial by trial, and a picture."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scratchnet.cli import runs
from scratchnet.cli.output import console, say
from scratchnet.cli.sweeping import trials
from scratchnet.cli.sweeping.plan import TRIALS, Plan
from scratchnet.utils.files import write_atomically

TABLE, PICTURE = "sweep.csv", "sweep.png"


@dataclass
class Row:
    """A setting, and what its trials came to."""

    setting: Mapping[str, str]
    epochs: int
    accuracies: list[float]
    seconds: float
    best: str

    @property
    def mean(self) -> float:
        """The mean accuracy over the seeds."""
        return statistics.fmean(self.accuracies)

    @property
    def shown(self) -> str:
        """The accuracy as the table has it, with the standard deviation over the seeds."""
        return f"{self.mean:.4f}" + (f" ± {statistics.stdev(self.accuracies):.4f}" if len(self.accuracies) > 1 else "")


def accuracy(record: Mapping[str, Any]) -> tuple[str, float]:
    """Return on which images a trial was measured, and how many of them it had right."""
    for what in ("held_back", "test"):
        if f"{what}_accuracy" in record:
            return what.replace("_", "-"), float(record[f"{what}_accuracy"])
    raise KeyError("accuracy")


def rows(folder: Path, plan: Plan) -> list[Row]:
    """Return the settings of which a trial is done: those that were trained longest first, and the best of these."""
    found: dict[int, Row] = {}
    best: dict[int, float] = {}
    for trial, (setting, _) in plan.trials.items():
        record = trials.record(folder / TRIALS / trial)
        if record is None or record.get("status") != "finished":
            continue
        _, right = accuracy(record)
        row = found.setdefault(id(setting), Row(setting, 0, [], 0.0, trial))
        if record["epochs"] > row.epochs:  # of a setting only some seeds may have come so far
            row.epochs, row.accuracies, best[id(setting)] = record["epochs"], [], -1.0
        if record["epochs"] == row.epochs:
            row.accuracies.append(right)
            if right > best[id(setting)]:
                row.best, best[id(setting)] = trial, right
        row.seconds += record.get("seconds", 0.0)
    return sorted(found.values(), key=lambda row: (-row.epochs, -row.mean))


def finish(folder: Path, plan: Plan) -> None:
    """Write the table and the picture, and print the table."""
    from scratchnet import plotting

    table = rows(folder, plan)
    if not table:
        return
    write_atomically(folder / TABLE, _csv(folder, plan))
    what = measured_on(folder, plan)
    title = f"{plan.network}: {len(plan.trials)} trials"
    points = [(dict(row.setting), right) for row in table for right in row.accuracies]
    picture = io.BytesIO()
    plotting.sweep_results(points, title, f"{what} accuracy").savefig(picture, format="png", dpi=150)
    write_atomically(folder / PICTURE, picture.getvalue())
    _print(table, what, folder)


def measured_on(folder: Path, plan: Plan) -> str:
    """Return on which images the trials were measured: "held-back" or "test"."""
    for trial in plan.trials:
        record = trials.record(folder / TRIALS / trial)
        if record is not None and record.get("status") == "finished":
            return accuracy(record)[0]
    return "test"


def _csv(folder: Path, plan: Plan) -> bytes:
    text, names = io.StringIO(newline=""), list(plan.settings[0])
    writer = csv.writer(text)
    writer.writerow(["trial", *names, "seed", "status", "epochs", "accuracy", "seconds"])
    for trial, (setting, seed) in plan.trials.items():
        record = trials.record(folder / TRIALS / trial) or {}
        status = record.get("status", "not begun")
        right = accuracy(record)[1] if status == "finished" else "NA"
        figures = (record.get("epochs_finished", 0), right, record.get("seconds", "NA"))
        writer.writerow([trial, *setting.values(), seed, status, *figures])
    return text.getvalue().encode()


def _print(table: list[Row], what: str, folder: Path) -> None:
    from rich import box
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD)
    for name in table[0].setting:
        shown.add_column(name, justify="right")
    for name in ("epochs", f"{what} accuracy", "seconds"):
        shown.add_column(name, justify="right")
    for number, row in enumerate(table):
        style = "bold green" if number == 0 else ""
        shown.add_row(*row.setting.values(), str(row.epochs), row.shown, f"{row.seconds:.1f}", style=style)
    console().print(shown)
    if what == "test":
        say(
            "The settings were compared on the test images, so the best one's accuracy is no longer one of images that "
            "nothing was chosen by."
        )
    say(f"The best network: {folder / TRIALS / table[0].best / runs.MODEL}")
    say(f"All trials: {folder / TABLE}; the picture: {folder / PICTURE}")
