"""``scratchnet sweep``: what it tries, and what becomes of it when trials, workers and disks die."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from scratchnet.cli import train
from scratchnet.cli.sweeping import outcome, trials
from scratchnet.cli.sweeping import plan as planning
from scratchnet.cli.sweeping.choices import Choices
from tests import mpi
from tests.cli import sweep_child
from tests.cli.conftest import Command, Result
from tests.killing import left

MINI = ("--", "--mini", "--samples", "96", "--epochs", "2")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "CHILD", sweep_child.PROGRAM)
    for name, value in mpi.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a sweep over two learning rates and two seeds, in the folder "alone"."""
    home = tmp_path_factory.mktemp("swept")
    process = in_process_of_its_own(home, "mlp", *VARY, "-o", "alone", *MINI)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return home


VARY = ("--vary", "learning-rate=0.001,0.01", "--seeds", "2")
VARY_LESS = ("--vary", "learning-rate=0.01", "--seeds", "2")


def in_process_of_its_own(home: Path, *arguments: str) -> subprocess.Popen[str]:
    program = "import sys; from scratchnet import cli; from scratchnet.cli.sweeping import trials\n"
    program += f"trials.CHILD = {sweep_child.PROGRAM!r}\ncli.main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, "sweep", *arguments],
        cwd=home,
        env=mpi.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def plan_of(*vary: str, options: tuple[str, ...] = (), draws: int | None = None, **other: Any) -> planning.Plan:
    chosen = {"seeds": 1, "keep": 0, **other}
    return planning.make(train.train, "mlp", options, vary, draws, **chosen)


def started(home: Path) -> dict[str, str]:
    """Return when each trial that has begun did so: what is trained anew has another time."""
    return {
        folder.name: record["started"]
        for folder in sorted((home / "trials").iterdir())
        if (record := trials.record(folder)) is not None
    }


# The plan -------------------------------------------------------------------------------------------------------------


def test_a_grid_has_every_combination_with_every_seed() -> None:
    plan = plan_of("learning-rate=0.1,0.2", "--batch-size=8,16,32", seeds=2)
    assert len(plan.trials) == 12
    assert len({tuple(setting.items()) for setting, _ in plan.trials.values()}) == 6
    name = "003-learning-rate=0.1-batch-size=16-seed=43"
    expected = ["train", "mlp", "--hold-out", "5000", "--learning-rate", "0.1", "--batch-size", "16", "--seed", "43"]
    assert plan.arguments(name) == expected


def test_draws_are_the_same_each_time_and_within_their_ranges() -> None:
    vary = ("learning-rate=0.0001:0.1:log", "batch-size=8:64", "samples=100,200")
    plan = plan_of(*vary, draws=30)
    assert plan.settings == plan_of(*vary, draws=30).settings
    assert len({tuple(s.values()) for s in plan.settings}) == 30
    rates = [float(setting["learning-rate"]) for setting in plan.settings]
    assert all(0.0001 <= rate <= 0.1 for rate in rates)
    assert sum(rate < 0.003 for rate in rates) in range(8, 23)  # half of the orders of magnitude
    assert all(8 <= int(setting["batch-size"]) <= 64 for setting in plan.settings)


def test_no_more_is_drawn_than_there_is() -> None:
    assert len(plan_of("batch-size=8,16", draws=50).settings) == 2


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ("learning-rte=1,2", "did you mean 'learning-rate'"),
        ("learning-rate", "expected NAME=VALUES"),
        ("learning-rate=0.1,0.1", "expected different values"),
        ("learning-rate=0.1:x", "expected a range"),
        ("learning-rate=0:1:log", "expected a range"),
        ("learning-rate=0.1:0.2", "--random"),
        ("batch-size=8,many", "'--batch-size'"),
        ("batch-size=8,0", "'--batch-size'"),
        ("mini=yes", "is a switch"),
        ("seed=1,2", "--seeds"),
        ("output=a,b", "Unknown option of train 'output'"),
    ],
)
def test_what_train_would_not_take_is_refused_before_anything_begins(vary: str, said: str) -> None:
    with pytest.raises(Exception) as refused:  # noqa: PT011  typer's errors have no common name
        plan_of(vary)
    assert said in refused.value.format_message()  # type: ignore[attr-defined]


def test_what_every_trial_is_given_is_checked_too() -> None:
    with pytest.raises(Exception, match="epoch"):
        plan_of("batch-size=8,16", options=("--epoch-s", "3"))
    with pytest.raises(typer.BadParameter, match="--output"):
        plan_of("batch-size=8,16", options=("--output", "there"))


@pytest.mark.parametrize(
    ("options", "added"),
    [
        (("--epochs", "3"), ["--hold-out", "5000"]),
        (("--mini",), ["--hold-out", "500"]),
        (("--hold-out", "7"), []),
    ],
)
def test_where_train_holds_images_back_every_trial_does(options: tuple[str, ...], added: list[str]) -> None:
    def train(network: str, epochs: int = 1, seed: int = 1, hold_out: int = 0, mini: bool = False) -> None:
        """Stand in for ``train``."""

    plan = planning.make(train, "mlp", options, (), None, 1, 0)
    assert plan.options == [*options, *added]


def test_a_trial_is_judged_by_the_images_held_back() -> None:
    measured = {"held_back_accuracy": 0.5, "test_accuracy": 0.6}
    assert outcome.accuracy(measured) == ("held-back", 0.5)
    assert outcome.accuracy({"test_accuracy": 0.6}) == ("test", 0.6)


def test_ranges_of_whole_numbers_and_others() -> None:
    assert Choices.read("n", "1:4").whole
    assert not Choices.read("n", "1:4.0").whole


def test_halving_trains_few_for_long() -> None:
    values = ",".join(f"0.00{n}" for n in range(1, 10))
    plan = plan_of(f"learning-rate={values}", options=("--epochs", "18"), keep=3)
    assert [rung.epochs for rung in plan.rungs] == [2, 6, 18]
    plan.rungs[0].scores = {trial: n / 10 for n, trial in enumerate(plan.trials)}
    plan.promote(0)
    assert plan.rungs[1].trials == list(plan.trials)[6:]
    plan.rungs[1].scores = dict(zip(plan.rungs[1].trials, (0.5, 0.9, 0.1)))
    plan.promote(1)
    assert plan.rungs[2].trials == [list(plan.trials)[7]]


def test_halving_keeps_all_seeds_of_the_best_mean() -> None:
    plan = plan_of("batch-size=8,16", seeds=2, keep=2)
    plan.rungs[0].scores = dict(zip(plan.trials, (0.9, 0.1, 0.6, 0.6)))
    plan.promote(0)
    assert plan.rungs[1].trials == list(plan.trials)[2:]


def test_halving_does_not_vary_epochs() -> None:
    with pytest.raises(typer.BadParameter, match="do not vary epochs"):
        plan_of("epochs=1,2", keep=2)


def test_a_plan_comes_back_as_it_was_written(tmp_path: Path) -> None:
    plan = plan_of("batch-size=8,16", seeds=2, keep=2)
    plan.write(tmp_path)
    assert planning.read(tmp_path) == plan


def test_a_damaged_plan_is_told(scratchnet_command: Command) -> None:
    Path("there").mkdir()
    assert "holds no sweep" in scratchnet_command("sweep", "--resume", "there").err
    Path("there/sweep.json").write_text('{"network": "mlp"}')
    assert "is damaged" in scratchnet_command("sweep", "--resume", "there").err


# On this machine ------------------------------------------------------------------------------------------------------


def test_trials_are_what_train_writes_and_a_table_and_a_picture_say_what_came_out(
    swept: Path, scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = swept / "alone"
    names = ["000-learning-rate=0.001-seed=42", "001-learning-rate=0.001-seed=43"]
    names += ["002-learning-rate=0.01-seed=42", "003-learning-rate=0.01-seed=43"]
    with open(home / "sweep.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["trial"] for row in rows] == names
    record = json.loads((home / "trials" / names[2] / "run.json").read_text())
    assert (record["learning_rate"], record["seed"], record["epochs"]) == (0.01, 42, 2)
    assert float(rows[2]["accuracy"]) == record["held_back_accuracy"]
    assert (home / "sweep.png").read_bytes()[:4] == b"\x89PNG"
    monkeypatch.setattr("scratchnet.cli.results._draw", lambda *_: None)
    options = ("--learning-rate", "0.01", "--seed", "42", "--hold-out", "500")
    assert scratchnet_command("train", "mlp", *MINI[1:], *options, "-o", "by-hand").code == 0
    assert left(home / "trials" / names[2]) == left(Path("by-hand"))


def test_a_sweep_that_is_done_has_nothing_to_do(
    swept: Path, scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(swept)
    before = started(swept / "alone")
    for again in (("mlp", *VARY, "-o", "alone", *MINI), ("--resume", "alone")):
        code, out, _ = scratchnet_command("sweep", *again)
        assert code == 0
        assert "learning-rate" in out
        assert "held-back accuracy" in out  # what they were compared by
        assert started(swept / "alone") == before
    other = scratchnet_command("sweep", "mlp", "--vary", "batch-size=8,16", "-o", "alone")
    assert "alone holds another sweep" in other.err


def test_a_trial_that_is_killed_goes_on_from_its_last_epoch(swept: Path, scratchnet_command: Command) -> None:
    Path("dies").write_text("seed=43")
    code, _, errors = scratchnet_command("sweep", "mlp", *VARY, "-o", "killed", *MINI)
    assert (code, errors) == (0, "")
    assert not Path("dies").exists()
    for trial in planning.read(Path("killed")).trials:
        assert left(Path("killed/trials") / trial) == left(swept / "alone" / "trials" / trial)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_sweep_that_is_ended_goes_on_and_trains_nothing_twice(
    number: int, swept: Path, scratchnet_command: Command
) -> None:
    home = Path("ended")
    process = in_process_of_its_own(Path(), "mlp", *VARY, "-o", "ended", "--jobs", "1", *MINI)
    until = time.monotonic() + 60
    while time.monotonic() < until and not any(trials.is_done(home / "trials" / t, None) for t in _names(home)):
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert "go on with: scratchnet sweep --resume ended" in errors.lower()
    done = [trial for trial in _names(home) if trials.is_done(home / "trials" / trial, None)]
    assert 0 < len(done) < 4
    before = started(home)
    assert scratchnet_command("sweep", "--resume", "ended").code == 0
    assert {name: started(home)[name] for name in before} == before  # none has begun anew
    for trial in _names(home):
        assert left(home / "trials" / trial) == left(swept / "alone" / "trials" / trial)


def _names(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "trials").glob("*"))


def test_halving_trains_the_best_on_and_shows_them_first(scratchnet_command: Command) -> None:
    vary = ("--vary", "learning-rate=0.0000001,0.003", "--halving", "2")
    code, out, errors = scratchnet_command("sweep", "mlp", *vary, "-o", "halved", *MINI)
    assert (code, errors) == (0, "")
    assert "Rung 2 of 2: 1 trials, 2 epochs." in out
    epochs = [trials.record(f"halved/trials/{name}")["epochs"] for name in _names(Path("halved"))]  # type: ignore[index]
    assert epochs == [1, 2]
    assert "The best network: halved/trials/001-learning-rate=0.003-seed=42/model.safetensors" in out


def test_a_full_disk_costs_no_finished_trial(
    swept: Path, scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of one trial cannot be written; the others are trained, and it is, once there is room."""
    full, same, vary = "001-learning-rate=0.01-seed=43", "003-learning-rate=0.01-seed=43", VARY_LESS
    child = [*sweep_child.PROGRAM[:1], "-c", FULL_DISK]
    monkeypatch.setattr(trials, "CHILD", child)
    code, _, errors = scratchnet_command("sweep", "mlp", *vary, "-o", "full", *MINI)
    assert code == 1
    assert f"1 of 2 trials could not be trained to their end, such as {full}: " in errors
    assert "No space left on device" in errors
    before = started(Path("full"))
    assert len([name for name in before if trials.is_done(Path("full/trials") / name, None)]) == 1
    monkeypatch.setattr(trials, "CHILD", sweep_child.PROGRAM)
    assert scratchnet_command("sweep", "--resume", "full").code == 0
    assert {**started(Path("full")), full: ""} == {**before, full: ""}
    assert left(Path("full/trials") / full) == left(swept / "alone" / "trials" / same)


FULL_DISK = """
import errno, os
from scratchnet.utils import files
from tests.cli import sweep_child

def full(folder, beginning):
    if "001-" in folder:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return open_part(folder, beginning)

open_part, files._open_part = files._open_part, full
sweep_child.main()
"""


def test_a_child_ends_with_the_process_that_started_it() -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "scratchnet.cli.sweeping.child", "train", "mlp", "--mini", "-e", "1000", "-o", "run"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=mpi.environment(),
    )
    until = time.monotonic() + 60
    while not Path("run/model.safetensors").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(timeout=10) == 137


def test_two_sweeps_do_not_share_a_folder(scratchnet_command: Command, swept: Path) -> None:
    from scratchnet.utils.locks import FolderLock

    lock = FolderLock()
    assert lock.take(str(swept / "alone"))
    try:
        assert "is the folder of a sweep that runs" in scratchnet_command("sweep", "--resume", swept / "alone").err
    finally:
        lock.give_back()


# On a cluster ---------------------------------------------------------------------------------------------------------

needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="distributed is not installed: pip install 'scratchnet[distributed]'",
)


@pytest.fixture
def cluster(elsewhere: Path) -> Iterator[str]:
    """Start a scheduler and two workers, and give the scheduler's address."""
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    where = elsewhere / "scheduler.json"
    common = {"env": mpi.environment(), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [subprocess.Popen([*dask, "--no-dashboard", "--scheduler-file", str(where)], **common)]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(where), "--no-dashboard"]
    worker += ["--nthreads", "1", "--no-nanny", "--local-directory", str(elsewhere / "dask")]
    worker += ["--preload", sweep_child.__file__]
    processes += [subprocess.Popen(worker, **common) for _ in range(2)]
    try:
        yield _address(where)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _address(where: Path) -> str:
    from distributed import Client

    until = time.monotonic() + 60
    while not where.exists() or not where.read_text():
        assert time.monotonic() < until
        time.sleep(0.05)
    address = str(json.loads(where.read_text())["address"])
    with Client(address, timeout=30) as client:
        client.wait_for_workers(2, timeout=60)
    return address


@needs_dask
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_trains_the_same_and_a_worker_that_dies_loses_nothing(
    cluster: str, swept: Path, scratchnet_command: Command
) -> None:
    Path("dies").write_text("002- worker")
    result: Result = scratchnet_command("sweep", "mlp", *VARY, "--scheduler", cluster, "-o", "far", *MINI)
    assert result.code == 0, result.err
    assert not Path("dies").exists()  # the worker of that trial has died
    for trial in planning.read(Path("far")).trials:
        assert left(Path("far/trials") / trial) == left(swept / "alone" / "trials" / trial)


@needs_dask
@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_does_not_answer_is_told(scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    import distributed

    def silent(*arguments: object, **options: object) -> None:
        raise OSError("timed out")

    monkeypatch.setattr(distributed, "Client", silent)
    code, _, errors = scratchnet_command("sweep", "mlp", *VARY, "--scheduler", "tcp://127.0.0.1:9", "-o", "far", *MINI)
    assert code == 1
    assert "expected the address of a Dask scheduler" in errors


def test_without_dask_a_sentence_says_what_to_install(
    scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, errors = scratchnet_command("sweep", "mlp", *VARY, "--scheduler", "tcp://127.0.0.1:9", "-o", "far", *MINI)
    assert code == 1
    assert "pip install 'scratchnet[distributed]'" in errors
    assert os.listdir("far/trials") == []
