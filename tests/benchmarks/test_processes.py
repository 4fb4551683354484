from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.processes import WorkerError, WorkerProcess
from tests.benchmarks.fakes import fake

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def test_a_worker_answers_each_request():
    with WorkerProcess(fake()) as worker:
        assert [worker.ask("save", network=n) for n in ("cnn", "mlp")] == [{"bytes": 123}] * 2


def test_what_a_framework_prints_does_not_get_between_the_answers():
    with WorkerProcess(fake("noisy")) as worker:
        assert "threads" in worker.ask("libraries")


def test_an_exception_becomes_an_error_of_one_line():
    with WorkerProcess(fake("raising")) as worker, pytest.raises(WorkerError, match=r"^ValueError: no such thing$"):
        worker.ask("libraries")


def test_a_worker_goes_on_after_an_error():
    with WorkerProcess(fake("raising")) as worker:
        with pytest.raises(WorkerError):
            worker.ask("libraries")
        assert worker.ask("save", network="cnn") == {"bytes": 123}


def test_the_last_words_of_a_worker_that_died_are_reported():
    with WorkerProcess(fake("dying")) as worker, pytest.raises(WorkerError, match="code 3: out of luck"):
        worker.ask("libraries")


def test_a_dead_worker_can_still_be_asked_and_says_the_same():
    with WorkerProcess(fake("dying")) as worker:
        for _ in range(2):
            with pytest.raises(WorkerError, match="code 3"):
                worker.ask("libraries")


def test_a_worker_that_hangs_is_given_up():
    with WorkerProcess(fake("hanging"), timeout=3) as worker, pytest.raises(WorkerError, match="no answer within 3 s"):
        worker.ask("libraries")


def test_a_module_that_cannot_be_imported_is_reported():
    broken = fake()
    object.__setattr__(broken, "module", "no_such_framework")
    with WorkerProcess(broken) as worker, pytest.raises(WorkerError, match="No module named 'no_such_framework'"):
        worker.ask("libraries")


@linux
def test_between_requests_the_process_is_stopped_even_if_a_thread_of_it_spins():
    with WorkerProcess(fake("spinning")) as worker:
        worker.ask("save", network="cnn")
        states = [(path / "stat").read_text().rsplit(")", 1)[1].split()[0] for path in _threads(worker.pid)]
    assert len(states) > 1
    assert set(states) == {"T"}


def _threads(pid: int) -> list[Path]:
    """The threads of a process, once the kernel has got round to stopping all of them."""
    folder = Path(f"/proc/{pid}/task")
    for _ in range(1000):
        if all((path / "stat").read_text().rsplit(")", 1)[1].split()[0] == "T" for path in folder.iterdir()):
            break
    return list(folder.iterdir())


@linux
def test_threads_are_limited_by_cores_and_by_variables():
    with WorkerProcess(fake(), threads=1) as worker:
        assert worker.ask("libraries")["threads"] == {"cores": 1, "variable": "1"}


def test_closing_ends_a_stopped_process():
    with WorkerProcess(fake()) as worker:
        worker.ask("save", network="cnn")
    assert worker._process.returncode is not None
