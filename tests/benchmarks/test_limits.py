from __future__ import annotations

from benchmarks import limits


def test_the_fastest_of_several_times_counts_and_the_first_does_not(monkeypatch):
    clock = iter([0.0, 3.0, 10.0, 11.0, 20.0, 22.0])
    monkeypatch.setattr("time.perf_counter", clock.__next__)
    runs: list[int] = []
    assert limits.fastest(lambda: runs.append(1), 3) == 1.0
    assert len(runs) == 4


def test_operations_and_bytes_are_counted_as_they_are_said_to_be(monkeypatch):
    monkeypatch.setattr(limits, "usable_cores", lambda: 3)
    monkeypatch.setattr(limits, "fastest", lambda run, repetitions: 0.5)
    found = limits.measure_limits(quick=True)
    assert found.flops == 2 * 1024**3 / 0.5
    assert found.copy == 2 * 3 * (64 << 20) / 0.5
    assert found.cached_copy == 2 * 3 * (16 << 20) / 0.5
