"""The table that ``model.summary()`` prints, with Keras's columns and widths."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.utils.terminal import make_console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from scratchnet.graph.network import Network

CHAIN_COLUMNS = (("Layer (type)", 0.45), ("Output Shape", 0.80), ("Param #", 1.0))
GRAPH_COLUMNS = (("Layer (type)", 0.3), ("Output Shape", 0.56), ("Param #", 0.74), ("Connected to", 1.0))


def readable_size(size: float) -> str:
    """Return a number of bytes as people read it: 814120 → ``795.04 KB``."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} TB"


def print_summary(
    model: Network, line_length: int | None = None, print_fn: Callable[[str], object] | None = None
) -> None:
    """Print the table of a model's layers, output shapes and numbers of parameters.

    Args:
        model: any model that is built.
        line_length: width in characters; 88 for a chain of layers, 108 for other graphs, less in a narrow terminal.
        print_fn: called with the whole text, instead of printing it.
    """
    chain = model.is_sequential or model.graph.is_chain
    width = line_length or min(88 if chain else 108, shutil.get_terminal_size().columns - 4)
    if print_fn is None:
        # At least as wide as the table, so that rich never folds it.
        _render(model, chain, width, make_console(width=max(width, 80)))
        return
    text = io.StringIO()
    _render(model, chain, width, make_console(file=text, color_system=None, width=max(width, 80)))
    print_fn(text.getvalue())


def _render(model: Network, chain: bool, width: int, console: Console) -> None:
    weights = sum(layer.count_params() for layer in model.layers)
    trainable = sum(segment.values.size for segment in model.segments)
    width_in_bytes = np.dtype(model.dtype).itemsize
    rows = [
        ("Trainable params", trainable, trainable * width_in_bytes),
        ("Non-trainable params", weights - trainable, (weights - trainable) * width_in_bytes),
    ]
    if model.optimizer is not None and model.optimizer.iterations:
        # As Keras counts them: a number in each of the optimizer's vectors for each one that it moves, its counter
        # (8 bytes), and its learning rate unless that is a schedule.
        vectors = len(model.optimizer.slots) * trainable
        rate = 0 if model.optimizer.has_schedule else 1
        rows.append(("Optimizer params", vectors + rate + 1, (vectors + rate) * width_in_bytes + 8))
    rows.insert(0, ("Total params", sum(count for _, count, _ in rows), sum(size for _, _, size in rows)))
    console.print(f'[bold]Model: "{model.name}"[/]')
    console.print(_table(model, chain, width))
    for title, count, size in rows:
        console.print(f"[bold] {title}: [/][green]{count:,}[/] ({readable_size(size)})")


def _table(model: Network, chain: bool, width: int) -> Table:
    from rich.table import Column, Table

    columns, start = [], 0
    for title, end in CHAIN_COLUMNS if chain else GRAPH_COLUMNS:
        stop = int(end * width)
        columns.append(Column(title, width=stop - start, justify="right" if title == "Param #" else "left"))
        start = stop
    table = Table(*columns, width=width, show_lines=True)
    for layer in model.layers:
        shape = ", ".join(f"[cyan]{n}[/]" if n is None else f"[green]{n}[/]" for n in layer.output_shape)
        row = [f"{layer.name} ([blue]{type(layer).__name__}[/])", f"({shape})", f"[green]{layer.count_params():,}[/]"]
        if not chain:
            row.append(_connections(model, layer))
        table.add_row(*row)
    return table


def _connections(model: Network, layer: Layer) -> str:
    places = [t for t in model.graph.tensors if t.layer is layer and t not in model.graph.given]
    sources = [
        f"{source.layer.name}[[green]{_call(source)}[/]][[green]0[/]]"
        for tensor in sorted(places, key=_call)
        for source in tensor.inputs
    ]
    return ", ".join(sources) or "-"


def _call(tensor: SymbolicTensor) -> int:
    """Return which of all calls of its layer a tensor is, counted from 0, as Keras counts."""
    calls = tensor.layer._outputs
    return calls.index(tensor) if tensor in calls else 0
