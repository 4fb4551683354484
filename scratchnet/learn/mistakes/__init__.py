"""The catalogue of mistakes: wrong code that learners write, each with what to say of it. One file for each subject."""

from __future__ import annotations

import importlib
import pkgutil

from scratchnet.errors import unknown_name
from scratchnet.learn.mistakes.mistake import SUBJECTS, Mistake, Subject, register

__all__ = ["Mistake", "Subject", "register", "subject", "subjects"]

_FILES = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "mistake")


def subjects() -> list[Subject]:
    """Return all subjects, loaded."""
    for name in _FILES:
        importlib.import_module(f"{__name__}.{name}")
    return list(SUBJECTS.values())


def subject(name: str) -> Subject:
    """Return a subject by its name.

    Raises:
        ValueError: if there is none of that name.
    """
    if name not in SUBJECTS and name in _FILES:
        importlib.import_module(f"{__name__}.{name}")
    if name not in SUBJECTS:
        subjects()
    if name not in SUBJECTS:
        raise unknown_name("subject", name, sorted(SUBJECTS))
    return SUBJECTS[name]
