"""Each target for a moment, and all that was ever found."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import targets
from tests.fuzz.limits import TooSlow, bounded
from tests.fuzz.targets import Target

TARGETS = {name: targets.load(name) for name in targets.names()}
KEPT = {f"{target.name}/{path.name}": (target, path) for target in TARGETS.values() for path in target.corpus()}


@pytest.fixture(scope="module", params=TARGETS)
def target(request: pytest.FixtureRequest) -> Target:
    return TARGETS[request.param]


@pytest.fixture(scope="module")
def start(target: Target) -> list[bytes]:
    return target.start()


def test_what_it_begins_from_is_read(target: Target) -> None:
    for data in target.module.seeds():
        assert target.check(data) == "read"


@pytest.mark.parametrize("kept", KEPT)
def test_what_was_found_is_so_no_more(kept: str) -> None:
    target, path = KEPT[kept]
    target.check(path.read_bytes())


@settings(max_examples=150)
@given(data=st.data(), rng=st.randoms(use_true_random=False))
def test_a_changed_file_is_read_or_refused(
    data: st.DataObject, rng: random.Random, target: Target, start: list[bytes]
) -> None:
    target.check(target.mutated(data.draw(st.sampled_from(start)), rng))


def test_an_input_that_takes_too_long_is_found() -> None:
    with pytest.raises(TooSlow, match=r"more than 0\.005 s"), bounded(0.005, 100):
        time.sleep(60)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the bound on memory needs Linux's /proc")
def test_an_input_that_takes_too_much_memory_is_found() -> None:
    with pytest.raises(MemoryError), bounded(60, 100):
        bytearray(2**30)
    bytearray(2**28)
