"""The tables of the README and of docs/reports/agreement.md, made from the reports by a command and by nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from reference import accuracy
from reference.report import markdown

SHORT = (
    "200 random models: shapes, counts, names, summary(): differences",
    "every output, loss, metric and gradient, float64, relative",
    "every output, loss, metric and gradient, float32, relative",
    "938 training steps in lock-step, both networks, 5 optimizers: every weight after every step, float64",
    "what fit, evaluate and predict print and return: differences",
)
"""The groups of rows that the README shows."""

BEGIN, END = "<!-- reference:begin -->", "<!-- reference:end -->"


def tables(folder: Path) -> str:
    """Return the markdown made from ``report.json`` and ``accuracy.json`` in a folder; what is missing is left out.

    Raises:
        FileNotFoundError: if neither is there.
    """
    parts = []
    report, accuracies = folder / "report.json", folder / "accuracy.json"
    if report.exists():
        content = json.loads(report.read_text(encoding="utf-8"))
        versions = content["environment"]
        parts.append(
            f"Made by `python -m reference` with Keras {versions['keras']} on TensorFlow {versions['tensorflow']}, "
            f"{sum(content['seconds'].values()) / 60:.0f} minutes on {versions['cpus']} cores.\n"
        )
        parts.append(markdown(content["rows"]))
    if accuracies.exists():
        content = json.loads(accuracies.read_text(encoding="utf-8"))
        seeds = max(len(summary["seeds"]) for summary in content["summary"].values())
        parts.append(f"Made by `python -m reference accuracy --seeds {seeds}`.\n")
        parts.append(accuracy.markdown(content))
    if not parts:
        raise FileNotFoundError(
            f"There is no report in {folder}: run `python -m reference` and `python -m reference accuracy` first."
        )
    return "\n".join(parts)


def short_table(folder: Path) -> str:
    """Return the table of the README, made from ``report.json`` in a folder.

    Raises:
        FileNotFoundError: if it is not there.
    """
    rows = json.loads((folder / "report.json").read_text(encoding="utf-8"))["rows"]
    return markdown([row for group in SHORT for row in rows if row["group"] == group])


def write_into(document: Path, text: str) -> None:
    """Replace what stands between the two marks of a document.

    Raises:
        ValueError: if the marks are not there.
    """
    content = document.read_text(encoding="utf-8")
    if BEGIN not in content or END not in content.split(BEGIN, 1)[1]:
        raise ValueError(f"{document} expected the marks {BEGIN} and {END}, and text between them to replace.")
    before, rest = content.split(BEGIN, 1)
    document.write_text(f"{before}{BEGIN}\n{text}{END}{rest.split(END, 1)[1]}", encoding="utf-8")
