from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.roofline import (
    KernelReport,
    Limits,
    cells,
    close_together,
    draw,
    markdown,
    measure_kernels,
    measure_steps,
)

LIMITS = Limits(flops=400e9, copy=20e9, cached_copy=100e9)
COMPUTING = KernelReport("cnn", "conv", "ConvStep", "forward", flops=4e9, bytes=1e6, seconds=0.02)
MOVING = KernelReport("cnn", "pool", "PoolStep", "backward", flops=1e6, bytes=1e9, seconds=0.02)


def test_the_bound_is_the_longer_of_computing_and_moving():
    assert COMPUTING.bound(LIMITS) == pytest.approx(0.01)
    assert MOVING.bound(LIMITS) == pytest.approx(0.01)


def test_shares_are_of_the_measured_limits():
    assert cells(COMPUTING, LIMITS)[3:5] == ["200", "50%"]
    assert cells(MOVING, LIMITS)[5:] == ["50.0", "50%", "50%"]


def test_the_table_states_the_limits():
    text = markdown([COMPUTING, MOVING], LIMITS, "a machine")
    assert "sgemm 400 GFLOP/s" in text
    assert [line[:8] for line in text.splitlines() if " CNN " in line] == ["| 1 | CN", "| 2 | CN"]


def test_a_point_above_the_roof_is_explained(monkeypatch, tmp_path):
    from matplotlib.figure import Figure

    said = []
    monkeypatch.setattr(Figure, "supxlabel", lambda self, text, **options: said.append(text))
    saving = KernelReport("vgg", "conv", "ConvStep", "forward", flops=4e9, bytes=1e6, seconds=0.005)  # 800 GFLOP/s
    for kernels in ([COMPUTING, MOVING], [COMPUTING, saving, MOVING]):
        draw(kernels, LIMITS, "a machine", tmp_path / "roof.png")
    assert ["Above the roof" in text for text in said] == [False, True]


def test_a_kernel_that_forms_fewer_products_is_told_from_the_others(monkeypatch, tmp_path):
    from matplotlib.figure import Figure

    names = []
    monkeypatch.setattr(Figure, "legend", lambda self, handles, labels, **options: names.extend(labels))
    draw([COMPUTING, replace(MOVING, fewer=True)], LIMITS, "a machine", tmp_path / "roof.png")
    assert {"forward", "backward, Winograd"} <= set(names)
    assert cells(replace(COMPUTING, fewer=True), LIMITS)[1] == "forward, Winograd"
    assert cells(COMPUTING, LIMITS)[1] == "forward"


def test_the_roof_is_drawn(tmp_path):
    draw([COMPUTING, MOVING], LIMITS, "a machine", tmp_path / "roof.png")
    assert (tmp_path / "roof.png").read_bytes().startswith(b"\x89PNG")


def test_every_kernel_of_a_network_is_there_in_both_directions():
    found = measure_kernels("mlp", 1)
    assert [(k.layers, k.way) for k in found] == [
        (name, way) for name in ("part_1", "part_2") for way in ("forward", "backward")
    ]
    assert found[0].flops >= 2 * 64 * 784 * 256
    assert all(k.seconds > 0 and k.bytes > 0 for k in found)


def test_steps_of_no_known_cost_are_steps_too_but_no_kernels():
    steps, kernels = measure_steps("mlp", 1, 4), measure_kernels("mlp", 1)
    assert {step.layers for step in steps} - {kernel.layers for kernel in kernels} == {"flatten"}


def test_what_runs_by_winograd_is_seen():
    fewer = {(step.layers.split()[0], step.way): step.fewer for step in measure_steps("cnn", 1, 2)}
    assert fewer["part_2", "forward"]
    assert not fewer["part_5", "forward"]


def test_points_that_lie_close_together_share_a_label():
    points = [(4.0, 31.0), (40.0, 600.0), (4.1, 24.0), (4.0, 300.0), (4.0, 27.0)]
    assert close_together(points) == [[1], [3], [0, 2, 4]]
