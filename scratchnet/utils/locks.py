"""A folder that one process at a time works in. The operating system lets go of the lock of a process that dies."""

from __future__ import annotations

import errno
import fcntl
import os
import weakref
from contextlib import suppress

_held: weakref.WeakSet[FolderLock] = weakref.WeakSet()


class FolderLock:
    """A lock on a folder, with no file in it. Taken several times by its owner, it is let go when all are given back.

    Where the file system knows no locks (some network drives), it is always to be had.
    """

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._times = 0

    @property
    def taken(self) -> bool:
        """Whether it is held."""
        return self._times > 0

    def take(self, folder: str) -> bool:
        """Take the lock and return True; return False if another process, or another lock of this one, holds it.

        Raises:
            OSError: if there is no such folder, or it may not be read.
        """
        if self._descriptor is None:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                    os.close(descriptor)
                    return False
            self._descriptor = descriptor
            _held.add(self)
        self._times += 1
        return True

    def give_back(self) -> None:
        """Let go of the lock, if it was taken no more than once."""
        self._times -= 1
        if self._times == 0 and self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            _held.discard(self)


def _let_go_in_child() -> None:
    """Close the child's copies: it would hold the lock for as long as it lives, also when its parent is dead."""
    for lock in list(_held):
        if lock._descriptor is not None:
            with suppress(OSError):
                os.close(lock._descriptor)
            lock._descriptor = None


os.register_at_fork(after_in_child=_let_go_in_child)
