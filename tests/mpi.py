"""Programs on several MPI processes. ``mpiexec`` is that of the mpich wheel, beside this Python, or the machine's."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MPIEXEC = shutil.which("mpiexec", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))

needs_mpi = pytest.mark.skipif(
    importlib.util.find_spec("mpi4py") is None or MPIEXEC is None,
    reason="mpi4py or mpiexec is not installed: pip install 'scratchnet[mpi]' brings both",
)


def environment() -> dict[str, str]:
    """Return that of a program on the definitions: no kernels to compile, and one thread a process."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "NUMBA")}
    return {**os.environ, **threads, "PYTHONPATH": path, "SCRATCHNET_BACKEND": "numpy", "COLUMNS": "200"}


def command(ranks: int, *arguments: object) -> list[str]:
    """Return the command line of a Python program on so many ranks."""
    assert MPIEXEC is not None
    return [MPIEXEC, "-n", str(ranks), sys.executable, *map(str, arguments)]


def run(ranks: int, *arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a Python program on so many ranks, and wait for its end."""
    return subprocess.run(
        command(ranks, *arguments), env=environment(), cwd=cwd, capture_output=True, text=True, timeout=120
    )
