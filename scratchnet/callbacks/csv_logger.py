"""The figures of every epoch, in a CSV file."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import warnings
from collections.abc import Mapping
from typing import Any

from scratchnet.callbacks.callback import Callback, Logs
from scratchnet.callbacks.checks import path_text, switch
from scratchnet.utils.numbers import shown


class CSVLogger(Callback):
    """Write one row for each epoch to a CSV file: the epoch, from 0, then all of ``logs`` in alphabetical order.

    Each row is written and the file closed again before training goes on, so that an interrupted run leaves every
    finished epoch behind. A figure that an epoch does not have is ``NA``. If a row cannot be written, as on a full
    disk, there is a warning, and it is written together with the next one.

    Args:
        filename: the file, in a folder that exists.
        separator: the one character between two fields.
        append: whether to go on at the end of the file, in the columns it has, rather than to begin it anew. What a
            crash has left of a last row that has no end is taken off, with a warning.

    Raises:
        ValueError: for a separator that is not one character; at the start of ``fit``, for a file to append to that
            does not begin with a column ``epoch``.
        FileNotFoundError: at the start of ``fit``, if the folder is missing.
        OSError: at the end of ``fit``, if rows could not be written; ``model.history`` has them.
    """

    writes_files = True

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        if not isinstance(separator, str) or len(separator) != 1 or separator in '\r\n"':
            raise ValueError(f"CSVLogger expected a separator of one character, got {shown(separator)}.")
        self.filename = path_text(self, "filename", filename)
        self.separator = separator
        self.append = switch(self, "append", append)
        self._columns: list[str] = []
        self._path = ""
        self._text = b""  # what the file is to hold, and how much of it is known to be there
        self._written = 0
        self._failure: OSError | None = None
        self._told = False

    def get_state(self) -> dict[str, Any]:
        """Return what the file holds."""
        return {"columns": self._columns, "text": self._text.decode()}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Make the file what it was, without rows that were written after that."""
        self._columns, self._text = state["columns"], state["text"].encode()
        self._written = 0
        self._write()

    def _check_fit(self) -> None:
        folder = os.path.dirname(os.path.abspath(self.filename))
        if not os.path.isdir(folder):
            raise FileNotFoundError(f"CSVLogger expected the folder {folder!r} for {self.filename!r}: make it first.")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin the file, or read the columns of the one to append to."""
        self._path = os.path.abspath(self.filename)  # a hook of someone else may change the working directory
        self._failure, self._told = None, False
        with open(self._path, "a+b" if self.append else "w+b") as file:
            file.seek(0)
            self._text = file.read()
        self._written = len(self._text)
        self._columns = next(csv.reader(io.StringIO(self._text.decode(), newline=""), delimiter=self.separator), [])
        if self._columns and self._columns[0] != "epoch":
            raise ValueError(
                f"CSVLogger expected a first column 'epoch' in {self.filename!r}, got {self._columns[0]!r}: append to "
                f"a file of CSVLogger's with separator {self.separator!r}, or set append=False."
            )
        self._mend()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write one row, below the header if it is the first."""
        logs = logs or {}
        rows: list[list[object]] = []
        if not self._columns:
            later = {f"val_{name}" for name in self.model.metrics_names} if self.params.get("validates") else set()
            self._columns = ["epoch", *sorted({*logs, *later})]  # validation_freq may leave it out of this epoch
            rows.append([*self._columns])
        rows.append([epoch, *(logs.get(name, "NA") for name in self._columns[1:])])
        lines = io.StringIO(newline="")
        csv.writer(lines, delimiter=self.separator).writerows(rows)
        self._text += lines.getvalue().encode()
        self._write()
        if left_out := sorted(set(logs) - set(self._columns)):
            warnings.warn(
                f"CSVLogger expected the columns {', '.join(self._columns)} of {self.filename!r}, got also "
                f"{', '.join(left_out)} in epoch {epoch}, which it left out: write to a new file to have them.",
                stacklevel=2,
            )

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Refuse to leave without the rows that could not be written."""
        if self._failure is not None:
            self._write()
        if self._failure is not None:
            error = type(self._failure)(
                f"CSVLogger could not write the last rows of {self.filename!r}: "
                f"{self._failure.strerror or self._failure}; the figures of all epochs are in model.history."
            )
            error.errno = self._failure.errno
            raise error

    def _mend(self) -> None:
        """Take off what a crash has left of a last row: a number in it may have lost digits."""
        if not self._text or self._text.endswith((b"\n", b"\r")):
            self._text += b"\n" if self._text.endswith(b"\r") else b""
            return
        whole = self._text[: max(self._text.rfind(b"\n"), self._text.rfind(b"\r")) + 1]
        torn = self._text[len(whole) :].decode(errors="replace")
        warnings.warn(
            f"CSVLogger expected whole rows in {self.filename!r}, got a last one without an end, and took it off: "
            f"{torn!r}.",
            stacklevel=2,
        )
        self._text, self._columns = whole, self._columns if whole else []
        self._written = 0  # all is written anew, with the next row

    def _write(self) -> None:
        """Write what is not in the file yet; if that fails, leave it as it was, warn once, and go on."""
        try:
            with open(self._path, "r+b" if os.path.exists(self._path) else "w+b") as file:
                there = file.seek(0, os.SEEK_END)
                if there < self._written:  # somebody has removed or cut it
                    self._written = 0
                if self._failure is not None or not self._written:
                    file.truncate(file.seek(self._written))
                file.write(self._text[self._written :])
            self._written, self._failure = len(self._text), None
        except OSError as error:
            self._failure = error
            with contextlib.suppress(OSError):  # half a row would be taken for a whole one
                os.truncate(self._path, self._written)
            if not self._told:
                self._told = True
                warnings.warn(
                    f"CSVLogger could not write to {self.filename!r}: {error.strerror or error}. Training goes on, and "
                    f"the row is written together with the next one.",
                    stacklevel=3,
                )
