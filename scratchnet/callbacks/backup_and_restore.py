"""Go on after a crash as if there had been none."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from scratchnet.callbacks.callback import Callback, Logs
from scratchnet.callbacks.checks import path_text, switch
from scratchnet.utils.files import PART_SUFFIX
from scratchnet.utils.numbers import whole_number


class BackupAndRestore(Callback):
    """Save the whole state of ``fit`` as it runs; the same ``fit``, called again after a crash, goes on from there.

        model.fit(x, y, epochs=100, callbacks=[BackupAndRestore("backup")])     # run the program again after a crash

    It ends with the same bits as a run that was left alone: weights, optimizer, the order of the samples, dropout and
    augmentation, the figures of a half epoch, ``History`` with the epochs before included, and what ``EarlyStopping``,
    ``ReduceLROnPlateau`` and the like remember. A crash while it saves leaves the backup before.

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

    Raises:
        TypeError, ValueError: for an argument of another kind; at the start of ``fit``, if the backup is of another
            call or model, with the argument that differs, or is damaged.
    """

    FILE = "training.safetensors"

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: int | str = "epoch",
        *,  # Keras has double_checkpoint here, which is for backups that a crash may spoil
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        by_epochs = isinstance(save_freq, str) and save_freq == "epoch"
        what = "save_freq of BackupAndRestore, if not 'epoch',"
        self.save_freq = "epoch" if by_epochs else whole_number(what, save_freq, 1)
        self.backup_dir = path_text(self, "backup_dir", backup_dir)
        self.delete_checkpoint = switch(self, "delete_checkpoint", delete_checkpoint)
        self.attached = False
        self._run: Any = None  # of the training loop, which knows all that is to be saved
        self._batches = 0

    state_names = ("_batches",)

    @property
    def path(self) -> str:
        """The file of the backup."""
        return os.path.join(self.backup_dir, self.FILE)

    def exists(self) -> bool:
        """Return whether there is a backup to go on from."""
        return os.path.exists(self.path)

    def follow(self, run: Any) -> None:
        """Take the run that is to be saved: ``save(path)`` saves it, ``finished`` says whether it came to its end."""
        self._run = run
        if self.save_freq != "epoch":
            run.training.fetch_ahead(False)  # so that random numbers are those of the batches trained on, no more

    def _check_fit(self) -> None:
        if not self.attached:
            raise ValueError(
                "BackupAndRestore expected to be one of fit's own callbacks, got a CallbackList around it: pass it to "
                "fit by itself."
            )

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Make the folder, and remove what a crash while saving may have left in it."""
        self._batches = 0
        self.backup_dir = os.path.abspath(self.backup_dir)  # a hook of someone else may change the working directory
        os.makedirs(self.backup_dir, exist_ok=True)
        self._remove(only_parts=True)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if by epochs."""
        if self.save_freq == "epoch":
            self._run.save(self.path)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save, if by batches and it is time."""
        self._batches += 1
        if self._batches % int(self.save_freq) == 0:
            self._run.save(self.path)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Delete the backup, unless training has not come to its end."""
        if self._run is not None and self._run.finished and self.delete_checkpoint:
            self._remove()
            with contextlib.suppress(OSError):  # something else may be in it
                os.rmdir(self.backup_dir)
        self._run, self.attached = None, False

    def _listens_to(self, hook: str) -> bool:
        idle = self.save_freq == "epoch" and getattr(type(self), hook) is BackupAndRestore.on_train_batch_end
        return super()._listens_to(hook) and not idle

    def _remove(self, only_parts: bool = False) -> None:
        for name in os.listdir(self.backup_dir):
            is_part = name.startswith(f".{self.FILE}.") and name.endswith(PART_SUFFIX)
            if is_part or (name == self.FILE and not only_parts):
                os.unlink(os.path.join(self.backup_dir, name))
