"""maxpool: a gradient that goes to the winner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.learn.calling import calling
from scratchnet.learn.exercise import Case, Exercise, Slope
from scratchnet.learn.exercises.slipping import slips
from scratchnet.typing import Array


def _windows(x: Array) -> Array:
    """Return x (N, H, W, C) as windows (N, OH, OW, C, 4), each row by row; what is left over at the edge is dropped."""
    N, H, W, C = x.shape
    OH, OW = H // 2, W // 2
    tiles = x[:, : 2 * OH, : 2 * OW].reshape(N, OH, 2, OW, 2, C)
    return tiles.transpose(0, 1, 3, 5, 2, 4).reshape(N, OH, OW, C, 4)


def _from_windows(windows: Array, H: int, W: int) -> Array:
    N, OH, OW, C, _ = windows.shape
    dx = np.zeros((N, H, W, C), windows.dtype)
    tiles = windows.reshape(N, OH, OW, C, 2, 2).transpose(0, 1, 4, 2, 5, 3)
    dx[:, : 2 * OH, : 2 * OW] = tiles.reshape(N, 2 * OH, 2 * OW, C)
    return dx


def _loss(dy: Array, x: Array) -> Any:
    return (dy * _windows(x).max(axis=4)).sum()


def _cases(random: np.random.Generator) -> list[Case]:
    worked = Case(
        "the worked number",
        {"dy": np.array([5.0]).reshape(1, 1, 1, 1), "x": np.array([1.0, 4, 3, 2]).reshape(1, 2, 2, 1)},
        {"dx": np.array([0.0, 5, 0, 0]).reshape(1, 2, 2, 1)},
    )
    cases = [worked]
    for N, H, W, C in ((2, 4, 6, 3), (3, 5, 4, 2)):
        x = random.permutation(N * H * W * C).reshape(N, H, W, C) / 10 - 4.05  # no ties, most of them negative
        label = f"images {N, H, W, C}" + (", whose last row has no window" if H % 2 else "")
        cases.append(Case(label, {"dy": random.normal(size=(N, H // 2, W // 2, C)), "x": x}))
    return cases


def _kinks() -> list[Case]:
    ties = np.array([[2.0, 2, 0, 0], [1, 2, 0, 0], [-3, -1, -2, -2], [-1, -1, -2, -5]]).reshape(1, 4, 4, 1)
    return [Case("ties, and windows that are all negative", {"dy": np.arange(1.0, 5).reshape(1, 2, 2, 1), "x": ties})]


def _shared(shares: Any) -> Any:
    """Return a backward that pays each window's dy by ``shares(windows)``, of the windows' shape."""

    def backward(dy: Array, x: Array) -> Array:
        windows = _windows(x)
        paid = (shares(windows) * dy[..., None]).astype(x.dtype)
        return _from_windows(paid, *x.shape[1:3])

    return backward


def _largest(windows: Array) -> Array:
    return windows == windows.max(axis=4, keepdims=True)


def _one_hot(place: Array) -> Array:
    return np.arange(4) == place[..., None]


def _overlapping(pay: Callable[[Array, Any, Array], None]) -> Any:
    """Return a backward whose windows step by one; ``pay(dx, place, dy)`` pays the winners of one of them."""

    def backward(dy: Array, x: Array) -> Array:
        dx = np.zeros_like(x)
        for n, h, w, c in np.ndindex(dy.shape):
            place = divmod(int(x[n, h : h + 2, w : w + 2, c].argmax()), 2)
            pay(dx, (n, h + place[0], w + place[1], c), dy[n, h, w, c])
        return dx

    return backward


def _one_to_the_winner(dy: Array, x: Array) -> Array:
    windows = _windows(x)
    return _from_windows(_one_hot(windows.argmax(axis=4)).astype(x.dtype), *x.shape[1:3])


def _turned(place: Array) -> Array:
    """Return the place in a window whose rows are read as columns."""
    return place % 2 * 2 + place // 2


_HINTS = (
    "Raise one number of a window a little. When does the maximum rise with it?",
    "dx[n,h,w,c] = dy[n,oh,ow,c]   if (h,w) is the first of the largest in window (oh,ow),   else 0",
    "for each window: place = argmax of its four numbers, row by row; that pixel gets dy, the others stay 0",
)

EXERCISES = (
    Exercise(
        name="maxpool",
        title="Max-pooling: the gradient goes to the winner",
        run=calling("backward", "dx"),
        cases=_cases,
        hints=_HINTS,
        slopes=(Slope("dx", "x", _loss),),
        kinks=_kinks,
        slips=slips(
            "backward",
            _HINTS,
            pays_every_tie=(
                _shared(_largest),
                "At a tie every one of the largest gets dy: only the first, row by row, is paid.",
            ),
            splits_ties=(
                _shared(lambda w: _largest(w) / _largest(w).sum(axis=4, keepdims=True)),
                "At a tie dy is split: the first of the largest, row by row, gets all of it.",
            ),
            last_of_ties=(
                _shared(lambda w: _one_hot(3 - w[..., ::-1].argmax(axis=4))),
                "At a tie the last of the largest is paid: it is the first, row by row.",
            ),
            pays_everyone=(
                _shared(lambda w: np.ones_like(w)),
                "Everyone in the window gets dy: a number that did not win had no part in the loss.",
            ),
            mean_for_max=(
                _shared(lambda w: np.full_like(w, 0.25)),
                "dy is spread over the window: that is average pooling. The winner takes all.",
            ),
            smallest_wins=(
                _shared(lambda w: _one_hot(w.argmin(axis=4))),
                "The smallest is paid: it is the largest that went through.",
            ),
            largest_magnitude=(
                _shared(lambda w: _one_hot(np.abs(w).argmax(axis=4))),
                "The largest without its sign is paid: -9 does not win against 1.",
            ),
            negative_windows_forgotten=(
                _shared(lambda w: _one_hot(w.argmax(axis=4)) & (w > 0)),
                "A window that is all negative gets nothing: it has a largest number, too.",
            ),
            times_the_winner=(
                _shared(lambda w: _one_hot(w.argmax(axis=4)) * w),
                "dy is multiplied by the winner: the slope of the maximum in its winner is 1.",
            ),
            one_for_dy=(
                _one_to_the_winner,
                "The winner gets 1: it gets dy, which is how much the loss moves with y.",
            ),
            row_and_column_exchanged=(
                _shared(lambda w: _one_hot(_turned(w.argmax(axis=4)))),
                "Row and column of the winner are exchanged: argmax counts row by row, so place // 2 is the row and "
                "place % 2 the column.",
            ),
            one_winner_for_all_channels=(
                _shared(lambda w: _one_hot(w.max(axis=3, keepdims=True).argmax(axis=4))),
                "All channels share one winner: each channel has its own.",
            ),
            windows_overlap=(
                _overlapping(lambda dx, place, dy: np.add.at(dx, place, dy)),
                "The windows step by one: they lie side by side, so window (oh, ow) begins at (2·oh, 2·ow).",
            ),
            windows_overlap_and_overwrite=(
                _overlapping(lambda dx, place, dy: dx.__setitem__(place, dy)),
                "The windows step by one and overwrite each other: they lie side by side, window (oh, ow) begins at "
                "(2·oh, 2·ow).",
            ),
            top_left=(
                _shared(lambda w: _one_hot(np.zeros(w.shape[:4], int))),
                "The pixel at the top left of each window gets dy: it is the largest that does.",
            ),
        ),
        shapes={"dx": "(N, H, W, C)"},
    ),
)
