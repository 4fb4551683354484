"""What the code of a user's file may do to ``scratchnet gradcheck``: nothing of it is ever taken for a verdict."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

LAYER = """
import atexit, os, signal, subprocess, sys, threading, time
import numpy as np
import scratchnet as sn

class Doubles(sn.Layer):
    def forward(self, x, training=False):
        {forward}
        return 2 * x

    def backward(self, dy):
        {backward}
        return {slope} * dy

{end}
"""


GRADCHECK = ("gradcheck", "mine.py", "--input-shape", "4,3")


def write(folder: Path, **parts: str) -> None:
    parts = {"forward": "pass", "backward": "pass", "slope": "2", "end": "", **parts}
    (folder / "mine.py").write_text(LAYER.format(**parts), encoding="utf-8")


def check(folder: Path, *options: str, **parts: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, which starts another for the code."""
    write(folder, **parts)
    command = [sys.executable, "-m", "scratchnet", *GRADCHECK, *options]
    environment = {**os.environ, "SCRATCHNET_BACKEND": "numpy"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


ENDS = [
    "sys.exit(0)",
    "raise SystemExit",
    "os.kill(os.getpid(), signal.SIGKILL)",
    "raise KeyboardInterrupt",
    "raise GeneratorExit",
    "raise type('Own', (BaseException,), {})('on purpose')",
    "1 / 0",
    "sys.stdout.close(); sys.exit(0)",
    "os.abort()",
    "exec(compile('(', 'x', 'exec'))",
]


@pytest.mark.parametrize(("place", "code"), [*(("end", code) for code in ENDS), *(("forward", c) for c in ENDS[2:4])])
def test_code_that_ends_is_no_verdict(tmp_path, scratchnet_command, place, code):
    """The command runs in this process: code that did not run apart from it would end the tests."""
    write(tmp_path, **{place: code})
    done = scratchnet_command(*GRADCHECK, "--json")
    assert (done.code, done.out) == (1, "")
    assert "Error: " in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("place", ["forward", "end"])
def test_code_that_ends_as_if_all_were_well_is_no_verdict(tmp_path, place):
    done = check(tmp_path, "--json", **{place: "os._exit(0)"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_code_that_ends_in_backward_only_is_no_verdict(tmp_path):
    done = check(tmp_path, backward="os._exit(0)")
    assert (done.returncode, done.stdout) == (1, "")
    assert "its code ended the process (exit code 0) before everything was checked" in done.stderr


@pytest.mark.parametrize("place", ["forward", "end"])
def test_a_loop_for_ever_ends_at_the_timeout(tmp_path, place):
    done = check(tmp_path, "--timeout", "3", **{place: "while True: time.sleep(0.1)"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "it was not checked within 3 seconds" in done.stderr


def test_ctrl_c_ends_code_that_catches_it(tmp_path):
    code = "print('running', flush=True)\nwhile True:\n    try:\n        time.sleep(9)\n    except BaseException: pass"
    write(tmp_path, end=code)
    command = [sys.executable, "-m", "scratchnet", *GRADCHECK]
    process = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stderr is not None
    assert process.stderr.readline() == b"running\n"
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Stopped by Ctrl-C" in error


PRINTS = [
    "print('noise'); sys.__stdout__.write('noise'); os.write(1, b'noise'); os.system('echo noise')\n"
    "subprocess.run(['echo', 'noise']); sys.stdout = sys.__stdout__; print('noise')\n"
    "sys.argv[:] = ['x', 'y']; np.seterr(all='raise')",
    "sys.stdout = open(os.devnull, 'w')",
    "sys.stdout = None",
    "os.close(1)",
    "atexit.register(os._exit, 3)",
    "threading.Thread(target=time.sleep, args=(300,)).start(); subprocess.Popen(['sleep', '20'])",
    "os.fork()",
]


@pytest.mark.parametrize(("code", "slope"), [*((code, "2") for code in PRINTS), ("atexit.register(os._exit, 0)", "3")])
def test_json_is_json_and_nothing_else_whatever_the_code_prints(tmp_path, code, slope):
    start = time.monotonic()
    done = check(tmp_path, "--json", end=code, slope=slope)
    report = json.loads(done.stdout)
    assert report["passed"] is (slope == "2")
    assert done.returncode == (0 if slope == "2" else 1)
    assert time.monotonic() - start < 100
    assert done.stderr.count("noise") == code.count("noise")


def test_the_report_comes_alone_too(tmp_path):
    done = check(tmp_path, forward="print('noise')")
    assert done.stdout.startswith("Gradient check of Doubles")
    assert "noise" not in done.stdout
    assert "noise" in done.stderr


def test_the_picture_is_drawn(tmp_path):
    assert check(tmp_path, "--plot", "picture.png").returncode == 0
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
