"""The width of vectors follows what Numba compiles for, and nothing else."""

from __future__ import annotations

import platform

import pytest

from tests.kernels.common import run_python

ON_X86 = pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="names of x86 processors")
WIDTH = """
from scratchnet.kernels.machine import processor, runtime
print(processor.VECTOR_BYTES, processor.TILE, runtime._DIGEST)
"""


def width(**environment):
    """Bytes of a vector, rows of a tile and the digest of kernels, as a process with these variables has them."""
    out, _ = run_python(WIDTH, **environment)
    return out.split()


@ON_X86
@pytest.mark.parametrize(
    ("name", "features", "vector", "tile"),
    [
        ("skylake-avx512", "", "64", "8"),
        ("znver4", "", "64", "8"),
        ("znver4", "-avx512f", "32", "6"),
        ("haswell", "", "32", "6"),
        ("x86-64-v3", "", "32", "6"),
        ("haswell", "+avx512f", "64", "8"),
        ("sandybridge", "", "16", "6"),  # AVX without AVX2
        ("nehalem", "", "16", "6"),
        ("generic", "", "16", "6"),
        ("a name that LLVM does not know", "", "16", "6"),
    ],
)
def test_the_width_is_that_of_the_target_whatever_the_machine(name, features, vector, tile):
    assert width(NUMBA_CPU_NAME=name, NUMBA_CPU_FEATURES=features)[:2] == [vector, tile]


@ON_X86
def test_kernels_of_several_widths_have_several_names():
    digests = [width(NUMBA_CPU_NAME=name, NUMBA_CPU_FEATURES="")[2] for name in ("znver4", "haswell", "nehalem")]
    assert len(set(digests)) == 3


@ON_X86
def test_without_jit_the_width_is_the_same():
    target = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""}
    assert width(**target, NUMBA_DISABLE_JIT="1") == width(**target)
