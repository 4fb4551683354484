"""How much memory this process holds, and has held at most."""

from __future__ import annotations

import ctypes
import gc
import resource
import sys
from contextlib import suppress
from pathlib import Path

STATUS, CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_bytes() -> int:
    """Return the largest resident size that this process has had.

    On Linux from VmHWM: ``ru_maxrss`` there also counts the parent's size at the moment of the fork.
    """
    if STATUS.exists():
        return _status("VmHWM")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def begin_peak() -> int:
    """Give back what nobody uses, let the peak begin anew, and return the resident size in bytes.

    Raises:
        OSError: where the system cannot do that; Linux can.
    """
    gc.collect()
    with suppress(OSError, AttributeError):  # another C library than GNU's keeps what it keeps
        ctypes.CDLL(None).malloc_trim(0)
    if not CLEAR_REFS.exists():
        raise OSError(f"The peak of memory can begin anew on Linux alone, by {CLEAR_REFS}.")
    CLEAR_REFS.write_text("5")  # proc(5): resets VmHWM
    return _status("VmRSS")


def _status(name: str) -> int:
    found = [line.split()[1] for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:")]
    return int(found[0]) * 1024
