"""Numerical derivatives that know how far they can be trusted.

The slope of a function at θ is, nearly, a central difference quotient:

    C(h) = (f(θ+h) - f(θ-h)) / 2h = f'(θ) + a h² + b h⁴ + …

Two errors fight over h. A large one cuts off the curve, a small one leaves only rounding errors: f's last digit over
h. So we begin large, divide h by four again and again (halving twice), and combine neighbours so that the h² term
cancels (Richardson):

    R = (16 C(h/4) - C(h)) / 15 = f'(θ) + O(h⁴)

Two successive R that agree tell the value *and* its error. That is done for each entry by itself, until its estimated
error is small enough or rounding takes over.

Kinks. Where f has a corner at θ, the quotients from right and left differ however small h is. A corner *near* θ looks
the same until h is smaller than the distance, then the difference vanishes like h. So their difference is
extrapolated to h = 0 as well; an entry with a rest there is not believed at that h, and if that remains so for every
h, it is reported as a kink.

Jumps. Where f itself jumps at θ, as a sign does at 0, the quotients grow like 1/h: at an h where they do, they are not
believed either, and if that remains so, nothing is known of the entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scratchnet.gradient_check.subject import Subject
from scratchnet.typing import Array

FIRST_STEP = 2.0**-8
SHRINK = 4.0
LEVELS = 12
ROOM = 256
"""How many changed samples are run as one batch."""


@dataclass
class Quotients:
    """Difference quotients of Σ dy·y for several entries, each (E,).

    ``gap`` is the quotient from the right less that from the left. ``low`` and ``high`` add up, output by output,
    the smaller and the larger of the two: any slope between them is a subgradient. ``noise`` is the rounding error
    to be expected.
    """

    central: Array
    gap: Array
    low: Array
    high: Array
    noise: Array


@dataclass
class Estimate:
    """The numerical gradient of some entries of one tensor, each (E,).

    Attributes:
        value, error: the slope, and how far off it may be; at a kink, how far off ``low`` and ``high`` may be.
        kink: whether the slopes from left and right differ, so that there is no derivative.
        low, high: at a kink, the slopes that a backward pass may choose from.
        scale: what an error is relative to: the slope's size, but at least the root mean square over the tensor.
    """

    value: Array
    error: Array
    kink: Array
    low: Array
    high: Array
    scale: Array


class Prober:
    """Measures how Σ dy·y changes when single entries of one tensor change."""

    def __init__(self, subject: Subject, name: str, dy: Array) -> None:
        self.subject, self.name, self.dy = subject, name, dy
        self.tensor = subject.tensors[name]
        self.y = subject.forward()

    def quotients(self, entries: Array, steps: Array) -> Quotients:
        """Return the difference quotients of ``entries`` (flat indices) with their ``steps``, both (E,)."""
        rows = [self._sums(*ys) for ys in self._outputs(entries, steps)]
        parts = np.concatenate(rows, axis=1) if rows else np.zeros((5, 0))
        return Quotients(*parts)

    def _sums(self, right: Array, left: Array, y: Array, dy: Array, up: Array, down: Array) -> Array:
        """Weigh the changes of the outputs (E, …) by dy and add them up for each entry: five rows (5, E)."""
        flat = (len(right), -1)
        right, left = right.reshape(flat), left.reshape(flat)  # (E, outputs)
        y, dy = y.reshape(y.shape[0], -1), dy.reshape(dy.shape[0], -1)  # (E or 1, outputs)
        from_right = dy * (right - y) / up[:, None]
        from_left = dy * (y - left) / down[:, None]
        central = (dy * (right - left)).sum(axis=1) / (up + down)
        low, high = np.minimum(from_right, from_left).sum(axis=1), np.maximum(from_right, from_left).sum(axis=1)
        rounding = np.sqrt(((dy * y) ** 2).sum(axis=1)) * 2 * np.finfo(np.float64).eps / np.minimum(up, down)
        return np.stack([central, (from_right - from_left).sum(axis=1), low, high, rounding + 0 * central])

    def _outputs(self, entries: Array, steps: Array) -> Iterator[tuple[Array, ...]]:
        """Yield, for some entries at a time: y at θ+h, at θ-h, at θ, dy, and the steps really taken up and down."""
        if self.name in self.subject.batched and self.subject.forward_batch is not None:
            for start in range(0, len(entries), ROOM):
                yield self._outputs_in_one_batch(entries[start : start + ROOM], steps[start : start + ROOM])
            return
        for entry, step in zip(entries, steps):
            theta = self.tensor.flat[entry]
            self.tensor.flat[entry] = above = theta + step
            right = self.subject.forward_from(self.name)
            self.tensor.flat[entry] = below = theta - step
            left = self.subject.forward_from(self.name)
            self.tensor.flat[entry] = theta
            up, down = np.array([above - theta]), np.array([theta - below])
            yield right[None], left[None], self.y[None], self.dy[None], up, down

    def _outputs_in_one_batch(self, entries: Array, steps: Array) -> tuple[Array, ...]:
        """Run each entry's sample twice, once with the entry raised and once lowered, all as one batch."""
        assert self.subject.forward_batch is not None
        sample, place = np.divmod(entries, self.tensor[0].size)
        batch = {name: self.subject.tensors[name][sample] for name in self.subject.batched}  # (E, …)
        theta = self.tensor.reshape(len(self.tensor), -1)[sample, place]
        above, below = theta + steps, theta - steps
        raised, lowered = batch[self.name].copy(), batch[self.name].copy()
        raised.reshape(len(entries), -1)[np.arange(len(entries)), place] = above
        lowered.reshape(len(entries), -1)[np.arange(len(entries)), place] = below
        batch[self.name] = raised
        right = np.array(self.subject.forward_batch(list(batch.values())))
        batch[self.name] = lowered
        left = np.array(self.subject.forward_batch(list(batch.values())))
        return right, left, self.y[sample], self.dy[sample], above - theta, theta - below

    def curve(self, entry: int, steps: Array) -> Array:
        """Return the central difference quotient of one entry for each of ``steps``."""
        with np.errstate(all="ignore"):
            self.subject.forward()  # other tensors may have been probed since
            return self.quotients(np.full(len(steps), entry), steps).central


def differentiate(prober: Prober, entries: Array, tolerance: float) -> Estimate:
    """Return the numerical gradient of ``entries``, flat indices (E,), each as exact as ``tolerance`` / 100 if it can.

    ``tolerance`` is relative to ``Estimate.scale``.
    """
    count = len(entries)
    best, error = np.zeros(count), np.full(count, np.inf)
    low, high, smooth = np.zeros(count), np.zeros(count), np.zeros(count, bool)
    blur = np.full(count, np.inf)  # of low and high
    last_central, last_gap, last_value, last_low, last_high = np.zeros((5, count))
    floor = max(1e-6 * float(np.sqrt(np.mean(prober.dy**2))), 1e-30)
    scale = np.full(count, floor)
    steps = FIRST_STEP * np.maximum(1, np.abs(prober.tensor.reshape(-1)[entries]))
    active = np.arange(count)
    for level in range(LEVELS):
        with np.errstate(all="ignore"):
            q = prober.quotients(entries[active], steps[active])
            if level == 0:
                finite = q.central[np.isfinite(q.central)]
                size = float(np.sqrt(np.mean(finite**2))) if finite.size else 0.0
                least = np.maximum(floor, 10 * q.noise / tolerance)  # below it, rounding alone would be an error
                scale = np.maximum(np.where(np.isfinite(q.central), np.abs(q.central), 0), size)
                scale = np.maximum(scale, np.where(np.isfinite(least), least, floor))
                value, rest, doubt = q.central, q.gap, np.full(count, np.inf)
            else:
                value = (SHRINK**2 * q.central - last_central[active]) / (SHRINK**2 - 1)
                rest = (SHRINK * q.gap - last_gap[active]) / (SHRINK - 1)
                doubt = np.abs(value - (q.central if level == 1 else last_value[active]))
        doubt = np.where(np.isfinite(value), np.maximum(doubt, q.noise), np.inf)
        straight = np.abs(rest) <= np.maximum(tolerance * scale[active], 8 * q.noise)
        jumps = (level > 0) & (np.abs(q.central) > np.maximum(3 * np.abs(last_central[active]), 8 * q.noise))
        better = straight & ~jumps & (doubt < error[active])
        chosen = active[better]
        best[chosen], error[chosen], smooth[chosen] = value[better], doubt[better], True
        moved = np.maximum(np.abs(q.low - last_low[active]), np.abs(q.high - last_high[active]))
        around = np.maximum(moved if level else 1e-3 * scale[active], q.noise)
        sharper = ~smooth[active] & np.isfinite(q.low + q.high) & (q.noise <= 1e-3 * scale[active])
        sharper &= around < blur[active]
        chosen = active[sharper]
        low[chosen], high[chosen], blur[chosen] = q.low[sharper], q.high[sharper], around[sharper]
        last_low[active], last_high[active] = q.low, q.high
        last_central[active], last_gap[active], last_value[active] = q.central, q.gap, value
        steps[active] /= SHRINK
        precise = error[active] <= tolerance / 100 * scale[active]
        drowned = q.noise > np.minimum(error[active], scale[active])
        active = active[~(precise | drowned)]
        if not active.size:
            break
    kink = ~smooth & (high > low)
    best[kink], error[kink] = (low[kink] + high[kink]) / 2, blur[kink]
    return Estimate(best, error, kink, low, high, scale)
