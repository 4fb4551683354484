"""The figures of every epoch, in memory."""

from __future__ import annotations

from scratchnet.callbacks.callback import Callback, Logs


class History(Callback):
    """What ``fit`` returns: the figures of every epoch. From the start of ``fit`` it is also ``model.history``.

    Attributes:
        history: for each name in ``logs`` the list of its values, one an epoch.
        epoch: the numbers of the epochs, from 0.
    """

    state_names = ("history", "epoch")
    __module__ = "scratchnet.callbacks"  # a notebook shows it as <scratchnet.callbacks.History object at …>

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Become the model's ``history``, so that an interrupted ``fit`` does not lose it, and count the epochs anew.

        What ``history`` holds stays, as in Keras.
        """
        self.epoch = []
        if self.model is not None:
            self.model.history = self

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Record one epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
