"""Naming: which known mistake a piece of code makes, told by how it behaves.

    from scratchnet.learn.naming import name

    naming = name("dense", MyDense)
    if naming is not None:
        print(naming.sentence)

The candidate is run on its subject's protocol, and what it does is compared with what every known mistake does
(``signatures.py``): first with single mistakes, then with pairs. Where no signature is the same, or two are, the answer
is None: nothing is ever guessed. Right code is None, too.

A subject is one file in ``scratchnet/learn/mistakes``. It says how a candidate is run, what is right and what is wrong;
the words for the learner stand in the TOML file beside it. It takes functions as well as classes:

    def observe(candidate):                       # a plain function, say dw(x, dz)
        return {"dw": candidate(X.copy(), DZ.copy())}

    chain = register("chain", observe, right=lambda x, dz: x.T @ dz)

    @chain.mistake("is-a-mean")                   # [is-a-mean] in chain.toml: part, sentence, question
    def is_a_mean(x, dz):
        return x.T @ dz / len(x)

A layer's candidate is a class like ours. ``Parts`` in the subject's file, such as ``mistakes.dense.Parts``, is the
right layer taken apart, so that one function of a learner's can be put in its place and be judged among right ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scratchnet.learn.mistakes import Mistake, Subject, subject
from scratchnet.learn.pairs import pair_signature, table
from scratchnet.learn.running import right_signature, signature, signature_of
from scratchnet.learn.signatures import Signature, alike, runs


@dataclass(frozen=True)
class Naming:
    """What was found.

    Attributes:
        mistakes: one, or the two of a pair.
    """

    mistakes: tuple[Mistake, ...]

    @property
    def sentence(self) -> str:
        """What the learner is told: the mistake's sentence, or those of both."""
        return "\n".join(mistake.sentence for mistake in self.mistakes)


def name(kind: str, candidate: Callable[..., Any]) -> Naming | None:
    """Return the known mistake, or pair of mistakes, that the candidate makes; None if it makes none that is known.

    Args:
        kind: a subject, such as ``"dense"``.
        candidate: a class or function as the subject's protocol calls it; see the subject's file.

    Raises:
        ValueError: if there is no such subject.
    """
    within = subject(kind)
    return name_signature(signature(within, candidate), within)


def name_signature(seen: Signature, within: Subject) -> Naming | None:
    """Return the known mistake, or pair of mistakes, with that signature; None if there is none, or more than one."""
    if not runs(seen) or alike(seen, right_signature(within)):
        return None
    single = [mistake for mistake in within.mistakes.values() if alike(seen, signature_of(mistake))]
    if single:
        return Naming((single[0],)) if len(single) == 1 else None
    pairs = [pair for pair in table().like(seen, within) if _makes_both(seen, pair, within)]
    return Naming(pairs[0]) if len({frozenset(pair) for pair in pairs}) == 1 else None


def _makes_both(seen: Signature, pair: tuple[Mistake, Mistake], within: Subject) -> bool:
    behaviour = pair_signature(*pair, within)
    return behaviour is not None and alike(seen, behaviour)
