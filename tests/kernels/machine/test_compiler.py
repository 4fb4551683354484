"""Kernels compiled as a whole: what they call is intermediate code, and yet runs wherever it may be called."""

from __future__ import annotations

import importlib
import pkgutil

import numba
import numpy as np
import pytest
from numba import prange
from numba.core.registry import CPUDispatcher

from scratchnet.kernels import loops
from scratchnet.kernels.machine.compiler import Part, inner, jit
from tests.kernels.common import run_python

pytestmark = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")


@inner
def _square(number: float) -> float:
    if number < 0:
        raise ValueError("expected no negative number")
    return number * number


@inner
def _sum_of_squares(numbers: np.ndarray) -> float:
    copy = np.zeros(numbers.size)
    total = 0.0
    for i in range(numbers.size):
        copy[i] = _square(numbers[i])
        total += copy[i]
    return total


def _rows(numbers: np.ndarray, out: np.ndarray) -> None:
    for row in prange(len(out)):
        out[row] = _sum_of_squares(numbers[row])


@pytest.fixture(params=[False, True], ids=["one thread", "threads"])
def rows(request):
    return jit(_rows, request.param)


NUMBERS = np.arange(12.0).reshape(3, 4)


def test_a_kernel_computes_what_its_parts_say(rows):
    out = np.zeros(3)
    rows(NUMBERS, out)
    assert list(out) == list((NUMBERS**2).sum(1))


def test_an_error_in_a_part_comes_out():
    kernel = jit(lambda numbers: _sum_of_squares(numbers), False)
    with pytest.raises(ValueError, match="expected no negative number"):
        kernel(np.array([1.0, -1.0]))


def test_what_only_a_kernel_calls_is_no_machine_code(rows):
    rows(NUMBERS, np.zeros(3))
    for part in (_square, _sum_of_squares):
        assert {type(made.library) for made in part.overloads.values()} == {Part}
    (kernel,) = rows.overloads.values()
    assert not isinstance(kernel.library, Part)


def test_a_part_can_be_called_from_python_all_the_same(rows):
    rows(NUMBERS, np.zeros(3))
    assert _square(3.0) == 9.0
    assert _sum_of_squares(np.array([1.0, 2.0])) == 5.0


def test_every_part_of_a_kernel_can_be_called_from_python():
    """What Numba's own decorator makes ends the process, if it is called after a kernel that took it in."""
    rooms = [importlib.import_module(f"{loops.__name__}.{room.name}") for room in pkgutil.iter_modules(loops.__path__)]
    made = {f"{room.__name__}.{name}": part for room in rooms for name, part in vars(room).items()}
    parts = {name: part for name, part in made.items() if isinstance(part, CPUDispatcher)}
    assert numba.config.DISABLE_JIT or len(parts) > 100
    assert [name for name, part in parts.items() if type(part) is not type(inner(lambda: None))] == []


def test_functions_of_users_are_compiled_as_ever(rows):
    rows(NUMBERS, np.zeros(3))

    @numba.njit
    def users(n):
        return np.zeros(n) + _square(2.0)

    assert list(users(2)) == [4.0, 4.0]
    made = users.overloads[(numba.int64,)]
    assert not isinstance(made.library, Part)


@pytest.mark.slow
def test_a_program_that_calls_kernels_and_its_own_functions_from_the_cache(tmp_path):
    program = """
import numba
import numpy as np
from scratchnet.kernels.loops.optimizers import adam
w, g, m, v = (np.ones(3, np.float32) for _ in range(4))
adam(w, g, m, v, 0.1, 0.9, 0.999, 1e-7)
print(numba.njit(lambda n: np.zeros(n) + n)(3).sum() + w.sum())
"""
    first, second = (run_python(program, NUMBA_CACHE_DIR=str(tmp_path))[0] for _ in range(2))
    assert first == second
