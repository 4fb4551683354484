"""``scratchnet predict``: what a trained network says about images."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from scratchnet.cli.evaluate import say_trained_on
from scratchnet.cli.options import Mini, Run
from scratchnet.cli.output import bar, console, say, show

if TYPE_CHECKING:
    from scratchnet.cli.samples import Data
    from scratchnet.typing import Array

_TOP = 3


class Subject(NamedTuple):
    """One image to look at: its name, its pixels (28, 28) uint8, what was done to it, and its class if known."""

    name: str
    pixels: Array
    done: str
    truth: int | None


def predict(
    run: Run,
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGE",
            show_default=False,
            help="PNG or JPEG files of any size, or [cyan]test:17[/] for the test image of that number.",
        ),
    ],
    mini: Mini = False,
) -> None:
    """Say what is in images: the three most probable classes, with bars.

    The networks know one kind of picture: one piece of clothing, bright on black, filling a frame of 28×28. Image files
    are brought into that form (grey, trimmed, scaled, inverted if the background is light), and the output says how. So
    take a photo on a plain background.
    """
    import numpy as np

    from scratchnet.cli import runs, samples

    check_names(images)
    model, notes = runs.load(run)
    looked_at = subjects(images, mini)
    say_trained_on(notes)
    x = samples.as_input(model, np.stack([subject.pixels for subject in looked_at]))
    for subject, chances in zip(looked_at, samples.as_probabilities(model.predict(x, verbose=0))):
        _print_subject(subject, chances)


def check_names(images: list[str]) -> None:
    """Raise typer.BadParameter for a name of an image that can be none, before anything else is done."""
    for image in images:
        _test_number(image)


def subjects(images: list[str], mini: bool) -> list[Subject]:
    """Return the images of these names: files, or ``test:17``.

    Raises:
        typer.BadParameter: if a name is no number of a test image.
        ScratchnetError: if a file is not there, or not an image.
    """
    from scratchnet.cli import samples

    numbers = [_test_number(image) for image in images]
    data = samples.load(mini) if any(number is not None for number in numbers) else None
    return [_subject(image, number, data) for image, number in zip(images, numbers)]


def _test_number(image: str) -> int | None:
    """Return 17 for ``test:17``, None for a path.

    Raises:
        typer.BadParameter: for ``test:`` with something else than a number behind it.
    """
    if not image.startswith("test:"):
        return None
    if not re.fullmatch(r"test:[0-9]{1,9}", image):
        raise typer.BadParameter(f"expected a number, as in test:17, got {image}.", param_hint="IMAGE")
    return int(image.removeprefix("test:"))


def _subject(image: str, number: int | None, data: Data | None) -> Subject:
    if number is None or data is None:
        from scratchnet.cli.images import load_image

        pixels, done = load_image(Path(image))
        return Subject(image, pixels, done, None)
    if number >= len(data.x_test):
        raise typer.BadParameter(
            f"the last test image is test:{len(data.x_test) - 1}, got {image}.", param_hint="IMAGE"
        )
    return Subject(image, data.x_test[number], "", int(data.y_test[number]))


def _print_subject(subject: Subject, chances: Array) -> None:
    import numpy as np
    from rich.text import Text

    from scratchnet.datasets.fashion_mnist import LABELS

    best = np.argsort(-chances, kind="stable")[:_TOP]
    verdict = Text()
    if subject.truth is not None:
        right = best[0] == subject.truth
        verdict = Text(f"  is {LABELS[subject.truth]}: {'right' if right else 'wrong'}", "green" if right else "red")
    say()
    show(Text(subject.name, "bold") + verdict, indent=2)
    if subject.done:
        show(f"  {subject.done}", style="dim", indent=2)
    width = max(5, min(30, console().width - 22))
    for k in best:
        show(Text.assemble(f"  {LABELS[k]:<12}", (bar(float(chances[k]), width), "cyan"), f" {chances[k]:6.1%}"))
