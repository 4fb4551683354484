"""A picture of where an output is wrong: yours, what it should be, and the entries that differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.learn.report import Difference
from scratchnet.typing import Array
from scratchnet.utils.matplotlib_import import import_matplotlib


def draw(difference: Difference) -> Any:
    """Return a matplotlib figure of three matrices; more axes than two are laid side by side."""
    yours, right, wrong = (_as_matrix(a) for a in (difference.yours, difference.right, difference.wrong))
    finite = np.abs(np.concatenate([yours[np.isfinite(yours)], right[np.isfinite(right)]]))
    most = float(finite.max(initial=0.0)) or 1.0
    import_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3), layout="constrained")
    for axes, values, title in zip(
        figure.subplots(1, 3), (yours, right, wrong), (f"your {difference.output}", difference.oracle, "wrong entries")
    ):
        if title == "wrong entries":
            axes.imshow(values, cmap="Reds", vmin=0, vmax=1, aspect="auto")
        else:
            axes.imshow(values, cmap="RdBu", vmin=-most, vmax=most, aspect="auto")
            if values.size <= 40:
                for (i, j), value in np.ndenumerate(values):
                    axes.text(j, i, f"{value:.3g}", ha="center", va="center", fontsize=8)
        axes.set_title(title, fontsize=10)
        axes.set_xticks([])
        axes.set_yticks([])
    return figure


def _as_matrix(array: Array) -> Array:
    return array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array.reshape(1, -1)
