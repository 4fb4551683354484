"""What ``scratchnet train`` keeps while it trains: a folder that can be looked at, and resumed, at any time."""

from __future__ import annotations

import csv
import io
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scratchnet.callbacks import BackupAndRestore
from scratchnet.cli import runs
from scratchnet.cli.output import remark
from scratchnet.errors import InUseError, ScratchnetError
from scratchnet.saving.save import model_content
from scratchnet.saving.training_state import with_model
from scratchnet.utils.files import write_together

if TYPE_CHECKING:
    from scratchnet.cli.samples import Data

MINUTES = 5.0
"""How long an epoch may go on before the run is saved within it."""

Files = dict[str, Callable[[], bytes]]


class Keeper(BackupAndRestore):
    """Writes model, history and record of a run after every epoch, each time all three together.

    The model's file is the checkpoint, too: one file, so that the two never disagree, and cost no more than one.

    Args:
        folder: the run's.

    Attributes:
        record: what run.json says.
        data: what the run is trained on.
    """

    FILE = runs.MODEL

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, delete_checkpoint=False, minutes=MINUTES)
        self.folder = folder
        self.record: dict[str, Any] = {}
        self.data: Data
        self._before, self._start = 0.0, time.perf_counter()
        self._content: dict[str, Any] = {}
        self._last: Files = {}

    def begin(self, record: dict[str, Any], data: Data) -> None:
        """Write the record of a run that begins or goes on."""
        self.record, self.data = record, data
        self.record["status"] = "training"
        self.record.setdefault("epochs_finished", 0)
        self._start = time.perf_counter()
        runs.write_record(self.folder, self.record)

    def publish(self, status: str) -> None:
        """Write what the run has come to, with what could not be written before.

        Raises:
            ScratchnetError: if that is not possible; it says where the network is instead.
        """
        if self._failure is not None:
            self._write(self._last)
        if self._failure is None:
            self._write(self._texts(status))
        if self._failure is not None:
            raise self._rescue(self._failure) from self._failure

    def get_state(self) -> dict[str, Any]:
        """Return what a resumed run has to know: how long it has trained."""
        return {**super().get_state(), "seconds": self._before + time.perf_counter() - self._start}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on counting."""
        super().set_state(state)
        self._before, self._start = state["seconds"], time.perf_counter()

    def _copies(self, snapshot: Any) -> Files:
        """Return what makes model, history and record, all of this moment."""
        texts = self._texts("training")
        if not self._content:
            self._content = model_content(self.model)
        model = with_model(snapshot, {**self._content, "notes": self._notes()})
        self._last = {os.path.join(self.backup_dir, runs.MODEL): model.to_bytes, **texts}
        return self._last

    def _texts(self, status: str) -> Files:
        """Return what makes history and record, as they are now."""
        history = self.model.history
        seconds = round(self.get_state()["seconds"], 3)
        self.record.update(status=status, epochs_finished=len(history.epoch), seconds=seconds)
        rows, record = _csv_bytes(history), runs.record_bytes(self.record)
        return {
            os.path.join(self.backup_dir, runs.HISTORY): lambda: rows,
            os.path.join(self.backup_dir, runs.RECORD): lambda: record,
        }

    def _notes(self) -> dict[str, str]:
        """Return what the model file says about itself, for whoever gets it without its folder."""
        record, data = self.record, self.data
        notes = {"network": record["network"], "data": data.described, "seed": str(record["seed"])}
        notes["trained"] = f"{record['epochs_finished']} of {record['epochs']} epochs"
        if self._run.within_epoch:
            notes["trained"] += " and part of the next"
        if record.get("views"):
            notes["views"] = record["views"]
        return notes if data.notice is None else {**notes, "notice": data.notice}

    def _rescue(self, error: OSError) -> ScratchnetError:
        """Write the network elsewhere, and return the error that says where."""
        reason = str(error).removesuffix(".")
        try:
            path = os.path.join(tempfile.mkdtemp(prefix="scratchnet-"), runs.MODEL)
            write_together({path: self._last[self.path]()})
        except (OSError, LookupError):
            return ScratchnetError(f"{reason}; nor could the network be written elsewhere; {self.folder} is as it was")
        return ScratchnetError(f"{reason}; the network is in {path} instead")

    def _warn(self, failure: str) -> None:
        remark(f"{failure} Training goes on, and after every epoch saving is tried again.")

    def _give_up(self, failure: OSError) -> None:
        """Leave it to ``publish``, which tries once more."""

    def _in_use(self) -> InUseError:
        return InUseError(
            f"{self.folder} is being trained by another process: wait until it has ended, or choose another folder."
        )


def _csv_bytes(history: Any) -> bytes:
    """Return the history as CSVLogger writes it. It is written as a whole, so that no row is ever torn."""
    text, names = io.StringIO(newline=""), sorted(history.history)
    if history.epoch:
        rows = zip(history.epoch, *(history.history[name] for name in names))
        csv.writer(text).writerows([("epoch", *names), *rows])
    return text.getvalue().encode()
