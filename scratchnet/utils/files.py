"""Write files so that at every moment there is either the whole old one or the whole new one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator, Mapping

from scratchnet.utils.numbers import shown, true_or_false

PART_SUFFIX = ".part"


def file_path(what: str, path: object) -> str:
    """Return the path of a file or folder as text.

    Args:
        what: the argument and whose it is, such as ``"path of save_model"``, for the error message.

    Raises:
        TypeError: if it is neither text nor a ``Path``.
        ValueError: if it is empty, or holds what no name can.
    """
    text = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(text, str):
        raise TypeError(f"{what} expected a path as text or as a Path, got {shown(path)}.")
    if not text or "\0" in text:
        raise ValueError(f"{what} expected the path of a file, got {shown(text) if text else 'an empty one'}.")
    return text


def refuse_overwriting(where: str, path: str, overwrite: bool) -> None:
    """Raise a FileExistsError if there is a file at ``path`` that may not be replaced."""
    if not true_or_false(f"overwrite of {where}", overwrite) and os.path.exists(path):
        raise FileExistsError(f"{where} expected no file {path!r}, since overwrite=False: choose another path.")


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write ``content`` to a file beside ``path``, and move it there once it is safely on the disk.

    A symbolic link stays one: the file that it points to is replaced. A file that exists keeps its permissions, and
    one that may not be written is not replaced. When anything goes wrong, the file beside is removed again; what a
    process that was killed has left beside is removed by the next one to write there.

    Raises:
        OSError: of the fitting subclass, if the file cannot be written; the message says why and what to do.
    """
    write_together({file_path("A file to write", path): content})


def is_part(name: str) -> bool:
    """Return whether this is the name of a file that is, or was, being written."""
    return name.startswith(".") and name.endswith(PART_SUFFIX)


def write_together(contents: Mapping[str, bytes]) -> None:
    """Write several files as ``write_atomically`` does, and move them to their places one right after the other.

    They are moved in their order, once all are on the disk: a process killed at any time leaves them old or new
    together, but for the some microseconds of the moves.

    Raises:
        OSError: as ``write_atomically``; if nothing has been moved yet, all are the old ones.
    """
    with contextlib.ExitStack() as stack:
        parts = [(path, stack.enter_context(_part_of(path, content))) for path, content in contents.items()]
        for path, (part, place) in parts:
            with _explained(path, os.path.dirname(place)):
                os.replace(part, place)


@contextlib.contextmanager
def _part_of(path: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Write the file beside, and give its path and the one to move it to; remove it in the end if it is still there."""
    place = os.path.realpath(path)
    folder, name = os.path.split(place)
    beginning = f".{name[:40]}."  # short: names have a maximum
    with _explained(path, folder):
        mode = _mode_of_old_file(path, place)
        part, descriptor = _open_part(folder, beginning)
    try:
        with _explained(path, folder), os.fdopen(descriptor, "wb", closefd=False) as stream:
            stream.write(content)
            if mode is not None:
                os.fchmod(descriptor, mode)
            stream.flush()
            # The move may reach the disk before the content: after a power cut the file would be empty.
            os.fsync(descriptor)
        _remove_parts_of_the_dead(folder, beginning)
        yield part, place
    finally:
        with contextlib.suppress(OSError):
            os.unlink(part)
        os.close(descriptor)


def _open_part(folder: str, beginning: str) -> tuple[str, int]:
    """Make a new file beside the one to write, and lock it: the lock says that its writer lives."""
    while True:
        part = os.path.join(folder, f"{beginning}{secrets.token_hex(8)}{PART_SUFFIX}")
        # Not tempfile: it makes private files, while this one is to have the permissions that any new file gets.
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with contextlib.suppress(OSError):  # a file system without locks: then nobody can take it for one of the dead
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.path.exists(part):  # else somebody took it for one of the dead before it was locked
            return part, descriptor
        os.close(descriptor)


def _remove_parts_of_the_dead(folder: str, beginning: str) -> None:
    """Remove what writers of the same file have left beside it, unless they are still at it."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(beginning) and name.endswith(PART_SUFFIX):
                with contextlib.suppress(OSError):
                    _remove_if_unlocked(os.path.join(folder, name))


def _remove_if_unlocked(part: str) -> None:
    descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(part)
    finally:
        os.close(descriptor)


def _mode_of_old_file(path: str, place: str) -> int | None:
    """Return the permissions of the file to replace, or None if there is none; refuse what must not be replaced."""
    try:
        mode = os.stat(place).st_mode
    except OSError:
        return None  # what is wrong, if anything is, shows when the new file is made
    if stat.S_ISDIR(mode):
        raise _Refused(IsADirectoryError(f"Cannot write {path!r}: it is a folder; give the path of a file in it."))
    if not stat.S_ISREG(mode):
        raise _Refused(OSError(f"Cannot write {path!r}: it is a device or pipe; give the path of an ordinary file."))
    if not os.access(place, os.W_OK):
        raise _Refused(PermissionError(f"Cannot write {path!r}: the file is write-protected; choose another path."))
    return stat.S_IMODE(mode)


class _Refused(Exception):
    """Carries an error that is a sentence already."""


@contextlib.contextmanager
def _explained(path: str, folder: str) -> Iterator[None]:
    """Turn an error of the operating system into one of the same type and number, whose message is a sentence."""
    try:
        yield
    except _Refused as refused:
        raise refused.args[0] from None
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            reason = f"the folder {folder!r} does not exist; make it first"
        elif isinstance(error, NotADirectoryError):
            reason = f"{folder!r} is not a folder; give a path inside one"
        elif isinstance(error, PermissionError):
            reason = f"the folder {folder!r} may not be written; choose another path"
        else:
            reason = f"{error.strerror or error}; an earlier file at this path is untouched"
        explained = type(error)(f"Cannot write {path!r}: {reason}.")
        explained.errno = error.errno
        raise explained from error
