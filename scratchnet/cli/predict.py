"""``scratchnet predict``: what a trained network says about images."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from scratchnet.cli.evaluate import say_trained_on
from scratchnet.cli.options import Mini, Run
from scratchnet.cli.output import bar, console, say, show
from scratchnet.utils.numbers import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scratchnet.cli.samples import Data
    from scratchnet.typing import Array

_TOP = 3
_EVEN = 0.5


class Subject(NamedTuple):
    """One image to look at: its name, its pixels (28, 28) uint8, its class if known; of a file, what was done to it,
    what makes the result unsure, and whether anything is in it."""

    name: str
    pixels: Array
    truth: int | None
    done: str = ""
    doubts: Sequence[str] = ()
    found: bool = True


def predict(
    run: Run,
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGE",
            show_default=False,
            help="PNG, JPEG, WebP, GIF, BMP or TIFF files, or [cyan]test:17[/] for the test image of that number.",
        ),
    ],
    show: Annotated[
        bool, typer.Option("--show", show_default=False, help="Print the 28×28 pixels that the network sees.")
    ] = False,
    save_input: Annotated[
        Path | None,
        typer.Option(
            "--save-input",
            show_default=False,
            help="Write them as PNG: to this new file, if there is one image, or to new files in this folder.",
        ),
    ] = None,
    mini: Mini = False,
) -> None:
    """Say what is in images: the three most probable classes, with bars.

    The networks know one kind of picture: one piece of clothing, bright on black, filling a frame of 28×28. Image files
    are brought into that form: what differs from the background is cut out, stretched in contrast and scaled. The
    output says how, and what makes the result unsure. So take a photo of one thing on a plain background.
    """
    import numpy as np

    from scratchnet.cli import runs, samples

    check_names(images)
    files = _files_to_write(save_input, images)
    model, notes = runs.load(run)
    looked_at = subjects(images, mini)
    say_trained_on(notes)
    x = samples.as_input(model, np.stack([subject.pixels for subject in looked_at]))
    for subject, chances in zip(looked_at, samples.probabilities(model, x, notes)):
        _print_subject(subject, chances, show)
    _write(files, looked_at)


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
        from scratchnet.images import prepare

        photo = prepare(image)
        return Subject(image, photo.pixels, None, ", ".join(photo.steps), photo.doubts, photo.found)
    if number >= len(data.x_test):
        raise typer.BadParameter(
            f"the last test image is test:{len(data.x_test) - 1}, got {image}.", param_hint="IMAGE"
        )
    return Subject(image, data.x_test[number], int(data.y_test[number]))


def _files_to_write(wanted: Path | None, images: list[str]) -> list[Path]:
    """Return the new file for each image, if any are wanted.

    Raises:
        typer.BadParameter: for one file and several images. ScratchnetError: if a file exists, or its folder does not.
    """
    from scratchnet.cli import runs

    if wanted is None:
        return []
    another = "name another with --save-input"
    if wanted.suffix:
        if wanted.suffix.lower() != ".png" or len(images) > 1:
            raise typer.BadParameter(
                f"expected a folder, or for one image a name that ends in .png, got {wanted} for {len(images)} images.",
                param_hint="--save-input",
            )
        return [runs.new_file(wanted, another)]
    names = [Path(image).stem.replace(":", "-") for image in images]
    repeated = {name for name in names if names.count(name) > 1}
    stems = [f"{name}-{k + 1}" if name in repeated else name for k, name in enumerate(names)]
    return [runs.new_file(wanted / f"{stem}-28x28.png", another, makes_folder=True) for stem in stems]


def _write(files: list[Path], looked_at: list[Subject]) -> None:
    import io

    from PIL import Image

    from scratchnet.utils.files import write_atomically

    for file, subject in zip(files, looked_at):
        file.parent.mkdir(parents=True, exist_ok=True)
        png = io.BytesIO()
        Image.fromarray(subject.pixels).save(png, "PNG")
        write_atomically(file, png.getvalue())
    if files:
        say()
        say(f"What the network sees is in {files[0] if len(files) == 1 else files[0].parent}")


def _print_subject(subject: Subject, chances: Array, input_too: bool) -> None:
    import numpy as np
    from rich.text import Text

    from scratchnet.cli.pixels import print_pixels
    from scratchnet.datasets.fashion_mnist import LABELS

    best = np.argsort(-chances, kind="stable")[:_TOP]
    verdict = Text()
    if subject.truth is not None:
        right = best[0] == subject.truth
        verdict = Text(f"  is {LABELS[subject.truth]}: {'right' if right else 'wrong'}", "green" if right else "red")
    say()
    show(Text(printable(subject.name), "bold") + verdict, indent=2)
    if subject.done:
        show(f"  {subject.done}", style="dim", indent=2)
    if input_too:
        print_pixels(subject.pixels)
    if not subject.found:
        show("  Nothing in it differs from the background: there is nothing to name.", style="yellow", indent=2)
        return
    for doubt in subject.doubts:
        show(f"  Unsure: {doubt}.", style="yellow", indent=2)
    if subject.done and chances[best[0]] < _EVEN:
        show(f"  Unsure: the network finds no class as probable as {_EVEN:.0%}.", style="yellow", indent=2)
    width = max(5, min(30, console().width - 22))
    for k in best:
        show(Text.assemble(f"  {LABELS[k]:<12}", (bar(float(chances[k]), width), "cyan"), f" {chances[k]:6.1%}"))
