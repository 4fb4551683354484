"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scratchnet.architectures import ARCHITECTURES
from scratchnet.errors import unknown_name


def known_network(name: str | None) -> str | None:
    """Return the name of one of our networks, or None for none.

    Raises:
        typer.BadParameter: if there is none of that name; names the nearest one.
    """
    if name is not None and name not in ARCHITECTURES:
        raise typer.BadParameter(str(unknown_name("network", name, ARCHITECTURES)))
    return name


def network_argument() -> Any:
    """Return the argument that names one of our networks."""
    return typer.Argument(
        metavar="mlp|cnn|challenge",
        callback=known_network,
        show_default=False,
        help="[bold]mlp[/], one hidden layer, 203,530 parameters; [bold]cnn[/], convolutions, 302,026 parameters; or "
        "[bold]challenge[/], the best we can do in a given time.",
    )


Network = Annotated[str, network_argument()]

Run = Annotated[
    Path,
    typer.Argument(
        metavar="RUN",
        show_default=False,
        help="A folder that [cyan]scratchnet train[/] wrote, or a model file.",
    ),
]

Mini = Annotated[
    bool,
    typer.Option(
        "--mini",
        show_default=False,
        help="Use the small subset that comes with scratchnet (5,000 + 1,000 images), without looking for the whole.",
    ),
]
