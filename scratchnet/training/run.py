"""A running ``fit``: everything that goes on from step to step, and how it is taken up again after an interruption.

A run that is taken up again ends with the same bits as one left alone, so its state is complete: parameters, optimizer
and the layers' random numbers (which the model saves), and here the place in the data, the generator that shuffles
them, the means of a half epoch, the callbacks' own state, and the random numbers of the session. Data are not kept:
they come again with the next call of ``fit``, which must be the same one.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.callbacks import BackupAndRestore, CallbackList
from scratchnet.training.means import RunningMeans
from scratchnet.training.renewal import renewed
from scratchnet.training.sources import Source
from scratchnet.training.step import Compiled, compiled_parts
from scratchnet.utils import random as seeds
from scratchnet.utils.numbers import shown

if TYPE_CHECKING:
    from scratchnet.graph.network import Network
    from scratchnet.graph.plan import Plan


@dataclass
class Run:
    """One ``fit``.

    Attributes:
        model, parts: what is trained, and what runs it.
        training, validation: where the batches come from.
        callbacks: all of them.
        backups: those that save it.
        settings: the arguments of ``fit`` that its result depends on.
        epoch: the epoch that runs, or comes next.
        ranks: how many processes train together.
        means: the figures of the epoch that runs.
        trained: whether its steps are done, so that the validation comes next.
        stopped: whether a callback has asked for the end.
        finished: whether training has come to its end, rather than to an error or to Ctrl-C.
    """

    model: Network
    parts: Compiled
    training: Source
    validation: Source | None
    callbacks: CallbackList
    settings: dict[str, Any]
    epoch: int
    backups: Sequence[BackupAndRestore] = ()
    ranks: int = 1
    means: RunningMeans = field(init=False)
    trained: bool = False
    stopped: bool = False
    finished: bool = False
    _found: tuple[dict[str, Any], Callable[[], None]] | None = None
    _end_of_steps: Any = None

    def __post_init__(self) -> None:
        self.means = RunningMeans(self.parts.objective)
        settings = {
            **self.settings,
            "loss": [type(target.loss).__name__ for target in self.model.targets],
            "loss_weights": [target.weight for target in self.model.targets],
            "figures": list(self.means.logs()),
            "backend": self.parts.plan.backend,
            "optimizer": type(self.parts.optimizer).__name__,
            **{f"{k} of the optimizer": repr(v) for k, v in self.parts.optimizer.get_config().items()},
            **self.training.settings(),
        }
        if self.validation is not None:
            settings |= {f"{name} of the validation": value for name, value in self.validation.settings().items()}
        if not self.parts.optimizer.has_schedule:
            del settings["learning_rate of the optimizer"]  # a callback may have made it smaller; the backup's counts
        if self.ranks > 1:
            settings["ranks"] = self.ranks
        self.settings = settings

    def snapshot(self) -> Any:
        """Return a copy of everything, a ``saving.Snapshot``."""
        return self.model._run_snapshot(self._state())

    @property
    def within_epoch(self) -> bool:
        """Whether it stands within an epoch, rather than between two."""
        return self.training.begun or self.trained

    def passes(self) -> list[Plan]:
        """Return the plan of its validation, if there is one."""
        return [] if self.validation is None else [compiled_parts(self.model, "test").plan]

    def renew(self) -> None:
        """Run the next batch with what callbacks have made of the model's layers."""
        self.parts = renewed(self.model, self.parts)

    def end_steps(self) -> None:
        """Note that the steps of this epoch are done. Whatever interrupts the rest, they need not be done again."""
        self.training.end_epoch()
        self.trained = True
        if self.backups:
            self._end_of_steps = self.snapshot()

    def end_epoch(self, logs: dict[str, Any]) -> None:
        """Count the epoch, and let the callbacks hear of it."""
        self.epoch, self.trained = self.epoch + 1, False
        self.callbacks.on_epoch_end(self.epoch - 1, logs)  # may add to what is shown, such as the learning rate
        self.stopped, self._end_of_steps = self.model.stop_training, None

    def keep(self, at_step: bool = False) -> None:
        """Save a run that is being interrupted: as it stands, if it is ``at_step``, or else as it last stood.

        Nothing is saved where that is not known: in the middle of a step, or if the next batch has been fetched.
        """
        snapshot = self._end_of_steps
        if at_step and self.backups and not self.training.fetches_ahead:
            snapshot = self.snapshot()
        if snapshot is not None:
            for backup in self.backups:
                backup.keep(snapshot)

    def find(self, path: str) -> None:
        """Look for what a backup wrote, and whether this run may go on from there.

        Raises:
            ValueError: if the arguments of ``fit``, or the model, are not those of the run that was interrupted.
            ModelFileError: if the file is damaged.
        """
        self._found = self.model._load_run(path)
        if self._found is None:
            return
        state, _ = self._found
        here = {**self.settings, "callbacks that remember": self.callbacks.state_owners()}
        if (ranks := state["settings"].pop("ranks", 1)) != here.pop("ranks", 1):
            warnings.warn(
                f"The run saved in {path!r} was trained by {_processes(ranks)} and goes on with "
                f"{_processes(self.ranks)}: it rounds in another order, BatchNormalization sees other shares, and "
                f"Dropout draws other numbers, so it does not end with the bits of a run left alone.",
                stacklevel=2,
            )
        for name in {**state["settings"], **here}:
            then, now = state["settings"].get(name), here.get(name)
            if then != now:
                raise ValueError(
                    f"fit expected to go on with the run saved in {path!r}, whose {name} was {shown(then)}, got "
                    f"{shown(now)}: call it as before, or remove that file to begin anew."
                )

    def go_on(self, announce: Callable[[], None]) -> bool:
        """Become the run that was found, if one was. If it stands within an epoch, that is announced first.

        Returns:
            Whether it does.
        """
        if self._found is None:
            return False
        (state, put_back), self._found = self._found, None
        self.epoch, self.trained = state["epoch"], state["trained"]
        if state["means"] is not None:
            announce()
        self.training.set_state(state["training"])
        if self.validation is not None:
            self.validation.set_state(state["validation"])
        put_back()
        if state["means"] is not None:
            self.means.set_state(state["means"])
        self.callbacks.set_state(state["callbacks"])
        self.stopped = self.model.stop_training = state["stop_training"]
        # Last: whatever was drawn on the way here, the numbers to come are those of the run that was interrupted.
        seeds.set_global_state(state["seeds"])
        np.random.set_state(state["numpy"])
        version, numbers, gauss = state["python"]
        random.setstate((version, tuple(map(int, numbers)), gauss))
        return state["means"] is not None

    def _state(self) -> dict[str, Any]:
        version, numbers, gauss = random.getstate()
        return {
            "settings": {**self.settings, "callbacks that remember": self.callbacks.state_owners()},
            "epoch": self.epoch,
            "trained": self.trained,
            "training": self.training.get_state(),
            "validation": None if self.validation is None else self.validation.get_state(),
            "means": self.means.get_state() if self.within_epoch else None,
            "callbacks": self.callbacks.get_state(),
            "stop_training": self.model.stop_training,
            "seeds": seeds.global_state(),
            "numpy": np.random.get_state(),
            "python": (version, np.array(numbers, np.uint32), gauss),  # as 625 single numbers it takes much longer
        }


def _processes(ranks: int) -> str:
    return f"{ranks} processes" if ranks > 1 else "one process"
