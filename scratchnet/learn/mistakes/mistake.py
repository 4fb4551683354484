"""What a mistake is, and the subjects in which mistakes are made."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from scratchnet.learn.signatures import Signature

Wrong = TypeVar("Wrong", bound=Callable[..., Any])
Observe = Callable[[Any], Signature]


@dataclass(frozen=True, eq=False)
class Mistake:
    """One known mistake.

    Attributes:
        name: in small letters with hyphens; it never changes, for learners' progress and teachers' tables keep it.
        subject: what it is made in, such as ``"dense"``.
        sentence: what was done and what should have been, to the learner.
        question: hint 1.
        formula: hint 2, the right sum with its indices.
        operation: hint 3, what computes it in NumPy.
        wrong: the wrong code itself, a class or a function; its docstring says the mistake.
        shape: the batch it shows on in a gradient check, for a layer.
        arguments, options: what its constructor is given there.
        checking: what ``check_layer`` is told besides.
    """

    name: str
    subject: str
    sentence: str
    question: str
    formula: str
    operation: str
    wrong: Callable[..., Any]
    shape: Any = None
    arguments: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    checking: dict[str, Any] = field(default_factory=dict)

    def make(self) -> Any:
        """Return a fresh wrong object, as the mutation score checks it."""
        return self.wrong(*self.arguments, **self.options)


@dataclass(eq=False)
class Subject:
    """Something to be written, the right code for it, and the mistakes that are made in it.

    Attributes:
        name: such as ``"dense"``; ``dense.toml`` beside this file has the words for the mistakes in ``dense.py``.
        observe: runs a candidate on the subject's protocol and returns its signature.
        right: the right code.
        mistakes: those known, by name.
    """

    name: str
    observe: Observe
    right: Callable[..., Any]
    mistakes: dict[str, Mistake] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it is called in a sentence, such as ``"a Dense layer"``."""
        return str(_words(self.name).get("title", self.name))

    def add(self, mistake: Mistake) -> None:
        """Add a mistake.

        Raises:
            ValueError: if its name is taken.
        """
        if mistake.name in self.mistakes:
            raise ValueError(f"The mistakes in {self.name!r} have names of their own, got {mistake.name!r} twice.")
        self.mistakes[mistake.name] = mistake

    def mistake(
        self,
        name: str,
        shape: Any = None,
        *arguments: Any,
        checking: dict[str, Any] | None = None,
        **options: Any,
    ) -> Callable[[Wrong], Wrong]:
        """Register the class or function below as a mistake, with the words that the subject's TOML file has for it.

        Args:
            name: the mistake's.
            shape, arguments, checking, options: see ``Mistake``.

        Raises:
            ValueError: if the name is taken, or has no words.
        """
        words = _words(self.name)
        if name not in words:
            raise ValueError(f"A mistake expected words in {self.name}.toml, got none for {name!r}: add [{name}].")
        said = words[name]
        part = {**_words("parts"), **words.get("parts", {})}[said["part"]]

        def register(wrong: Wrong) -> Wrong:
            self.add(
                Mistake(
                    name,
                    self.name,
                    said["sentence"],
                    said["question"],
                    part["formula"],
                    part["operation"],
                    wrong,
                    shape,
                    arguments,
                    options,
                    dict(checking or {}),
                )
            )
            return wrong

        return register


@cache
def _words(name: str) -> dict[str, Any]:
    """Return what a TOML file beside this one says; nothing if there is none."""
    path = Path(__file__).with_name(f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


SUBJECTS: dict[str, Subject] = {}
"""The subjects whose files have been loaded; ``scratchnet.learn.mistakes.subject`` loads what is missing."""


def register(name: str, observe: Observe, right: Callable[..., Any], mistakes: Iterable[Mistake] = ()) -> Subject:
    """Register a subject.

    Args:
        name: in small letters with underscores; its file in ``scratchnet/learn/mistakes`` has the same name.
        observe: takes a candidate (a class, or a function) and returns its signature. It has to give the same on every
            call, must leave nothing behind, and may let errors through: code that raises one is never named.
        right: the right code.
        mistakes: those already made; more are added by ``@subject.mistake(…)``.

    Raises:
        ValueError: if the name is taken.
    """
    if name in SUBJECTS:
        raise ValueError(f"Subjects have names of their own, got {name!r} twice.")
    made = Subject(name, observe, right)
    for mistake in mistakes:
        made.add(mistake)
    SUBJECTS[name] = made
    return made
