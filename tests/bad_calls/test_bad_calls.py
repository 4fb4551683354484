"""Every call of the tables is refused in one sentence, and leaves the model, the seed and the settings as they were.

A table is a text: a call, and below it, further in, the error that it raises. A sentence that ends in " …" goes on with
what would change with the lists that it names. "~" before a call says that it draws random numbers itself, for what is
right in it.
"""

from __future__ import annotations

import contextlib
import io
import os
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import scratchnet
from scratchnet.utils import arguments
from tests.bad_calls import setting

PACKAGE = os.path.dirname(scratchnet.__file__)


def rows() -> Iterator[Any]:
    """Yield (call, whether it draws, error, sentence) of each table."""
    for path in sorted(Path(__file__).parent.glob("*.txt")):
        if path.stem == "commands":
            continue
        _, _, table = path.read_text(encoding="utf-8").partition("\n\n")
        lines = table.splitlines()
        for number, (call, said) in enumerate(zip(lines[::2], lines[1::2], strict=True)):
            error, _, sentence = said.strip().partition(": ")
            yield pytest.param(call.removeprefix("~ "), call[0] == "~", error, sentence, id=f"{path.stem}-{number}")


ROWS = list(rows())


@pytest.fixture(scope="module", autouse=True)
def _among_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run in a folder of files, on the NumPy backend: nothing here depends on kernels."""
    before, backend = Path.cwd(), scratchnet.config.backend()
    os.chdir(tmp_path_factory.mktemp("files"))
    scratchnet.config.set_backend("numpy")
    setting.make_files()
    yield
    os.chdir(before)
    scratchnet.config.set_backend(backend)


@pytest.mark.parametrize(("call", "draws", "error", "sentence"), ROWS)
def test_is_refused_in_one_sentence_and_changes_nothing(call: str, draws: bool, error: str, sentence: str) -> None:
    scratchnet.config.set_backend("numpy")
    model = setting.model()
    function = eval(f"lambda m: {call}", dict(setting.NAMES))
    before, seeds, listing = setting.state(model), setting.seeds(), sorted(os.listdir())
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()) as out:
        warnings.simplefilter("error")
        with pytest.raises(Exception) as caught:  # noqa: PT011  the next lines say which
            function(model)
    message = str(caught.value)
    assert type(caught.value).__name__ == error
    assert message.startswith(sentence.removesuffix(" …")) if sentence.endswith(" …") else message == sentence
    assert "\n" not in message
    assert out.getvalue() == ""
    assert setting.state(model) == before
    assert draws or setting.seeds() == seeds
    assert sorted(os.listdir()) == listing
    assert is_ours(caught.value), "an error of NumPy's, or of Python's in the middle of our code"
    model.fit(setting.X, setting.Y, verbose=0)  # and the next call works


def is_ours(error: BaseException) -> bool:
    """Whether one of our own lines raised it, or the call itself had the wrong number of arguments."""
    frames = traceback.extract_tb(error.__traceback__)
    if frames[-1].filename == arguments.__file__ and not (frames[-1].line or "").startswith("raise"):
        frames.pop()  # which handed the call on as it was
    last = frames[-1]
    within = [frame for frame in frames if frame.filename.startswith(PACKAGE)]
    return not within or (last.filename.startswith(PACKAGE) and (last.line or "").startswith("raise"))


def test_there_are_many_and_each_is_there_once() -> None:
    calls = [row.values[0] for row in ROWS]
    assert len(calls) >= 400
    assert len(set(calls)) == len(calls)
