"""Several callbacks as one: how the training loop calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from scratchnet.callbacks.callback import HOOKS, Callback, Logs
from scratchnet.errors import unknown_name
from scratchnet.utils.numbers import shown


class CallbackList(Callback):
    """Several callbacks that look like one: each hook calls that hook of every callback, in order.

    Who listens to what is settled here, once: a hook that nobody listens to stays the empty one of ``Callback``.

    Args:
        callbacks: a callback, several, or None.
        model: handed to each ``set_model``, unless None.
        params: handed to each ``set_params``.
        writes: whether this process writes files; if not, the callbacks that do hear of nothing.

    Raises:
        TypeError: if something among ``callbacks`` is not a ``Callback``.
    """

    def __init__(
        self,
        callbacks: Iterable[Callback] | Callback | None = None,
        model: Any = None,
        params: dict[str, Any] | None = None,
        writes: bool = True,
    ) -> None:
        super().__init__()
        if callbacks is None:
            callbacks = ()
        several = isinstance(callbacks, Iterable) and not isinstance(callbacks, (Callback, type, str, np.ndarray))
        self.callbacks: list[Callback] = list(callbacks) if several else [callbacks]  # type: ignore[arg-type,list-item]
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                advice = f"write {callback.__name__}(…)" if isinstance(callback, type) else "subclass Callback"
                raise TypeError(f"callbacks expected scratchnet Callback objects, got {shown(callback)}: {advice}.")
        if model is not None:
            self.set_model(model)
        self.set_params(params or {})
        self._hearing = [c for c in self.callbacks if writes or not c.writes_files]
        for hook in HOOKS if self._hearing else ():
            listeners = [getattr(c, hook) for c in self._hearing if c._listens_to(hook)]
            if hook == "on_train_begin" and any(type(c)._check_fit is not Callback._check_fit for c in self._hearing):
                listeners.insert(0, lambda _: self._check_fit())  # before anybody opens a file
            if listeners:
                setattr(self, hook, _in_turn(hook, listeners))

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # what it is made of are no settings that a user changes

    def set_model(self, model: Any) -> None:
        """Hand the model to every callback."""
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params: dict[str, Any]) -> None:
        """Hand the facts about the run to every callback."""
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def state_owners(self) -> list[str]:
        """Return the names of the classes of the callbacks that have a state."""
        return [type(callback).__name__ for callback in self._with_state()]

    def get_state(self) -> dict[str, Any]:
        """Return the state of every callback that has one."""
        states = [callback.get_state() for callback in self._with_state()]
        return {"callbacks": states} if states else {}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Hand every callback that has a state its own."""
        for callback, own in zip(self._with_state(), state.get("callbacks", ())):
            if callback in self._hearing:  # a CSVLogger would write its file anew
                callback.set_state(own)

    def _with_state(self) -> list[Callback]:
        return [callback for callback in self.callbacks if callback.get_state()]

    def _check_fit(self) -> None:
        for callback in self._hearing:
            callback._check_fit()

    def _ends_at(self, error: ArithmeticError, batch: int) -> bool:
        return any(callback._ends_at(error, batch) for callback in self._hearing)

    def needs_batch_logs(self, hook_name: str) -> bool:
        """Return whether any callback listens to the hook, so that building its ``logs`` is worth the time.

        Raises:
            ValueError: for a name that is no hook.
        """
        if hook_name not in HOOKS:
            raise unknown_name("hook", hook_name, HOOKS)
        return self._listens_to(hook_name)


def _in_turn(hook: str, listeners: list[Callable[..., None]]) -> Callable[..., None]:
    """Return a method for ``hook`` that calls every listener, all with one and the same ``logs``."""

    def epoch_hook(epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        for listener in listeners:
            listener(epoch, logs)

    def batch_hook(batch: int, logs: Logs | None = None) -> None:
        epoch_hook(batch, logs)

    def run_hook(logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        for listener in listeners:
            listener(logs)

    return batch_hook if "_batch_" in hook else epoch_hook if "_epoch_" in hook else run_hook
