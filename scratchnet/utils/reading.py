"""Reading files that somebody else made: regular files only, and never more of one than was agreed."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from scratchnet.utils.files import file_path


class NotRegularError(OSError):
    """What was to be read is a pipe, a device or a socket; reading it might wait forever or never end."""


class TooLargeError(OSError):
    """A file is larger than it may be."""


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file for reading; anything else is refused at once, without waiting for it.

    Raises:
        IsADirectoryError: it is a folder.
        NotRegularError: it is a pipe, a device or a socket.
        OSError: it cannot be opened.
    """
    path = Path(file_path("The path of what is read", path))
    _refuse_irregular(os.stat(path).st_mode, path)  # to open a device may already do something
    # O_NONBLOCK: somebody may have put a pipe in its place meanwhile, and opening one waits for a writer.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        _refuse_irregular(os.fstat(descriptor).st_mode, path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: str | os.PathLike[str], limit: int) -> bytes:
    """Return the content of a regular file of at most ``limit`` bytes.

    Raises:
        TooLargeError: it has more. IsADirectoryError, NotRegularError, OSError: as ``open_regular``.
    """
    with open_regular(path) as stream:
        # No more is asked for than there is: the memory for an answer is taken before it comes.
        content = stream.read(min(os.fstat(stream.fileno()).st_size, limit) + 1)
    if len(content) > limit:
        raise TooLargeError(errno.EFBIG, f"it has more than {limit:,} bytes", str(path))
    return content


def _refuse_irregular(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder, not a file", str(path))
    if not stat.S_ISREG(mode):
        raise NotRegularError(errno.EINVAL, f"it is {_kind(mode)}, not an ordinary file", str(path))


def _kind(mode: int) -> str:
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "something special")
