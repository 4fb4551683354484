"""Runs a learner's file in a process of its own, which can do no more than give wrong answers or none.

The process has a limit for its time, its memory, the files it writes and what it prints. When a limit is reached, or
the grader is done, the process and everything that it has started are killed.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from scratchnet.learn import wire
from scratchnet.learn.observing import Answer

PRINTED = 2**20
"""Bytes that a solution may print; of these, ``SHOWN`` are shown."""

SHOWN = 2000

STARTING = 120.0
"""Seconds in which the process has to be there, before the learner's own time begins."""


_STRAY = "Your code wrote where only the grader's questions are answered."


@dataclass
class Failure(Exception):
    """The learner's code did not answer.

    Attributes:
        sentence: what happened.
        line: the learner's line where it did, if that is known.
        missing: the name that the file should define, and does not.
    """

    sentence: str
    line: int | None = None
    missing: str | None = None


class Sandbox:
    """One process with one learner's file in it; a context manager.

    Args:
        path: the file.
        exercise: the exercise's name.
        module: the module whose ``EXERCISES`` has it.
        seconds: how long the code may take in all. What the grader takes between its questions does not count.
    """

    def __init__(self, path: Path, exercise: str, module: str, seconds: float) -> None:
        self.path, self.seconds = path, seconds
        self._left = STARTING
        self._printed = bytearray()
        self._too_much = False
        self._heard = threading.Event()
        come_in, self._to_child = os.pipe()
        self._from_child, go_out = os.pipe()
        command = [sys.executable, "-P", "-m", "scratchnet.learn.child", str(path), exercise, module]
        try:
            self._process = subprocess.Popen(
                [*command, str(come_in), str(go_out), str(seconds)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(come_in, go_out),
                start_new_session=True,
                env=_environment(),
            )
        finally:
            os.close(come_in)
            os.close(go_out)
        os.set_blocking(self._from_child, False)
        os.set_blocking(self._to_child, False)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process and everything that it has started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended, and left nothing behind
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for descriptor in (self._to_child, self._from_child):
            if descriptor >= 0:
                os.close(descriptor)
        self._to_child = self._from_child = -1
        self._listener.join(timeout=0.2)

    @property
    def printed(self) -> str:
        """What the code printed, its beginning, without what Python writes of it when the time is nearly up."""
        text = bytes(self._printed[:SHOWN]).decode("utf-8", "replace")
        return re.split(r"^Timeout \(\d+:\d\d:[\d.]+\)!\nThread 0x", text, maxsplit=1, flags=re.MULTILINE)[0]

    # Asking ----------------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Wait until the file is loaded.

        Raises:
            Failure: if that goes wrong.
        """
        self._reply()
        self._left = self.seconds  # the learner's code begins only now
        self._reply()

    def run(self, inputs: dict[str, Any], quiet: bool = False) -> Answer:
        """Return what the code makes of these inputs; ``quiet``: what it prints meanwhile is not kept.

        Raises:
            Failure: if it makes nothing of them.
        """
        return self._outputs(self.ask({"ask": "run", "inputs": inputs, "quiet": quiet}))

    def timed(self) -> dict[str, Any]:
        """Return the outputs of the last call that was timed."""
        return self._outputs(self.ask({"ask": "timed"})).outputs

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Send a question and return the answer.

        Raises:
            Failure: if none comes.
        """
        self._write(wire.encode({**question, "seconds": self._left}))
        return self._reply()

    def _write(self, content: bytes) -> None:
        """Write all of it, but wait no longer for a process that does not read than the limit."""
        view = memoryview(content)
        with selectors.DefaultSelector() as selector:
            selector.register(self._to_child, selectors.EVENT_WRITE)
            while view:
                if self._waited(selector, self._left):
                    try:
                        view = view[os.write(self._to_child, view) :]
                    except BrokenPipeError:
                        raise self._ended() from None

    def _outputs(self, answer: dict[str, Any]) -> Answer:
        parts = {name: answer[name] for name in ("outputs", "strange", "after", "shared") if name in answer}
        well_formed = all(isinstance(parts.get(name, {}), dict) for name in ("outputs", "strange", "after"))
        shared = parts.get("shared", [])
        if "outputs" not in parts or not well_formed or not isinstance(shared, list):
            raise Failure(_STRAY)
        parts["shared"] = [[str(name) for name in pair] for pair in shared if isinstance(pair, list)]
        return Answer(**parts)

    def _reply(self) -> dict[str, Any]:
        try:
            answer = wire.decode(self._read)
        except wire.WireError:
            raise Failure(_STRAY) from None
        if not isinstance(answer, dict) or not isinstance(answer.get("error", {}), dict):
            raise Failure(_STRAY)
        if answer.get("error"):
            raise _as_failure(answer["error"])
        return answer

    def _read(self, count: int) -> bytes:
        """Return exactly so many bytes from the process, or raise what kept it from writing them."""
        content = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._from_child, selectors.EVENT_READ)
            while len(content) < count:
                if self._too_much:
                    raise self._noisy()
                if not self._waited(selector, 0.1):
                    if self._process.poll() is not None and not selector.select(0):
                        raise self._ended()
                    continue
                chunk = os.read(self._from_child, min(count - len(content), 2**20))
                if not chunk:
                    raise self._ended()
                content += chunk
        return bytes(content)

    def _waited(self, selector: selectors.BaseSelector, most: float) -> bool:
        """Wait for a pipe, at most so long, and take the time off what is left; return whether it is ready."""
        if self._left <= 0:
            raise self._late()
        began = time.monotonic()
        ready = selector.select(min(self._left, most))
        self._left -= time.monotonic() - began
        return bool(ready)

    # What went wrong -------------------------------------------------------------------------------------------------

    def _late(self) -> Failure:
        self._heard.wait(0.2)
        line = self._running_line()
        sentence = f"It was not done within {self.seconds:g} seconds and was stopped: is there a loop without end?"
        return Failure(sentence, line)

    def _noisy(self) -> Failure:
        return Failure(f"It printed more than {PRINTED // 2**20} MB and was stopped: take the prints out of the loop.")

    def _ended(self) -> Failure:
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return Failure("Your code closed the pipe on which the grader's questions are answered.")
        self._listener.join(timeout=0.2)
        if self._too_much:
            return self._noisy()
        if code == -signal.SIGXCPU:
            return self._late()
        if code < 0:
            return Failure(f"The process was killed by signal {-code} ({signal.Signals(-code).name}).")
        return Failure(f"Your code ended the process (exit code {code}): take out what exits.")

    def _running_line(self) -> int | None:
        """Return the learner's line that ran when the time was nearly up, from what Python wrote of it."""
        text = bytes(self._printed[-(2**16) :]).decode("utf-8", "replace")
        where = re.findall(rf'File "{re.escape(str(self.path))}", line (\d+)', text)
        return int(where[0]) if where else None

    def _listen(self) -> None:
        """Keep the beginning of what the process prints, and stop it when it prints too much."""
        assert self._process.stdout is not None
        count = 0
        with self._process.stdout as stream:
            while chunk := os.read(stream.fileno(), 2**16):
                count += len(chunk)
                if count <= PRINTED:
                    self._printed += chunk
                    continue
                self._too_much = True
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                break
        self._heard.set()


def _as_failure(error: dict[str, Any]) -> Failure:
    kind, said = str(error.get("type")), str(error.get("said"))
    line, missing = error.get("line"), error.get("missing")
    if missing:
        return Failure(f"The file does not define {missing}: it may not be renamed.", None, str(missing))
    sentence = f"{kind}: {said}" if said else kind
    if kind == "SystemExit":
        sentence = "Your code ends the program: take out what exits."
    elif kind == "NotAsked":
        sentence = said
    elif kind == "EOFError":
        sentence = "Your code waits for something to be typed, and nobody is there to type it: take out input()."
    elif kind == "TypeError" and ("for ^:" in said or "bitwise_xor" in said):
        sentence = f"A power is written **: ^ is another operation, on bits ({sentence})."
    elif kind == "NotImplementedError" or (kind == "TypeError" and "ellipsis" in said):
        sentence = "The three dots are still there: that is yours to write."
    elif error.get("late"):
        sentence = f"{sentence} (raised in a __del__ or a thread)"
    return Failure(sentence, line if isinstance(line, int) else None)


def _environment() -> dict[str, str]:
    """Return the environment: the same scratchnet as here, and BLAS on one thread, as in training."""
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")
    return {**os.environ, **one_thread, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
