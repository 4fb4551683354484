"""``mpiexec -n … scratchnet train --data-parallel``: one folder, whatever becomes of a rank."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests import mpi
from tests.cli.conftest import Command
from tests.killing import left

# The command line without the pictures, which take longer than the training. A rank whose number is in DIES kills
# itself in the third epoch, when what the second has left is on the disk.
PROGRAM = """
import os, signal, sys, time
from scratchnet import cli
from scratchnet.cli import results
from scratchnet.training.data_parallel import DataParallel

def dying(self, run, *arguments):
    if run.epoch == 2 and str(self.rank) == os.environ.get("DIES"):
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self, run, *arguments)

step, DataParallel.step = DataParallel.step, dying
results._draw = lambda *_: None
sys.exit(cli.run(sys.argv[1:]))
"""
QUICK = ("--mini", "--samples", "100", "--epochs", "4", "--batch-size", "34")  # ranks with shares of other sizes

pytestmark = mpi.needs_mpi


def train(ranks: int, *arguments: object, dies: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        mpi.command(ranks, "-c", PROGRAM, "train", *arguments, "--data-parallel"),
        env={**mpi.environment(), "DIES": dies},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("dies", ["0", "1"])
def test_a_rank_that_is_killed_ends_the_run_with_a_sentence_and_it_resumes(dies: str) -> None:
    killed = train(2, "mlp", *QUICK, "-o", "killed", dies=dies)
    assert killed.returncode != 0
    assert (
        "Error: one of the 2 ranks, or mpiexec, was ended before the run was at its end, and so were all. What was "
        "saved after its last epoch is in killed/; go on with: "
        "mpiexec -n 2 scratchnet train --resume killed --data-parallel" in killed.stderr
    )
    assert json.loads(Path("killed/run.json").read_text())["epochs_finished"] == 2
    if dies == "0":
        return  # what is left is the same
    assert train(2, "mlp", *QUICK, "-o", "alone").returncode == 0
    resumed = train(2, "--resume", "killed")
    assert resumed.returncode == 0, resumed.stderr
    assert "Going on after 2 of 4 epochs, batches of 34, seed 42, in 2 processes" in resumed.stdout
    assert left(Path("killed")) == left(Path("alone"))


@pytest.mark.filterwarnings("default")
def test_a_run_goes_on_with_fewer_ranks_and_says_so(scratchnet_command: Command) -> None:
    assert train(4, "mlp", *QUICK, "-o", "killed", dies="3").returncode != 0
    code, _, errors = scratchnet_command("train", "--resume", "killed")
    assert code == 0
    assert "was trained by 4 processes and goes on with one process" in errors
    record = json.loads(Path("killed/run.json").read_text())
    assert (record["status"], record["ranks"], record["epochs_finished"]) == ("finished", 1, 4)


def test_rank_0_alone_prints_and_ctrl_c_stops_all_after_a_step() -> None:
    command = mpi.command(2, "-c", PROGRAM, "train", "mlp", "--mini", "-e", "1000", "-o", "run", "--data-parallel")
    process = subprocess.Popen(
        command, env=mpi.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60
    while not Path("run/model.safetensors").exists() and time.monotonic() < until and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert out.count("203,530 parameters") == 1
    assert errors.count("Stopped by Ctrl-C after") == 1, errors
    assert "go on with: mpiexec -n 2 scratchnet train --resume run --data-parallel" in errors
    assert "was ended before" not in errors
    assert json.loads(Path("run/run.json").read_text())["status"] == "interrupted"


def test_what_rank_0_refuses_is_said_once_and_ends_all() -> None:
    Path("taken").mkdir()
    Path("taken/file").touch()
    done = train(2, "mlp", *QUICK, "-o", "taken")
    assert done.returncode != 0
    assert done.stderr.count("taken exists already and is not empty") == 1
    done = train(2, "mlp", *QUICK, "-b", "1", "-o", "small")
    assert done.returncode != 0
    assert done.stderr.count("expected batches of at least 2 samples, one for each rank, got 1") == 1


def test_several_processes_that_would_train_alone_are_refused(
    scratchnet_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PMI_SIZE", "3")
    code, _, errors = scratchnet_command("train", "mlp", *QUICK)
    assert code == 1
    assert "mpiexec has started 3 processes" in errors
    assert not os.path.exists("runs")
