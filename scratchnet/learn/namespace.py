"""What a learner's file defines, and the error for what it does not."""

from __future__ import annotations

from typing import Any


class NotDefined(Exception):
    """The file does not define what the exercise asks for."""

    def __init__(self, wanted: str) -> None:
        super().__init__(f"{wanted} is not defined.")
        self.wanted = wanted


class Namespace:
    """The names of a file as attributes."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self._names:
            raise NotDefined(name)
        return self._names[name]


class NotAsked(Exception):
    """The file defines something else than the exercise asks for; the message is a sentence."""
