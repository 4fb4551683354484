"""The two pictures: how the weights drift apart over the steps, and the accuracies of both sides per seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from reference.lockstep import LIMIT
from scratchnet.utils.matplotlib_import import import_matplotlib

TITLES = {"mlp": "MLP (203,530 weights)", "cnn": "CNN (302,026 weights)"}


def _figure(columns: int, width: float, height: float) -> tuple[Any, Any]:
    import_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", dpi=130)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, columns, sharey=True, squeeze=False)[0]


def draw_drift(curves: dict[str, dict[str, list[float]]], path: Path) -> None:
    """Draw the largest difference of any two weights after each step, both axes logarithmic."""
    figure, axes = _figure(len(curves), 11, 4.8)
    styles = ("-", "-", "-", "--")
    for ax, (name, lines) in zip(axes, curves.items()):
        for (label, weights), style in zip(lines.items(), styles):
            steps = np.arange(1, len(weights) + 1)
            # On a logarithmic axis there is no place for 0: the resolution of float64 stands for it.
            ax.loglog(steps, np.maximum(weights, 1e-17), style, label=label, linewidth=1.6)
        ax.axhline(LIMIT, color="grey", linestyle=":", linewidth=1)
        ax.text(1.05, LIMIT * 1.6, "limit for agreement", color="grey", fontsize=8)
        ax.set(title=TITLES.get(name, name), xlabel="training step", ylim=(1e-17, 10))
        ax.grid(alpha=0.25)
    axes[0].set_ylabel("largest difference of any weight")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    figure.suptitle("scratchnet and Keras train with Adam, from the same weights, on the same batches", fontsize=11)
    _save(figure, path)


def draw_accuracy(report: dict[str, Any], path: Path) -> None:
    """Draw the accuracy on the test set for each seed, both sides joined by a line."""
    names = list(report["summary"])
    figure, axes = _figure(len(names), 4.5 * len(names) + 1, 3.8)
    for ax, name in zip(axes, names):
        runs = sorted((run for run in report["runs"] if run["network"] == name), key=lambda run: run["seed"])
        places = np.arange(len(runs))
        ours, theirs = (100 * np.array([run[side][-1] for run in runs]) for side in ("scratchnet", "keras"))
        ax.vlines(places, np.minimum(ours, theirs), np.maximum(ours, theirs), color="lightgrey", linewidth=3)
        ax.plot(places, ours, "o", label="scratchnet", markersize=8)
        ax.plot(places, theirs, "D", label="Keras", markersize=6)
        d = report["summary"][name]["difference"]
        bounds = "" if d["low"] is None else f" [{d['low']:+.2f}, {d['high']:+.2f}]"
        ax.set_title(f"{TITLES.get(name, name)}\nmean difference {d['mean']:+.2f}{bounds}", fontsize=10)
        ax.set_xticks(places, [str(run["seed"]) for run in runs])
        ax.set_xlabel("seed")
        ax.grid(alpha=0.25)
    axes[0].set_ylabel(f"test accuracy after {report['settings']['epochs']} epochs, %")
    axes[0].legend(fontsize=9)
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
