"""``scratchnet show``: what is in the data, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scratchnet.cli.options import Mini
from scratchnet.cli.output import say
from scratchnet.errors import ScratchnetError

_DEFAULT = Path("fashion-mnist.png")


def show(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The picture to write; a new fashion-mnist.png if left out.", show_default=False
        ),
    ] = None,
    rows: Annotated[int, typer.Option(min=1, max=40, help="Rows of images.")] = 5,
    columns: Annotated[int, typer.Option(min=1, max=40, help="Images in a row.")] = 5,
    first: Annotated[int, typer.Option(min=0, help="The number of the training image to begin with.")] = 0,
    mini: Mini = False,
) -> None:
    """Draw the first training images, with their classes, to a PNG file."""
    from scratchnet.cli import samples
    from scratchnet.datasets.fashion_mnist import LABELS
    from scratchnet.plotting import image_grid

    path = _new_file(output)
    data = samples.load(mini)
    images, y = data.x_train[first:], data.y_train[first:]
    if not len(images):
        raise typer.BadParameter(f"expected less than {len(data.x_train):,}, got {first}.", param_hint="--first")
    count = min(rows * columns, len(images))
    title = f"Fashion-MNIST: training images {first:,} to {first + count - 1:,}"
    if data.notice is not None:
        title += " of the embedded subset"
    image_grid(images, y, LABELS, rows, columns, title).savefig(path, dpi=150)
    say(f"{count} training images are in {path}")


def _new_file(wanted: Path | None) -> Path:
    """Return the path to write to, which does not exist yet."""
    if wanted is None:
        numbered = (_DEFAULT.with_stem(f"{_DEFAULT.stem}-{number}") for number in range(2, 1000))
        wanted = next((path for path in (_DEFAULT, *numbered) if not path.exists()), _DEFAULT)
    if wanted.exists():
        raise ScratchnetError(f"{wanted} exists already: name another file with --output, or remove it first.")
    if wanted.suffix.lower() not in (".png", ".pdf", ".svg", ".jpg", ".jpeg", ".webp"):
        raise typer.BadParameter(f"expected a name that ends in .png, got {wanted}.", param_hint="--output")
    if not wanted.parent.is_dir():
        raise ScratchnetError(f"There is no folder {wanted.parent} to write {wanted.name} to: make it first.")
    return wanted
