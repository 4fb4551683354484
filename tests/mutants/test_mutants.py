"""The checker catches every planted mistake, and the weakened ones do not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scratchnet import layers, losses
from scratchnet.graph.plan import Plan
from scratchnet.training.means import RunningMeans
from scratchnet.training.objective import Objective
from scratchnet.training.samples import Samples
from tests.mutants import conv2d, dense, normalization, pooling
from tests.mutants.catalogue import Mutant, all_mutants
from tests.mutants.checkers import CHECKERS, full, one_random_entry, textbook
from tests.mutants.score import REPORTS, Score, markdown, measure
from tests.oracles.checking_objectives import check_objective


@pytest.fixture(scope="module")
def score() -> Score:
    return measure()


def test_the_mutation_score_is_100_percent(score: Score) -> None:
    assert [m.name for m in score.missed("scratchnet")] == []
    assert score.count("scratchnet") == (len(all_mutants()), len(all_mutants()))
    assert len(all_mutants()) >= 60


@pytest.mark.parametrize("weaker", list(CHECKERS)[1:])
def test_every_weaker_checker_misses_some(score: Score, weaker: str) -> None:
    assert len(score.missed(weaker)) >= 3


def test_an_upstream_gradient_of_ones_cannot_see_a_wrong_softmax(score: Score) -> None:
    assert "SoftmaxUnweightedMean" in [m.name for m in score.missed("dy = ones")]
    assert "SoftmaxUnweightedMean" not in [m.name for m in score.missed("gradients only")]


def test_the_published_report_is_this_one(score: Score) -> None:
    assert json.loads((REPORTS / "mutation_score.json").read_text(encoding="utf-8")) == score.to_dict(), (
        "run `python -m tests.mutants` and commit docs/reports"
    )
    assert (REPORTS / "mutation_score.md").read_text(encoding="utf-8") == markdown(score)


@pytest.mark.parametrize("mutant", all_mutants(), ids=lambda m: f"{m.group}.{m.name}")
def test_every_mutant_says_its_mistake(mutant: Mutant) -> None:
    assert mutant.mistake.endswith(".")
    assert len(mutant.mistake) > 20


def test_mutants_have_names_of_their_own() -> None:
    names = [(m.group, m.name) for m in all_mutants()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("parts", "shape", "arguments"),
    [
        (dense.Parts, (4, 6), (5, "relu")),
        (conv2d.Parts, conv2d.IMAGE, (3, 3)),
        (pooling.Parts, pooling.IMAGE, ()),
        (normalization.RowParts, (4, 6), ()),
        (layers.Dropout, (6, 8), (0.4,)),
        (layers.GaussianNoise, (6, 8), (0.3,)),
    ],
)
def test_what_mutants_are_made_of_is_right(parts: type, shape: tuple[int, ...], arguments: tuple[object, ...]) -> None:
    healthy = Mutant("layer", "", parts.__name__, "", lambda: parts(*arguments), shape)
    assert full(healthy) is False
    assert textbook(healthy) is False
    assert one_random_entry(healthy) is False


@pytest.mark.parametrize(
    ("settings", "checking"),
    [
        ({}, normalization.BATCH),
        (normalization.AT_REST, normalization.INFERENCE),
        ({"trainable": False, **normalization.AT_REST}, {}),
    ],
)
def test_the_parts_of_a_batch_normalization_are_right(settings: dict[str, Any], checking: dict[str, Any]) -> None:
    healthy = Mutant(
        "layer", "", "right", "", lambda: normalization.BatchParts(**settings), normalization.IMAGE, checking=checking
    )
    assert full(healthy) is False
    # With dy all ones, dx is 0 in training: all that textbooks compare there is rounding, and they call it wrong.
    assert textbook(healthy) is (checking == normalization.BATCH)


@pytest.mark.parametrize("part", [Objective, RunningMeans, Samples, Plan])
@pytest.mark.parametrize("by_itself", [False, True])
def test_what_trains_several_outputs_is_right(part: type, by_itself: bool) -> None:
    assert check_objective(type("Named", (part,), {}), by_itself) == []


def test_what_one_random_entry_sees_every_entry_sees_too(score: Score) -> None:
    for mutant, verdicts in score.verdicts.items():
        assert not (verdicts["one random entry"] and not verdicts["textbook"]), mutant.name


@pytest.mark.parametrize(
    "loss",
    [losses.MeanSquaredError(), losses.CategoricalCrossentropy(), losses.SparseCategoricalCrossentropy()],
    ids=lambda loss: type(loss).__name__,
)
def test_a_right_loss_passes_as_textbooks_check_it(loss: losses.Loss) -> None:
    named = type(type(loss).__name__, (type(loss),), {})()  # a subclass, as mutants are
    assert textbook(Mutant("loss", "", "right", "", lambda: named)) is False
