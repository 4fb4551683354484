"""The end of ``scratchnet train``: the test, the pictures, and what to do next."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scratchnet.cli import parallel, runs, samples
from scratchnet.cli.evaluate import loss_of, measures_what_is_shown
from scratchnet.cli.output import Interrupted, console, say, show, show_command

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from scratchnet.models import Model
    from scratchnet.typing import Array

_FILES = {
    runs.MODEL: "the trained network, for scratchnet.load_model",
    runs.HISTORY: "loss and accuracy of every epoch",
    runs.RECORD: "how this run was made, and what came out",
    "images.png": "what it was trained on",
    "learning-curves.png": "loss and accuracy over the epochs",
    "confusion-matrix.png": "which classes are taken for which",
    "mistakes.png": "where it is wrong and sure of itself",
    "filters.png": "the weights of its first layer",
    "feature-maps.png": "one image on its way through the layers",
}


def finish(model: Model, data: samples.Data, folder: Path, record: dict[str, Any]) -> None:
    """Test the network, write the pictures and the record, and print it all."""
    x_test = samples.as_input(model, data.x_test)
    outputs = samples.probabilities(model, x_test, record)
    if measures_what_is_shown(model, record):
        scores = model.evaluate(x_test, data.y_test, verbose=0, return_dict=True)
    else:
        right = (outputs.argmax(axis=1) == data.y_test).mean()
        scores = {"accuracy": float(right), "loss": loss_of(outputs, data.y_test)}
    what = data.measured_on.replace("-", "_")
    record.update({f"{what}_accuracy": scores["accuracy"], f"{what}_loss": scores["loss"]})
    with console().status("Drawing the pictures"):
        _draw(model, data, x_test, outputs, folder, scores["accuracy"], record)
    record["status"] = "finished"  # the last word: a run that is killed before it can be resumed
    runs.write_record(folder, record)
    _print(data, folder, record)


def interruption(folder: Path, record: dict[str, Any], signal: str, code: int) -> Interrupted:
    """Return what to raise after Ctrl-C or SIGTERM: it says what is left of the run."""
    return Interrupted(
        f"Stopped by {signal} after {record['epochs_finished']} of {record['epochs']} epochs. What was reached is in "
        f"{folder}/; test it with: {shlex.join(_command('evaluate', folder, record))}; go on with: "
        f"{parallel.resume_command(folder, record.get('ranks', 1))}",
        code,
    )


def _draw(
    model: Model,
    data: samples.Data,
    x_test: Array,
    outputs: Array,
    folder: Path,
    accuracy: float,
    record: dict[str, Any],
) -> None:
    from scratchnet import plotting
    from scratchnet.datasets.fashion_mnist import LABELS
    from scratchnet.models.inside import places_of_maps

    name = f"{record['network']} on Fashion-MNIST" + (", embedded subset" if data.subset == samples.MINI else "")
    said = outputs.argmax(axis=1)
    right = f"{accuracy:.1%} of {len(said):,} {data.measured_on} images right"
    pictures: dict[str, Figure] = {
        "images.png": plotting.image_grid(data.x_train, data.y_train, LABELS),
        "learning-curves.png": plotting.learning_curves(folder / runs.HISTORY, title=name, held_out=data.measured_on),
        "confusion-matrix.png": plotting.confusion_matrix(data.y_test, said, LABELS, title=f"{name}: {right}"),
        "mistakes.png": plotting.confident_mistakes(data.x_test, data.y_test, outputs, LABELS),
        "filters.png": plotting.first_layer_filters(model),
    }
    if places_of_maps(model):
        title = f"{data.measured_on}:0 in {name}"
        pictures["feature-maps.png"] = plotting.feature_maps(model, x_test[0], LABELS, title=title)
    for file, figure in pictures.items():
        figure.savefig(folder / file, dpi=150)


def _print(data: samples.Data, folder: Path, record: dict[str, Any]) -> None:
    seconds, epochs, what = record["seconds"], record["epochs"], data.measured_on
    accuracy, loss = (record[f"{what.replace('-', '_')}_{name}"] for name in ("accuracy", "loss"))
    say()
    samples.announce(data)
    say(
        f"{what.capitalize()} accuracy {accuracy:.4f}, loss {loss:.4f}, on {len(data.x_test):,} images it never learnt "
        f"from.",
        style="bold green",
    )
    say(f"Trained in {_duration(seconds)}, {_duration(seconds / epochs)} an epoch.")
    say()
    say(f"{folder}/", style="bold")
    _print_pairs({file: meaning for file, meaning in _FILES.items() if (folder / file).exists()})
    say()
    say("What next:", style="bold")
    other = "mlp" if record["network"] == "cnn" else "cnn"
    _print_commands(
        [
            (_command("predict", folder, record, "test:17"), "or a photo of yours"),
            (_command("evaluate", folder, record), "class by class"),
            (["scratchnet", "train", other], "the other network"),
            (_command("explore", folder, record), "a page in which every number opens into its sum"),
        ]
    )


def _print_pairs(meanings: dict[str, str]) -> None:
    """Print names, and beside them what they are; below them in a terminal that is too narrow for that."""
    from rich.text import Text

    width, out = max(map(len, meanings)), console()
    beside = not out.is_terminal or width + 4 + max(map(len, meanings.values())) <= out.width
    for name, meaning in meanings.items():
        show(Text.assemble(f"  {name:<{width}}  ", (meaning, "dim")) if beside else name, first=0 if beside else 2)
        if not beside:
            show(meaning, "dim", indent=6, first=6)


def _print_commands(commands: list[tuple[list[str], str]]) -> None:
    lines = {shlex.join(command): meaning for command, meaning in commands}
    if not console().is_terminal or max(map(len, lines)) + 4 + max(map(len, lines.values())) <= console().width:
        _print_pairs(lines)
        return
    for command, meaning in commands:
        show_command(command, first=2)
        show(meaning, "dim", indent=6, first=6)


def _command(name: str, folder: Path, record: dict[str, Any], *arguments: str) -> list[str]:
    """Return a command line that can be pasted: with the same data as this run, if that was asked for."""
    asked_for_mini = record["data"]["subset"] == samples.MINI
    return ["scratchnet", name, str(folder), *arguments, *(["--mini"] if asked_for_mini else [])]


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
