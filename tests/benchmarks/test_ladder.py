from __future__ import annotations

import inspect

import numpy as np
import pytest

from benchmarks import ladder, plain_loops
from benchmarks.ladder import RungReport
from benchmarks.processes import ROOT
from benchmarks.rungs import SETTINGS, create, location
from scratchnet.graph.steps import LayerStep
from scratchnet.kernels.steps.conv2d_maxpool import Conv2DMaxPoolStep
from scratchnet.kernels.steps.dense import DenseStep


@pytest.fixture
def told():
    return [
        RungReport("loops", "Loops", "Slow.", ["a/b.py:3"], [20.0], extrapolated=True),
        RungReport("numpy", "NumPy", "Better.", ["c.py:4", "d.py:5"], [0.1, 0.2, 0.3]),
        RungReport("fusion", "Fused", "Best.", ["e.py:6"], [0.002] * 3),
    ]


def test_gains_are_over_the_rung_below(told):
    assert ladder.gains(told) == pytest.approx([1.0, 100.0, 100.0])


def test_an_extrapolated_time_is_marked(told):
    first, second, *_ = [line for line in ladder.markdown(told, "a machine").splitlines() if line.startswith("| ")][1:]
    assert "≈ 20.0 s (extrapolated)" in first
    assert "extrapolated" not in second


def test_the_table_links_to_the_code(told):
    assert "[`c.py:4`](c.py#L4)<br>[`d.py:5`](d.py#L5)" in ladder.markdown(told, "a machine")


def test_the_ladder_is_drawn(told, tmp_path):
    ladder.draw(told, "a machine", 0.05, tmp_path / "ladder.png")
    assert (tmp_path / "ladder.png").read_bytes().startswith(b"\x89PNG")


def test_a_location_is_where_the_code_is():
    path, line = location(plain_loops.PlainCnn.train_step).rsplit(":", 1)
    assert "def train_step" in (ROOT / path).read_text().splitlines()[int(line) - 1]
    assert path == "benchmarks/plain_loops.py"


def test_every_rung_names_code_that_exists_and_one_sentence():
    for rung in ladder.rungs():
        assert rung.why.endswith(".")
        assert rung.where
        for where in rung.where:
            path, line = where.rsplit(":", 1)
            text = (ROOT / path).read_text().splitlines()[int(line) - 1].strip()
            assert text.startswith(("def ", "class ", "@"))


def test_loops_are_extrapolated_along_a_line(monkeypatch):
    """With a clock that takes 5 s for the batch and 2 s for an image, 64 images take 133 s."""
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])

    def step(self, images, labels):
        now[0] += 5 + 2 * len(images)

    monkeypatch.setattr(plain_loops.PlainCnn, "train_step", step)
    assert ladder.time_loops(np.zeros((3, 28, 28, 1)), np.zeros(3), 2) == [133.0, 133.0]


@pytest.mark.parametrize("key", SETTINGS)
def test_a_rung_runs_the_steps_that_it_claims(key):
    plan = create(key).model("cnn").run_plan("train")
    assert plan.logits == (True,)
    sizes = [len(step.layers) for step in plan.steps]
    definitions = [step for step in plan.steps if isinstance(step, LayerStep)]
    assert (max(sizes) > 1) == (key in ("fusion", "zeros", "products"))
    assert (len(definitions) == len(plan.steps)) == (key == "numpy")
    assert {step.sparse_below > 0 for step in plan.steps if isinstance(step, DenseStep)} == (
        set() if key == "numpy" else {key in ("zeros", "products")}
    )
    pooled = [step for step in plan.steps if isinstance(step, Conv2DMaxPoolStep)]
    assert {"winograd" in (step.forward_way, step.backward_way) for step in pooled} == (
        {key == "products"} if key in ("fusion", "zeros", "products") else set()
    )


def test_a_rung_makes_its_plan_once():
    model = create("numpy").model("cnn")
    plan = model.run_plan("train")
    model.train_on_batch(np.zeros((2, 28, 28, 1)), np.zeros(2))
    assert model.run_plan("train") is plan


def test_the_source_of_a_kernel_is_found_through_its_wrapper():
    from scratchnet.kernels.loops.optimizers import adam

    path, line = location(adam).rsplit(":", 1)
    beginning = inspect.getsource(inspect.unwrap(adam)).splitlines()[0]
    assert (ROOT / path).read_text().splitlines()[int(line) - 1] == beginning
