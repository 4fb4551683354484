"""``scratchnet evaluate``: how good a trained network is, class by class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scratchnet.cli.options import Mini, Run
from scratchnet.cli.output import bar, console, say
from scratchnet.utils.numbers import printable
from scratchnet.utils.tables import fitting

if TYPE_CHECKING:
    from scratchnet.models import Model
    from scratchnet.typing import Array


def evaluate(run: Run, mini: Mini = False) -> None:
    """Test a trained network, class by class."""
    from scratchnet.cli import runs, samples

    model, notes = runs.load(run)
    data = samples.load(mini)
    x = samples.as_input(model, data.x_test)
    say_trained_on(notes)
    outputs = samples.probabilities(model, x, notes)
    said = outputs.argmax(axis=1)
    as_compiled = measures_what_is_shown(model, notes)
    loss = (
        model.test_on_batch(x, data.y_test, return_dict=True)["loss"] if as_compiled else loss_of(outputs, data.y_test)
    )
    right = int((said == data.y_test).sum())
    say(
        f"Test accuracy {right / len(said):.4f} ({right:,} of {len(said):,} right), loss {loss:.4f}",
        style="bold green",
    )
    say()
    _print_classes(data.y_test, said)


def say_trained_on(notes: dict[str, str]) -> None:
    """Print what the notes of a model file say about its training."""
    if "network" in notes and "data" in notes:
        say(printable(f"{notes['network']}, trained for {notes.get('trained', 'some epochs')} on {notes['data']}."))
    if notes.get("views"):
        looks = f"Each image counts as the mean of several looks at it ({notes['views']}); model.evaluate takes one."
        say(printable(looks))


def measures_what_is_shown(model: Model, notes: Mapping[str, Any]) -> bool:
    """Whether the model's own loss is the one that is shown, the cross-entropy of class numbers, and of one view alone.

    Of another model that loss is worked out from its probabilities, which is less exact where they are tiny.
    """
    from scratchnet.losses import SparseCategoricalCrossentropy

    return isinstance(model.loss, SparseCategoricalCrossentropy) and not notes.get("views")


def loss_of(probabilities: Array, y: Array) -> float:
    """Return the mean cross-entropy of probabilities (N, 10) against class numbers y (N,)."""
    from scratchnet.losses import SparseCategoricalCrossentropy

    return SparseCategoricalCrossentropy().forward(y, probabilities)


def _print_classes(y: Array, said: Array) -> None:
    import numpy as np
    from rich import box
    from rich.table import Table

    from scratchnet.datasets.fashion_mnist import LABELS

    width = 20 if console().width >= 80 else 8
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Class")
    table.add_column("Right", justify="right")
    table.add_column("")
    table.add_column("Most often taken for")
    for k, name in enumerate(LABELS):
        answers = np.bincount(said[y == k], minlength=len(LABELS))
        share = answers[k] / max(answers.sum(), 1)
        others = answers.copy()
        others[k] = 0
        most = int(others.argmax())
        taken_for = f"{LABELS[most]}, {others[most]:,} of {answers.sum():,}" if others[most] else "nothing else"
        table.add_row(name, f"{share:.1%}", f"[cyan]{bar(share, width)}[/]", taken_for)
    console().print(fitting(console(), table))
