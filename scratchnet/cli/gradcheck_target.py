"""A class of the user's own for ``scratchnet gradcheck``: loading it, making an object of it, checking that."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from scratchnet.gradient_check.report import Report

EXAMPLE = "scratchnet gradcheck my_layer.py:MyLayer --input-shape 4,8,8,3 --arg filters=5"


def check_target(
    target: str,
    input_shape: str | None,
    arguments: list[str],
    backend: str,
    seed: int,
    *,
    batch_dependent: bool = False,
    constants: Sequence[str] = (),
) -> Report:
    """Load a class, make an object of it and check that.

    Args:
        target: ``"file.py:Class"`` or ``"package.module:Class"``; the class may be left out if there is only one.
        input_shape: such as ``"4,8,8,3"``; a loss needs none.
        arguments: ``["units=5"]``, for the constructor.
        backend, seed, constants: as for ``check_layer``.
        batch_dependent: whether the samples are meant to depend on each other.

    Raises:
        ValueError: if there is no such class, or its code raises an error or ends the program: then with the line
            where.
    """
    from scratchnet.gradient_check.check_layers import check_layer
    from scratchnet.gradient_check.check_losses import check_loss
    from scratchnet.losses import Loss

    try:
        cls = load(target)
        made = _make(cls, dict(map(_parse_argument, arguments)))
        if isinstance(made, Loss):
            if batch_dependent or constants:
                raise typer.BadParameter("--batch-dependent and --constant are for layers, but this is a loss")
            shapes = _parse_shapes(input_shape)[0] if input_shape else (6, 5)
            return check_loss(made, shape=shapes, seed=seed, backend=backend)
        if input_shape is None:
            raise typer.BadParameter(f"--input-shape is needed to check a layer, as in: {EXAMPLE}")
        return check_layer(
            made,
            _parse_shapes(input_shape),
            seed=seed,
            backend=backend,
            independent_samples=not batch_dependent,
            constants=constants,
        )
    except typer.BadParameter:
        raise
    except SystemExit as error:  # else the code of a script, or of its argparse, would be the verdict
        raise ValueError(
            f"{_locate(error, target)}: it ends the program, so nothing was checked; put what a script does under "
            f'if __name__ == "__main__".'
        ) from error
    except BaseException as error:  # of whatever kind: what was not checked has not passed
        raise ValueError(_locate(error, target)) from error


def _make(cls: Any, options: dict[str, Any]) -> Any:
    try:
        return cls(**options)
    except TypeError as error:
        if "argument" in str(error) and error.__traceback__ is not None and error.__traceback__.tb_next is None:
            raise ValueError(f"{error}: give constructor arguments as --arg NAME=VALUE.") from None
        raise


class _AsItIs(SourceFileLoader):
    """Loads a file without Python's compiled copy, which counts as good if second and length of the file are the same.

    So a sign that is turned within a second of the last check is seen.
    """

    def get_code(self, fullname: str) -> CodeType:
        """Compile what is in the file now."""
        return self.source_to_code(self.get_data(self.path), self.path)


@contextmanager
def _without_compiled_copies() -> Iterator[None]:
    """Have Python leave none beside what is imported: the next check of a module, or of what it imports, reads it."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


@_without_compiled_copies()
def load(target: str) -> Any:
    """Return the class that ``target`` names.

    Raises:
        ValueError: if the file, the module or the class is not there.
    """
    place, _, name = target.rpartition(":") if ":" in target else (target, "", "")
    if place.endswith(".py"):
        path = Path(place).resolve()
        if not path.is_file():
            where = "" if Path(place).is_absolute() else " in this folder"
            raise ValueError(f"There is no file {place}{where}: give the class to check as FILE.py:CLASS.")
        sys.path.insert(0, str(path.parent))
        spec = importlib.util.spec_from_file_location(path.stem, path, loader=_AsItIs(path.stem, str(path)))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
    else:
        sys.path.insert(0, "")
        try:
            module = importlib.import_module(place)
        except ModuleNotFoundError as error:
            if error.name not in (place, place.partition(".")[0]):
                raise  # one that the module itself imports
            raise ValueError(
                f"There is no module {place}: give the class to check as FILE.py:CLASS, or as MODULE:CLASS."
            ) from None
    candidates = [
        n for n, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__ and _backward(c)
    ]
    if not name and len(candidates) == 1:
        name = candidates[0]
    if not name or not hasattr(module, name):
        known = ", ".join(candidates) or "none"
        what = f"has no class {name}" if name else "needs a class named after it, as in FILE.py:CLASS"
        raise ValueError(f"{place} {what}; classes with a backward in it: {known}.")
    return getattr(module, name)


def _backward(cls: type) -> bool:
    return callable(getattr(cls, "backward", None))


def _parse_argument(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise typer.BadParameter(f"--arg expected NAME=VALUE, such as units=5, got {text}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _parse_shapes(text: str) -> list[tuple[int, ...]]:
    try:
        return [tuple(int(n) for n in shape.strip("() ,").split(",")) for shape in text.split(";")]
    except ValueError:
        raise typer.BadParameter(
            f"--input-shape expected whole numbers, the batch in front, such as 4,8,8,3, got {text}"
        ) from None


def _locate(error: BaseException, target: str) -> str:
    """Return the error's message with the last line of the user's own file that led to it."""
    name = Path(target.rpartition(":")[0] or target).name
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).name == name]
    if not frames:
        return str(error)
    last = frames[-1]
    return f"{name}, line {last.lineno}, in {last.name}, `{last.line}`: {type(error).__name__}: {error}"
