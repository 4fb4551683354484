"""Compiled kernels on disk: one file for each kernel and type of arguments, which is whole or is not used.

Numba keeps an index beside its files, believes both, and ends the process that finds one cut short; of a bit that has
changed it knows nothing. Two processes that begin at once may leave an index that names the other's file. Here

1. there is no index: a file's name is a digest of all that its machine code depends on (Numba's version, the source,
   the types of the arguments, the processor), so another version looks elsewhere;
2. a file begins with a checksum over that and its content. One that is empty, cut short, garbled or renamed is
   compiled anew and replaced, and that is said once;
3. it is written beside its place and moved there when it is whole, so that processes may begin at once;
4. what cannot be read or written is no reason to stop: the kernel is compiled, and that is said once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import secrets
import types
import warnings
from pathlib import Path
from typing import Any

from numba import __version__ as numba_version
from numba.core.caching import FunctionCache
from numba.core.registry import cpu_target

MAGIC = b"scratchnet kernel 1\n"
CHECKSUM_BYTES = hashlib.sha256().digest_size

_warned: set[str] = set()


class KernelCache(FunctionCache):
    """Numba's cache of one function, with files of our own.

    Args:
        function: the function that Numba compiles.

    Raises:
        RuntimeError: if there is no folder to keep anything in ("cannot cache …").
    """

    def __init__(self, function: types.FunctionType) -> None:
        super().__init__(function)
        self._stamp = self._impl.locator.get_source_stamp()

    def has(self, sig: Any) -> bool:
        """Whether there is a file for these types of arguments; it may be found damaged when it is read."""
        return self._path(self._depends_on(sig, cpu_target.target_context.codegen())).exists()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled function for these types of arguments; None if it is not there, or not whole."""
        target_context.refresh()
        context = self._depends_on(sig, target_context.codegen())
        path = self._path(context)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            warn_not_kept(error)
            return None
        head, payload = content[: len(MAGIC) + CHECKSUM_BYTES], content[len(MAGIC) + CHECKSUM_BYTES :]
        if head != MAGIC + _checksum(context, payload):
            self._warn_damaged(path)
            return None
        try:
            return self._impl.rebuild(target_context, pickle.loads(payload))
        except Exception:  # it is as it was written, and was not written well
            self._warn_damaged(path)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write a compiled function; where that fails, it is compiled again in the next process."""
        if not self._impl.check_cachable(data):
            return
        context = self._depends_on(sig, data.codegen)
        payload = self._cache_file._dump(self._impl.reduce(data))
        try:
            _write(self._path(context), MAGIC + _checksum(context, payload) + payload)
        except OSError as error:
            warn_not_kept(error)

    def _depends_on(self, sig: Any, codegen: Any) -> bytes:
        """Return what makes machine code another: the key by which Numba would look it up, versions and source."""
        return repr((numba_version, self._stamp, self._index_key(sig, codegen))).encode()

    def _path(self, context: bytes) -> Path:
        name = f"{self._impl.filename_base}.{hashlib.sha256(context).hexdigest()[:16]}.nbc"
        return Path(self._cache_path) / name

    def _warn_damaged(self, path: Path) -> None:
        warn_once(
            "damaged",
            f"scratchnet found a compiled kernel that is damaged, {str(path)!r}: it is compiled again and replaced.",
        )


def _checksum(context: bytes, payload: bytes) -> bytes:
    return hashlib.sha256(len(context).to_bytes(8, "little") + context + payload).digest()


def _write(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever reads half of it; a power cut may leave one, which its checksum tells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.tmp.{secrets.token_hex(8)}")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def warn_once(topic: str, message: str) -> None:
    """Warn of a topic the first time that it comes up in this process."""
    if topic not in _warned:
        _warned.add(topic)
        warnings.warn(message, RuntimeWarning, stacklevel=2)


def warn_not_kept(error: Exception) -> None:
    """Warn that compiled kernels do not stay, and say what to do."""
    warn_once(
        "not kept",
        "scratchnet could not keep its compiled kernels on disk, so they are compiled again in every process; "
        f"set NUMBA_CACHE_DIR to a folder that can be written ({type(error).__name__}: {str(error)[:120]}).",
    )
