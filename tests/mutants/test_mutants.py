"""The checker catches every planted mistake, and the weakened ones do not."""

from __future__ import annotations

import json

import pytest

from scratchnet import losses
from tests.mutants import conv2d, dense, pooling
from tests.mutants.catalogue import Mutant, all_mutants
from tests.mutants.checkers import CHECKERS, full, one_random_entry, textbook
from tests.mutants.score import REPORTS, Score, markdown, measure


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
    [(dense.Parts, (4, 6), (5, "relu")), (conv2d.Parts, conv2d.IMAGE, (3, 3)), (pooling.Parts, pooling.IMAGE, ())],
)
def test_what_mutants_are_made_of_is_right(parts: type, shape: tuple[int, ...], arguments: tuple[object, ...]) -> None:
    healthy = Mutant("layer", "", parts.__name__, "", lambda: parts(*arguments), shape)
    assert full(healthy) is False
    assert textbook(healthy) is False
    assert one_random_entry(healthy) is False


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
