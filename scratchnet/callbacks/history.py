"""The figures of every epoch, in memory."""

from __future__ import annotations

from numbers import Real

from scratchnet.callbacks.callback import Callback, Logs
from scratchnet.utils.html import table

_ROWS = 20  # of the table in a notebook; the middle of a longer training is left out


class History(Callback):
    """What ``fit`` returns: the figures of every epoch. From the start of ``fit`` it is also ``model.history``.

    Attributes:
        history: for each name in ``logs`` the list of its values, one an epoch.
        epoch: the numbers of the epochs, from 0.
    """

    state_names = ("history", "epoch")

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

    def __repr__(self) -> str:
        count = len(self.epoch)
        newest = ", ".join(f"{name} {_figure(values[-1])}" for name, values in self.history.items() if values)
        return f"<scratchnet.callbacks.History of {count} epoch{'s' * (count != 1)}{': ' if newest else ''}{newest}>"

    def _repr_html_(self) -> str:
        """Return the figures as a table, for notebooks."""
        length = max(map(len, self.history.values()), default=0)
        # A fit that goes on leaves what History holds, and a figure may be new or stay out: the ends belong together.
        epochs: list[object] = [epoch + 1 for epoch in self.epoch[-length:]] if length else []
        epochs = [""] * (length - len(epochs)) + epochs
        columns = [
            [""] * (length - len(values)) + [_figure(value) for value in values] for values in self.history.values()
        ]
        rows = list(zip(epochs, *columns))
        if length > _ROWS:
            rows[_ROWS // 2 : -(_ROWS // 2)] = [("…",) * (len(columns) + 1)]
        return f"<p><b>History</b>, {length} epochs</p>{table(['epoch', *self.history], rows)}"


def _figure(value: object) -> str:
    return f"{float(value):.4g}" if isinstance(value, Real) else str(value)
