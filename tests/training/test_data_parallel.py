"""Several MPI processes train as one does: real ones, started by mpiexec on this machine."""

from __future__ import annotations

import importlib
import pickle
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scratchnet as sn
from scratchnet.training import shares
from tests import mpi
from tests.training import data_parallel_program as program

SAME = ("epoch", "everything", "several_outputs", "counting")
OWN = (
    "random",
    "normalized",
    "masks",
    "refusals",
    "non_finite",
    "stopping",
    "signalled",
    "unseeded",
    "writing",
    "alone",
)

Case = dict[str, Any]


class Ranks(NamedTuple):
    """What so many ranks found, by scenario: a list of what each of them did."""

    size: int
    found: dict[str, list[Case]]
    home: Path
    output: str


@pytest.fixture(scope="module", params=[2, 4])
def ranks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ranks:
    home = tmp_path_factory.mktemp("ranks")
    done = mpi.run(request.param, program.__file__, ".", *SAME, *OWN, cwd=home)
    assert done.returncode == 0, done.stderr
    found = {
        name: [pickle.loads((home / f"{name}-{rank}.pickle").read_bytes()) for rank in range(request.param)]
        for name in (*SAME, *OWN)
    }
    return Ranks(request.param, found, home, done.stdout + done.stderr)


@pytest.fixture
def _float64() -> None:
    sn.config.set_floatx("float64")
    sn.config.set_backend("numpy")


def bits(case: Case) -> list[bytes]:
    return [w.tobytes() for w in case["weights"]]


@given(st.integers(1, 40), st.integers(1, 9), st.integers(0, 5))
def test_shares_follow_one_another_and_differ_by_one_at_most(N: int, size: int, start: int) -> None:
    rows = slice(start, start + N)
    parts = [shares.share(rows, rank, size) for rank in range(size)]
    assert [n for part in parts for n in range(N + start)[part]] == list(range(start, start + N))
    counts = [shares.length(part) for part in parts]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] - counts[-1] <= 1
    order = np.random.default_rng(N).permutation(N)
    assert np.array_equal(np.concatenate([shares.share(order, rank, size) for rank in range(size)]), order)


def test_a_metric_that_counts_in_its_own_way_says_what_adds_up() -> None:
    class Own(sn.metrics.Metric):
        def reset_state(self) -> None:
            self.most = 0.0

    class Said(Own):
        sums = ("most",)

    class Values(sn.metrics.Metric):
        def values(self, y_true: Any, y_pred: Any) -> Any:
            return y_pred

    assert [shares.adds_up(metric) for metric in (Own(), Said(), Values(), sn.metrics.AUC())] == [
        *(False, True, True, True)
    ]


@mpi.needs_mpi
@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("name", SAME)
def test_float64_trains_as_one_process(ranks: Ranks, name: str) -> None:
    expected, got = getattr(program, name)(), ranks.found[name][0]
    for one, several in zip(expected["weights"], got["weights"]):
        np.testing.assert_allclose(several, one, rtol=0, atol=1e-12)
    assert got["history"].keys() == expected["history"].keys()
    for figure, values in expected["history"].items():
        np.testing.assert_allclose(got["history"][figure], values, rtol=0, atol=1e-12, err_msg=figure)


@mpi.needs_mpi
@pytest.mark.parametrize("name", [*SAME, "random", "normalized", "stopping", "unseeded", "writing", "non_finite"])
def test_all_ranks_end_with_the_same_bits(ranks: Ranks, name: str) -> None:
    first, *others = ranks.found[name]
    for other in others:
        assert bits(other) == bits(first)
        assert other["history"] == first["history"]


@mpi.needs_mpi
def test_ranks_count_alike_how_often_they_have_drawn(ranks: Ranks) -> None:
    """Also after batches of fewer samples than ranks, of which some have no share."""
    first, *others = (case["random"] for case in ranks.found["random"])
    assert first[0][1] == 14  # two epochs of seven batches
    for other in others:
        assert [state.tolist() for state in other] == [state.tolist() for state in first]


@mpi.needs_mpi
@pytest.mark.usefixtures("_float64")
def test_dropout_draws_other_masks_on_each_rank_and_rank_0_its_usual_ones(ranks: Ranks) -> None:
    masks = [case["seen"] for case in ranks.found["masks"]]
    assert all(mask.shape[0] == 8 // ranks.size for mask in masks)
    assert all(not np.array_equal(mask, masks[0]) for mask in masks[1:])
    alone = sn.layers.Dropout(0.5, seed=5).forward(np.ones_like(masks[0]), training=True)
    assert np.array_equal(masks[0], alone)


@mpi.needs_mpi
@pytest.mark.usefixtures("_float64")
def test_batch_normalization_takes_the_statistics_of_each_share(ranks: Ranks) -> None:
    """One process that runs the shares one by one, averages gradients and running means, and takes one step."""
    x, y = program.data()
    model = program.compiled(lambda: [sn.layers.Flatten(), sn.layers.BatchNormalization()], sn.optimizers.SGD(0.1))
    pieces = [model.params, model.non_trainable]
    for start in range(0, program.N, 11):
        before = [{name: array.copy() for name, array in piece.items()} for piece in pieces]
        mean = [{name: np.zeros_like(array) for name, array in piece.items()} for piece in pieces]
        for rank in range(ranks.size):
            mine = shares.share(slice(start, start + 11), rank, ranks.size)
            model.train_on_batch(x[mine], y[mine])
            for piece, sums, then in zip(pieces, mean, before):
                for name, array in piece.items():
                    sums[name] += array * (shares.length(mine) / 11)
                    array[...] = then[name]
        for piece, sums in zip(pieces, mean):
            for name, array in piece.items():
                array[...] = sums[name]  # plain SGD: the mean of the steps is the step by the mean gradient
    for one, several in zip(model.get_weights(), ranks.found["normalized"][0]["weights"]):
        np.testing.assert_allclose(several, one, rtol=0, atol=1e-12)


@mpi.needs_mpi
@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("batch", "RuntimeError: train_on_batch expected one process"),
        ("generator", "expected arrays"),
        ("small", "expected batches of at least"),
        ("other data", "expected the same training data on all ranks"),
        ("other settings", "expected the same batch_size on all ranks, got '10' on rank 0 and '11' on rank 1"),
        ("metric", "expected metrics whose counts add up, got Own"),
        ("adding", "calls add_loss"),
        ("sum", "expected losses that are means"),
        ("diverged", "expected the same weights on all ranks after an epoch"),
    ],
)
def test_what_does_not_add_up_is_refused_on_all_ranks(ranks: Ranks, what: str, said: str) -> None:
    for case in ranks.found["refusals"]:
        assert said in case[what]


@mpi.needs_mpi
def test_what_one_rank_refuses_the_others_hear_of(ranks: Ranks) -> None:
    messages = [case["one rank"] for case in ranks.found["refusals"]]
    assert messages[1].startswith("ValueError: ")
    assert all(
        m.startswith(f"ScratchnetError: Rank 1 of {ranks.size} refused to train: ")
        for m in [messages[0], *messages[2:]]
    )


@mpi.needs_mpi
def test_an_infinite_number_on_one_rank_is_refused_by_all(ranks: Ranks) -> None:
    for case in ranks.found["non_finite"]:
        assert case["said"].startswith(f"NonFiniteError: Rank {ranks.size - 1}: The loss became nan at step 1")
        assert [w.tobytes() for w in case["before"]] == bits(case)


@mpi.needs_mpi
def test_a_stop_of_one_rank_is_one_of_all_and_figures_of_steps_agree(ranks: Ranks) -> None:
    first = ranks.found["stopping"][0]["steps"]
    assert [batch for batch, _ in first] == [0, 1]
    assert all(case["steps"] == first for case in ranks.found["stopping"])


@mpi.needs_mpi
def test_a_signal_to_one_rank_stops_all_after_the_same_step(ranks: Ranks) -> None:
    for case in ranks.found["signalled"]:
        assert (case["stopped"], case["steps"]) == (True, [0])
        assert bits(case) == bits(ranks.found["signalled"][0])


@mpi.needs_mpi
def test_a_run_is_taken_up_and_ends_with_the_bits_of_one_left_alone(ranks: Ranks) -> None:
    for case in ranks.found["writing"]:
        assert case["told"] == [0, 1, 2, 3]  # none of them twice
        assert bits(case) == bits(ranks.found["alone"][0])


@mpi.needs_mpi
def test_rank_0_alone_prints_and_writes(ranks: Ranks) -> None:
    home = ranks.home / "writing"
    assert sorted(path.name for path in home.iterdir()) == ["backup", "best.safetensors", "history.csv"]
    assert (home / "history.csv").read_text().splitlines()[0].startswith("epoch,")
    assert len((home / "history.csv").read_text().splitlines()) == 5
    assert ranks.output.count("Epoch 3/4") == 1
    assert "Warning" not in ranks.output


@mpi.needs_mpi
@pytest.mark.usefixtures("_float64")
def test_another_number_of_ranks_goes_on_and_says_so(
    ranks: Ranks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(ranks.home)
    x, y = program.data()
    model = program.compiled(program.dropping)
    keep = [
        sn.callbacks.ModelCheckpoint("writing/best.safetensors", monitor="loss", save_best_only=True),
        sn.callbacks.EarlyStopping("loss", patience=3),
        sn.callbacks.CSVLogger("writing/history.csv"),
        sn.callbacks.BackupAndRestore("writing/backup", delete_checkpoint=False),
    ]
    with pytest.warns(UserWarning, match=f"trained by {ranks.size} processes and goes on with one process"):
        history = model.fit(x, y, batch_size=10, epochs=4, callbacks=keep, verbose=0)
    assert history.epoch == [0, 1, 2, 3]  # it had come to its end, and its weights are here
    assert [w.tobytes() for w in model.get_weights()] == bits(ranks.found["writing"][0])


@mpi.needs_mpi
def test_a_rank_that_fails_ends_all_with_its_error(tmp_path: Path) -> None:
    done = mpi.run(2, program.__file__, ".", "failing", cwd=tmp_path)
    assert done.returncode != 0
    assert "Error: rank 1 of 2 has failed: MemoryError: no room" in done.stderr
    assert "in on_train_batch_begin" in done.stderr
    assert not list(tmp_path.glob("failing-*"))


def test_without_mpi4py_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(importlib.import_module("sys").modules, "mpi4py", None)
    with pytest.raises(sn.errors.ScratchnetError, match=r"pip install 'scratchnet\[mpi\]'"):
        sn.distribution.DataParallel()


@mpi.needs_mpi
def test_one_process_without_mpiexec_trains_as_ever(tmp_path: Path) -> None:
    command = mpi.command(1, program.__file__, ".", "epoch")[3:]
    done = subprocess.run(command, env=mpi.environment(), cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    sn.config.set_floatx("float64")
    sn.config.set_backend("numpy")
    expected = program.epoch()
    for one, several in zip(expected["weights"], pickle.loads((tmp_path / "epoch-0.pickle").read_bytes())["weights"]):
        np.testing.assert_allclose(several, one, rtol=0, atol=1e-12)


@mpi.needs_mpi
def test_ranks_of_one_machine_divide_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    from scratchnet.kernels.machine import runtime

    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    sn.config.set_backend("numba")
    before = runtime.num_threads()
    ranks = sn.distribution.DataParallel()
    for on_this_machine in (1, 2, before, before + 5):
        monkeypatch.setattr(ranks, "on_this_machine", on_this_machine)
        with ranks.together():
            assert runtime.num_threads() == max(1, before // on_this_machine)
        assert runtime.num_threads() == before


@mpi.needs_mpi
def test_kernels_train_as_one_process(tmp_path: Path) -> None:
    environment = {**mpi.environment(), "SCRATCHNET_BACKEND": "numba"}
    del environment["NUMBA_NUM_THREADS"]
    arguments = (program.__file__, ".", "kernels")
    done = subprocess.run(mpi.command(2, *arguments), env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    sn.config.set_backend("numba")
    expected = program.kernels()
    found = [pickle.loads((tmp_path / f"kernels-{rank}.pickle").read_bytes()) for rank in range(2)]
    assert bits(found[0]) == bits(found[1])
    for one, several in zip(expected["weights"], found[0]["weights"]):
        np.testing.assert_allclose(several, one, rtol=0, atol=1e-12)
