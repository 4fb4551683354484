"""What the processor has that Numba compiles for: the length of its vector registers, and its nearest cache.

1. LLVM itself is asked, so the answer follows Numba's target: the machine it runs on, unless `NUMBA_CPU_NAME` and
   `NUMBA_CPU_FEATURES` say otherwise. Set both (`NUMBA_CPU_NAME=haswell NUMBA_CPU_FEATURES=` for AVX2): with the name
   alone, Numba keeps all the features of the machine.
2. All loops are written for any length: with AVX-512, AVX2, SSE or NEON a vector holds 16, 8 or 4 float32.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba.core.registry import cpu_target


def _register_file() -> tuple[int, int]:
    """Bytes of one vector register of Numba's target, and how many rows of two vectors leave room for the operands.

    LLVM itself is asked, with the words by which Numba's cache on disk tells targets apart: no list of processors is
    complete, and one that LLVM does not know either gets its narrowest registers. What tells is an addition of whole
    numbers, since registers of AVX without AVX2 hold 32 bytes for floats only.
    """
    triple, name, features = cpu_target.target_context.codegen().magic_tuple()
    if triple.startswith("x86_64"):
        features = ",".join(filter(None, (features, "+64bit")))  # else LLVM ends the process at a name it does not know
        machine = llvm.Target.from_triple(triple).create_target_machine(cpu=name, features=features)
        numbers = "<16 x i32>"
        probe = f"define {numbers} @add({numbers} %a, {numbers} %b) {{ %c = add {numbers} %a, %b ret {numbers} %c }}"
        code = machine.emit_assembly(llvm.parse_assembly(probe))
        additions = [line for line in code.splitlines() if "paddd" in line]
        if any("zmm" in line for line in additions):
            return 64, 8
        if any("ymm" in line for line in additions):
            return 32, 6
    return 16, 6


def _nearest_cache() -> int:
    """Bytes of a core's nearest data cache, as Linux tells them ("48K"), else 32 KiB."""
    try:
        return 1024 * int(Path("/sys/devices/system/cpu/cpu0/cache/index0/size").read_text().rstrip("K\n"))
    except (OSError, ValueError):
        return 32768


VECTOR_BYTES, TILE = _register_file()
NEAREST_CACHE = _nearest_cache()


def lanes(dtype: Any) -> int:
    """How many numbers of `dtype` one vector register holds."""
    return int(VECTOR_BYTES // np.dtype(dtype).itemsize)
