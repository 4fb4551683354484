from __future__ import annotations

import pytest

from benchmarks import __main__ as command_line
from benchmarks import compare, contenders
from benchmarks.networks import NETWORKS
from benchmarks.report import Report
from tests.benchmarks.fakes import fake, report_of

SLOWER = {"scratchnet": [1.0, 2.0, 4.0], "keras": [3.0, 6.0, 12.0], "keras-jit": [2.0, 4.0, 8.0], "torch": [4.0] * 3}


@pytest.fixture
def asked(monkeypatch, images):
    """Two fakes take part, and what is said is kept."""
    said: list[str] = []
    found = [fake(key="scratchnet"), fake(key="keras")]
    monkeypatch.setattr(contenders, "select", lambda names: found)
    return found, said


def measured(said, path, *networks, **options):
    choice = compare.Choice(networks, (16,), turns=2, seconds=0.0, **options)
    return compare.measure(choice, path, said.append, allow_slow=True)


def test_rows_that_are_there_are_not_measured_again(asked, tmp_path):
    _, said = asked
    path = tmp_path / "networks.json"
    first = measured(said, path, "mlp").rows["step/mlp/16"].values
    report = measured(said, path, "mlp", "cnn")
    assert report.rows["step/mlp/16"].values == Report.read(path).rows["step/mlp/16"].values
    assert report.rows["step/mlp/16"].values["keras"] == pytest.approx(first["keras"], rel=1e-5)
    assert sum("MLP" in what for what in said) == 1
    assert set(Report.read(path).rows) == {"step/mlp/16", "step/cnn/16"}


def test_again_measures_them_anew(asked, tmp_path):
    _, said = asked
    for _ in range(2):
        measured(said, tmp_path / "networks.json", "mlp", again=True)
    assert sum("MLP" in what for what in said) == 2


def test_another_network_is_not_compared(asked, tmp_path):
    found, said = asked
    found[1] = fake("smaller", key="keras")
    row = measured(said, tmp_path / "networks.json", "mlp").rows["step/mlp/16"]
    assert row.notes["keras"] == "not the same network: 9 parameters instead of 10"
    assert list(row.values) == ["scratchnet"]


def test_the_lead_is_over_the_better_of_both_in_its_best_mode():
    row = {"step/mlp/64": SLOWER}
    title, size, ours, keras, torch, jax, lead = compare.cells(report_of(row), "mlp", 64)
    assert (title, size, ours) == (NETWORKS["mlp"].title, "64", "2.00 s")
    assert keras == "2.00× (2.00–2.00) jit"
    assert torch.startswith("2.00× (1.50–3.00)")
    assert (jax, lead) == ("–", "2.00×")


def all_rows(**others: float) -> dict[str, dict[str, list[float]]]:
    """All judged rows: everybody takes three times as long, on networks named here so many times."""
    return {
        compare.key_of(network, size): {"scratchnet": [1.0], "keras": [others.get(network, 3.0)], "torch": [9.0]}
        for network in NETWORKS
        for size in compare.JUDGED
    }


def test_targets_that_are_met():
    assert [line.rsplit(": ", 1)[1] for line in compare.verdicts(report_of(all_rows(vgg=1.6, wide=1.9)))] == [
        "met.",
        "met (7).",
    ]


def test_the_networks_that_fall_short_are_named():
    everywhere, mostly = compare.verdicts(report_of(all_rows(vgg=1.2, wide=1.9, lenet=1.7)))
    assert everywhere.endswith(f"not met ({NETWORKS['vgg'].title} 1.20×).")
    assert mostly.endswith("not met (6).")


def test_without_all_rows_nothing_is_judged():
    assert compare.verdicts(report_of({"step/mlp/64": SLOWER})) == [
        "Not judged: 0 of 9 networks are measured at batch sizes 64 and 256."
    ]


def test_the_table_names_the_machine_and_comes_in_the_order_of_the_networks():
    text = compare.markdown(report_of(all_rows()))
    assert "A processor" in text
    titles = [line.split(" | ")[0].removeprefix("| ") for line in text.splitlines() if line.startswith("| ")][1:]
    assert titles == [network.title for network in NETWORKS.values() for _ in compare.JUDGED]


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--networks", "mlp,alexnet", "got alexnet"), ("--batches", "64,-1", "got -1"), ("--batches", "x", "got x")],
)
def test_unknown_choices_are_refused(option, value, said, capsys, monkeypatch):
    monkeypatch.setattr(command_line.environment, "clean", list)
    assert command_line.main(["networks", option, value]) == 2
    assert said in capsys.readouterr().err
