from __future__ import annotations

from contextlib import ExitStack

from benchmarks.side_by_side import SideBySide
from tests.benchmarks.fakes import fake


def test_what_is_not_installed_is_said_before_an_hour_is_spent_without_it() -> None:
    said: list[str] = []
    with ExitStack() as stack:
        SideBySide([fake(key="nobody", needs=("no_such_package",))], {}, said.append, True).start(stack)
    assert any("not installed, so left out: Nobody" in line for line in said)
