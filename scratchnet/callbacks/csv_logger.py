"""The figures of every epoch, in a CSV file."""

from __future__ import annotations

import csv
import os
import warnings
from collections.abc import Mapping
from typing import Any

from scratchnet.callbacks.callback import Callback, Logs
from scratchnet.callbacks.checks import path_text, switch


class CSVLogger(Callback):
    """Write one row for each epoch to a CSV file: the epoch, from 0, then all of ``logs`` in alphabetical order.

    Each row is written and the file closed again before training goes on, so that an interrupted run leaves every
    finished epoch behind. A figure that an epoch does not have is ``NA``.

    Args:
        filename: the file, in a folder that exists.
        separator: the one character between two fields.
        append: whether to go on at the end of the file, in the columns it has, rather than to begin it anew.

    Raises:
        ValueError: for a separator that is not one character; at the start of ``fit``, for a file to append to that
            does not begin with a column ``epoch``.
        FileNotFoundError: at the start of ``fit``, if the folder is missing.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        if not isinstance(separator, str) or len(separator) != 1 or separator in '\r\n"':
            raise ValueError(f"CSVLogger expected a separator of one character, got {separator!r}.")
        self.filename = path_text(self, "filename", filename)
        self.separator = separator
        self.append = switch(self, "append", append)
        self._columns: list[str] = []
        self._path = ""

    def get_state(self) -> dict[str, Any]:
        """Return what the file holds."""
        text = ""
        if self._path:
            with open(self._path, newline="", encoding="utf-8") as file:
                text = file.read()
        return {"columns": self._columns, "text": text}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Make the file what it was, without rows that were written after that."""
        self._columns = state["columns"]
        with open(self._path, "w", newline="", encoding="utf-8") as file:
            file.write(state["text"])

    def _check_fit(self) -> None:
        folder = os.path.dirname(os.path.abspath(self.filename))
        if not os.path.isdir(folder):
            raise FileNotFoundError(f"CSVLogger expected the folder {folder!r} for {self.filename!r}: make it first.")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Begin the file, or read the columns of the one to append to."""
        self._path = os.path.abspath(self.filename)  # a hook of someone else may change the working directory
        self._columns = []
        with open(self._path, "a+" if self.append else "w+", newline="", encoding="utf-8") as file:
            file.seek(0)
            self._columns = next(csv.reader(file, delimiter=self.separator), [])
        if self._columns and self._columns[0] != "epoch":
            raise ValueError(
                f"CSVLogger expected a first column 'epoch' in {self.filename!r}, got {self._columns[0]!r}: append to "
                f"a file of CSVLogger's with separator {self.separator!r}, or set append=False."
            )

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write one row, below the header if it is the first."""
        logs = logs or {}
        rows: list[list[object]] = []
        if not self._columns:
            later = {f"val_{name}" for name in self.model.metrics_names} if self.params.get("validates") else set()
            self._columns = ["epoch", *sorted({*logs, *later})]  # validation_freq may leave it out of this epoch
            rows.append([*self._columns])
        rows.append([epoch, *(logs.get(name, "NA") for name in self._columns[1:])])
        with open(self._path, "a", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=self.separator).writerows(rows)
        if left_out := sorted(set(logs) - set(self._columns)):
            warnings.warn(
                f"CSVLogger expected the columns {', '.join(self._columns)} of {self.filename!r}, got also "
                f"{', '.join(left_out)} in epoch {epoch}, which it left out: write to a new file to have them.",
                stacklevel=2,
            )
