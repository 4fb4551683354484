from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks import __main__ as command_line
from benchmarks import scaling

STEP = scaling.Step(fixed=1e-4, sample=2e-5, size=1_000_000)
NETWORK = scaling.Network("a network", latency=1e-5, bandwidth=1e9)


@pytest.fixture(autouse=True)
def _environment_stays(monkeypatch):
    monkeypatch.setattr(command_line.environment, "clean", list)


def test_an_allreduce_of_two_sends_half_the_vector_twice():
    assert NETWORK.allreduce(2, 1e6) == pytest.approx(2 * 1e-5 + 1e6 / 1e9)
    assert NETWORK.allreduce(8, 1e6) == pytest.approx(6 * 1e-5 + 1.75e6 / 1e9)


def test_the_line_goes_through_steps_that_lie_on_one():
    sizes = [8, 64, 256]
    step = scaling.fitted(sizes, [STEP.seconds(n) for n in sizes], 5)
    assert (step.fixed, step.sample, step.size) == (pytest.approx(1e-4), pytest.approx(2e-5), 5)


@pytest.mark.parametrize(("sizes", "seconds"), [([8], [1.0]), ([8, 8], [1.0, 2.0]), ([8, 16], [2.0, 1.0])])
def test_no_line_is_refused(sizes, seconds):
    with pytest.raises(ValueError, match="expected"):
        scaling.fitted(sizes, seconds, 1)


@pytest.mark.parametrize("nodes", scaling.NODES)
def test_where_it_pays_half_the_nodes_are_won(nodes):
    batch = scaling.Step.pays_from(STEP, NETWORK, nodes)
    up = STEP.seconds(batch) / (STEP.seconds(batch / nodes) + NETWORK.allreduce(nodes, STEP.size))
    assert up == pytest.approx(nodes / 2) if batch > nodes else up >= nodes / 2


def test_a_network_without_cost_leaves_the_fixed_part():
    free = scaling.Network("free", 0.0, math.inf)
    assert scaling.Step(0.0, 1e-5, 1).speed_up(free, 16, 1024) == pytest.approx(16)
    assert scaling.Step(1e-3, 1e-5, 1).speed_up(free, 16, 1024) < 16


def test_the_command_takes_steps_and_a_network(capsys):
    steps = ["64:1.38", "128:2.66"]
    assert command_line.main(["scaling", "--steps", *steps, "--latency", "20", "--bandwidth", "2"]) == 0
    out = capsys.readouterr().out
    assert "A step takes 0.100 ms, and 20.0 µs for each sample; an Allreduce adds up 1.21 MB." in out
    row = next(line for line in out.splitlines() if line.startswith("| as given | 256 |"))
    network = scaling.Network("", 20e-6, 2e9)
    assert row.split(" | ")[2] == f"{scaling.Step(1e-4, 2e-5, 1_210_000).speed_up(network, 2, 256):.1f}"
    assert out.count("as given") == len(scaling.BATCHES) + 1


def test_the_page_has_what_its_command_prints(capsys):
    page = (Path(__file__).parents[2] / "docs" / "data-parallel.md").read_text(encoding="utf-8")
    command = next(line for line in page.splitlines() if line.startswith("python -m benchmarks scaling"))
    assert command_line.main(command.partition("#")[0].split()[3:]) == 0
    assert capsys.readouterr().out in page
