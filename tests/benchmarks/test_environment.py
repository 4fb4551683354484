from __future__ import annotations

import os

import pytest

from benchmarks.environment import clean, thread_variables


@pytest.mark.parametrize("name", ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OMP_NUM_THREADS", "NUMBA_DISABLE_JIT"])
def test_what_would_change_the_measurement_is_unset_and_named(monkeypatch, name):
    monkeypatch.setenv(name, "1")
    assert name in clean()
    assert name not in os.environ


def test_other_variables_stay(monkeypatch):
    monkeypatch.setenv("SCRATCHNET_DATA", "somewhere")
    clean()
    assert os.environ["SCRATCHNET_DATA"] == "somewhere"


def test_every_library_is_told_the_number_of_threads():
    told = thread_variables(3)
    assert told["OMP_NUM_THREADS"] == told["NUMBA_NUM_THREADS"] == told["TF_NUM_INTRAOP_THREADS"] == "3"
    assert all(value == "3" for value in told.values())
