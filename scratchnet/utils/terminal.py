"""Printing where not every character can be written, or nothing can be.

A terminal or file in ASCII or in one of Windows's code pages has no ━ and no →: what it cannot encode gets an ASCII
stand-in, and everything else stays. A program without a terminal (``pythonw``) has no standard output at all; what is
printed there goes nowhere. All that scratchnet prints passes through here.
"""

from __future__ import annotations

import codecs
import os
import re
import sys
import unicodedata
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from rich.console import Console

STAND_INS = "scratchnet.stand_ins"
"""The name, for ``errors=``, under which Python's codecs know the stand-ins."""

# One character for one wherever it can be, so that the columns of a table stay where they are.
_ASCII = {
    **dict.fromkeys("━─═╌┄▬", "-"),
    **dict.fromkeys("│┃║╎┆", "|"),
    **dict.fromkeys("█▉▊▋▌", "#"),
    **dict.fromkeys("▍▎▏", " "),
    **dict.fromkeys("→⟶", ">"),
    **dict.fromkeys("←⟵", "<"),
    **dict.fromkeys("‘’‚′", "'"),
    **dict.fromkeys("“”„″", '"'),
    **dict.fromkeys("–—−‐‑", "-"),
    **dict.fromkeys("·•●", "*"),
    "━": "=",
    "×": "x",
    "✓": "+",
    "✗": "x",
    "…": "...",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "≈": "~",
    "±": "+-",
    "²": "^2",
    "³": "^3",
    "∞": "inf",
    "α": "alpha",
    "β": "beta",
    "θ": "theta",
    "ß": "ss",
    "ø": "o",
    "æ": "ae",
}

_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_CUT_CELL = re.compile(r"…(?=(?:\x1b\[[\d;]*m| )*[|│┃])")  # where rich cut a cell of a table short


def plain(text: str) -> str:
    """Return the text in ASCII: a stand-in for each character that has one, ``?`` for others."""
    return "".join(character if character.isascii() else _stand_in(character) for character in text)


def can_write(text: str, stream: Any = None) -> bool:
    """Return whether a stream, standard output if not given, can encode all of the text."""
    return writable(text, stream) == text


def writable(text: str, stream: Any = None) -> str:
    """Return the text with stand-ins for what a stream, standard output if not given, cannot encode."""
    stream = sys.stdout if stream is None else stream
    encoding = getattr(stream, "encoding", None) or "utf-8"  # a StringIO has none and takes everything
    if getattr(stream, "errors", None) == "surrogateescape":
        # Names of files hold bytes that are no text; such a stream writes them as they were.
        try:
            text.encode(encoding, "surrogateescape")
        except UnicodeEncodeError:
            pass
        else:
            return text
    return text.encode(encoding, STAND_INS).decode(encoding)


def write(text: str) -> None:
    """Write text to standard output at once; to nowhere, if there is none."""
    if sys.stdout is not None:
        sys.stdout.write(writable(text))
        sys.stdout.flush()


def columns(stream: Any = None) -> int | None:
    """Return how wide the terminal is that a stream, standard output if not given, writes to; None if to no terminal.

    As everywhere, the variable COLUMNS counts for more than what the terminal says.
    """
    stream = sys.stdout if stream is None else stream
    try:
        if stream is None or not stream.isatty():
            return None
        said = os.get_terminal_size(stream.fileno()).columns
    except (AttributeError, OSError, ValueError):  # closed, or something that only says that it is a terminal
        return None
    given = os.environ.get("COLUMNS", "")
    wanted = int(given) if given.isdecimal() else 0
    return wanted or said or 80  # one that does not know its width says 0


def moves_cursor(stream: Any = None) -> bool:
    """Return whether a stream, standard output if not given, is a terminal on which a line can be drawn again."""
    stream = sys.stdout if stream is None else stream
    try:
        is_terminal = stream is not None and stream.isatty()
    except ValueError:  # closed
        return False
    return is_terminal and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")


def has_colours(stream: Any = None) -> bool:
    """Return whether a stream, standard output if not given, is a terminal that shall show colours."""
    return moves_cursor(stream) and not os.environ.get("NO_COLOR")


def folded(text: str, width: int | None, indent: str = "") -> str:
    """Return text in lines of at most ``width`` characters, cut at spaces only; None leaves them as they are.

    A word that is longer than the line, such as a path, stays whole. Lines that follow begin with ``indent``.
    """
    if width is None:
        return text
    lines = []
    for line in text.split("\n"):
        first, *rest = (line[part] for part in line_parts(line, width, len(indent)))
        lines += [first, *(indent + part for part in rest)]
    return "\n".join(lines)


def line_parts(line: str, width: int, indent: int = 0) -> list[slice]:
    """Return where to cut a line at spaces, so that no part is wider than ``width``, and ``indent`` less after one."""
    parts: list[slice] = []
    start = end = 0  # of the part that is being filled
    for word in re.finditer(r" *[^ ]+", line):
        room = width - (indent if parts else 0)
        if end > start and cells(line[start : word.end()]) > room:
            parts.append(slice(start, end))
            start = word.end() - len(word[0].lstrip(" "))
        end = word.end()
    return [*parts, slice(start, end if parts else len(line))]


def cells(text: str) -> int:
    """Return how many columns of a terminal a line of text takes: none for colours, two for a character of Chinese."""
    from rich.cells import cell_len

    return cell_len(_COLOUR.sub("", text))


def make_console(stderr: bool = False, file: Any = None, **options: Any) -> Console:
    """Return a rich console on ``file``, or on what is standard output (or error) now, that never fails to encode."""
    from rich.console import Console

    stream = file if file is not None else sys.stderr if stderr else sys.stdout
    if stream is not None:  # rich itself writes to nowhere if there is none
        stream = cast("IO[str]", _Writable(stream))
    return Console(file=stream, stderr=stderr, **{"highlight": False, **options})


class _Writable:
    """A stream that writes stand-ins for what it cannot encode, and is otherwise what it is."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        if not can_write("…", self._stream):
            text = _CUT_CELL.sub(".", text)  # three dots would move the line of the frame
        self._stream.write(writable(text, self._stream))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _stand_in(character: str) -> str:
    if character in _ASCII:
        return _ASCII[character]
    if "\u2500" <= character <= "\u257f":
        return "+"  # the corners and crossings of a frame
    if "\u2800" <= character <= "\u28ff":
        return "*"  # what turns while something takes its time
    letters = "".join(c for c in unicodedata.normalize("NFKD", character) if c.isascii())
    return letters or "?"


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_stand_in, error.object[error.start : error.end])), error.end


codecs.register_error(STAND_INS, _replace)
