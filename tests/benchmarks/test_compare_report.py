from __future__ import annotations

import pytest

from benchmarks import compare, compare_report
from benchmarks.networks import NETWORKS
from tests.benchmarks.fakes import report_of

SLOWER = {"scratchnet": [1.0, 2.0, 4.0], "keras": [3.0, 6.0, 12.0], "keras-jit": [2.0, 4.0, 8.0], "torch": [4.0] * 3}


def test_the_lead_is_over_the_better_of_both_in_its_best_mode():
    row = {"step/mlp/64": SLOWER}
    title, size, ours, keras, torch, jax, lead, met, _ = compare_report.cells(report_of(row), "mlp", 64)
    assert (title, size, ours) == (NETWORKS["mlp"].title, "64", "2.00 s")
    assert keras == "2.00× (2.00–2.00) jit"
    assert torch.startswith("2.00× (1.50–3.00)")
    assert (jax, lead, met) == ("–", "2.00×", "met")


def test_without_keras_or_pytorch_there_is_no_lead():
    row = {"step/mlp/64": {"scratchnet": [1.0], "keras": [3.0]}}
    assert compare_report.cells(report_of(row), "mlp", 64)[-3:] == ["–", "", ""]


def test_a_row_that_falls_short_says_what_bounds_it():
    report = report_of({"step/mlp/64": {"scratchnet": [1.0], "keras": [1.2], "torch": [9.0]}})
    assert compare_report.cells(report, "mlp", 64)[-3:] == ["1.20×", "not met", "–"]
    steps = [
        {"layers": "conv", "way": "forward", "seconds": 0.2, "flops": 60e9},
        {"layers": "conv", "way": "backward", "seconds": 0.5, "flops": 40e9},
        {"layers": "add", "way": "forward", "seconds": 0.1, "flops": 0},
    ]
    row = report.rows["step/mlp/64"]
    row.about = {"steps": steps, "limits": {"flops": 400e9}}
    expected = "layers 80% of the step, at 31% of sgemm; conv backward 62% of them, 20% of sgemm"
    assert compare_report.cells(report, "mlp", 64)[-1] == expected
    steps[2]["seconds"] = 1.0
    assert compare_report.bound(row).endswith("add forward 59% of them, its own definition")


def test_failures_are_told():
    report = report_of(all_rows())
    report.rows["step/vgg/64"].notes = {"torch": "failed: gave no answer", "keras-jit": "1.60 times its fastest mode"}
    assert [line for line in compare_report.markdown(report).splitlines() if "<torch>" in line] == [
        "- row step/vgg/64: <torch> failed: gave no answer"
    ]


@pytest.mark.parametrize(("now", "words"), [(3.0, "met ("), (2.8, "not met (")])
def test_the_leads_of_before_are_to_be_kept(now, words):
    line = compare_report.verdicts(report_of(all_rows(cnn=now)), report_of(all_rows()))[-1]
    assert f"kept, batch size 64: {words}" in line
    assert f"CNN {now:.2f}×, then 3.00×" in line


def test_the_leads_of_another_processor_are_said_to_be_so():
    before = report_of(all_rows(), processor="Another one")
    assert "benchmark.json, measured on Another one, kept" in compare_report.verdicts(report_of(all_rows()), before)[-1]


def all_rows(**others: float) -> dict[str, dict[str, list[float]]]:
    """All judged rows: everybody takes three times as long, on networks named here so many times."""
    return {
        compare.key_of(network, size): {"scratchnet": [1.0], "keras": [others.get(network, 3.0)], "torch": [9.0]}
        for network in NETWORKS
        for size in compare_report.JUDGED
    }


def test_targets_that_are_met():
    assert [line.rsplit(": ", 1)[1] for line in compare_report.verdicts(report_of(all_rows(vgg=1.6, wide=1.9)))] == [
        "met.",
        "met (7).",
    ]


def test_the_networks_that_fall_short_are_named():
    everywhere, mostly = compare_report.verdicts(report_of(all_rows(vgg=1.2, wide=1.9, lenet=1.7)))
    assert everywhere.endswith(f"not met ({NETWORKS['vgg'].title} 1.20×).")
    assert mostly.endswith("not met (6).")


def test_without_all_rows_nothing_is_judged():
    assert compare_report.verdicts(report_of({"step/mlp/64": SLOWER})) == [
        "Not judged: 0 of 9 networks are measured at batch sizes 64 and 256."
    ]


def test_the_table_names_the_machine_and_comes_in_the_order_of_the_networks():
    text = compare_report.markdown(report_of(all_rows()))
    assert "A processor" in text
    titles = [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines() if line.startswith("| ")][1:]
    assert titles == [network.title for network in NETWORKS.values() for _ in compare_report.JUDGED]
