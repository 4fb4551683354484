"""Go on after a crash as if there had been none."""

from __future__ import annotations

import contextlib
import os
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from scratchnet.callbacks.callback import Callback, Logs
from scratchnet.callbacks.checks import path_text, switch
from scratchnet.errors import InUseError
from scratchnet.utils.background import Background
from scratchnet.utils.files import write_together
from scratchnet.utils.locks import FolderLock
from scratchnet.utils.numbers import real_number, whole_number


class BackupAndRestore(Callback):
    """Save the whole state of ``fit`` as it runs; the same ``fit``, called again after a crash, goes on from there.

        model.fit(x, y, epochs=100, callbacks=[BackupAndRestore("backup")])     # run the program again after a crash

    It ends with the same bits as a run that was left alone: weights, optimizer, the order of the samples, dropout and
    augmentation, the figures of a half epoch, ``History`` with the epochs before included, and what ``EarlyStopping``,
    ``ReduceLROnPlateau`` and the like remember. A crash while it saves leaves the backup before. Ctrl-C and SIGTERM
    leave a backup of the step that they came in, where no batch has been fetched ahead: always for arrays.

    The file is written beside the training. Where that fails, such as on a full disk, there is a warning, and training
    goes on; the backup before stays, and every further save tries again. Only one process may use a folder at a time.

    The call must be the same: the arguments that the result depends on are compared. ``epochs`` may grow, and the
    learning rate is the backup's. What cannot be seen from here is up to the program: the data; generators of random
    numbers of your own, apart from a layer's ``SeedGenerator``, the global seed, ``numpy.random`` and ``random``;
    what callbacks set on layers or optimizer, apart from the learning rate. A callback of your own says what it
    remembers with ``state_names``, a dataset with ``get_state()`` and ``set_state(state)``.

    A dataset is asked for its batches from the next one on. An iterator cannot be rewound: the batches that the first
    run has drawn from it are drawn again, and discarded.

    Args:
        backup_dir: the folder for the backup, made if missing, and of this run alone.
        save_freq: "epoch", or a number of batches, counted across epochs; then no batch is fetched ahead.
        delete_checkpoint: whether to delete the backup when ``fit`` has come to its end.
        minutes: if given, save also within an epoch, when so many minutes have passed since the last save; then, too,
            no batch is fetched ahead.

    Raises:
        TypeError, ValueError: for an argument of another kind; at the start of ``fit``, if the backup is of another
            call or model, with the argument that differs, or is damaged.
        InUseError: at the start of ``fit``, if another process is training with this folder.
        OSError: at the start of ``fit``, if the folder cannot be made; at its end, if a backup that is to stay could
            not be written.
    """

    FILE = "training.safetensors"
    writes_files = True

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: int | str = "epoch",
        *,  # Keras has double_checkpoint here, which is for backups that a crash may spoil
        delete_checkpoint: bool = True,
        minutes: float | None = None,
    ) -> None:
        super().__init__()
        by_epochs = isinstance(save_freq, str) and save_freq == "epoch"
        what = "save_freq of BackupAndRestore, if not 'epoch',"
        self.save_freq = "epoch" if by_epochs else whole_number(what, save_freq, 1)
        self.backup_dir = path_text(self, "backup_dir", backup_dir)
        self.delete_checkpoint = switch(self, "delete_checkpoint", delete_checkpoint)
        what = "minutes of BackupAndRestore"
        self.minutes = None if minutes is None else real_number(what, minutes, 0, open_ends="least")
        self.attached = False
        self._run: Any = None  # of the training loop, which knows all that is to be saved
        self._batches = 0
        self._saved_at = 0.0
        self._lock = FolderLock()
        self._writer = Background("scratchnet-backup")
        self._failure: OSError | None = None  # of the last save
        self._told = False

    state_names = ("_batches",)

    @property
    def path(self) -> str:
        """The file of the backup."""
        return os.path.join(self.backup_dir, self.FILE)

    def exists(self) -> bool:
        """Return whether there is a backup to go on from."""
        return os.path.exists(self.path)

    # For the training loop ----------------------------------------------------------------------------------------

    def take(self) -> None:
        """Keep other processes out of the folder, if it is there."""
        self.backup_dir = os.path.abspath(self.backup_dir)  # a hook of someone else may change the working directory
        self.attached = True
        if os.path.isdir(self.backup_dir) and not self._lock.take(self.backup_dir):
            raise self._in_use()

    def let_go(self) -> None:
        """Let others into the folder, once nothing is written to it any more."""
        self._run, self.attached = None, False
        try:
            self._writer.close()  # unless training came to its end and has done so
        finally:
            if self._lock.taken:
                self._lock.give_back()

    def follow(self, run: Any) -> None:
        """Take the run that is to be saved: ``snapshot()`` copies it, ``finished`` says whether it came to its end."""
        self._run = run
        if self.save_freq != "epoch" or self.minutes is not None:
            run.training.fetch_ahead(False)  # so that random numbers are those of the batches trained on, no more

    def after_step(self) -> None:
        """Save, if enough minutes have passed. No hook: the figures that hooks get take time in every step."""
        if self.minutes is not None and time.monotonic() - self._saved_at >= 60 * self.minutes:
            self._save(self._run.snapshot())

    def keep(self, snapshot: Any) -> None:
        """Save a run that is being interrupted."""
        self._save(snapshot)

    # Hooks --------------------------------------------------------------------------------------------------------

    def _check_fit(self) -> None:
        if not self.attached:
            raise ValueError(
                "BackupAndRestore expected to be one of fit's own callbacks, got a CallbackList around it: pass it to "
                "fit by itself."
            )

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Make the folder."""
        self._batches, self._failure, self._told = 0, None, False
        self._saved_at = time.monotonic()
        os.makedirs(self.backup_dir, exist_ok=True)
        if not self._lock.taken:
            self.take()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Tell of a save that has failed meanwhile."""
        if self._writer.idle:
            self._tell()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if by epochs."""
        if self.save_freq == "epoch":
            self._save(self._run.snapshot())

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save, if by batches and it is time."""
        self._batches += 1
        if self._batches % int(self.save_freq) == 0:
            self._save(self._run.snapshot())

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Delete the backup, unless training has not come to its end."""
        self._writer.close()
        done = self._run is not None and self._run.finished
        if done and self.delete_checkpoint:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)
            with contextlib.suppress(OSError):  # something else may be in it
                os.rmdir(self.backup_dir)
        else:
            self._tell()
            if done and self._failure is not None:
                self._give_up(self._failure)

    def _listens_to(self, hook: str) -> bool:
        idle = self.save_freq == "epoch" and getattr(type(self), hook) is BackupAndRestore.on_train_batch_end
        return super()._listens_to(hook) and not idle

    # Saving -------------------------------------------------------------------------------------------------------

    def _copies(self, snapshot: Any) -> dict[str, Callable[[], bytes]]:
        """Return by path what makes the bytes of each file, from copies that were taken now."""
        return {self.path: snapshot.to_bytes}

    def _save(self, snapshot: Any) -> None:
        """Write files in the thread beside, once the last ones are written."""
        copies = self._copies(snapshot)
        self._writer.wait()
        self._tell()
        self._saved_at = time.monotonic()
        self._writer.put(lambda: self._write(copies))

    def _write(self, copies: Mapping[str, Callable[[], bytes]]) -> None:
        try:
            write_together({path: content() for path, content in copies.items()})
            self._failure = None
        except OSError as error:
            self._failure = error

    def _tell(self) -> None:
        """Warn of a failure, once; not in the thread that writes, where nobody could make an error of the warning."""
        if self._failure is not None and not self._told:
            self._told = True
            self._warn(str(self._failure))

    def _warn(self, failure: str) -> None:
        warnings.warn(
            f"{type(self).__name__} could not save: {failure} Training goes on, and every further save tries again.",
            stacklevel=2,
        )

    def _give_up(self, failure: OSError) -> None:
        """Raise the error for a run that has come to its end, and whose last save has failed."""
        error = type(failure)(
            f"{type(self).__name__} could not save the end of the run: {failure} The trained model is in memory: save "
            f"it elsewhere."
        )
        error.errno = failure.errno
        raise error

    def _in_use(self) -> InUseError:
        return InUseError(
            f"{type(self).__name__} expected the folder {self.backup_dir!r} for this run alone, but another process is "
            f"training with it: wait until it has ended, or choose another folder."
        )
