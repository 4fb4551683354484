"""Models: what a user builds, trains, saves and loads."""

from scratchnet.models.loading import load_model
from scratchnet.models.model import Model
from scratchnet.models.sequential import Sequential

__all__ = ["Model", "Sequential", "load_model"]
