"""Threads, fork, BLAS, the cache on disk, and plain Python: the same bits everywhere."""

from __future__ import annotations

import shutil
import threading
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl

from scratchnet.kernels.machine import processor, runtime
from tests.kernels.common import ROOT, run_python

STEP = '''
import hashlib
import numpy as np
from scratchnet.layers import Conv2D, Dense, MaxPooling2D
from scratchnet.kernels.machine import runtime
from scratchnet.kernels.steps.conv2d import Conv2DStep
from scratchnet.kernels.steps.conv2d_maxpool import Conv2DMaxPoolStep
from scratchnet.kernels.steps.dense import DenseStep
from scratchnet.kernels.loops.optimizers import adam


def digest(n=37, seed=0):
    """Forward, backward and update of a small network on n samples, as one hash of all results."""
    rng = np.random.default_rng(seed)
    layers = [Conv2D(16, 3, padding="same", activation="relu"), MaxPooling2D(), Conv2D(24, 2), Dense(40, "relu")]
    y = np.zeros((1, 10, 10, 3), np.float32)
    for layer in layers:
        y = layer(y)
        for p in layer.params.values():
            p[...] = rng.standard_normal(p.shape)
    steps = [Conv2DMaxPoolStep(layers[:2], True), Conv2DStep(layers[2:3], True), DenseStep(layers[3:], True)]
    y = rng.standard_normal((n, 10, 10, 3)).astype(np.float32)
    for step in steps:
        y = step.forward(y, True)
    results, dy = [y.copy()], rng.standard_normal(y.shape).astype(np.float32)
    for step in reversed(steps):
        dy = step.backward(dy)
        results.append(dy.copy())
    for layer in layers:
        results += [g.copy() for g in layer.grads.values()]
    w, g, m, v = (rng.random(10_000, dtype=np.float32) for _ in range(4))
    adam(w, g, m, v, 0.01, 0.9, 0.999, 1e-7)
    return hashlib.sha1(b"".join(r.tobytes() for r in [*results, w, m, v])).hexdigest()
'''

ONE_STEP = '''
import hashlib
import numpy as np
from scratchnet.layers import Dense
from scratchnet.kernels.machine import runtime
from scratchnet.kernels.steps.dense import DenseStep


def digest(_=None):
    """Forward and backward of a single layer, as one hash: of many kernels, alone and in threads, a few."""
    rng = np.random.default_rng(0)
    layer = Dense(40, "relu", dtype="float32")
    layer(np.zeros((1, 30), np.float32))
    layer.params["kernel"][...] = rng.standard_normal((30, 40))
    step = DenseStep([layer], True)
    y = step.forward(rng.standard_normal((37, 30)).astype(np.float32), True)
    dx = step.backward(rng.standard_normal(y.shape).astype(np.float32))
    return hashlib.sha1(b"".join(r.tobytes() for r in (y, dx, *layer.grads.values()))).hexdigest()
'''


def has_tbb():
    try:
        return any(file.name == "libtbb.so.12" for file in metadata.files("tbb") or [])
    except metadata.PackageNotFoundError:
        return False


TBB = pytest.param("tbb", marks=pytest.mark.skipif(not has_tbb(), reason="the package tbb is not installed"))


def test_results_have_the_same_bits_for_any_number_of_threads():
    out, _ = run_python(
        STEP + "for n in (1, 2, 3, 5):\n    runtime.set_num_threads(n)\n    print(runtime.num_threads(), digest())",
        NUMBA_NUM_THREADS="5",
    )
    lines = [line.split() for line in out.splitlines()]
    assert [int(n) for n, _ in lines] == [1, 2, 3, 5]
    assert len({bits for _, bits in lines}) == 1


@pytest.mark.parametrize("layer", ["omp", TBB])
def test_a_forked_child_of_a_process_with_threads_computes_the_same_bits(layer):
    out, _ = run_python(
        ONE_STEP
        + """
import multiprocessing, os, sys
print(digest())
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    print(digest(), runtime.threading_layer(), runtime.num_threads())
    sys.stdout.flush()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(*pool.map(digest, [37, 37]))
print(digest(), runtime.threading_layer())
""",
        NUMBA_NUM_THREADS="2",
        NUMBA_THREADING_LAYER=layer,
        PYTHONWARNINGS="ignore::DeprecationWarning",
    )
    before, child, pool, after = (line.split() for line in out.splitlines())
    assert {before[0], child[0], *pool, after[0]} == {before[0]}
    assert after[1] == layer
    assert child[1:] == (["none", "1"] if layer == "omp" else ["tbb", "2"]), "OpenMP would have ended the child"


def test_a_child_forked_before_any_kernel_ran_has_threads_of_its_own():
    out, _ = run_python(
        ONE_STEP
        + """
import os, sys
pid = os.fork()
if pid == 0:
    print(digest(), runtime.threading_layer(), runtime.num_threads())
    sys.stdout.flush()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
print(digest())
""",
        NUMBA_NUM_THREADS="2",
    )
    child, parent = (line.split() for line in out.splitlines())
    assert child[0] == parent[0]
    assert child[1] != "none"
    assert child[2] == "2"


@pytest.mark.parametrize("layer", ["omp", "workqueue", TBB])
def test_several_python_threads_at_once(layer):
    out, err = run_python(
        STEP
        + """
import threading
found = set()
def work():
    for _ in range(5):
        found.add(digest())
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
found.add(digest())
print(len(found), runtime.threading_layer())
""",
        NUMBA_NUM_THREADS="2",
        NUMBA_THREADING_LAYER=layer,
    )
    assert out.split() == ["1", layer]
    assert ("workqueue" in err) == (layer == "workqueue"), "a plain notice, only where it is the slow layer"


@pytest.mark.parametrize("file", ["steps/test_steps.py", "loops/test_arrays.py"])
def test_without_jit_every_kernel_is_python_and_gives_the_same(file):
    """The tests of the kernels themselves, on few examples, in a process whose kernels are plain Python."""
    out, _ = run_python(
        """
        import os, sys
        import pytest
        from scratchnet.kernels.machine import runtime
        from scratchnet.kernels.loops.matrix_product import matrix_product
        assert type(matrix_product).__name__ == "function" and runtime.num_threads() == 1
        slow = "not notebooks and not thousand and not beyond_a_byte and not 4096 and not 10000"
        slow += " and not 200-True-float64 and not 330-True-float64"  # to Python they are float32's
        file = "tests/kernels/" + os.environ["TESTS"]
        sys.exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-W", "ignore", "-k", slow, file]))
        """,
        NUMBA_DISABLE_JIT="1",
        TESTS=file,
    )
    assert "100%" in out


def test_blas_is_held_at_one_thread_and_put_back():
    def numbers():
        return [lib["num_threads"] for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas"]

    with runtime.single_threaded_blas():  # the first use loads every BLAS
        pass
    before = numbers()
    assert len(before) >= 1
    with runtime.single_threaded_blas():
        assert set(numbers()) == {1}
        with runtime.single_threaded_blas():
            assert set(numbers()) == {1}
        assert set(numbers()) == {1}
    assert numbers() == before
    with pytest.raises(RuntimeError, match="on purpose"), runtime.single_threaded_blas():
        raise RuntimeError("on purpose")
    assert numbers() == before


def test_blas_stays_at_one_thread_until_the_last_python_thread_leaves():
    inside, leave = threading.Event(), threading.Event()

    def other():
        with runtime.single_threaded_blas():
            inside.set()
            leave.wait(10)

    def numbers():
        return [lib["num_threads"] for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas"]

    with runtime.single_threaded_blas():
        thread = threading.Thread(target=other)
        thread.start()
        assert inside.wait(10)
    assert set(numbers()) == {1}
    leave.set()
    thread.join()
    with threadpoolctl.threadpool_limits(2, "blas"), runtime.single_threaded_blas():
        assert set(numbers()) == {1}


def test_one_thread_is_alone_until_the_outermost_with_ends():
    before = runtime.num_threads()
    with runtime.one_thread():
        assert runtime.num_threads() == 1
        with runtime.one_thread():
            assert runtime.num_threads() == 1
        assert runtime.num_threads() == 1
    assert runtime.num_threads() == before
    with pytest.raises(RuntimeError, match="on purpose"), runtime.one_thread():
        raise RuntimeError("on purpose")
    assert runtime.num_threads() == before


@pytest.mark.parametrize("what", ["NEAREST_CACHE", "VECTOR_BYTES", "TILE"])
def test_kernels_compiled_for_another_machine_are_not_taken(what, monkeypatch):
    assert runtime._digest_of_sources() == runtime._DIGEST
    monkeypatch.setattr(runtime, what, 2 * getattr(runtime, what))
    assert runtime._digest_of_sources() != runtime._DIGEST


@pytest.mark.parametrize(("told", "size"), [("48K\n", 49152), ("32K\n", 32768), ("1M\n", 32768), (None, 32768)])
def test_the_nearest_cache_is_what_the_system_says_or_32_kib(told, size, monkeypatch):
    def read_text(path):
        if told is None:
            raise FileNotFoundError(path)
        return told

    monkeypatch.setattr(processor.Path, "read_text", read_text)
    assert processor._nearest_cache() == size


@pytest.mark.parametrize("count", [0, -1, 10_000])
def test_set_num_threads_refuses_a_number_out_of_range(count):
    with pytest.raises(ValueError, match=str(count)):
        runtime.set_num_threads(count)


SMALL = """
import numpy as np
from scratchnet.kernels.loops.optimizers import momentum
w = np.ones(4, np.float32)
momentum(w, w.copy(), np.zeros(4, np.float32), 0.5, 0.0, False)
print(*w)
"""


def copy_of_the_package(folder: Path) -> None:
    for part in ("__init__.py", "typing.py", "errors.py", "kernels"):
        source = ROOT / "scratchnet" / part
        copy = shutil.copytree if source.is_dir() else shutil.copy
        options = {"ignore": shutil.ignore_patterns("__pycache__")} if source.is_dir() else {}
        copy(source, folder / "scratchnet" / part, **options)
    (folder / "scratchnet" / "__init__.py").write_text("")


def test_a_package_that_cannot_be_written_caches_in_the_users_folder(tmp_path):
    (tmp_path / "scratchnet").mkdir()
    copy_of_the_package(tmp_path)
    (tmp_path / "scratchnet" / "kernels" / "loops" / "__pycache__").write_text("a file, so no folder can be made here")
    home = tmp_path / "home"
    environment = {"PYTHONPATH": str(tmp_path), "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    environment["NUMBA_CACHE_DIR"] = ""
    out, err = run_python(SMALL, **environment)
    assert out.split() == ["0.5"] * 4
    assert "compiling kernels" in err
    assert list(home.rglob("*.nbc")), "the machine code lies in the user's cache"
    _, err = run_python(SMALL, **environment)
    assert "compiling" not in err, "the second process found it there"


def test_a_second_process_that_trains_compiles_nothing():
    """A function for kernels that Python calls too, say, would be compiled in every process."""
    train = """
        import numpy as np
        from numba.core import event
        from scratchnet.architectures import ARCHITECTURES
        with event.install_recorder("numba:compile") as compiled:
            model = ARCHITECTURES["mlp"]()
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(np.ones((8, 28, 28)), np.arange(8), verbose=0)
        print([happening.data["dispatcher"].py_func.__name__ for _, happening in compiled.buffer])
    """
    run_python(train)
    assert run_python(train)[0] == "[]\n"


def test_with_no_folder_to_cache_in_kernels_still_run_and_say_so_once(tmp_path):
    (tmp_path / "scratchnet").mkdir()
    copy_of_the_package(tmp_path)
    (tmp_path / "scratchnet" / "kernels" / "loops" / "__pycache__").write_text("a file")
    (tmp_path / "blocked").write_text("a file")
    nowhere = str(tmp_path / "blocked" / "cache")
    out, err = run_python(
        SMALL + "from scratchnet.kernels.loops.optimizers import adam\nadam(w, w, w, w, 1.0, 0.9, 0.9, 1e-7)",
        PYTHONPATH=str(tmp_path), HOME=nowhere, XDG_CACHE_HOME=nowhere, NUMBA_CACHE_DIR="",
    )  # fmt: skip
    assert out.split() == ["0.5"] * 4
    assert err.count("NUMBA_CACHE_DIR") == 1


def test_a_change_in_any_kernel_file_makes_all_kernels_compile_anew(tmp_path):
    (tmp_path / "scratchnet").mkdir()
    copy_of_the_package(tmp_path)
    environment = {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    assert "compiling" in run_python(SMALL, **environment)[1]
    assert "compiling" not in run_python(SMALL, **environment)[1]
    with (tmp_path / "scratchnet" / "kernels" / "machine" / "simd.py").open("a") as file:
        file.write("\n# a change\n")
    assert "compiling" in run_python(SMALL, **environment)[1]


def test_progress_of_compiling_can_be_shown_by_someone_else(tmp_path):
    out, err = run_python(
        "from scratchnet.kernels.machine import runtime\nruntime.on_compile = lambda name: print('now', name)" + SMALL,
        NUMBA_CACHE_DIR=str(tmp_path),
    )
    assert out.split()[:2] == ["now", "momentum"]
    assert not err


def test_importing_scratchnet_does_not_import_numba():
    out, _ = run_python("import sys, scratchnet, scratchnet.kernels\nprint('numba' in sys.modules)")
    assert out.strip() == "False"


def test_a_kernel_keeps_its_name_and_documentation():
    from scratchnet.kernels.loops.optimizers import adam

    assert adam.__name__ == "adam"
    assert "Adam" in (adam.__doc__ or "")
    w, g, m, v = (np.ones(3, np.float32) for _ in range(4))
    adam.definition(w, g, m, v, 0.1, 0.9, 0.999, 1e-7)
    np.testing.assert_allclose(w, 0.9, rtol=1e-5)
