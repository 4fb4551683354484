"""Kernels compiled by other processes before they are called."""

from __future__ import annotations

import sys

import pytest

from scratchnet.kernels.loops.dense_products import backward, forward
from scratchnet.kernels.loops.optimizers import adam, momentum
from scratchnet.kernels.machine import ahead
from scratchnet.kernels.machine.ahead import _Job, _Work, size
from tests.kernels.common import run_python

COMPILE = """
import numpy as np
from numba.core import event
from scratchnet.kernels.loops.optimizers import adam, momentum
from scratchnet.kernels.machine import ahead, runtime
w, g, m, v = (np.ones(3, np.float32) for _ in range(4))
with runtime.rehearsal() as calls:
    for _ in range(2):
        adam(w, g, m, v, 0.1, 0.9, 0.999, 1e-7)
        momentum(w, g, m, 0.1, 0.9, False)
assert w.sum() == 3, "nothing has run"
print(len(calls), [kernel.__name__ for kernel, _ in ahead.missing(calls)])
{extra}
told = []
ahead.compile_ahead(ahead.missing(calls), lambda done, total, left: told.append((done, total)))
print(ahead.missing(calls), told[:1])
compiled_here = []
runtime.on_compile = compiled_here.append
adam(w, g, m, v, 0.1, 0.9, 0.999, 1e-7)
print(compiled_here, w.sum() < 3)
"""


@pytest.mark.slow
def test_other_processes_compile_what_is_missing(tmp_path):
    out, _ = run_python(COMPILE.format(extra=""), NUMBA_CACHE_DIR=str(tmp_path))
    assert out.splitlines() == ["4 ['adam', 'momentum']", "[] [(0, 2)]", "[] True"]
    again, _ = run_python(COMPILE.format(extra=""), NUMBA_CACHE_DIR=str(tmp_path))
    assert again.splitlines() == ["4 []", "[] []", "[] True"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "trouble",
    [
        "import sys; sys.executable = '/nowhere/python'",
        "import sys; sys.executable = '/bin/some-program'",
        "ahead.serve = None; ahead.__name__ = 'no.such.module'; ahead.__dict__['__name__'] = 'no.such.module'",
    ],
    ids=["cannot be started", "Python is part of another program", "dies"],
)
def test_without_them_it_is_compiled_here(trouble, tmp_path):
    out, _ = run_python(COMPILE.format(extra=trouble), NUMBA_CACHE_DIR=str(tmp_path))
    assert out.splitlines()[1].startswith("[]")
    assert out.splitlines()[2].endswith("True")


def test_the_largest_kernels_come_first():
    assert size(backward.definition) > size(forward.definition) > size(adam.definition) > size(momentum.definition) > 0


def test_the_time_left_follows_what_the_first_ones_took(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(ahead.time, "perf_counter", lambda: now[0])
    work = _Work([_Job(adam, (), expected) for expected in (4.0, 2.0, 2.0)])
    assert work.seconds_left(2) == 4.0  # the longest
    assert work.seconds_left(1) == 8.0
    first = work.take()
    now[0] = 1.0
    assert work.seconds_left(1) == 7.0
    now[0] = 6.0  # it takes half as long again by now, and so may the others
    assert work.seconds_left(1) == 6.0
    now[0] = 8.0  # it took twice as long as expected
    work.finish(first, failed=False)
    assert work.seconds_left(1) == 8.0
    assert work.seconds_left(2) == 4.0


def test_a_helper_runs_this_python():
    assert ahead._start(0) == []
    (process,) = ahead._start(1)
    process.kill()
    process.communicate()
    assert next(iter(process.args)) == sys.executable
