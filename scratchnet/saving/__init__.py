"""Saving: a whole model in one safetensors file, its weights alone, or a training that goes on.

- ``save.py``          what goes into the file: save_model, read_notes
- ``architecture.py``  a graph of layers as JSON
- ``weights.py``       save_weights and load_weights
- ``snapshot.py``      a model copied at one instant, whatever runs beside
- ``training_state.py``  a model and a ``fit`` that runs, for callbacks.BackupAndRestore
- ``objects.py``       one layer, loss, optimizer, … as JSON, and back
- ``model_file.py``    the file itself: checksum, format version, foreign and damaged files

``models/loading.py`` makes a model of it again; ``saving.load_model`` is Keras's name for that.
"""

from typing import Any

from scratchnet.errors import nothing_else
from scratchnet.saving.save import read_notes, save_model

__all__ = ["load_model", "read_notes", "save_model"]

_nothing_else = nothing_else("name in saving", __name__)


def __getattr__(name: str) -> Any:
    if name == "load_model":
        import importlib

        return importlib.import_module("scratchnet.models").load_model
    return _nothing_else(name)


def __dir__() -> list[str]:
    return sorted({*globals(), "load_model"})
