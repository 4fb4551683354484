from __future__ import annotations

import os
import platform
import re
import subprocess
import sys

from benchmarks import machine


def test_the_processor_is_named_with_its_kind():
    assert re.fullmatch(r".+ \([\w.-]+\)", machine.processor())


def test_nothing_names_the_machine():
    name = platform.node()
    assert not name or not re.search(rf"\b{re.escape(name)}\b", str(machine.describe()))


def test_a_busy_machine_is_said_to_be_one():
    assert "7.5 cores" in machine.busy({"busy_cores": 7.5, "cores": 2})
    assert machine.busy({"busy_cores": 0.5, "cores": 2}) == ""


def test_work_of_others_is_counted_in_cores():
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        try:
            assert 0.3 < machine.busy_cores(0.5) <= (os.cpu_count() or 1)
        finally:
            other.kill()
