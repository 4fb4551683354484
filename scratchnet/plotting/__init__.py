"""Pictures of the data, of the training and of what a network does.

Each function returns a matplotlib figure, which a notebook shows by itself, and ``figure.savefig(path)`` writes.
Nothing here uses pyplot, so neither its current figure nor its settings change.
"""

from __future__ import annotations

from scratchnet.utils.matplotlib_import import import_matplotlib

import_matplotlib()  # before the files below do, whatever MPLBACKEND says

from scratchnet.plotting.confusion import confusion_matrix  # noqa: E402
from scratchnet.plotting.curves import learning_curves  # noqa: E402
from scratchnet.plotting.filters import first_layer_filters  # noqa: E402
from scratchnet.plotting.galleries import confident_mistakes, image_grid  # noqa: E402
from scratchnet.plotting.network import feature_maps  # noqa: E402
from scratchnet.plotting.sweeps import sweep_results  # noqa: E402

__all__ = [
    "confident_mistakes",
    "confusion_matrix",
    "feature_maps",
    "first_layer_filters",
    "image_grid",
    "learning_curves",
    "sweep_results",
]
