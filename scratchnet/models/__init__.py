"""Models: what a user builds, trains, saves and loads."""

from scratchnet.errors import nothing_else
from scratchnet.models.loading import clone_model, load_model, model_from_json
from scratchnet.models.model import Model
from scratchnet.models.sequential import Sequential
from scratchnet.saving.save import save_model

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]


__getattr__ = nothing_else("name in models", __name__)
