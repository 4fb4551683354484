"""``scratchnet explore``: a page in which every number of a training step opens into its sum."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scratchnet.cli.options import Mini, Run
from scratchnet.cli.output import say
from scratchnet.utils.numbers import printable

if TYPE_CHECKING:
    from scratchnet.cli.predict import Subject

PAGE = "explorer.html"
MOST_IMAGES = 8


def explore(
    run: Run,
    images: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[IMAGE]",
            show_default=False,
            help="Up to eight PNG or JPEG files, or [cyan]test:17[/] for the test image of that number; the first "
            "eight test images if left out.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            show_default=False,
            help=f"The HTML file to write; {PAGE} in the folder of the run if left out.",
        ),
    ] = None,
    mini: Mini = False,
) -> None:
    """Write a page that shows one training step of a network, number by number.

    Click a number, and it opens into the sum that made it, with the line of code beside it: activations, gradients, the
    optimizer's step. The page is one file, which needs no network and no server: open it in a browser.
    """
    import numpy as np

    from scratchnet.cli import predict, runs, samples
    from scratchnet.datasets.fashion_mnist import LABELS
    from scratchnet.explorer import Picture, make_page
    from scratchnet.utils.files import write_atomically

    wanted = images or [f"test:{number}" for number in range(MOST_IMAGES)]
    if len(wanted) > MOST_IMAGES:
        raise typer.BadParameter(f"expected at most {MOST_IMAGES} images, got {len(wanted)}.", param_hint="IMAGE")
    predict.check_names(wanted)
    path = _place(run, output)
    subjects: list[Subject] = predict.subjects(wanted, mini)
    for subject in subjects:
        for doubt in subject.doubts:
            say(f"{printable(subject.name)}: unsure: {doubt}.", style="yellow")
    model, notes = runs.load(run)
    x = samples.as_input(model, np.stack([subject.pixels for subject in subjects]))
    pictures = [Picture(subject.name, subject.pixels, subject.truth) for subject in subjects]
    title = notes.get("network", model.name)
    page = make_page(model, pictures, x, LABELS, title, samples.pixel_scale(model))
    write_atomically(path, page)
    say(f"{path} has {len(page) / 1e6:.1f} MB: open it in a browser, and click any number.")


def _place(run: Path, output: Path | None) -> Path:
    """Return the file to write: beside the model, unless another is named, which must not exist yet."""
    from scratchnet.cli import runs

    if output is None:
        model = runs.model_path(run)
        return model.with_name(PAGE) if run.is_dir() else model.with_name(f"{model.stem}-{PAGE}")
    if output.suffix.lower() not in (".html", ".htm"):
        raise typer.BadParameter(f"expected a name that ends in .html, got {output}.", param_hint="--output")
    return runs.new_file(output, "name another file with --output")
