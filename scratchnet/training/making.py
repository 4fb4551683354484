"""Which source a call is to take its batches from: told by what it was given as x."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scratchnet.training.samples import check_compiled, check_samples, unlabelled
from scratchnet.training.sources import Arrays, Source
from scratchnet.training.streams import Dataset, Stream, number_of_batches
from scratchnet.utils.numbers import whole_number
from scratchnet.utils.py_dataset import PyDataset

if TYPE_CHECKING:
    from scratchnet.graph.network import Network


def make_source(
    where: str,
    model: Network,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    steps: int | None = None,
    class_weight: Any = None,
) -> Source:
    """Return the source for what a call was given as x; arrays are checked.

    Raises:
        ValueError: if arguments do not go together, or arrays do not fit the model.
        RuntimeError: if the model is not compiled, and needs to be.
    """
    if steps is not None:
        steps = whole_number(f"{'steps_per_epoch' if where == 'fit' else 'steps'} of {where}", steps, 1)
    if batch_size is not None:
        batch_size = whole_number("batch_size", batch_size, 1)
    if inspect.isgeneratorfunction(x):
        raise ValueError(f"{where} expected a generator as x, got the function {x.__name__} that makes one: call it.")
    if not yields_batches(x):
        if where == "predict":
            return Arrays(where, unlabelled(model, x, where), batch_size, steps)
        return Arrays(where, check_samples(model, x, y, sample_weight, class_weight, where), batch_size, steps)
    for name, given, instead in (
        ("y", y, "let it yield (x, y)"),
        ("sample_weight", sample_weight, "let it yield (x, y, sample_weight)"),
        ("batch_size", batch_size, "its batches are as large as they come"),
    ):
        if given is not None:
            raise ValueError(f"{where} expected no {name} beside a {type(x).__name__} as x, got one: {instead}.")
    if where != "predict":
        check_compiled(model, where)
    if not _has_numbers(x):
        return Stream(where, model, x, steps, class_weight)
    if number_of_batches(x) is None and steps is None:
        raise ValueError(f"{where} expected a number of steps for a {type(x).__name__} without end, got None.")
    return Dataset(where, model, x, steps, class_weight)


def yields_batches(x: Any) -> bool:
    """Whether x gives batches, rather than being arrays, or what arrays are made of."""
    if isinstance(x, PyDataset):
        return True
    if isinstance(x, (Sequence, Mapping, bytearray, memoryview)) or hasattr(x, "__array__"):
        return False
    return isinstance(x, Iterator) or hasattr(type(x), "__iter__") or _has_numbers(x)


def _has_numbers(x: Any) -> bool:
    """Whether batches can be asked for by their number."""
    cls = type(x)
    return hasattr(cls, "__getitem__") and (hasattr(cls, "__len__") or hasattr(cls, "num_batches"))
