"""Accuracy: both libraries train both networks to the end, from the same weights and in the same order, seed by seed.

After some hundred steps in float32 rounding has driven the two apart (see the drift curves), and what they end with
are two draws from one distribution. So the question is whether the *mean* difference over seeds is zero, and the
answer is a 95 % interval: with d the differences of S seeds, mean(d) ± t(0.975, S-1)·std(d)/√S.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import scratchnet
from reference.environment import describe, keras, new_session
from reference.lockstep import BATCH_SIZE
from reference.recipes import NETWORKS
from reference.report import Row, write_json
from scratchnet.interop.twins import to_keras
from scratchnet.typing import Array

LIMIT = 0.3
"""How far the mean accuracies may be apart, in points (per cent)."""

Data = tuple[tuple[Array, Array], tuple[Array, Array]]


def load(samples: int | None) -> Data:
    """Return Fashion-MNIST as float32 from 0 to 1; only the first ``samples`` of both parts, if given."""
    (x, y), (x_test, y_test) = scratchnet.datasets.fashion_mnist.load_data()
    x, x_test = (part[:samples].astype(np.float32) / np.float32(255) for part in (x, x_test))
    return (x, y[:samples].astype(np.int64)), (x_test, y_test[:samples].astype(np.int64))


def train_both(name: str, seed: int, epochs: int, data: Data) -> dict[str, Any]:
    """Train one network with one seed on both sides; return both accuracies on the test set after every epoch."""
    new_session()
    scratchnet.utils.set_random_seed(seed)
    ours = scratchnet.architectures.ARCHITECTURES[name]()
    ours.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    theirs = to_keras(ours)
    (x, y), (x_test, y_test) = data
    shape = (-1, *(n for n in ours.inputs[0].shape[1:] if n is not None))
    result: dict[str, Any] = {"network": name, "seed": seed, "scratchnet": [], "keras": []}
    for epoch in range(epochs):
        order = np.random.default_rng([seed, epoch]).permutation(len(x))
        batches, labels = x[order].reshape(shape), y[order]
        for side, model in (("scratchnet", ours), ("keras", theirs)):
            model.fit(batches, labels, batch_size=BATCH_SIZE, epochs=1, shuffle=False, verbose=0)
            _, accuracy = model.evaluate(x_test.reshape(shape), y_test, batch_size=500, verbose=0)
            result[side].append(round(float(accuracy), 6))
    keras.utils.clear_session()
    return result


def run(path: Path, seeds: int, epochs: int = 10, samples: int | None = None) -> Iterator[dict[str, Any]]:
    """Train what is missing in the report at ``path``, and write it after every network.

    Args:
        path: the report, JSON. If it exists, what it holds is not done again.
        seeds: how many; they are 1, 2, …
        epochs: how long.
        samples: only so many of the training and test images; all of them if None.

    Yields:
        The report after each network; as it is if nothing is missing.

    Raises:
        ValueError: if the report at ``path`` was made with other settings.
    """
    settings = {"epochs": epochs, "batch_size": BATCH_SIZE, "samples": samples, "optimizer": "adam", "dtype": "float32"}
    report: dict[str, Any] = {"settings": settings, "environment": describe(), "runs": []}
    if path.exists():
        report = json.loads(path.read_text(encoding="utf-8"))
        if report["settings"] != settings:
            raise ValueError(
                f"The report {path} was made with {report['settings']}, not with {settings}: choose another file with "
                f"--out, or delete it to start anew."
            )
    done = {(run["network"], run["seed"]) for run in report["runs"]}
    missing = [(name, seed) for seed in range(1, seeds + 1) for name in NETWORKS if (name, seed) not in done]
    if not missing:
        yield report
        return
    data = load(samples)
    for name, seed in missing:
        report["runs"].append(train_both(name, seed, epochs, data))
        report["environment"] = describe()
        report["summary"] = summaries(report)
        write_json(path, report)
        yield report


def summaries(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return for each network, in points: means, standard deviations, the paired difference and its interval."""
    result = {}
    for name in NETWORKS:
        runs = sorted((run for run in report["runs"] if run["network"] == name), key=lambda run: run["seed"])
        if not runs:
            continue
        ours, theirs = (100 * np.array([run[side][-1] for run in runs]) for side in ("scratchnet", "keras"))
        difference = ours - theirs
        low, high = interval(difference)
        result[name] = {
            "seeds": [run["seed"] for run in runs],
            "scratchnet": {"mean": _rounded(ours.mean()), "std": _rounded(_std(ours))},
            "keras": {"mean": _rounded(theirs.mean()), "std": _rounded(_std(theirs))},
            "difference": {"mean": _rounded(difference.mean()), "low": _rounded(low), "high": _rounded(high)},
        }
    return result


def interval(difference: Array) -> tuple[float, float]:
    """Return the 95 % confidence interval of the mean of paired differences (S,), by Student's t.

    It is unbounded for a single pair.
    """
    if len(difference) < 2:
        return -math.inf, math.inf
    from scipy import stats

    half = float(stats.t.ppf(0.975, len(difference) - 1)) * _std(difference) / math.sqrt(len(difference))
    return float(difference.mean()) - half, float(difference.mean()) + half


def _std(values: Array) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else math.nan


def _rounded(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None


def rows(report: dict[str, Any]) -> list[Row]:
    """Return the verdicts: for each network, whether the mean accuracies are within ``LIMIT`` points."""
    found = []
    for name, summary in report["summary"].items():
        difference = summary["difference"]
        where = f"scratchnet {with_spread(summary['scratchnet'])}, Keras {with_spread(summary['keras'])}"
        what = f"{name}: mean difference of the accuracy in points"
        found.append(Row("accuracy", what, len(summary["seeds"]), abs(difference["mean"]), LIMIT, where))
    return found


def with_spread(side: dict[str, float | None]) -> str:
    """Return mean and standard deviation as people write them: ``88.12 ± 0.21``."""
    return f"{side['mean']:.2f}" + (f" ± {side['std']:.2f}" if side["std"] is not None else "")


def markdown(report: dict[str, Any]) -> str:
    """Return the table for the README."""
    epochs = report["settings"]["epochs"]
    lines = [
        f"| test accuracy after {epochs} epochs, % | seeds | scratchnet | Keras | difference | 95 % interval |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, summary in report["summary"].items():
        d = summary["difference"]
        bounds = "—" if d["low"] is None else f"{d['low']:+.2f} … {d['high']:+.2f}"
        sides = f"{with_spread(summary['scratchnet'])} | {with_spread(summary['keras'])}"
        lines.append(f"| {name} | {len(summary['seeds'])} | {sides} | {d['mean']:+.2f} | {bounds} |")
    return "\n".join(lines) + "\n"
