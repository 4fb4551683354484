"""The catalogue: words for every mistake, names that stay."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from scratchnet.learn import mistakes
from scratchnet.learn.mistakes import Mistake, Subject, register, subject, subjects
from scratchnet.learn.running import right_signature, signature, signature_of
from scratchnet.learn.signatures import alike, runs
from tests.mutants.catalogue import all_mutants

SUBJECTS = subjects()
ALL = [mistake for within in SUBJECTS for mistake in within.mistakes.values()]
NAMES = Path(__file__).with_name("mistake_names.txt")

by_name = pytest.mark.parametrize("within", SUBJECTS, ids=lambda s: s.name)


@pytest.mark.parametrize("mistake", ALL, ids=lambda m: f"{m.subject}/{m.name}")
def test_every_mistake_has_words_for_the_learner(mistake: Mistake) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", mistake.name)
    assert re.match(r"[^ ].*: .*[^ ]\.$", mistake.sentence), "what is wrong, a colon, and how"
    assert mistake.question.endswith("?")
    assert len(mistake.formula) > 10
    assert len(mistake.operation) > 5


@by_name
def test_a_hint_does_not_say_what_the_next_one_says(within: Subject) -> None:
    sentences = [mistake.sentence for mistake in within.mistakes.values()]
    assert len(set(sentences)) == len(sentences)
    for mistake in within.mistakes.values():
        assert len({mistake.sentence, mistake.question, mistake.formula, mistake.operation}) == 4


@by_name
def test_words_without_a_mistake_are_none(within: Subject) -> None:
    path = Path(mistakes.__file__).with_name(f"{within.name}.toml")
    written = set(tomllib.loads(path.read_text(encoding="utf-8"))) - {"parts", "title"}
    assert written == set(within.mistakes)
    assert within.title != within.name


def test_names_never_change() -> None:
    known = {f"{mistake.subject}/{mistake.name}" for mistake in ALL}
    kept = NAMES.read_text(encoding="utf-8").split()
    assert set(kept) - known == set(), "learners' progress and teachers' tables have this name"
    assert known - set(kept) == set(), f"add the new one to {NAMES.name}"


def test_every_mistake_is_planted_for_the_gradient_checker_too() -> None:
    planted = {mutant.make().__class__ for mutant in all_mutants() if mutant.kind in ("layer", "loss", "optimizer")}
    classes = [mistake for mistake in ALL if isinstance(mistake.wrong, type)]
    assert [mistake.name for mistake in classes if mistake.wrong not in planted] == []


@by_name
def test_every_mistake_has_a_signature_of_its_own(within: Subject) -> None:
    names = list(within.mistakes)
    seen = {name: signature_of(within.mistakes[name]) for name in names}
    assert [name for name in names if not runs(seen[name]) or alike(seen[name], right_signature(within))] == []
    twins = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :] if alike(seen[a], seen[b])]
    assert twins == []


@by_name
def test_a_signature_is_the_same_at_every_call(within: Subject) -> None:
    assert runs(right_signature(within))
    assert alike(signature(within, within.right), right_signature(within))


def test_unknown_subjects_are_refused() -> None:
    with pytest.raises(ValueError, match="did you mean 'dense'"):
        subject("dens")


def test_names_that_are_taken_are_refused() -> None:
    with pytest.raises(ValueError, match="'dense' twice"):
        register("dense", lambda candidate: {}, int)
    with pytest.raises(ValueError, match="'bias-doubled' twice"):
        subject("dense").add(subject("dense").mistakes["bias-doubled"])
    with pytest.raises(ValueError, match="got none for 'no-such'"):
        subject("dense").mistake("no-such")
