"""Saving: a whole model in one safetensors file, and back.

- ``model_io.py``      what goes into the file: save_model, load_model, read_notes
- ``architecture.py``  a graph of layers as JSON
- ``objects.py``       one layer, loss, optimizer, … as JSON
- ``model_file.py``    the file itself: checksum, format version, foreign and damaged files
- ``atomic.py``        writing so that the old file stays whole until the new one is
"""

from scratchnet.saving.model_io import load_model, read_notes, save_model

__all__ = ["load_model", "read_notes", "save_model"]
