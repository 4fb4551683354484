"""The pictures of the challenge's report: accuracy over minutes, what is taken for what, the surest mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.utils.matplotlib_import import import_matplotlib


def save(folder: Path, title: str, tested: dict[str, Any], held: list[dict[str, Any]], torch: Any) -> list[Path]:
    """Draw one recipe: the curve of its held-back run, if there is one, and the test of one seed; return the paths."""
    import_matplotlib()
    from scratchnet import plotting
    from scratchnet.datasets import fashion_mnist

    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / f"{title}-{name}.png" for name in ("confusion", "mistakes")]
    confusion = np.array(tested["confusion"])
    truth, said = (np.repeat(places, confusion.ravel()) for places in np.indices(confusion.shape).reshape(2, -1))
    right = f"seed {tested['seed']}: {tested['accuracy']:.2%} of {tested['images']:,} test images right"
    _save(plotting.confusion_matrix(truth, said, fashion_mnist.LABELS, title=right), written[0])
    _, (images, labels) = fashion_mnist.load_data()
    outputs = np.eye(10)[labels]  # right and sure of itself, but for the mistakes that are kept
    for number, taken_for, chance in tested["mistakes"]:
        outputs[number] = 0
        outputs[number, [labels[number], taken_for]] = 1 - chance, chance
    wrong = tested["images"] - int(confusion.trace())
    surest = f"the surest of {wrong:,} mistakes in {tested['images']:,} test images"
    mistakes = plotting.confident_mistakes(images, labels, outputs, fashion_mnist.LABELS, title=surest)
    _save(mistakes, written[1])
    if held:
        written.append(folder / f"{title}-curve.png")
        _save(_curve(held[0], torch), written[-1])
    return written


def _curve(held: dict[str, Any], torch: Any) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    epochs = len(held["history"])
    ours = [(held["seconds"] * (epoch + 1) / epochs, row["val_accuracy"]) for epoch, row in enumerate(held["history"])]
    theirs, label = [], "PyTorch, two cores, ended after 13 epochs"
    if held["of"] == torch["side_by_side"]["of"]:
        ours, theirs = torch["side_by_side"]["scratchnet"], torch["side_by_side"]["pytorch"]
        label = "PyTorch, on the same two cores afterwards"
    elif held["of"] == torch["of"]:
        theirs = next(run["held_back"] for run in torch["runs"] if run["device"] == "cpu")
    _plot(axes, ours, marker="o", color="#d1495b", label="scratchnet")
    if theirs:
        _plot(axes, theirs, marker="s", color="#e08e45", label=label)
    axes.axhline(94, color="gray", linewidth=1, linestyle=":")
    axes.set_xlabel("minutes")
    axes.set_ylabel("% of 5,000 held-back images right")
    axes.set_ylim(bottom=76)
    axes.grid(alpha=0.3)
    axes.legend()
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _plot(axes: Any, curve: list[tuple[float, float]], **style: str) -> None:
    axes.plot([seconds / 60 for seconds, _ in curve], [100 * accuracy for _, accuracy in curve], **style)


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=110)
