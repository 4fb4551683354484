"""Save the model, or its weights, while it trains."""

from __future__ import annotations

import contextlib
import os
import tempfile
import warnings

from scratchnet.callbacks.callback import Logs
from scratchnet.callbacks.checks import path_text, real_number, switch, verbosity
from scratchnet.callbacks.monitor import Monitor
from scratchnet.utils.numbers import whole_number
from scratchnet.utils.screen import say


class ModelCheckpoint(Monitor):
    """Save the model after every epoch, after every so many batches, or whenever a metric is better than ever.

    A file that cannot be written, as on a full disk, is told in a warning, and training goes on. If that is so for the
    last one, too, the model is saved among the system's temporary files at the end of ``fit``, and an error says where.

    Args:
        filepath: where to; folders that are missing are made. May hold ``{epoch:02d}`` (from 1), ``{batch}`` (from 1,
            if saving by batches) and any metric: ``"run/{epoch:02d}-{val_loss:.4f}.safetensors"``.
        monitor: the name of the metric that ``save_best_only`` looks at. If it does not come, ``fit`` is refused, at
            the latest at the end of its first epoch.
        verbose: 1 to print what is saved and why.
        save_best_only: whether to save only when the metric is better than at every save before.
        save_weights_only: whether to save only the weights, as ``model.save_weights`` does.
        mode: "min" if less is better, "max" if more; "auto" asks the metric, its ``better``; the loss is "min".
        save_freq: "epoch", or a number of batches, which are counted across epochs.
        initial_value_threshold: the value that the first save has to beat already.

    Raises:
        OSError: at the end of ``fit``, if the last file could not be written.
        TypeError, ValueError: for an argument of another kind; in ``fit``, if the metric does not come, or if with
            mode="auto" nobody says what is better; when saving, for a placeholder that names nothing in ``logs``.
    """

    writes_files = True
    state_names = (*Monitor.state_names, "_epoch", "_batches")

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        by_epochs = isinstance(save_freq, str) and save_freq == "epoch"
        what = "save_freq of ModelCheckpoint, if not 'epoch',"
        self.save_freq = "epoch" if by_epochs else whole_number(what, save_freq, 1)
        self.filepath = path_text(self, "filepath", filepath)
        self.verbose = verbosity(self, verbose)
        self.save_best_only = switch(self, "save_best_only", save_best_only)
        self.save_weights_only = switch(self, "save_weights_only", save_weights_only)
        threshold = initial_value_threshold
        self.best = None if threshold is None else real_number(self, "initial_value_threshold", threshold)
        self._epoch = 0
        self._batches = 0
        self._failure: OSError | None = None  # of the last save
        self._told = False

    def _check_fit(self) -> None:
        if self.save_best_only:
            super()._check_fit()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the epoch, for saves in its middle."""
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if by epochs."""
        if self.save_freq == "epoch":
            self._save({**(logs or {}), "epoch": epoch + 1}, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save, if by batches and it is time."""
        self._batches += 1
        if self.save_freq != "epoch" and self.save_best_only and not self._came:
            self.current(logs)  # refuses a metric that batches do not have now, rather than after many of them
        if self.save_freq != "epoch" and self._batches % int(self.save_freq) == 0:
            self._save({"batch": batch + 1, **(logs or {}), "epoch": self._epoch + 1}, logs)

    def _listens_to(self, hook: str) -> bool:
        # When saving by epochs, batches are not listened to, unless a subclass does.
        idle = self.save_freq == "epoch" and getattr(type(self), hook) is ModelCheckpoint.on_train_batch_end
        return super()._listens_to(hook) and not idle

    def _save(self, facts: Logs, logs: Logs | None) -> None:
        try:
            path = self.filepath.format(**facts)
        except (LookupError, ValueError) as error:
            raise ValueError(
                f"ModelCheckpoint expected placeholders for {', '.join(facts)} in filepath, got {self.filepath!r}: "
                f"{type(error).__name__} {error}."
            ) from error
        if self.save_best_only and (current := self.current(logs)) is not None:
            best = "None" if self.best is None else f"{self.best:.5f}"
            if not self.is_better(current, self.best):
                self._say(facts, f"{self.monitor} did not improve from {best}")
                return
            if not self._wrote(path, f"{self.monitor} improved from {best} to {current:.5f}, ", facts):
                return  # what is the best in the file, the next one has to beat
            self.best = current
        else:
            self._wrote(path, "", facts)

    def _wrote(self, path: str, reason: str, facts: Logs) -> bool:
        """Save the model, and return whether that went well; if not, warn once."""
        self._say(facts, f"{reason}saving model to {path}")
        try:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            self._save_to(path)
            self._failure = None
        except OSError as error:
            self._failure = error
            if not self._told:
                self._told = True
                warnings.warn(
                    f"ModelCheckpoint could not save to {path!r}: {str(error).removesuffix('.')}. Training goes on, "
                    f"and every further save tries again.",
                    stacklevel=2,
                )
        return self._failure is None

    def _save_to(self, path: str) -> None:
        (self.model.save_weights if self.save_weights_only else self.model.save)(path)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget what went wrong in the last run."""
        self._failure, self._told = None, False

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Save the model elsewhere, if the last file could not be written."""
        if self._failure is None:
            return
        where = "the model as it is now is only in memory"
        with contextlib.suppress(OSError):
            path = os.path.join(tempfile.mkdtemp(prefix="scratchnet-"), "model.safetensors")
            self._save_to(path)
            where = f"the model as it is now is in {path!r}"
        reason = str(self._failure).removesuffix(".")
        error = type(self._failure)(f"ModelCheckpoint could not save: {reason}; {where}.")
        error.errno = self._failure.errno
        raise error

    def _say(self, facts: Logs, what: str) -> None:
        if self.verbose:
            say(f"\nEpoch {facts['epoch']}: {what}\n")
