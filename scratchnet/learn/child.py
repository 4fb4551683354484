"""The process that runs a learner's code: it answers questions, and never judges.

``python -m scratchnet.learn.child FILE EXERCISE MODULE IN OUT SECONDS`` loads FILE, and then answers on two pipes:
"what comes out of these inputs?" What is right, only the grader in the other process knows. So nothing that the code
does here to NumPy, to this module, to the clock or to standard output can make a wrong answer right.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import linecache
import os
import resource
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from scratchnet.learn import wire
from scratchnet.learn.namespace import Namespace, NotDefined
from scratchnet.learn.observing import observe

_GRACE = 0.4
"""Seconds before the time is up, when the line that is running is written down."""

_MEMORY = 4 * 2**30
"""Bytes of address space. NumPy, Numba and the threads of BLAS ask for about one, and use a tenth of it."""

_FILE = 64 * 2**20
"""Bytes of a file that may be written: Numba keeps its kernels."""


def main() -> None:
    """Answer until the pipe closes."""
    path, name, module, come_in, go_out, seconds = sys.argv[1:]
    sys.argv = [path]
    _limit(float(seconds))
    source, sink = os.fdopen(int(come_in), "rb"), int(go_out)
    late: list[dict[str, Any]] = []
    _hear_of_what_python_passes_over(path, late)
    exercise = importlib.import_module(module).EXERCISES[name]
    wire.write_all(sink, wire.encode({"started": True}))
    _tell_where_when_late(float(seconds))
    answer, solution = _loaded(path)
    faulthandler.cancel_dump_traceback_later()
    while True:
        if "done" not in answer:  # the clock is running until that has arrived
            gc.collect()  # for what __del__ raises to show now
        if late:
            answer = {"error": late[0]}
        wire.write_all(sink, _encoded(answer, path))
        try:
            question = wire.decode(lambda n: _exactly(source, n))
        except EOFError:
            os._exit(0)  # what the learner's code left behind may not hold this process up
        _tell_where_when_late(question["seconds"])
        answer = _answer(exercise, solution, question, path)
        faulthandler.cancel_dump_traceback_later()


def _limit(seconds: float) -> None:
    """Set the limits that the operating system keeps. The grader's own clock comes first; these are behind it."""
    processors = os.cpu_count() or 1
    for what, most in (
        (resource.RLIMIT_CPU, int(seconds * processors) + 2),
        (resource.RLIMIT_FSIZE, _FILE),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, _MEMORY),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower one is set, or macOS has it in name only
            resource.setrlimit(what, (most, most))


def _tell_where_when_late(seconds: float) -> None:
    faulthandler.dump_traceback_later(max(seconds - _GRACE, 0.1), exit=False)


def _exactly(source: Any, count: int) -> bytes:
    content: bytes = source.read(count)
    if len(content) < count:
        raise EOFError
    return content


def _loaded(path: str) -> tuple[dict[str, Any], Namespace]:
    """Run the file and return what to say of it, and its names."""
    module = ModuleType("exercise")
    module.__file__ = path
    sys.modules["exercise"] = module
    sys.path.insert(0, os.path.dirname(path))
    try:
        with open(path, encoding="utf-8") as stream:
            source = stream.read()
        linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
        exec(compile(source, path, "exec"), module.__dict__)
    except BaseException as error:  # SystemExit and KeyboardInterrupt are as much a learner's as any other
        return {"error": describe(error, path)}, Namespace({})
    return {"ready": True}, Namespace(module.__dict__)


def _answer(exercise: Any, solution: Namespace, question: dict[str, Any], path: str) -> dict[str, Any]:
    try:
        if question["ask"] == "run":
            with _silence() if question["quiet"] else contextlib.nullcontext():
                return _run(exercise, solution, question["inputs"])
        if question["ask"] == "keep":
            _kept.clear()
            _kept.update(question["inputs"])
            return {"kept": True}
        if question["ask"] == "time":
            _timed["outputs"] = exercise.speed.run(solution, question["who"], **_kept)
            return {"done": True}
        if question["ask"] == "timed":
            return {"outputs": _timed["outputs"]}
        return {"mistake": exercise.naming(solution)}
    except BaseException as error:
        return {"error": describe(error, path)}


_kept: dict[str, Any] = {}
_timed: dict[str, Any] = {}


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Leave what is printed, and what NumPy warns of, unsaid."""
    with open(os.devnull, "w") as nowhere, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            yield


def _run(exercise: Any, solution: Namespace, inputs: dict[str, Any]) -> dict[str, Any]:
    answer = observe(exercise, solution, inputs)
    return {"outputs": answer.outputs, "after": answer.after, "shared": answer.shared}


def _encoded(answer: dict[str, Any], path: str) -> bytes:
    outputs = answer.get("outputs")
    if outputs is None:
        return wire.encode(answer)
    good: dict[str, Any] = {}
    strange: dict[str, str] = {}
    for name, value in outputs.items():
        try:
            wire.encode(value)
            good[name] = value
        except Exception as error:  # a learner's class may raise anything when it is looked at
            strange[name] = "..." if value is ... else str(error)
    try:
        return wire.encode({**answer, "outputs": good, "strange": strange})
    except Exception as error:
        return wire.encode({"error": describe(error, path)})


def describe(error: BaseException, path: str) -> dict[str, Any]:
    """Return an error as words: its type, what it says, and the learner's own line."""
    line: int | None = None
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == path:
            line = number
    if isinstance(error, SyntaxError) and error.filename == path:
        line = error.lineno
    said = error.msg if isinstance(error, SyntaxError) else _said(error)
    return {"type": type(error).__name__, "said": str(said)[:2000], "line": line, "missing": _missing(error)}


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:
        return ""


def _missing(error: BaseException) -> str | None:
    return error.wanted if isinstance(error, NotDefined) else None


def _hear_of_what_python_passes_over(path: str, late: list[dict[str, Any]]) -> None:
    """Errors in ``__del__`` and in threads, which Python only prints, are errors here."""

    def hear(args: Any) -> None:
        error = args.exc_value or (args.exc_type or Exception)()
        late.append({**describe(error, path), "late": True})

    sys.unraisablehook = hear
    threading.excepthook = hear


if __name__ == "__main__":
    main()
