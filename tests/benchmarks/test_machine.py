from __future__ import annotations

import platform
import re

from benchmarks import machine


def test_the_processor_is_named_with_its_kind():
    assert re.fullmatch(r".+ \([\w.-]+\)", machine.processor())


def test_nothing_names_the_machine():
    name = platform.node()
    assert not name or not re.search(rf"\b{re.escape(name)}\b", str(machine.describe()))


def test_a_busy_machine_is_said_to_be_one():
    assert "load 7.5" in machine.busy({"load_average": 7.5, "cores": 2})
    assert machine.busy({"load_average": 0.5, "cores": 2}) == ""
