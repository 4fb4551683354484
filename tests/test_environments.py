"""The command line wherever it may run: no home, no output, names of all scripts, folders that may not be written."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
TRAIN = "train mlp --mini --samples 64 -e 1 -o run"
AS_A_USER = "setpriv --bounding-set=-dac_override,-dac_read_search,-fowner --inh-caps=-all"
"""Root, but bound by permissions as everybody else is."""


def shell(folder: Path, command: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell, in which ``scratchnet`` stands for the command; None takes a variable away."""
    ours = {"SCRATCHNET_BACKEND": "numpy", "PYTHONPATH": str(REPOSITORY), "PYTHON": sys.executable}
    given = {name: value for name, value in (os.environ | ours | environment).items() if value is not None}
    script = 'scratchnet() { "$PYTHON" -m scratchnet "$@"; }; ' + command
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=given, capture_output=True, text=True, timeout=120, errors="replace"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "environment"),
    [
        (
            "umask 077; scratchnet " + TRAIN,
            {"HOME": None, "TERM": "dumb", "PYTHONHASHSEED": "7", "MPLBACKEND": "nonsense"},
        ),
        ("scratchnet " + TRAIN, {"HOME": "/no/such/home", "XDG_CACHE_HOME": None, "TERM": None, "NO_COLOR": "1"}),
        (
            "mkdir 'h ö m'; HOME=\"$PWD/h ö m\" scratchnet " + TRAIN,
            {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
        ),
        ("scratchnet " + TRAIN + " >&-", {}),
        ("scratchnet " + TRAIN + " >&- 2>&-", {}),
        ("scratchnet " + TRAIN + " <&-", {"PYTHONOPTIMIZE": "2"}),
        ("scratchnet " + TRAIN, {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}),
        ("scratchnet " + TRAIN, {"PYTHONWARNINGS": "error"}),
    ],
)
def test_it_trains_and_says_nothing_else(tmp_path: Path, command: str, environment: dict[str, str | None]) -> None:
    ended = shell(tmp_path, command, **environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    written = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"model.safetensors", "history.csv", "run.json", "learning-curves.png"} <= written
    if environment.get("PYTHONIOENCODING") == "ascii":
        assert ended.stdout.isascii()


@pytest.mark.slow
def test_hash_seeds_and_optimization_change_no_bit(tmp_path: Path) -> None:
    script = (
        "from scratchnet import load_model; print([w.tobytes().hex()[:64] for w in load_model('{}').get_weights()])"
    )
    seen = set()
    for number, environment in enumerate(({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2", "PYTHONOPTIMIZE": "2"})):
        assert shell(tmp_path, f"scratchnet {TRAIN}{number}", **environment).returncode == 0
        path = f"run{number}/model.safetensors"
        seen.add(shell(tmp_path, f"$PYTHON -c {shlex.quote(script.format(path))}").stdout)
    assert len(seen) == 1


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("setpriv"), reason="there is no setpriv")
def test_a_home_that_may_not_be_written_is_no_hindrance(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    command = f"{AS_A_USER if os.geteuid() == 0 else ''} $PYTHON -m scratchnet {TRAIN}"
    ended = shell(tmp_path, command, HOME=str(home), XDG_CACHE_HOME=None)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert list(home.iterdir()) == []


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path: Path) -> None:
    ended = shell(tmp_path, f"scratchnet {TRAIN} | head -1")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count("\n") == 1


def test_a_reader_that_leaves_in_the_middle_of_training_ends_it_quietly(tmp_path: Path) -> None:
    leaves = "while [ ! -e run/model.safetensors ]; do sleep 0.02; done"
    ended = shell(tmp_path, f"scratchnet {TRAIN.replace('-e 1', '-e 2000')} | ({leaves})")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "failed"


def test_a_folder_that_is_gone_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    ended = shell(tmp_path / "gone", f"rmdir ../gone; scratchnet {TRAIN}")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: ")
    assert ended.stderr.count("\n") == 1
    assert "Traceback" not in ended.stderr
