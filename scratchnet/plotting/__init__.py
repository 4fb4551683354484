"""Pictures of the data, of the training and of what a network does.

Each function returns a matplotlib figure, which a notebook shows by itself, and ``figure.savefig(path)`` writes.
Nothing here uses pyplot, so neither its current figure nor its settings change.
"""

from __future__ import annotations

from scratchnet.plotting.confusion import confusion_matrix
from scratchnet.plotting.curves import learning_curves
from scratchnet.plotting.galleries import confident_mistakes, image_grid
from scratchnet.plotting.network import feature_maps, first_layer_filters

__all__ = [
    "confident_mistakes",
    "confusion_matrix",
    "feature_maps",
    "first_layer_filters",
    "image_grid",
    "learning_curves",
]
