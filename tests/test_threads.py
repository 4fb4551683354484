"""The same seed gives the same bits whatever the number of BLAS's threads, on the NumPy backend too."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import threadpoolctl

from scratchnet import Input, Sequential, config
from scratchnet.layers import Dense
from scratchnet.utils import blas
from scratchnet.utils.blas import single_threaded_blas

# Products so large that OpenBLAS gives a part of their sums to each thread: on the first machine this was tried on,
# 1 and 2 threads gave other bits for the weights after fit and for predictions, before BLAS was held at one thread.
PROGRAM = """
import hashlib, sys
import numpy as np
import scratchnet as sn
from scratchnet.layers import Dense

def digest(*arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()[:12]

rng = np.random.default_rng(0)
x, y = rng.normal(size=(512, 700)), rng.normal(size=(512, 600))
sn.utils.set_random_seed(1)
penalty = sn.regularizers.OrthogonalRegularizer()
model = sn.Sequential([sn.Input((700,)), Dense(650, "relu", kernel_regularizer=penalty), Dense(600)])
model.compile("adam", "mse")
print(digest(*sn.models.clone_model(model).get_weights()))
print(digest(sn.initializers.Orthogonal(seed=3)((700, 650))))
history = model.fit(x, y, batch_size=256, epochs=2, verbose=0)
print(digest(*model.get_weights()), history.history["loss"])
print(digest(model.predict(x, verbose=0), model(x[:300])), model.evaluate(x, y, verbose=0))
"""


def printed(backend: str, threads: int) -> str:
    environment = {**os.environ, "SCRATCHNET_BACKEND": backend, "OPENBLAS_NUM_THREADS": str(threads)}
    ran = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_the_same_bits_on_any_number_of_blas_threads(backend):
    alone = printed(backend, 1)
    assert alone.count("\n") == 4
    assert printed(backend, 2) == alone


def threads_now() -> set[int]:
    return {lib["num_threads"] for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas"}


def test_blas_has_one_thread_while_a_plan_of_the_numpy_backend_runs():
    config.set_backend("numpy")
    seen = []

    class Looks(Dense):
        def forward(self, x, training=False):
            seen.append(threads_now())
            return super().forward(x, training)

    model = Sequential([Input((5,)), Looks(3)])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 5)), np.ones((4, 3))
    with threadpoolctl.threadpool_limits(2, "blas"):
        model.fit(x, y, verbose=0)
        model.evaluate(x, y, verbose=0)
        model.predict(x, verbose=0)
        model.train_on_batch(x, y)
        model.test_on_batch(x, y)
        model(x)
        assert threads_now() == {2}
    assert len(seen) >= 6
    assert all(numbers == {1} for numbers in seen)


@pytest.mark.parametrize("module", ["scipy.linalg.cython_blas", "scipy.ndimage"])
def test_a_library_that_is_loaded_inside_is_held_from_the_next_enter_on(module):
    code = """
import importlib, sys, threadpoolctl
import numpy
from scratchnet.utils.blas import single_threaded_blas

def threads():
    return sorted(lib["num_threads"] for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas")

before = threads()
with single_threaded_blas():
    assert set(threads()) == {1}
    importlib.import_module(sys.argv[1])
    assert set(threads()) == {1, 2}
    with single_threaded_blas():
        assert set(threads()) == {1}, threads()
    after = threads()
assert set(threads()) == {2}, threads()
"""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    command = [sys.executable, "-c", code, module]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_number_of_threads_comes_back_when_the_last_user_leaves():
    inside, leave = threading.Event(), threading.Event()

    def other():
        with single_threaded_blas():
            inside.set()
            leave.wait(10)

    with threadpoolctl.threadpool_limits(2, "blas"):
        with single_threaded_blas():
            thread = threading.Thread(target=other)
            thread.start()
            assert inside.wait(10)
        assert threads_now() == {1}
        leave.set()
        thread.join()
        assert threads_now() == {2}


def test_another_of_pythons_threads_is_held_too():
    """Though threadpoolctl lets only the first thread that ever set a number set one."""
    seen = []

    def other():
        with single_threaded_blas():
            seen.append(threads_now())
        seen.append(threads_now())

    with threadpoolctl.threadpool_limits(2, "blas"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert seen == [{1}, {2}]


def test_a_library_that_counts_for_each_thread_separately_is_held_in_each(monkeypatch):
    class PerThread(threading.local):
        filepath, threading_layer, threads = "libopenblas", "openmp", 4

        def get_num_threads(self):
            return self.threads

        def set_num_threads(self, threads):
            self.threads = threads

    library, seen = PerThread(), []
    limit = blas._Limit()
    limit.found, limit.looked_at_modules = [library], len(sys.modules)
    monkeypatch.setattr(blas, "_limit", limit)

    def other():
        with single_threaded_blas():
            seen.append(library.threads)
        seen.append(library.threads)

    with single_threaded_blas():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert library.threads == 1
    assert seen == [1, 4]
    assert library.threads == 4


WHO_STARTS_THREADS = """
import numba
import scratchnet as sn
from scratchnet.gradient_check import check_layer
from scratchnet.kernels.machine import runtime

asked, ask = [], numba.get_num_threads
numba.get_num_threads = lambda: asked.append(runtime._start_threads.cache_info().misses) or ask()
check_layer(sn.layers.Dense(2), (2, 3))
print(asked[0])
"""


def test_a_gradient_check_starts_numbas_threads_as_the_kernels_do() -> None:
    """Asked first by somebody else, Numba takes OpenMP, whose threads wait actively: on a busy machine all crawls."""
    elsewhere = ("NUMBA_DISABLE_JIT", "SCRATCHNET_BACKEND")
    environment = {name: value for name, value in os.environ.items() if name not in elsewhere}
    command = [sys.executable, "-c", WHO_STARTS_THREADS]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["1"]
