"""The environment variables that would quietly make a benchmark measure something else."""

from __future__ import annotations

import os

FORCING_A_KERNEL = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""They make OpenBLAS use an older kernel than the processor has: half the speed, without a word."""

CHANGING_THREADS = (
    "OMP_NUM_THREADS",
    "OMP_PROC_BIND",
    "OMP_WAIT_POLICY",
    "GOMP_CPU_AFFINITY",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMBA_THREADING_LAYER",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
CHANGING_BACKENDS = ("SCRATCHNET_BACKEND", "KERAS_BACKEND", "NUMBA_DISABLE_JIT", "XLA_FLAGS", "TF_XLA_FLAGS")


def clean() -> list[str]:
    """Remove those variables from this process and all that it starts, and return the names of those that were set.

    Must run before NumPy is imported: OpenBLAS reads them once, when it is loaded.
    """
    found = [name for name in (*FORCING_A_KERNEL, *CHANGING_THREADS, *CHANGING_BACKENDS) if name in os.environ]
    for name in found:
        del os.environ[name]
    return found


def thread_variables(threads: int) -> dict[str, str]:
    """Return the variables that hold every library of a new process at ``threads`` threads."""
    names = [name for name in CHANGING_THREADS if name.endswith(("_NUM_THREADS", "_THREADS"))]
    return dict.fromkeys(names, str(threads))
