"""Whether an object computes by our own definition, so that a kernel may stand in for it.

A subclass may mean something else, and so does what somebody has put into a class or an object in place of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class AsDefined:
    """Tells objects of exactly these classes, with the methods that these have now.

    Args:
        kinds: the classes.
        methods: the names of what defines them.
    """

    def __init__(self, kinds: Iterable[type], *methods: str) -> None:
        self.methods = methods
        self._definitions = {kind: self._methods_of(kind) for kind in kinds}

    def __call__(self, thing: Any) -> bool:
        """Whether it is one."""
        kind = type(thing)
        return (
            kind in self._definitions
            and self._definitions[kind] == self._methods_of(kind)
            and not vars(thing).keys() & set(self.methods)
        )

    def _methods_of(self, kind: type) -> list[Any]:
        return [getattr(kind, name) for name in self.methods]
