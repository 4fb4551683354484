"""A callback from functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scratchnet.callbacks.callback import HOOKS, Callback
from scratchnet.errors import unknown_name
from scratchnet.utils.numbers import shown


class LambdaCallback(Callback):
    """A callback from functions: ``LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))``.

    Args:
        hooks: by name of the hook, a function that takes what the hook takes, or None.

    Raises:
        ValueError: for a name that is no hook, with the nearest one that is.
        TypeError: for something that cannot be called.
    """

    def __init__(self, **hooks: Callable[..., Any] | None) -> None:
        super().__init__()
        for name, function in hooks.items():
            if name not in HOOKS:
                raise unknown_name("hook", name, HOOKS)
            if function is None:
                continue
            if not callable(function):
                raise TypeError(f"LambdaCallback expected a function for {name}, got {shown(function)}.")
            setattr(self, name, function)
