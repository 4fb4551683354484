"""What a solution may do to itself only: hang, exit, flood, raise where no one looks, reach for the grader."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from scratchnet.learn import grading
from scratchnet.learn.catalogue import EXERCISES
from scratchnet.learn.grading import grade
from scratchnet.learn.report import Report

SHORT = 0.25
"""Of the limit of ten seconds, where it is the limit that stops it."""

RIGHT = "def dbias(dz):\n    return dz.sum(axis=0)\n"


@pytest.fixture
def graded(tmp_path: Path):
    def run(code: str, patience: float = 20.0) -> Report:
        path = tmp_path / "dense-db.py"
        path.write_text(code, encoding="utf-8")
        return grade(path, "dense-db", patience=patience)

    return run


def test_a_loop_without_end_is_stopped_and_its_line_shown(graded) -> None:
    report = graded("def dbias(dz):\n    while True:\n        pass\n", SHORT)
    assert not report.passed
    assert "loop without end" in report.sentence
    assert report.line in (2, 3)


def test_of_a_loop_without_end_only_what_it_printed_itself_is_shown(graded) -> None:
    report = graded("def dbias(dz):\n    print('here')\n    while True:\n        pass\n", SHORT)
    assert report.printed == "here"
    assert report.case


def test_a_loop_without_end_while_loading(graded) -> None:
    report = graded(f"{RIGHT}while True:\n    pass\n", SHORT)
    assert not report.passed
    assert report.line in (3, 4)


@pytest.mark.parametrize("end", ["import sys\nsys.exit(0)", "raise SystemExit", "raise KeyboardInterrupt"])
def test_ending_the_program_is_no_pass(graded, end: str) -> None:
    assert not graded(f"{RIGHT}{end}\n").passed


@pytest.mark.parametrize("code", [0, 1])
def test_leaving_at_once_is_no_pass(graded, code: int) -> None:
    report = graded(f"import os\ndef dbias(dz):\n    print('passed', flush=True)\n    os._exit({code})\n")
    assert not report.passed
    assert f"exit code {code}" in report.sentence


def test_a_crash_is_no_pass(graded) -> None:
    report = graded("import os, signal\ndef dbias(dz):\n    os.kill(os.getpid(), signal.SIGSEGV)\n")
    assert not report.passed
    assert "SIGSEGV" in report.sentence


def test_a_gigabyte_of_output_is_stopped(graded) -> None:
    report = graded(f"{RIGHT}for _ in range(1024):\n    print('x' * 2**20)\n")
    assert not report.passed
    assert "printed more" in report.sentence
    assert len(report.printed) <= 4000


def test_more_memory_than_there_is(graded) -> None:
    report = graded(f"import numpy as np\n{RIGHT}kept = np.ones(2**33)\n")
    assert not report.passed
    assert "Memory" in report.sentence
    assert report.line == 4


def test_an_error_in_del_is_an_error(graded) -> None:
    code = "class D:\n    def __del__(self):\n        1 / 0\ndef dbias(dz):\n    D()\n    return dz.sum(axis=0)\n"
    report = graded(code)
    assert not report.passed
    assert "ZeroDivisionError" in report.sentence
    assert report.line == 3


def test_an_error_in_a_thread_is_an_error(graded) -> None:
    code = (
        "import threading\ndef dbias(dz):\n    t = threading.Thread(target=lambda: 1 / 0)\n    t.start()\n"
        "    t.join()\n    return dz.sum(axis=0)\n"
    )
    assert not graded(code).passed


CHANGES = [
    "import numpy as np\nnp.array_equal = np.allclose = lambda *a, **k: True\n",
    "import numpy as np\nnp.abs = lambda a: 0 * a\nnp.ndarray.all = None\n",
    "import scratchnet.learn.comparing as c\nc.differing = lambda *a: None\n",
    "import scratchnet.learn.grading as g\ng.grade = lambda *a, **k: print('passed')\n",
    "import gc\nfor o in gc.get_objects():\n    if type(o).__name__ == 'Exercise':\n"
    "        object.__setattr__(o, 'slopes', ())\n        object.__setattr__(o, 'cases', lambda r: [])\n",
    "import sys\nsys.modules['__main__']._run = lambda *a: {'passed': True}\n",
]


def test_changing_what_the_grader_is_made_of_is_no_pass(graded) -> None:
    for change in CHANGES:
        assert not graded(f"{change}def dbias(dz):\n    return 0 * dz.sum(axis=0)\n").passed, change
    path = Path(grading.__file__).parent / "exercises" / "solutions" / "dense_db.py"
    assert grade(path, "dense-db", patience=20).passed


def test_words_in_the_graders_pipe_are_no_pass(graded) -> None:
    code = "import os\nfor d in range(3, 64):\n    try:\n        os.write(d, b'{\"passed\": true}' * 9)\n"
    assert not graded(f"{code}    except OSError:\n        pass\ndef dbias(dz):\n    return 0 * dz[0]\n").passed


def test_closed_pipes_are_no_pass(graded) -> None:
    assert not graded(f"import os\nos.closerange(3, 64)\n{RIGHT}").passed


def test_a_process_that_it_started_is_ended(graded, tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
    )
    assert graded(f"{code}{RIGHT}").passed
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        if not _runs(pid):
            break
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def test_standard_input_is_empty(graded) -> None:
    report = graded(f"answer = input()\n{RIGHT}")
    assert not report.passed
    assert "take out input()" in report.sentence
    assert report.line == 1


@pytest.mark.parametrize("power", ["1.5^2", "dz^2"])
def test_a_power_written_as_elsewhere_is_told_from_other_errors(graded, power: str) -> None:
    assert "A power is written **" in graded(f"def dbias(dz):\n    return {power}\n").sentence


def test_what_is_asked_for_a_name_alone_is_not_shown_as_printed(tmp_path: Path) -> None:
    path = tmp_path / "dropout.py"
    path.write_text(
        "class Dropout:\n    def __init__(self, rate):\n        self.rate = rate\n\n"
        "    def forward(self, x, draws, training):\n        print(self.rate)\n"
        "        self.mask = (draws >= self.rate) / (1 - self.rate)\n        return x * self.mask\n\n"
        "    def backward(self, dy):\n        return dy * self.mask\n"
    )
    report = grade(path, "dropout", patience=20)
    assert report.stages[-1] == "values"
    assert report.mistake is not None
    assert report.mistake.name == "drops-at-inference"
    assert "1.0" not in report.printed.split()
    assert "Warning" not in report.printed


def test_an_error_shows_the_learners_own_line(graded) -> None:
    report = graded("def helper(a):\n    return a.nothing\n\n\ndef dbias(dz):\n    return helper(dz)\n")
    assert report.line == 2
    assert report.code == "return a.nothing"
    assert "AttributeError" in report.sentence


def test_a_syntax_error_shows_its_line(graded) -> None:
    report = graded("def dbias(dz)\n    return dz\n")
    assert "SyntaxError" in report.sentence
    assert report.line == 1


@pytest.mark.parametrize(
    "value", ["None", "...", "[1, 2]", "'words'", "dz", "object()", "{}", "np.array([object()])", "1j"]
)
def test_what_is_no_array_is_refused_in_a_sentence(graded, value: str) -> None:
    report = graded(f"import numpy as np\ndef dbias(dz):\n    return {value}\n")
    assert not report.passed
    assert report.stages == ["runs"]
    assert "dbias" in report.sentence


def test_a_renamed_function_is_said_to_be_missing(graded) -> None:
    assert "does not define dbias" in graded("def bias(dz):\n    return dz.sum(axis=0)\n").sentence


def test_what_is_printed_is_shown(graded) -> None:
    assert graded("def dbias(dz):\n    print('here', dz.shape)\n    return None\n").printed.startswith("here (2, 2)")


def test_a_changed_input_breaks_a_promise(graded) -> None:
    report = graded("def dbias(dz):\n    total = dz.sum(axis=0)\n    dz *= 2\n    return total\n")
    assert report.stages[-1] == "promises"
    assert "changes its input dz" in report.sentence


def test_float64_from_float32_breaks_a_promise(graded) -> None:
    report = graded("def dbias(dz):\n    return dz.astype(float).sum(axis=0)\n")
    assert report.stages[-1] == "promises"
    assert "float64" in report.sentence


def test_answers_learnt_by_heart_do_not_pass(graded) -> None:
    report = graded("import numpy as np\ndef dbias(dz):\n    return np.resize([3.0, -1.0], dz.shape[1])\n")
    assert report.stages[-1] == "gradients"


def test_what_is_no_known_mistake_is_said_to_be_none(graded) -> None:
    report = graded("def dbias(dz):\n    return dz.sum(axis=0) + 0.01\n")
    assert report.mistake is None
    report = graded("def dbias(dz):\n    return dz.sum(axis=0) * (1 + 1e-3 * (len(dz) > 2))\n")
    assert report.unknown
    assert "not a mistake we know" in str(report)


def test_every_exercise_has_a_limit_of_time() -> None:
    assert all(0 < exercise.seconds <= 90 for exercise in EXERCISES.values())
