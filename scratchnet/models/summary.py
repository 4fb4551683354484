"""The table that ``model.summary()`` prints, with Keras's columns and widths."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.graph.parameters import count_trainable
from scratchnet.layers.layer import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.utils.numbers import function_or_none, real_number, shown, true_or_false, whole_number
from scratchnet.utils.tables import fitting
from scratchnet.utils.terminal import columns, make_console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from scratchnet.graph.network import Network

CHAIN_COLUMNS = (("Layer (type)", 0.45), ("Output Shape", 0.80), ("Param #", 1.0))
GRAPH_COLUMNS = (("Layer (type)", 0.3), ("Output Shape", 0.56), ("Param #", 0.74), ("Connected to", 1.0))
NARROWEST = 4
MOST_COLUMNS = 10_000
NARROWEST_TABLE = 30  # in a terminal of whatever width


def readable_size(size: float) -> str:
    """Return a number of bytes as people read it: 814120 → ``795.04 KB``."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} TB"


@dataclass
class _Form:
    """What a table looks like: its columns, each with its width, and which rows it has."""

    columns: list[tuple[str, int]]
    width: int
    chain: bool
    expand_nested: bool
    show_trainable: bool
    rows: slice


def print_summary(
    model: Network,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], object] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Print the table of a model's layers, output shapes and numbers of parameters; see ``Model.summary``."""
    form = _form(model, line_length, positions, expand_nested, show_trainable, layer_range)
    print_fn = function_or_none("print_fn of summary", print_fn)
    totals, table, file = _totals(model), _table(model, form), io.StringIO() if print_fn else None
    there = None if print_fn or line_length or positions else columns()
    if there is not None and (there < form.width or _breaks_words(table)):
        for column in table.columns:
            column.width = None
        table.width = None
        _render(model, table, totals, make_console(width=there))
        return
    # At least as wide as the table, so that rich never folds it.
    options: dict[str, Any] = {"file": file, "color_system": None} if file else {}
    _render(model, table, totals, make_console(width=max(form.width, 80), **options))
    if print_fn and file:
        print_fn(file.getvalue())


def _breaks_words(table: Table) -> bool:
    """Return whether a word of some cell is not to be found whole in the table."""
    from rich.text import Text

    text = io.StringIO()
    make_console(file=text, width=max(table.width or 0, 80)).print(table)
    cells = (str(cell) for column in table.columns for cell in (column.header, *column.cells))
    return not {word for cell in cells for word in Text.from_markup(cell).plain.split()} <= set(text.getvalue().split())


def _form(
    model: Network,
    line_length: int | None,
    positions: Sequence[float] | None,
    expand_nested: bool,
    show_trainable: bool,
    layer_range: Sequence[str] | None,
) -> _Form:
    chain = model.is_sequential or model.graph.is_chain
    titles, ends = zip(*(CHAIN_COLUMNS if chain else GRAPH_COLUMNS))
    if positions is not None:
        if not isinstance(positions, (list, tuple)) or len(positions) != len(titles):
            raise ValueError(
                f"positions of summary expected {len(titles)} numbers, where columns end, got {shown(positions)}."
            )
        ends = tuple(real_number("positions of summary", end, 0, 1) for end in positions)
    if true_or_false("show_trainable of summary", show_trainable):
        titles, ends = (*titles, "Trainable"), (*(end * 0.9 for end in ends), 1.0)
    usual = (88 if chain else 108) + (12 if show_trainable else 0)
    if line_length is not None:
        line_length = whole_number("line_length of summary", line_length, 1, MOST_COLUMNS)
    width = line_length or min(usual, max(shutil.get_terminal_size().columns - 4, NARROWEST_TABLE))
    stops = [int(end * width) for end in ends]
    widths = [stop - start for start, stop in zip([0, *stops], stops)]
    if min(widths) < NARROWEST:
        raise ValueError(
            f"summary expected each column to be at least {NARROWEST} characters wide, got {widths}: give other "
            f"positions or a larger line_length."
        )
    expand_nested = true_or_false("expand_nested of summary", expand_nested)
    return _Form(list(zip(titles, widths)), width, chain, expand_nested, show_trainable, _rows(model, layer_range))


def _rows(model: Network, layer_range: Sequence[str] | None) -> slice:
    """Return which layers lie between the first that fits the one pattern and the last that fits the other."""
    if layer_range is None:
        return slice(None)
    if not isinstance(layer_range, (list, tuple)) or [type(name) for name in layer_range] != [str, str]:
        raise ValueError(f"layer_range of summary expected the names of two layers, got {shown(layer_range)}.")
    first, last = ([i for i, layer in enumerate(model.layers) if re.match(p, layer.name)] for p in layer_range)
    if not first or not last:
        names = ", ".join(layer.name for layer in model.layers)
        raise ValueError(f"layer_range of summary expected two of the layers {names}, got {tuple(layer_range)}.")
    if first[0] > last[-1]:
        first, last = last, first
    return slice(first[0], last[-1] + 1)


def _totals(model: Network) -> list[tuple[str, int, int]]:
    """Return what the lines below the table say: a title, a number of parameters, and their size in bytes."""
    weights = sum(layer.count_params() for layer in model.layers)
    trainable = count_trainable(model.layers, model.trainable)
    width_in_bytes = np.dtype(model.dtype).itemsize
    rows = [
        ("Trainable params", trainable, trainable * width_in_bytes),
        ("Non-trainable params", weights - trainable, (weights - trainable) * width_in_bytes),
    ]
    if model.optimizer is not None and model.optimizer.iterations:
        # As Keras counts them: a number in each of the optimizer's vectors for each one that it has moved, its counter
        # (8 bytes), and its learning rate unless that is a schedule.
        moves = trainable if model.optimizer.moves is None else model.optimizer.moves
        vectors = len(model.optimizer.slots) * moves
        rate = 0 if model.optimizer.has_schedule else 1
        rows.append(("Optimizer params", vectors + rate + 1, (vectors + rate) * width_in_bytes + 8))
    return [("Total params", sum(count for _, count, _ in rows), sum(size for _, _, size in rows)), *rows]


def _render(model: Network, table: Table, totals: list[tuple[str, int, int]], console: Console) -> None:
    from rich.console import Group

    below = (f"[bold] {title}: [/][green]{count:,}[/] ({readable_size(size)})" for title, count, size in totals)
    # All at once: a notebook makes an output of each print.
    console.print(Group(f'[bold]Model: "{model.name}"[/]', fitting(console, table), *below))


def summary_rows(model: Network) -> tuple[list[str], list[tuple[str, ...]], list[tuple[str, int, int]]]:
    """Return the titles, the rows and the totals of a model's summary, as text without colours."""
    from rich.text import Text

    table = _table(model, _form(model, 108, None, False, False, None))
    columns = ([Text.from_markup(str(cell)).plain for cell in column.cells] for column in table.columns)
    return [str(column.header) for column in table.columns], list(zip(*columns)), _totals(model)


def _table(model: Network, form: _Form) -> Table:
    from rich.table import Column, Table

    sides: dict[str, Any] = {"Param #": "right", "Trainable": "center"}
    columns = [Column(title, width=width, justify=sides.get(title, "left")) for title, width in form.columns]
    table = Table(*columns, width=form.width, show_lines=True)
    called = {tensor.layer: [output.shape for output in tensor.of_call] for tensor in model.graph.tensors}
    for layer in model.layers[form.rows]:
        for depth, inner in _with_inner(layer) if form.expand_nested else [(0, layer)]:
            name = f"{'   ' * depth}└ {inner.name}" if depth else inner.name
            here = called[inner] if inner.is_model and not depth else [inner.output_shape]  # a model: in this one
            row = [f"{name} ([blue]{_kind(inner)}[/])", _shape(here[0] if len(here) == 1 else here)]
            row.append(f"[green]{inner.count_params():,}[/]")
            if not form.chain:
                row.append(_connections(model, inner))
            if form.show_trainable:
                row.append(f"[bold]{('N', 'Y')[inner.trainable] if inner.named_weights else '-'}[/]")
            table.add_row(*row)
    return table


def _with_inner(layer: Any, depth: int = 0) -> Iterator[tuple[int, Any]]:
    """Yield a layer and, if it is a model, the layers in it, with how deep each lies."""
    yield depth, layer
    for inner in layer.layers if layer.is_model else ():
        yield from _with_inner(inner, depth + 1)


def _kind(layer: Any) -> str:
    """Return the name of a layer's class; for a graph of layers that of Keras's."""
    name = type(layer).__name__
    return "Functional" if layer.is_model and name == "Model" else name


def _shape(shape: Any) -> str:
    if isinstance(shape, list):
        return f"[{', '.join(map(_shape, shape))}]"
    return f"({', '.join(f'[cyan]{n}[/]' if n is None else f'[green]{n}[/]' for n in shape)})"


def _connections(model: Network, layer: Layer) -> str:
    """Return what a layer was called on; nothing for the layers of nested models, which are in another graph."""
    calls = {tensor.of_call[0]: tensor for tensor in model.graph.tensors if tensor.layer is layer}
    sources = [
        f"{source.layer.name}[[green]{_call(source)}[/]][[green]{list(source.of_call).index(source)}[/]]"
        for first in sorted(calls, key=_call)
        for source in (first.inputs if first not in model.graph.given else ())
    ]
    return ", ".join(sources) or "-"


def _call(tensor: SymbolicTensor) -> int:
    """Return which of all calls of its layer a tensor is, counted from 0, as Keras counts."""
    calls, first = tensor.layer._outputs, tensor.of_call[0]
    return calls.index(first) if first in calls else 0
