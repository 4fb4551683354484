"""What a model of images looks like from inside: the maps of each layer that keeps the image's two dimensions."""

from __future__ import annotations

from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models.model import Model


def places_of_maps(model: Model) -> list[SymbolicTensor]:
    """Return the tensors (N, H, W, C) that the model's layers put out, in order, without its inputs and its output."""
    ends = (*model.inputs, model.outputs[0])
    return [tensor for tensor in model.graph.tensors if tensor.ndim == 4 and tensor not in ends]


def model_of_maps(model: Model) -> Model:
    """Return the model that puts out all of ``places_of_maps`` and then what ``model`` does; it shares its layers."""
    return Model(model.inputs, [*places_of_maps(model), model.outputs[0]])
