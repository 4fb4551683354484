"""Write a file so that at every moment there is either the whole old one or the whole new one."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat

PART_SUFFIX = ".part"


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write ``content`` to a file beside ``path``, and move it there once it is safely on the disk.

    A symbolic link stays one: the file that it points to is replaced. A file that exists keeps its permissions, and
    one that may not be written is not replaced. When anything goes wrong, the file beside is removed again.

    Raises:
        OSError: of the fitting subclass, if the file cannot be written; the message says why and what to do.
    """
    path = os.fspath(path)
    place = os.path.realpath(path)
    mode = _mode_of_old_file(path, place)
    folder, name = os.path.split(place)
    part = os.path.join(folder, f".{name[:40]}.{secrets.token_hex(8)}{PART_SUFFIX}")  # short: names have a maximum
    try:
        # Not tempfile: it makes private files, while this one is to have the permissions that any new file gets.
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                if mode is not None:
                    os.fchmod(stream.fileno(), mode)
                stream.flush()
                # The move may reach the disk before the content: after a power cut the file would be empty.
                os.fsync(stream.fileno())
            os.replace(part, place)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(part)
            raise
    except OSError as error:
        raise _explained(error, path, folder) from error


def _mode_of_old_file(path: str, place: str) -> int | None:
    """Return the permissions of the file to replace, or None if there is none; refuse what must not be replaced."""
    try:
        mode = os.stat(place).st_mode
    except OSError:
        return None  # what is wrong, if anything is, shows when the new file is made
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"Cannot write {path!r}: it is a folder; give the path of a file in it.")
    if not stat.S_ISREG(mode):
        raise OSError(f"Cannot write {path!r}: it is a device or pipe; give the path of an ordinary file.")
    if not os.access(place, os.W_OK):
        raise PermissionError(f"Cannot write {path!r}: the file is write-protected; choose another path.")
    return stat.S_IMODE(mode)


def _explained(error: OSError, path: str, folder: str) -> OSError:
    """Return an error of the same type and number, whose message is a sentence."""
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
    return explained
