"""Runs a candidate, right code and known mistakes on their subject's protocol."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from scratchnet.learn.mistakes import Mistake, Subject, subject
from scratchnet.learn.signatures import Signature, raises
from scratchnet.utils.random import seeded


def signature(within: Subject, candidate: Callable[..., Any]) -> Signature:
    """Return what the candidate shows on the subject's protocol; an error it lets through is all of it."""
    try:
        with np.errstate(all="ignore"), seeded(0):
            return within.observe(candidate)
    except Exception as error:
        return {"all of it": raises(error)}


@cache
def right_signature(within: Subject) -> Signature:
    """Return the signature of the subject's right code."""
    return signature(within, within.right)


@cache
def signature_of(mistake: Mistake) -> Signature:
    """Return the signature of a known mistake."""
    return signature(subject(mistake.subject), mistake.wrong)
