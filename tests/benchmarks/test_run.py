from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from benchmarks.contenders import CONTENDERS, select
from benchmarks.processes import WorkerError
from benchmarks.report import Row
from benchmarks.run import QUICK, Bench
from benchmarks.side_by_side import SlowThreads, refuse_slow_threads
from tests.benchmarks.fakes import fake


@dataclass
class Recorder:
    """Stands for a worker: notes who was asked what, and answers."""

    name: str
    log: list[tuple[str, str]]
    fails_at: int = -1
    layer: str = "omp"
    asked: int = field(default=0)

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        self.log.append((self.name, do))
        self.asked += 1
        if self.asked > self.fails_at >= 0:
            raise WorkerError("it broke")
        return {"seconds": float(self.asked), "accuracy": 0.9, "threads": {"layer": self.layer}}


@pytest.fixture
def bench():
    made = Bench([fake(key="scratchnet"), fake(key="keras")], QUICK, lambda what: None)
    for contender in made.contenders:
        made.report.contenders[contender.key] = {"label": contender.label, "family": contender.family}
    return made


def test_contenders_are_asked_in_turns(bench):
    log: list[tuple[str, str]] = []
    bench.workers = {"scratchnet": Recorder("a", log), "keras": Recorder("b", log)}
    row = Row("r", "r", "s")
    bench.alternate(row, 3, "train")
    assert "".join(name for name, _ in log) == "ababab"
    assert row.values == {"scratchnet": [1, 2, 3], "keras": [1, 2, 3]}


def test_who_fails_leaves_a_note_and_the_others_go_on(bench):
    log: list[tuple[str, str]] = []
    bench.workers = {"scratchnet": Recorder("a", log), "keras": Recorder("b", log, fails_at=1)}
    row = Row("r", "r", "s")
    bench.alternate(row, 3, "train")
    assert row.values == {"scratchnet": [1, 2, 3]}
    assert row.notes == {"keras": "failed: it broke"}
    assert "".join(name for name, _ in log) == "ababa"


def test_everybody_compiles_before_the_turns_begin(bench):
    log: list[tuple[str, str]] = []
    bench.workers = {"scratchnet": Recorder("a", log), "keras": Recorder("b", log)}
    bench.measure_step()
    assert log[:4] == [("a", "prepare"), ("b", "prepare"), ("a", "train"), ("b", "train")]
    assert {key: len(row.values["keras"]) for key, row in bench.report.rows.items()} == {
        "step/cnn/64": QUICK.step_turns, "step/mlp/64": QUICK.step_turns
    }  # fmt: skip


def test_a_framework_that_is_not_there_is_a_row_that_says_so():
    missing = fake(key="torch", needs=("no_such_module",))
    bench = Bench([fake(key="scratchnet"), missing], QUICK, lambda what: None, allow_slow=True)
    report = bench.run(["disk"])
    assert report.rows["disk/model"].notes == {"torch": "not installed"}
    assert report.rows["disk/model"].values == {"scratchnet": [123]}


def test_slow_threads_are_refused():
    with pytest.raises(SlowThreads, match="Install libgomp"):
        refuse_slow_threads(Recorder("a", [], layer="workqueue"))  # type: ignore[arg-type]


def test_fast_threads_are_not():
    refuse_slow_threads(Recorder("a", [], layer="tbb"))  # type: ignore[arg-type]


def test_a_family_selects_all_its_modes_and_scratchnet_is_always_there():
    assert {c.key for c in select(["torch"])} == {"scratchnet", "torch", "torch-channels-last", "torch-compile"}


def test_no_names_select_everybody():
    assert select([]) == CONTENDERS


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="got 'keas'"):
        select(["keas"])


def test_a_process_of_its_own_that_fails_or_never_ends_leaves_a_note(bench, monkeypatch):
    row, contender = Row("r", "r", "s"), replace(fake(key="keras"), module="no_such_module")
    row.values["keras"] = [1.0]
    assert bench._once(row, contender, "startup", ("batch.npz",)) is None
    assert row.values == {}
    assert row.notes["keras"].startswith("failed: ModuleNotFoundError")
    monkeypatch.setattr("benchmarks.run.TIMEOUT", 0.01)
    assert bench._once(row, contender, "startup", ("batch.npz",)) is None
    assert row.notes["keras"] == "gave no answer within 0.01 s"
