"""im2col, col2im, conv2d-backward: a convolution is Dense applied to every window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.learn.calling import calling
from scratchnet.learn.exercise import Case, Exercise, Slope
from scratchnet.learn.exercises.slipping import slips
from scratchnet.learn.layers_of_answers import conv2d_with
from scratchnet.typing import Array

_SIZES = ((2, 4, 5, 2, 3, 2), (3, 5, 4, 1, 2, 3), (2, 4, 4, 3, 2, 2))  # N, H, W, C, KH, KW


def cut(x: Array, KH: int, KW: int) -> Array:
    """Return all windows of x (N, H, W, C): (N, OH, OW, KH, KW, C)."""
    N, H, W, C = x.shape
    OH, OW = H - KH + 1, W - KW + 1
    cols = np.empty((N, OH, OW, KH, KW, C), x.dtype)
    for i in range(KH):
        for j in range(KW):
            cols[:, :, :, i, j] = x[:, i : i + OH, j : j + OW]
    return cols


def add_back(dcols: Array, H: int, W: int) -> Array:
    """Return the gradient (N, H, W, C) of what was cut: each pixel's copies added up."""
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for i in range(KH):
        for j in range(KW):
            dx[:, i : i + OH, j : j + OW] += dcols[:, :, :, i, j]
    return dx


_NINE = np.arange(1.0, 10.0).reshape(1, 3, 3, 1)


def _cut_cases(random: np.random.Generator) -> list[Case]:
    windows = np.array([[[1, 2], [4, 5]], [[2, 3], [5, 6]], [[4, 5], [7, 8]], [[5, 6], [8, 9]]], float)
    worked = Case("the worked number", {"x": _NINE, "KH": 2, "KW": 2}, {"cols": windows.reshape(1, 2, 2, 2, 2, 1)})
    cases = [worked]
    for N, H, W, C, KH, KW in _SIZES:
        inputs = {"x": random.normal(size=(N, H, W, C)), "KH": KH, "KW": KW}
        cases.append(Case(f"images {N, H, W, C}, windows {KH} × {KW}", inputs))
    return cases


def _one_window_each(x: Array, KH: int, KW: int) -> Array:
    cols = cut(x, KH, KW)
    return cols[:, ::KH, ::KW].copy()


def _view(x: Array, KH: int, KW: int) -> Array:
    windows = np.lib.stride_tricks.sliding_window_view(x, (KH, KW), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3)


_CUT_HINTS = (
    "Where does the window (oh, ow) begin, and which pixel lies under its number (i, j)?",
    "cols[n,oh,ow,i,j,c] = x[n, oh+i, ow+j, c],   OH = H - KH + 1, OW = W - KW + 1",
    "for i, for j: cols[:, :, :, i, j] = x[:, i : i + OH, j : j + OW]",
)


def _back_loss(dcols: Array, H: int, W: int, x: Array) -> Any:
    return (dcols * cut(x, *dcols.shape[3:5])).sum()


def _back_cases(random: np.random.Generator) -> list[Case]:
    worked = Case(
        "the worked number",
        {"dcols": np.ones((1, 2, 2, 2, 2, 1)), "H": 3, "W": 3},
        {"dx": np.array([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]).reshape(1, 3, 3, 1)},
        given={"x": _NINE},
    )
    cases = [worked]
    for N, H, W, C, KH, KW in _SIZES:
        dcols = random.normal(size=(N, H - KH + 1, W - KW + 1, KH, KW, C))
        label = f"images {N, H, W, C}, windows {KH} × {KW}"
        cases.append(Case(label, {"dcols": dcols, "H": H, "W": W}, given={"x": random.normal(size=(N, H, W, C))}))
    return cases


def _back(put: Callable[[Array, Array], None], after: Callable[..., Array] = lambda dx, *sizes: dx) -> Any:
    def col2im(dcols: Array, H: int, W: int) -> Array:
        N, OH, OW, KH, KW, C = dcols.shape
        dx = np.zeros((N, H, W, C), dcols.dtype)
        for i in range(KH):
            for j in range(KW):
                put(dx[:, i : i + OH, j : j + OW], dcols[:, :, :, i, j])
        return after(dx, OH, OW, KH, KW)

    return col2im


def _add(target: Array, part: Array) -> None:
    target += part


def _put(target: Array, part: Array) -> None:
    target[...] = part


def _mean_of_copies(dx: Array, OH: int, OW: int, KH: int, KW: int) -> Array:
    count = add_back(np.ones((1, OH, OW, KH, KW, 1), dx.dtype), *dx.shape[1:3])
    return dx / count


def _windows_last(dcols: Array, H: int, W: int) -> Array:
    N, OH, OW, KH, KW, C = dcols.shape
    dx = np.zeros((N, H, W, C), dcols.dtype)
    for oh in range(OH):
        for ow in range(OW):
            dx[:, oh : oh + KH, ow : ow + KW] = dcols[:, oh, ow]
    return dx


_BACK_HINTS = (
    "In how many windows does the middle pixel of a 3 × 3 image lie, and what comes back from each of its copies?",
    "dx[n,h,w,c] = Σ dcols[n,oh,ow,i,j,c]   over all with oh + i = h and ow + j = w",
    "for i, for j: dx[:, i : i + OH, j : j + OW] += dcols[:, :, :, i, j]",
)


# conv2d-backward ------------------------------------------------------------------------------------------------------


def _convolved(x: Array, kernel: Array) -> Array:
    return np.tensordot(cut(x, *kernel.shape[:2]), kernel, 3)


def _conv_loss(x: Array, kernel: Array, dz: Array, bias: Array) -> Any:
    return (dz * (_convolved(x, kernel) + bias)).sum()


def _conv_cases(random: np.random.Generator) -> list[Case]:
    inputs = {
        "x": np.array([1.0, 2, 3]).reshape(1, 1, 3, 1),
        "kernel": np.array([10.0, 1]).reshape(1, 2, 1, 1),
        "dz": np.array([1.0, 2]).reshape(1, 1, 2, 1),
    }
    outputs = {
        "dx": np.array([10.0, 21, 2]).reshape(1, 1, 3, 1),
        "dkernel": np.array([5.0, 8]).reshape(1, 2, 1, 1),
        "dbias": np.array([3.0]),
    }
    cases = [Case("the worked number", inputs, outputs, given={"bias": np.zeros(1)})]
    for (N, H, W, C, KH, KW), F in zip(_SIZES, (3, 2, 3)):
        arrays = {"x": (N, H, W, C), "kernel": (KH, KW, C, F), "dz": (N, H - KH + 1, W - KW + 1, F)}
        inputs = {name: random.normal(size=shape) for name, shape in arrays.items()}
        label = f"x {N, H, W, C}, kernel {KH, KW, C, F}"
        cases.append(Case(label, inputs, given={"bias": random.normal(size=F)}))
    return cases


def _conv(
    dkernel: Callable[[Array, Array, int], Array] = lambda right, dz, N: right,
    dbias: Callable[[Array], Array] = lambda dz: dz.sum(axis=(0, 1, 2)),
    kernel_for_dx: Callable[[Array], Array] = lambda kernel: kernel,
    back: Callable[..., Array] = add_back,
) -> Any:
    def backward(x: Array, kernel: Array, dz: Array) -> tuple[Array, Array, Array]:
        cols = cut(x, *kernel.shape[:2])
        right = np.tensordot(cols, dz, ((0, 1, 2), (0, 1, 2)))  # (KH, KW, C, F)
        dcols = np.tensordot(dz, kernel_for_dx(kernel), ((3,), (3,)))  # (N, OH, OW, KH, KW, C)
        return back(dcols, *x.shape[1:3]), dkernel(right, dz, len(x)), dbias(dz)

    return backward


_CONV_HINTS = (
    "Write the windows as rows, (N·OH·OW, KH·KW·C). Which layer that you know is it then?",
    "dkernel[q,f] = Σ_p cols[p,q] dz[p,f],   dbias[f] = Σ_p dz[p,f],   dcols[p,q] = Σ_f dz[p,f] kernel[q,f]",
    "dkernel = cols.T @ dz, dbias = dz.sum(axis=0), dx = col2im(dz @ kernel.T), all with rows, then reshaped",
)

EXERCISES = (
    Exercise(
        name="im2col",
        title="Cut out all windows of an image",
        run=calling("im2col", "cols"),
        cases=_cut_cases,
        hints=_CUT_HINTS,
        slips=slips(
            "im2col",
            _CUT_HINTS,
            windows_side_by_side=(
                _one_window_each,
                "The windows lie side by side: they step by one pixel and overlap.",
            ),
            one_window_too_few=(
                lambda x, KH, KW: cut(x, KH, KW)[:, :-1, :-1].copy(),
                "The last row and column of windows are missing: there are H - KH + 1 of them.",
            ),
            windows_upside_down=(
                lambda x, KH, KW: cut(x, KH, KW)[:, :, :, ::-1, ::-1].copy(),
                "Each window is turned by 180°: mathematicians' convolution does that, neural networks do not.",
            ),
            windows_transposed=(
                lambda x, KH, KW: cut(x, KH, KW).swapaxes(3, 4).copy(),
                "Within each window rows and columns are exchanged: first i, down, then j, across.",
            ),
            places_transposed=(
                lambda x, KH, KW: cut(x, KH, KW).swapaxes(1, 2).copy(),
                "The windows' places are exchanged: first oh, down, then ow, across.",
            ),
            channels_before_window=(
                lambda x, KH, KW: np.moveaxis(cut(x, KH, KW), 5, 3).copy(),
                "The channels stand before the window's rows and columns: they come last, (…, KH, KW, C).",
            ),
            view_of_x=(_view, "The windows are a view into x: who changes x later changes them. Make a copy."),
        ),
        shapes={"cols": "(N, OH, OW, KH, KW, C)"},
    ),
    Exercise(
        name="col2im",
        title="Add the windows' gradients back to the pixels",
        run=calling("col2im", "dx"),
        cases=_back_cases,
        hints=_BACK_HINTS,
        slopes=(Slope("dx", "x", _back_loss),),
        slips=slips(
            "col2im",
            _BACK_HINTS,
            last_window_wins=(
                _windows_last,
                "A later window overwrites an earlier one, = for +=: what comes back from several adds up.",
            ),
            last_number_wins=(
                _back(_put),
                "What comes back later overwrites what came before, = for +=: the copies of a pixel add up.",
            ),
            mean_of_copies=(
                _back(_add, _mean_of_copies),
                "What comes back is averaged over the windows: each copy moves the loss in full, so they add up.",
            ),
            windows_upside_down=(
                lambda dcols, H, W: add_back(dcols[:, :, :, ::-1, ::-1], H, W),
                "Each window is turned by 180°: number (i, j) goes back to where im2col took it from.",
            ),
            places_only=(
                lambda dcols, H, W: np.pad(
                    dcols.sum(axis=(3, 4)), ((0, 0), (0, H - dcols.shape[1]), (0, W - dcols.shape[2]), (0, 0))
                ),
                "All of a window's numbers go to its first pixel: number (i, j) goes to (oh + i, ow + j).",
            ),
            doubled=(lambda dcols, H, W: 2 * add_back(dcols, H, W), "Everything is added twice."),
        ),
        shapes={"dx": "(N, H, W, C)"},
    ),
    Exercise(
        name="conv2d-backward",
        title="The convolution: Dense's gradients, for every window",
        run=calling("backward", "dx", "dkernel", "dbias"),
        cases=_conv_cases,
        hints=_CONV_HINTS,
        slopes=tuple(Slope(f"d{name}", name, _conv_loss) for name in ("x", "kernel", "bias")),
        slips=slips(
            "backward",
            _CONV_HINTS,
            dkernel_divided_by_batch=(
                _conv(dkernel=lambda right, dz, N: right / N),
                "dkernel: you divided by N here too; the loss has done it already.",
            ),
            dkernel_mean_over_places=(
                _conv(dkernel=lambda right, dz, N: right / (dz.size // dz.shape[3])),
                "dkernel is a mean over all windows: the kernel is used at each of them, so what comes back adds up.",
            ),
            dkernel_upside_down=(
                _conv(dkernel=lambda right, dz, N: right[::-1, ::-1].copy()),
                "dkernel is turned by 180°: number (i, j) of the kernel meets number (i, j) of each window.",
            ),
            dbias_mean=(
                _conv(dbias=lambda dz: dz.mean(axis=(0, 1, 2))),
                "dbias is a mean over all windows: the bias is added at each of them, so what comes back adds up.",
            ),
            dbias_summed_over_batch_only=(
                _conv(dbias=lambda dz: dz.sum(axis=0)),
                "dbias is summed over the batch only: the bias is added at every place, too.",
            ),
            dx_kernel_upside_down=(
                _conv(kernel_for_dx=lambda kernel: kernel[::-1, ::-1]),
                "For dx the kernel is turned by 180° before col2im, which turns it already: it puts (i, j) where it "
                "came from.",
            ),
            dx_last_window_wins=(
                _conv(back=_windows_last),
                "dx: a later window overwrites an earlier one, = for +=: what comes back from several adds up.",
            ),
            dx_divided_by_batch=(
                _conv(back=lambda dcols, H, W: add_back(dcols, H, W) / len(dcols)),
                "dx: you divided by N here too; the loss has done it already.",
            ),
        ),
        shapes={"dx": "(N, H, W, C)", "dkernel": "(KH, KW, C, F)", "dbias": "(F,)"},
        naming=conv2d_with("backward"),
    ),
)
