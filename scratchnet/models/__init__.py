"""Models: graphs of layers, and how a batch runs through them."""

from scratchnet.models.model import Model
from scratchnet.models.sequential import Sequential

__all__ = ["Model", "Sequential"]
