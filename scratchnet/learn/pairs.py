"""Pairs of mistakes: what code does that makes two known ones at once.

A pair is a class that inherits from both wrong ones, in either order. Often one mistake hides the other; then the pair
looks like a single mistake and is left out, and so is a pair that looks like another. ``python -m
scratchnet.learn.pairs`` runs all of them and keeps the others' fingerprints in ``pairs.npz``. These only say where to
look: a pair is named once it has been run and behaves alike.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.learn.mistakes import Mistake, Subject, subjects
from scratchnet.learn.running import right_signature, signature, signature_of
from scratchnet.learn.signatures import PROJECTIONS, Signature, alike, fingerprint, near, runs
from scratchnet.typing import Array

FILE = Path(__file__).with_name("pairs.npz")


@dataclass
class Table:
    """The pairs with signatures of their own, a row each.

    Attributes:
        names: (M,) of all mistakes, as ``subject/mistake``.
        pairs: (P, 2), int16, places in ``names``; the first overrides the second.
        words: (P,), uint32, and
        projections: (P, PROJECTIONS), float64: the fingerprints.
    """

    names: Array
    pairs: Array
    words: Array
    projections: Array

    def like(self, seen: Signature, within: Subject) -> list[tuple[Mistake, Mistake]]:
        """Return the subject's pairs whose fingerprint is that of a signature."""
        words, projections = fingerprint(seen)
        found = self.pairs[(self.words == words) & near(projections, self.projections)]
        named = [[str(self.names[place]).split("/") for place in pair] for pair in found]
        return [
            (within.mistakes[first], within.mistakes[second])
            for (kind, first), (_, second) in named
            if kind == within.name and first in within.mistakes and second in within.mistakes
        ]


@dataclass(eq=False)
class _Seen:
    """The signature of a pair; of right code and single mistakes ``pair`` is empty."""

    pair: tuple[Mistake, ...]
    signature: Signature
    projections: Array


def pair_class(first: Mistake, second: Mistake) -> Any:
    """Return a class that makes both mistakes, or None if these do not go together."""
    if not (isinstance(first.wrong, type) and isinstance(second.wrong, type)):
        return None
    try:
        return type(f"{first.wrong.__name__}{second.wrong.__name__}", (first.wrong, second.wrong), {})
    except TypeError:  # one is derived from the other
        return None


def pair_signature(first: Mistake, second: Mistake, within: Subject) -> Signature | None:
    """Return the signature of a pair, or None if the two do not go together or do not run."""
    made = pair_class(first, second)
    if made is None:
        return None
    seen = signature(within, made)
    return seen if runs(seen) else None


def own_signatures(within: Subject) -> Iterator[tuple[Mistake, Mistake, Signature]]:
    """Yield the pairs that look like no single mistake, like no other pair and not like right code."""
    buckets: dict[int, list[_Seen]] = defaultdict(list)  # by the fingerprints' words: what differs in them is not alike
    for single in (right_signature(within), *map(signature_of, within.mistakes.values())):
        words, projections = fingerprint(single)
        buckets[words].append(_Seen((), single, projections))
    for pair in permutations(within.mistakes.values(), 2):
        seen = pair_signature(*pair, within)
        if seen is not None:
            words, projections = fingerprint(seen)
            buckets[words].append(_Seen(pair, seen, projections))
    for bucket in buckets.values():
        projections = np.array([one.projections for one in bucket])
        for place, one in enumerate(bucket):
            nearby = np.flatnonzero(near(one.projections, projections))  # quicker to compare than the signatures
            others = [bucket[i] for i in nearby if i < place or (i > place and set(bucket[i].pair) != set(one.pair))]
            if one.pair and not any(alike(one.signature, other.signature) for other in others):
                yield one.pair[0], one.pair[1], one.signature


def compute() -> Table:
    """Run all pairs of all subjects, in both orders; half a minute."""
    every = subjects()
    names = [f"{within.name}/{name}" for within in every for name in within.mistakes]
    rows = [
        (names.index(f"{within.name}/{first.name}"), names.index(f"{within.name}/{second.name}"), *fingerprint(seen))
        for within in every
        for first, second, seen in own_signatures(within)
    ]
    return Table(
        np.array(names),
        np.array([row[:2] for row in rows], np.int16),
        np.array([row[2] for row in rows], np.uint32),
        np.array([row[3] for row in rows], np.float64).reshape(-1, PROJECTIONS),
    )


@cache
def table() -> Table:
    """Return the table in ``pairs.npz``."""
    with np.load(FILE) as stored:
        return Table(**stored)


def main() -> int:
    """Write the table."""
    made = compute()
    np.savez_compressed(FILE, **vars(made))
    print(f"{len(made.pairs)} pairs of {len(made.names)} mistakes have a signature of their own: {FILE.name} written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
