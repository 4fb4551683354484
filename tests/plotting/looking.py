"""Ways to look at a figure without eyes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox


def titles(figure: Figure) -> list[str]:
    """The title of every set of axes, in whatever sub-figure."""
    return [axes.get_title() or axes.get_title(loc="left") for axes in figure.axes]


def texts(figure: Figure) -> list[str]:
    """Every piece of text that is drawn."""
    return [text.get_text() for text, _ in _drawn(figure)]


def assert_readable(figure: Figure) -> None:
    """Fail if two texts overlap, or one leaves the page."""
    drawn = list(_drawn(figure))
    page = figure.bbox.padded(1)
    assert drawn, "there is no text at all"
    for text, box in drawn:
        assert page.contains(box.x0, box.y0), f"{text} leaves the page"
        assert page.contains(box.x1, box.y1), f"{text} leaves the page"
    for k, (text, box) in enumerate(drawn):
        for other, second in drawn[k + 1 :]:
            if text.get_rotation() == other.get_rotation() == 45:
                across = (second.x1 - box.x1) * np.cos(np.pi / 4)  # from one slanted line to the next
                assert across >= float(text.get_fontsize()) / 72 * figure.dpi, f"{text} overlaps {other}"
                continue
            common = Bbox.intersection(box, second)
            assert common is None or min(common.width, common.height) <= 1, f"{text} overlaps {other}"


def _drawn(figure: Figure) -> Iterator[tuple[Text, Bbox]]:
    """Every text that is not empty, with the box round it on the page, in pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    hidden = {text for axis in figure.findobj(Axis) for text in _hidden(axis)}
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and text not in hidden:
            yield text, text.get_window_extent(canvas.get_renderer())


def _hidden(axis: Axis) -> Iterator[Text]:
    """The texts of an axis that exist but are not drawn: beyond the limits, or of an axis that is off."""
    low, high = sorted(axis.get_view_interval())
    for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
        if not axis.axes.axison or not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
            yield from (tick.label1, tick.label2)
