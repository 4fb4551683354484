"""Pairs of mistakes: the table is up to date, and every pair in it is named."""

from __future__ import annotations

import numpy as np
import pytest

from scratchnet.learn.mistakes import Subject, subject, subjects
from scratchnet.learn.naming import name_signature
from scratchnet.learn.pairs import own_signatures, pair_class, pair_signature, table
from scratchnet.learn.signatures import fingerprint, near

ADVICE = "run `python -m scratchnet.learn.pairs` and commit pairs.npz"

by_name = pytest.mark.parametrize("within", subjects(), ids=lambda s: s.name)


def test_the_table_knows_all_mistakes() -> None:
    known = [f"{within.name}/{name}" for within in subjects() for name in within.mistakes]
    assert sorted(table().names.tolist()) == sorted(known), (
        "run `python -m scratchnet.learn.pairs` and commit pairs.npz"
    )


@pytest.mark.slow
@by_name
def test_the_table_is_up_to_date_and_pairs_are_named(within: Subject) -> None:
    stored, names = table(), table().names.tolist()
    rows = {
        (names[a], names[b]): (int(words), projections)
        for (a, b), words, projections in zip(stored.pairs, stored.words, stored.projections)
        if names[a].startswith(f"{within.name}/")
    }
    found, named, wrongly = {}, 0, []
    for first, second, seen in own_signatures(within):
        found[f"{within.name}/{first.name}", f"{within.name}/{second.name}"] = fingerprint(seen)
        naming = name_signature(seen, within)
        named += naming is not None
        if naming is not None and set(naming.mistakes) != {first, second}:
            wrongly.append((first.name, second.name, naming.sentence))
    assert wrongly == []
    assert named >= 0.9 * len(found)
    assert found.keys() == rows.keys(), ADVICE
    for pair, (words, projections) in found.items():
        assert words == rows[pair][0], pair
        assert near(projections, np.array(rows[pair][1])), pair


def test_two_mistakes_at_once_are_named_in_both_words() -> None:
    within = subject("dense")
    first, second = within.mistakes["bias-gradient-is-a-mean"], within.mistakes["sign-turned"]
    seen = pair_signature(first, second, within)
    assert seen is not None
    naming = name_signature(seen, within)
    assert naming is not None
    assert set(naming.mistakes) == {first, second}
    assert naming.sentence.split("\n") == [mistake.sentence for mistake in naming.mistakes]


def test_a_mistake_that_hides_another_is_named_alone() -> None:
    within = subject("dense")
    first, second = within.mistakes["bias-forgotten"], within.mistakes["bias-doubled"]
    seen = pair_signature(first, second, within)
    assert seen is not None
    naming = name_signature(seen, within)
    assert naming is not None
    assert naming.mistakes == (first,)


def test_a_class_and_its_own_base_are_no_pair() -> None:
    within = subject("dense")
    mistake = within.mistakes["bias-doubled"]
    assert pair_class(mistake, mistake) is None
