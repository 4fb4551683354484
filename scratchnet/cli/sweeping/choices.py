"""The values among which a sweep chooses for an option: ``0.001,0.01``, or a range ``0.0001:0.01``."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import typer


@dataclass(frozen=True)
class Choices:
    """Values that are listed, or a range from which they are drawn.

    Attributes:
        values: those listed; none for a range.
        low, high: the ends of the range.
        whole, log: whether its numbers are whole ones, and whether each order of magnitude is drawn as often.
    """

    values: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    log: bool = False

    @classmethod
    def read(cls, name: str, text: str) -> Choices:
        """Return the choices that ``text`` means: ``a,b,c``, ``low:high`` or ``low:high:log``.

        Raises:
            typer.BadParameter: if it means none.
        """
        if ":" not in text:
            values = tuple(value.strip() for value in text.split(","))
            if "" in values or len(set(values)) < len(values):
                raise typer.BadParameter(f"expected different values of {name}, as in {name}=1,2, got {text!r}.")
            return cls(values)
        low, high, *scale = text.split(":")
        try:
            ends = float(low), float(high)
        except ValueError:
            ends = math.nan, math.nan
        log = scale == ["log"]
        if not (ends[0] < ends[1] < math.inf and scale in ([], ["log"]) and (ends[0] > 0 or not log)):
            raise typer.BadParameter(
                f"expected a range of {name} as LOW:HIGH, or LOW:HIGH:log of numbers above 0, got {text!r}."
            )
        return cls((), *ends, whole=low.lstrip("-").isdigit() and high.isdigit(), log=log)

    def draw(self, rng: np.random.Generator) -> str:
        """Return a value at random, as the command line takes it."""
        if self.values:
            return self.values[int(rng.integers(len(self.values)))]
        if self.log:
            value = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
        else:
            value = rng.uniform(self.low, self.high)
        return str(round(value)) if self.whole else f"{value:.4g}"
