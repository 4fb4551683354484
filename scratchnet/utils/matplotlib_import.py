"""Importing matplotlib although the environment names a backend that is not there.

matplotlib reads ``MPLBACKEND`` while it is imported and fails over a name that it does not know, such as one that a
notebook leaves in the environment of the commands it starts. Our pictures need no backend: they are written to files.
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress

_VARIABLE = "MPLBACKEND"


def import_matplotlib() -> None:
    """Import matplotlib, with the backend that ``MPLBACKEND`` names if it can have it, and without if not."""
    if "matplotlib" in sys.modules:
        return
    backend = os.environ.pop(_VARIABLE, None)
    logger = logging.getLogger("matplotlib")  # which tells at length where it may not keep its cache
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        import matplotlib
    finally:
        logger.setLevel(level)
        if backend is not None:
            os.environ[_VARIABLE] = backend
    if backend:
        with suppress(ValueError):  # whoever draws in windows will hear of it from pyplot
            matplotlib.rcParams["backend"] = backend  # what matplotlib's own import does with it
