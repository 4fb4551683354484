"""``scratchnet export``: a trained network as a file for Keras, or for whatever runs ONNX."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scratchnet.cli.options import Run
from scratchnet.cli.output import remark, say
from scratchnet.errors import ScratchnetError

if TYPE_CHECKING:
    from scratchnet.models import Model


def export(
    run: Run,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            show_default=False,
            help="The file to write: [cyan]model.keras[/], which Keras loads and can train further, or "
            "[cyan]model.onnx[/], which predicts wherever ONNX runs.",
        ),
    ],
) -> None:
    """Write a network as a file that needs no scratchnet: a Keras model or an ONNX model.

    Either gives the same predictions. A .keras file has the optimizer's state, too; it takes Keras with TensorFlow to
    write one. An .onnx file computes in float32, on images (N, H, W, C) as here; it takes the package onnx.
    """
    from scratchnet.cli import runs

    path = _new_file(file)
    model, _ = runs.load(run)
    try:
        WRITERS[path.suffix](model, path)
    except ImportError as error:
        raise ScratchnetError(str(error)) from None
    say(f"The network of {run} is in {path}, {path.stat().st_size / 1e6:,.1f} MB")


def _new_file(path: Path) -> Path:
    """Return the path to write to, which does not exist yet."""
    from scratchnet.cli import runs

    if path.suffix not in WRITERS:
        raise typer.BadParameter(f"expected a name that ends in {' or '.join(WRITERS)}, got {path}.", param_hint="FILE")
    return runs.new_file(path)


def _write_keras(model: Model, path: Path) -> None:
    from scratchnet import losses
    from scratchnet.interop import to_keras
    from scratchnet.utils.files import write_atomically

    with _stderr_closed():
        import scratchnet.interop.twins  # noqa: F401
    twin = to_keras(model)
    with tempfile.TemporaryDirectory() as folder:  # Keras writes to a path only, piece by piece
        whole = Path(folder) / "model.keras"
        twin.save(whole)
        write_atomically(path, whole.read_bytes())
    if isinstance(model.loss, losses.Huber) and model.loss.delta != 1:
        remark(
            f"Keras's files do not keep Huber's delta, {model.loss.delta:g}: compile again before you train further."
        )


@contextmanager
def _stderr_closed() -> Iterator[None]:
    """Let all that is written to stderr vanish: importing TensorFlow prints a greeting, whatever is set against it."""
    try:
        before, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    except OSError:  # it is closed already
        yield
        return
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


def _write_onnx(model: Model, path: Path) -> None:
    from scratchnet.interop import save_onnx

    save_onnx(model, path)


WRITERS = {".keras": _write_keras, ".onnx": _write_onnx}
