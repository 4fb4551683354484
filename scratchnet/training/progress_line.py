"""How a pass is written in one line: Keras's words, and which of them stay where the terminal is narrow.

First the bar becomes shorter. Then, while the pass goes on, the last metrics are left out, and a mark says so; for the
first one the time of a step makes room, then the bar once more, then the end of its own name, then the time that is
left. Of the finished pass all metrics stand on lines of their own. No line is longer than the terminal, and none is
cut within a number. What counts is what is written: where the terminal has ASCII alone, three dots for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scratchnet.utils.numbers import printable
from scratchnet.utils.terminal import cells, writable

LONGEST_BAR, SHORTEST_BAR = 20, 5
_SHORTEST_NAME = 6  # of a metric, the mark that it is cut included
_BAR_BESIDE_METRICS = 10  # shorter than that only where there is nothing else to leave out
_DONE, _TO_DO = "━", "─"  # told apart without colours, and in ASCII
_MORE = " …"


@dataclass
class Bar:
    """What a bar says: ``done`` steps of ``steps``, None if nobody knows how many; times; metrics."""

    done: int
    steps: int | None
    times: list[str]
    metrics: list[str]

    def line(self, width: int | None, coloured: bool) -> str:
        """Return the one line of a pass that goes on."""
        clock = self.times[:1]
        for times, least in (self.times, _BAR_BESIDE_METRICS), (clock, _BAR_BESIDE_METRICS), (clock, SHORTEST_BAR):
            for count in range(len(self.metrics), 0, -1):
                tail = _joined(self.metrics[:count]) + (_MORE if count < len(self.metrics) else "")
                bar = self._bar_beside(times, tail, width)
                if bar >= least:
                    return self._text(bar, times, tail, coloured)
        for times, least in (clock, SHORTEST_BAR), ([], 0):
            tail = self._first_metric(times, least, width)
            if tail:
                bar = self._bar_beside(times, tail, width)
                return self._text(bar if bar >= SHORTEST_BAR else 0, times, tail, coloured)
        return self._without_metrics(width, coloured)

    def lines(self, width: int | None, coloured: bool) -> list[str]:
        """Return the line of a finished pass, and those that hold its metrics if there is no room for them on it."""
        tail = _joined(self.metrics)
        bar = self._bar_beside(self.times, tail, width)
        if bar >= _BAR_BESIDE_METRICS:
            return [self._text(bar, self.times, tail, coloured)]
        return [self._without_metrics(width, coloured), *plain_line(["", *self.metrics], width)]

    def _first_metric(self, times: Sequence[str], bar: int, width: int | None) -> str:
        """Return the first metric with as much of its name as fits beside times and a bar; "" if that is too little."""
        if width is None or not self.metrics:
            return ""
        more = _MORE if len(self.metrics) > 1 else ""
        least = bar + 1 if bar and self.steps is not None else 0
        room = self._room(times, f" - {more}", width) - least
        figure = _shortened(self.metrics[0], room)
        name = figure.rpartition(": ")[0]
        readable = figure == self.metrics[0] or _cells(name) >= _SHORTEST_NAME
        return f" - {figure}{more}" if readable and _cells(figure) <= room else ""

    @property
    def _count(self) -> str:
        return f"{self.done:7d}/Unknown" if self.steps is None else f"{self.done:{len(str(self.steps))}d}/{self.steps}"

    def _bar_beside(self, times: Sequence[str], tail: str, width: int | None) -> int:
        """Return how long the bar can be, below 0 if there is no room for the rest; of unknown length none is drawn."""
        if width is None:
            return LONGEST_BAR
        room = self._room(times, tail, width)
        if self.steps is None:
            return LONGEST_BAR if room >= 0 else -1
        return min(LONGEST_BAR, room - 1)  # and a space in front of it

    def _room(self, times: Sequence[str], tail: str, width: int) -> int:
        """Return how many columns are left."""
        return width - len(self._count) - sum(len(time) + 1 for time in times) - _cells(tail)

    def _without_metrics(self, width: int | None, coloured: bool) -> str:
        times = self.times
        while times and self._bar_beside(times, "", width) < SHORTEST_BAR:
            times = times[:-1]
        return self._text(max(0, self._bar_beside(times, "", width)), times, "", coloured)

    def _text(self, bar: int, times: Sequence[str], tail: str, coloured: bool) -> str:
        count, clock, rest = self._count, "".join(times[:1]), "".join(f" {time}" for time in times[1:])
        drawn = ""
        if bar and self.steps is not None:
            filled = bar * self.done // max(self.steps, 1)
            done, to_do = _DONE * filled, _TO_DO * (bar - filled)
            drawn = f" \x1b[32m{done}\x1b[0m\x1b[37m{to_do}\x1b[0m" if coloured else f" {done}{to_do}"
        if coloured:
            count = f"\x1b[1m{count}\x1b[0m" if self.steps is not None else count
            clock = f"\x1b[1m{clock}\x1b[0m" if clock else ""
        return f"{count}{drawn}{' ' if clock else ''}{clock}{rest}{tail}"


def plain_line(parts: Sequence[str], width: int | None) -> list[str]:
    """Return parts with `` - `` between them, in one line, or in as many as they need.

    If the first part is empty, the first line begins as those that follow do.
    """
    if width is None:
        return [_joined(parts[1:], parts[0])]
    lines, now = [], parts[0]
    for part in parts[1:]:
        part = _shortened(part, width - 3)
        if now and _cells(now) + 3 + _cells(part) > width:
            lines.append(now)
            now = ""
        now += f" - {part}"
    return [*lines, now] if now else lines


def metric(name: str, value: float) -> str:
    """Return a figure as Keras writes it."""
    return f"{printable(name)}: {value:.4f}" if abs(value) > 1e-3 else f"{printable(name)}: {value:.4e}"


def time_remaining(seconds: float) -> str:
    """Return a time as Keras writes what remains: ``12s``, ``1:15``, ``1:06:40``."""
    minutes, rest = divmod(int(seconds), 60)
    if seconds > 3600:
        return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if seconds > 60 else f"{rest + 60 * minutes}s"


def time_of_step(seconds: float) -> str:
    """Return what a step takes, in the unit that suits it."""
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/step"
    return f"{seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/step"


def _joined(parts: Sequence[str], first: str = "") -> str:
    return first + "".join(f" - {part}" for part in parts)


def _shortened(figure: str, width: int) -> str:
    """Return ``name: value`` with so much of the name that it fits; the value stays whole."""
    from rich.cells import set_cell_size

    figure, cut = writable(figure), writable("…")
    over = cells(figure) - width
    name, colon, value = figure.rpartition(": ")
    if over <= 0 or not colon:
        return figure
    return f"{set_cell_size(name, max(cells(name) - over - cells(cut), 1)).rstrip()}{cut}{colon}{value}"


def _cells(text: str) -> int:
    """Return how many columns a text takes on standard output, as it is written there."""
    return cells(writable(text))
