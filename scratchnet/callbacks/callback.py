"""The base class of all callbacks, and the list of the hooks there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

from scratchnet.utils.arguments import ArgumentsByName, CheckedWhenSet, argument_names

Logs: TypeAlias = dict[str, Any]
"""Figures by name; what a callback adds, those after it see too."""


class Callback(CheckedWhenSet, ArgumentsByName):
    """Base class. A callback of your own defines the hooks it wants to hear; those it leaves alone cost nothing.

    ``epoch`` and ``batch`` count from 0. ``logs`` holds, at the end of a batch, loss and metrics of the epoch so far;
    at the end of an epoch those of the whole epoch, and ``val_…`` if there are validation data. The ``begin`` hooks
    get an empty one. Setting ``self.model.stop_training = True`` ends ``fit`` after the running batch or epoch.

    A callback that remembers something from one epoch to the next lists these attributes in ``state_names``, so that
    ``BackupAndRestore`` saves them with the run: numbers, words and arrays, alone or in lists and dictionaries.

    Attributes:
        writes_files: whether it does; of several processes that train together, only the first one's is called then.
        model: the model that is training.
        params: facts about the run, such as ``epochs``, ``steps`` and, in ``fit``, ``validates``, whether there are
            validation data; ``steps`` is None if nobody knows.
    """

    state_names: ClassVar[tuple[str, ...]] = ()
    writes_files: ClassVar[bool] = False

    def __init__(self) -> None:
        self.model: Any = None
        self.params: dict[str, Any] = {}

    def present_arguments(self, cls: Any) -> dict[str, Any]:
        """Return those arguments that are attributes, to check another one that is set later."""
        return {name: vars(self)[name] for name in argument_names(cls) if name in vars(self)}

    def set_model(self, model: Any) -> None:
        """Take the model; called before any hook."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the facts about the run; called before any hook."""
        self.params = params

    def get_state(self) -> dict[str, Any]:
        """Return what a run that is interrupted must not lose; empty if there is nothing."""
        return {name: getattr(self, name) for name in self.state_names}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take back what ``get_state`` returned, when the run goes on; after ``on_train_begin``."""
        for name in self.state_names:
            setattr(self, name, state[name])

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Hear that ``fit`` begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Hear that ``fit`` ends; ``logs`` are those of the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Hear that an epoch of ``fit`` begins."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Hear that an epoch of ``fit`` ends, validation included."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Hear that a training step begins."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Hear that a training step ends."""
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of ``on_train_batch_begin``."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of ``on_train_batch_end``."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Hear that ``evaluate``, or the validation within ``fit``, begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Hear that ``evaluate``, or the validation within ``fit``, ends."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Hear that a batch of ``evaluate`` or of validation begins."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Hear that a batch of ``evaluate`` or of validation ends."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Hear that ``predict`` begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Hear that ``predict`` ends."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Hear that a batch of ``predict`` begins."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Hear that a batch of ``predict`` ends."""

    def _check_fit(self) -> None:
        """Refuse, with an error, a ``fit`` that cannot come right. All are asked before any hears that it begins."""

    def _ends_at(self, error: ArithmeticError, batch: int) -> bool:
        """Hear that a training step was refused because a number is not finite; True ends ``fit`` without an error."""
        return False

    def _listens_to(self, hook: str) -> bool:
        """Return whether this hook, or the older name that it calls, is more than the empty one above."""
        names = {hook, hook.replace("on_train_batch", "on_batch")}
        return any(n in vars(self) or getattr(type(self), n) is not getattr(Callback, n) for n in names)


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))
