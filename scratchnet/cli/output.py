"""What the commands print: results to stdout; errors and remarks, one line each, to stderr."""

from __future__ import annotations

import inspect
import shlex
import shutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from scratchnet.errors import ScratchnetError
from scratchnet.utils.numbers import printable
from scratchnet.utils.terminal import line_parts, make_console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


class Interrupted(ScratchnetError):
    """Ctrl-C was pressed, or SIGTERM came; the message says what was kept.

    Attributes:
        code: the exit code, 128 and the number of the signal.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


_EIGHTHS = " ▏▎▍▌▋▊▉"


def help_of(function: Callable[..., object]) -> str:
    """Return a docstring as help text. Typer keeps the line breaks of the source, wherever the terminal ends."""
    paragraphs = (inspect.getdoc(function) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def console(stderr: bool = False) -> Console:
    """Return a console on what is stdout or stderr now. In a file, lines are as long as they are."""
    out = make_console(stderr)
    if not out.is_terminal:
        out.width = max(shutil.get_terminal_size().columns, 100)
    return out


def say(text: str = "", style: str = "") -> None:
    """Print one line of text as it is, without reading [brackets] as markup; in a terminal it folds between words."""
    show(text, style)


def show(text: str | Text = "", style: str = "", indent: int = 0, first: int = 0, stderr: bool = False) -> None:
    """Print text; in a terminal, folded between words.

    A word that is longer than a line, such as a path, stays whole. In a file, lines are as long as they are.

    Args:
        text: as it is, or with styles.
        style: of all of it.
        indent: how many spaces lines that follow begin with.
        first: how many the first one begins with.
        stderr: whether to print it there.
    """
    from rich.text import Text

    out, text = console(stderr), Text(text) if isinstance(text, str) else text
    text = Text(" " * first).append_text(text)
    for number, line in enumerate(text.split(allow_blank=True)):
        parts = [slice(None)] if not out.is_terminal else line_parts(line.plain, out.width, indent)
        for part in parts:
            room = max(0, out.width - line[part].cell_len)  # for less than the indent, where a path is so long
            before = Text(" " * (min(indent, room) if number or part.start else 0))
            out.print(before.append_text(line[part]), style=style, soft_wrap=True)


def complain(sentence: str) -> None:
    """Print an error to stderr."""
    _to_stderr("Error: ", "bold red", sentence)


def remark(sentence: str) -> None:
    """Print a remark that is no error to stderr."""
    _to_stderr("Note: ", "bold yellow", sentence)


def _to_stderr(word: str, style: str, sentence: str) -> None:
    from rich.text import Text

    shown = "\n".join(map(printable, sentence.split("\n")))
    show(Text.assemble((word, style), shown), stderr=True)


def show_command(arguments: Sequence[str], first: int = 0) -> None:
    """Print a command line that can be pasted; where it does not fit, a backslash ends each line but the last."""
    width, lines = console().width - first - 2, [""]
    for argument in map(shlex.quote, arguments):
        if lines[-1] and console().is_terminal and len(lines[-1]) + 1 + len(argument) > width:
            lines.append(f"  {argument}")
        else:
            lines[-1] += f" {argument}" if lines[-1] else argument
    for number, line in enumerate(lines):
        show(f"{line} \\" if number < len(lines) - 1 else line, first=first)


def bar(share: float, width: int) -> str:
    """Return a bar of that share of ``width`` characters, to an eighth of a character."""
    full, rest = divmod(round(max(0.0, min(share, 1.0)) * width * 8), 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(width)
