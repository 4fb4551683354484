from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import __main__ as command_line
from benchmarks import compare, contenders
from benchmarks.processes import WorkerError
from benchmarks.report import Report
from tests.benchmarks.fakes import fake


@pytest.fixture
def asked(monkeypatch, in_this_process):
    """Two fakes take part, and what is said is kept."""
    said: list[str] = []
    found = [fake(key="scratchnet"), fake(key="keras")]
    monkeypatch.setattr(contenders, "select", lambda names: found)
    return found, said


def measured(said, path, *networks, batch_sizes=(16,), **options):
    choice = compare.Choice(networks, batch_sizes, turns=2, seconds=0.0, **options)
    return compare.measure(choice, path, said.append, allow_slow=True)


def test_rows_that_are_there_are_not_measured_again(asked, tmp_path):
    _, said = asked
    path = tmp_path / "networks.json"
    first = measured(said, path, "mlp").rows["step/mlp/16"].values
    report = measured(said, path, "mlp", "cnn")
    assert report.rows["step/mlp/16"].values == Report.read(path).rows["step/mlp/16"].values
    assert report.rows["step/mlp/16"].values["keras"] == pytest.approx(first["keras"], rel=1e-5)
    assert sum("MLP" in what for what in said) == 1
    assert set(Report.read(path).rows) == {"step/mlp/16", "step/cnn/16"}


def test_again_measures_them_anew(asked, tmp_path):
    _, said = asked
    for _ in range(2):
        measured(said, tmp_path / "networks.json", "mlp", again=True)
    assert sum("MLP" in what for what in said) == 2


def test_another_network_is_not_compared(asked, tmp_path):
    found, said = asked
    found[1] = fake("smaller", key="keras")
    row = measured(said, tmp_path / "networks.json", "mlp").rows["step/mlp/16"]
    assert row.notes["keras"] == "not the same network: 9 parameters instead of 10"
    assert list(row.values) == ["scratchnet"]


def test_modes_that_cannot_be_the_fastest_are_tried_out_and_not_measured(monkeypatch, in_this_process, tmp_path):
    took = {"keras": 1.0, "keras-jit": 1.4, "keras-jit-16": 1.6, "scratchnet": 9.0}
    took_at_64 = took | {"keras-jit-16": 2.6}
    found = [fake(key=key) for key in ("scratchnet", "keras")]
    found += [replace(found[1], key=key) for key in ("keras-jit", "keras-jit-16")]
    asked: list[tuple[str, int]] = []

    def ask(self, do, **arguments):
        if do == "prepare":
            asked.append((self.contender.key, arguments["batch_size"]))
            return {"seconds": (took_at_64 if arguments["batch_size"] == 64 else took)[self.contender.key]}
        return here(self, do, **arguments)

    here = in_this_process.ask
    monkeypatch.setattr(in_this_process, "ask", ask)
    monkeypatch.setattr(contenders, "select", lambda names: found)
    choice = compare.Choice(("mlp",), (64, 16), turns=2, seconds=0.0)
    report = compare.measure(choice, tmp_path / "networks.json", lambda what: None, allow_slow=True)
    first, second = (report.rows[f"step/mlp/{size}"] for size in (64, 16))
    assert set(first.values) == set(second.values) == {"scratchnet", "keras", "keras-jit"}
    assert first.notes == {"keras-jit-16": "2.60 times its fastest mode when tried out"}
    assert second.notes == {"keras-jit-16": "2.60 times its fastest mode at batch size 64"}
    assert ("keras-jit-16", 16) not in asked


def test_who_dies_in_a_row_is_there_again_in_the_next(asked, in_this_process, monkeypatch, tmp_path):
    here = in_this_process.ask

    def ask(self, do, **arguments):
        if (do, self.contender.key, arguments.get("batch_size")) == ("train", "keras", 64):
            self.close()
            raise WorkerError("gave no answer within 300 s")
        if not self.alive:
            raise WorkerError("is dead")
        return here(self, do, **arguments)

    monkeypatch.setattr(in_this_process, "ask", ask)
    _, said = asked
    report = measured(said, tmp_path / "networks.json", "mlp", batch_sizes=(64, 16))
    assert report.rows["step/mlp/64"].notes == {"keras": "failed: gave no answer within 300 s"}
    assert len(report.rows["step/mlp/16"].values["keras"]) == 2
    assert "starting Keras again" in said


def test_each_network_meets_processes_that_have_seen_no_other(asked, in_this_process, monkeypatch, tmp_path):
    here, seen = in_this_process.ask, {}

    def ask(self, do, **arguments):
        if do == "train":
            seen.setdefault(self, set()).add(arguments["network"])
        return here(self, do, **arguments)

    monkeypatch.setattr(in_this_process, "ask", ask)
    _, said = asked
    measured(said, tmp_path / "networks.json", "mlp", "cnn")
    assert sorted(map(sorted, seen.values())) == [["cnn"], ["cnn"], ["mlp"], ["mlp"]]


def test_a_row_is_measured_again_for_who_was_not_there(asked, tmp_path):
    found, said = asked
    other = found.pop()
    path = tmp_path / "networks.json"
    assert set(measured(said, path, "mlp").rows["step/mlp/16"].values) == {"scratchnet"}
    found.append(other)
    assert set(measured(said, path, "mlp").rows["step/mlp/16"].values) == {"scratchnet", "keras"}


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--networks", "mlp,alexnet", "got alexnet"), ("--batches", "64,-1", "got -1"), ("--batches", "x", "got x")],
)
def test_unknown_choices_are_refused(option, value, said, capsys, monkeypatch):
    monkeypatch.setattr(command_line.environment, "clean", list)
    assert command_line.main(["networks", option, value]) == 2
    assert said in capsys.readouterr().err
