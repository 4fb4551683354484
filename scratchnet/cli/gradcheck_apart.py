"""Checks a class of the user's own in a process apart, which leaves its verdict in a file.

The user's code may print, replace ``sys.stdout``, end the process or never end: none of that reaches our output, and
nothing but a verdict that was written whole counts as one. What the code prints goes to stderr.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from scratchnet.utils.numbers import shown

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from scratchnet.cli.gradcheck_apart import main; main()"
)


@dataclass
class Request:
    """What to check; see ``gradcheck_target.check_target``. ``plot`` is a picture to draw, ``width`` the terminal's."""

    target: str
    input_shape: str | None
    arguments: Sequence[str]
    backend: str
    seed: int
    batch_dependent: bool
    constants: Sequence[str]
    plot: Path | None
    width: int | None


@dataclass
class Verdict:
    """What came out: the report for people and for programs."""

    passed: bool
    text: str
    report: dict[str, Any]


def check_apart(request: Request, timeout: float) -> Verdict:
    """Check in a process apart and return the verdict.

    Raises:
        ValueError: if it could not be checked, if the process ended before there was a verdict, or took longer than
            ``timeout`` seconds.
        typer.BadParameter: for wrong usage.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "verdict.json"
        code = _run(request, result, timeout)
        try:
            said = json.loads(result.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise ValueError(
                f"{request.target}: its code ended the process ({how}) before everything was checked, so nothing is "
                f'proved; put what a script does under if __name__ == "__main__".'
            ) from None
    if "usage" in said:
        raise typer.BadParameter(said["usage"])
    if "error" in said:
        raise ValueError(said["error"])
    return Verdict(said["passed"], said["text"], said["report"])


def _run(request: Request, result: Path, timeout: float) -> int:
    """Run the process, pass on what it prints, and return its exit code."""
    task = json.dumps({**asdict(request), "plot": str(request.plot) if request.plot is not None else None})
    command = [sys.executable, "-c", _START, json.dumps(sys.path), task, str(result)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
    printing = threading.Thread(target=_pass_on, args=(process,), daemon=True)
    printing.start()
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"{request.target}: nothing is proved, because it was not checked within {timeout:g} seconds: does it loop "
            f"for ever? A smaller --input-shape takes less time, and a larger --timeout gives more."
        ) from None
    finally:
        process.kill()  # also after Ctrl-C, which the code may have caught
        process.wait()
        printing.join(1.0)  # a process that the code has started may hold the pipe open for longer
    return code


def _pass_on(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    with process.stdout:
        while chunk := os.read(process.stdout.fileno(), 4096):
            if sys.stderr is not None:
                sys.stderr.write(chunk.decode("utf-8", "replace"))
                sys.stderr.flush()


def main() -> None:
    """Check what the parent asks for, write the verdict to its file, and end, whatever the user's code has left."""
    ours, request, result = os.getpid(), json.loads(sys.argv[2]), Path(sys.argv[3])
    del sys.argv[1:]
    verdict = _verdict(request)
    if os.getpid() == ours:  # the code may have forked
        unfinished = result.with_suffix(".part")
        unfinished.write_text(json.dumps(verdict), encoding="utf-8")
        unfinished.replace(result)
    os._exit(0)  # neither threads nor exit handlers of the user's have a say in it


def _verdict(request: dict[str, Any]) -> dict[str, Any]:
    from scratchnet.cli.gradcheck_target import check_target

    plot, width = request.pop("plot"), request.pop("width")
    try:
        report = check_target(**request)
        text = report.text(width)  # runs the user's code once more, to name a known mistake
        if plot is not None:
            report.plot().savefig(plot)
        return {"passed": report.passed, "text": text, "report": report.to_dict()}
    except typer.BadParameter as error:
        return {"usage": error.message}
    except BaseException as error:
        if os.environ.get("SCRATCHNET_TRACEBACK"):
            traceback.print_exc()
        return {"error": str(error) or shown(error)}
