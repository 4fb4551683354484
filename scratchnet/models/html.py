"""How a model shows itself in a notebook: what ``summary`` prints, as a table of HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from scratchnet.models.summary import readable_size, summary_rows
from scratchnet.utils.html import table

if TYPE_CHECKING:
    from scratchnet.models.trained import Trained


def model_html(model: Trained) -> str:
    """Return the layers and numbers of parameters of a model, and how it is trained."""
    heading = f"<p><b>{escape(type(model).__name__)} {escape(repr(model.name))}</b>{_compiled(model)}</p>"
    if not model.built:
        names = ", ".join(f"{layer.name} ({type(layer).__name__})" for layer in model.layers) or "none yet"
        return f"{heading}<p>Not built yet; its layers: {escape(names)}</p>"
    titles, rows, totals = summary_rows(model)
    sizes = "<br>".join(f"{title}: {count:,} ({readable_size(size)})" for title, count, size in totals)
    return f"{heading}{table(titles, rows)}<p>{sizes}</p>"


def _compiled(model: Any) -> str:
    if not model.compiled:
        return ", not compiled"
    losses = ", ".join(target.loss.name for target in model.targets if target.loss is not None) or "no loss"
    return escape(f", trained by {type(model.optimizer).__name__} on {losses}")
