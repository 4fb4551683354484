"""Five exercises as a learner meets them: ``python -m tests.learn.transcript`` writes them into docs/learn.md."""

from __future__ import annotations

import io
import os
import re
import tempfile
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from scratchnet import cli
from scratchnet.learn.catalogue import EXERCISES
from scratchnet.learn.folder import Folder, start

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "learn.md"
BEGIN, END = "<!-- transcript begins -->\n", "<!-- transcript ends -->\n"

STORIES: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "chain": (
        ("The link y = z² is forgotten.", "    dw = dy * x\n    db = dy", ("check", "hint")),
        ("", "    dz = dy * 2 * z\n    dw = dz * x\n    db = dz", ("check",)),
    ),
    "dense-dw": (
        ("A mean, since the loss is a mean.", "    return x.T @ dz / len(x)", ("check", "hint")),
        ("", "    return x.T @ dz", ("check",)),
    ),
    "relu": (
        ("Right everywhere but in the corner.", "    dx = dy * (x >= 0)", ("check",)),
        ("Right, but written into the caller's array.", "    dy[x <= 0] = 0\n    dx = dy", ("check",)),
        ("", "    dx = dy * (x > 0)", ("check",)),
    ),
    "col2im": (
        (
            "A loop over the windows, and = for +=.",
            "    for oh in range(OH):\n        for ow in range(OW):\n"
            "            dx[:, oh : oh + KH, ow : ow + KW] = dcols[:, oh, ow]",
            ("check", "hint", "hint"),
        ),
        (
            "",
            "    for oh in range(OH):\n        for ow in range(OW):\n"
            "            dx[:, oh : oh + KH, ow : ow + KW] += dcols[:, oh, ow]",
            ("check",),
        ),
    ),
    "train-an-mlp": (("", "", ("check",)),),
}
"""For each exercise what is tried: why, the lines in place of those with dots, and the commands that follow."""


def transcript() -> str:
    """Return the five exercises as Markdown."""
    with tempfile.TemporaryDirectory() as place:
        folder, _ = start(Path(place) / "exercises")
        return "\n".join(_story(folder, name) for name in STORIES)


def _story(folder: Folder, name: str) -> str:
    lines = [f"### {name}\n", f"```python\n{EXERCISES[name].stub.rstrip()}\n```\n"]
    for why, code, commands in STORIES[name]:
        folder.file(name).write_text(_written(name, code), encoding="utf-8")
        lines.append(f"{why or 'And right:' if code else 'With the solution that the repository has:'}\n")
        if code:
            lines.append(f"```python\n{code}\n```\n")
        lines.append("```console")
        lines.extend(f"$ scratchnet learn {command} {name}\n{_printed(folder, command, name)}" for command in commands)
        lines.append("```\n")
    return "\n".join(lines)


def _written(name: str, code: str) -> str:
    """Return the exercise's file with the lines that have dots replaced; the solution, where there is no code."""
    exercise = EXERCISES[name]
    if not code:
        return exercise.solution
    head, body = exercise.stub.rsplit('"""', 1)
    first, *rest = (line for line in body.splitlines() if "..." in line)
    body = body.replace(first, code, 1)
    for line in rest:
        body = body.replace(f"{line}\n", "", 1)
    return f'{head}"""{body}'


def _printed(folder: Folder, command: str, name: str) -> str:
    """Run the command in this process, which takes half as long as one of its own."""
    out, err = io.StringIO(), io.StringIO()
    with chdir(folder.path), patch.dict(os.environ, COLUMNS="100"), redirect_stdout(out), redirect_stderr(err):
        os.environ.pop("FORCE_COLOR", None)
        cli.run(["learn", command, name])
    return re.sub(r" +$", "", out.getvalue() + err.getvalue(), flags=re.MULTILINE).rstrip()


def page() -> str:
    """Return docs/learn.md with the transcript made anew."""
    head, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    return f"{head}{BEGIN}\n{transcript()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
