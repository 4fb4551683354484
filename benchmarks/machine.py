"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def describe() -> dict[str, Any]:
    """Return processor, cores, memory, system, Python, time and version of the code; nothing that names the machine."""
    return {
        "processor": processor(),
        "cores": usable_cores(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "busy_cores": busy_cores(),
    }


def busy(described: dict[str, Any]) -> str:
    """Return a sentence if the machine did other things when it was described, else nothing."""
    busy = described["busy_cores"]
    if busy <= 0.3 * described["cores"]:
        return ""
    return f"The machine was busy when this began ({busy:.1f} cores): these figures are not to be quoted."


def busy_cores(seconds: float = 0.3) -> float:
    """Return how many cores are busy while this process sleeps, those that a host gives to others counted.

    The load average, which stands in for it where there is no /proc/stat, still counts what ended a minute ago.
    """
    stat = Path("/proc/stat")
    if not stat.exists():
        return os.getloadavg()[0]

    def ticks() -> list[int]:
        user, nice, system, idle, waiting, *interrupts_and_stolen = stat.read_text().split()[1:9]
        return [sum(map(int, (user, nice, system, *interrupts_and_stolen))), int(idle) + int(waiting)]

    before = ticks()
    time.sleep(seconds)
    busy, idle = (now - then for now, then in zip(ticks(), before))
    return (os.cpu_count() or 1) * busy / max(1, busy + idle)


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """Return the name of the processor and, as many share one, LLVM's name of its kind: "AMD EPYC (znver4)"."""
    import llvmlite.binding

    return f"{_model_name()} ({llvmlite.binding.get_host_cpu_name()})"


def _model_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    if sys.platform == "darwin":
        return subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        ).stdout.strip()
    return platform.processor() or "unknown"


def commit() -> str:
    """Return the commit of the code, with a mark if files have been changed since; "unknown" outside a checkout."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        found = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return found.stdout.strip() or "unknown"


def blas_kernels() -> list[dict[str, Any]]:
    """Return the BLAS and OpenMP libraries in this process: which, and the kernel that each chose for the processor."""
    import threadpoolctl

    wanted = ("user_api", "internal_api", "prefix", "version", "architecture", "threading_layer", "num_threads")
    return [{name: lib[name] for name in wanted if lib.get(name)} for lib in threadpoolctl.threadpool_info()]
