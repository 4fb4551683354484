"""The report as a picture: where the worst gradient is wrong, and how its error depends on the step size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scratchnet.gradient_check.compare import TensorResult
from scratchnet.typing import Array
from scratchnet.utils.matplotlib_import import import_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEPS = 10.0 ** np.arange(-13, 0.25, 0.25)
SMALLEST = 1e-16
"""Errors are drawn on a logarithmic axis; a smaller one, zero included, is drawn as this."""


def draw(tensors: list[TensorResult], tolerance: float, title: str) -> Figure:
    """Return a Figure: a heat map of the worst gradient, and the V-shaped error curve of its worst entry."""
    import_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    shown = max(tensors, key=lambda t: (not t.passed, t.worst_error))
    figure.suptitle(title)
    _heat_map(figure, left, shown, tolerance)
    _curve(right, shown, tolerance)
    return figure


def _heat_map(figure: Figure, axes: Axes, t: TensorResult, tolerance: float) -> None:
    from matplotlib.colors import LogNorm

    if not len(t.checked):
        axes.text(0.5, 0.5, t.problem, ha="center", va="center", wrap=True, transform=axes.transAxes)
        axes.set_axis_off()
        return
    errors = np.clip(t.spread(t.relative_error, np.nan), SMALLEST, 1e3)
    sheet, rows, columns = _flatten_to_sheet(errors, t.letters)
    norm = LogNorm(min(SMALLEST, tolerance), max(10.0, float(np.nanmax(errors))))
    image = axes.imshow(sheet, norm=norm, cmap="viridis", aspect="auto", interpolation="nearest")
    colorbar = figure.colorbar(image, ax=axes, label="relative error")
    colorbar.ax.axhline(tolerance, color="red", linewidth=2)
    wrong, _, _ = _flatten_to_sheet(t.spread(t.wrong.astype(float), 0.0), t.letters)
    if wrong.any() and wrong.size <= 5000:
        y, x = np.nonzero(wrong)
        axes.plot(x, y, "x", color="red", markersize=max(2, 8 - wrong.size // 500), label=f"wrong ({len(x)})")
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.12), frameon=False)
    axes.set_title(f"{t.name} {t.shape}:\nerror of each entry" + ("" if t.complete else " (blank: not sampled)"))
    axes.set_xlabel(columns)
    axes.set_ylabel(rows)


def _flatten_to_sheet(values: Array, letters: tuple[str, ...]) -> tuple[Array, str, str]:
    """Return the tensor as two axes, and what they are called: the image's rows and columns are kept together."""
    if values.ndim == 1:
        return values[None, :], "", letters[0]
    if values.ndim == 4:
        a, b, c, d = values.shape
        if letters[0] == "n":  # images: one below the other, channels side by side
            sheet = values.transpose(0, 1, 3, 2).reshape(a * b, d * c)
            return sheet, f"{letters[0]}, {letters[1]}", f"{letters[3]}, {letters[2]}"
        sheet = values.transpose(2, 0, 3, 1).reshape(c * a, d * b)  # kernels: one small square for each pair (c, f)
        return sheet, f"{letters[2]}, {letters[0]}", f"{letters[3]}, {letters[1]}"
    return values.reshape(-1, values.shape[-1]), ", ".join(letters[:-1]), letters[-1]


def _curve(axes: Axes, t: TensorResult, tolerance: float) -> None:
    if t.curve is None or not len(t.checked):
        axes.set_axis_off()
        return
    w = t.worst
    quotients, best, scale = t.curve(STEPS), t.estimate.value[w], t.estimate.scale[w]
    backward = t.analytic[w]
    axes.loglog(STEPS, np.clip(np.abs(quotients - best) / scale, SMALLEST, None), ".-", label="to the best estimate")
    if t.wrong[w]:
        error = np.clip(np.abs(quotients - backward) / scale, SMALLEST, None)
        axes.loglog(STEPS, error, ".-", color="red", label="to what backward says")
    axes.axhline(tolerance, color="gray", linestyle="--", label="allowed")
    index = ", ".join(f"{letter}={i}" for letter, i in zip(t.letters, t.worst_index))
    axes.set_title(f"{t.name}[{index}]:\ndistance of the quotient (f(θ+h) - f(θ-h)) / 2h")
    axes.set_xlabel("step size h")
    axes.set_ylabel("relative distance")
    axes.legend()
    axes.grid(alpha=0.3)
