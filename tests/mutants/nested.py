"""Planted mistakes in how nested models are made flat and in what a call asks for."""

from __future__ import annotations

from typing import Any

from scratchnet.graph import graph, parameters
from scratchnet.graph.plan import Plan
from scratchnet.graph.stand_in import StandIn
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.models import Model
from tests.mutants.catalogue import nested

_segments, _places, _find_needs, _backward = parameters.segments, Plan._places, Plan._find_needs, Plan.backward


def unfolded(
    whole: Any, inputs: Any, training: Any, way: str, paths: Any, mode: Any = None, swap: str = "", once: Any = None
) -> Any:
    """Do what ``graph._unfolded`` does, wherever nothing else is asked for."""
    there = dict(zip(whole.inputs, inputs))
    for tensor in whole.tensors:
        if tensor in there:
            continue
        layer, sources = tensor.layer, tuple(there[source] for source in tensor.inputs)
        own = (mode or _innermost)(tensor.training, training)
        if layer.is_model:
            given = sources[::-1] if swap == "inputs" else sources
            if once is not None and layer in once:
                outputs = once[layer]
            else:
                outputs = unfolded(layer.graph, given, own, f"{way}{layer.name}/", paths, mode, swap, once)
            if once is not None:
                once[layer] = outputs
            there.update(zip(tensor.of_call, outputs[::-1] if swap == "outputs" else outputs))
        else:
            paths[layer] = f"{way}{layer.name}"
            there[tensor] = SymbolicTensor(tensor.shape, layer, sources, own)
    return [there[tensor] for tensor in whole.outputs]


def _innermost(own: bool | None, around: bool | None) -> bool | None:
    return around if own is None else own


@nested(graph, "_unfolded")
def mode_of_the_call_lost_inside(*given: Any) -> Any:
    """The mode that a model was called in does not reach its layers."""
    return unfolded(*given, mode=lambda own, around: own)


@nested(graph, "_unfolded")
def outermost_call_decides(*given: Any) -> Any:
    """A call round a layer overrules the mode that the layer itself was called in."""
    return unfolded(*given, mode=lambda own, around: own if around is None else around)


@nested(graph, "_unfolded")
def false_taken_for_none(*given: Any) -> Any:
    """``training=False`` counts as if nothing had been said."""
    return unfolded(*given, mode=lambda own, around: own or around)


@nested(graph, "_unfolded")
def inputs_in_reverse(*given: Any) -> Any:
    """The inputs of a nested model are connected in reverse."""
    return unfolded(*given, swap="inputs")


@nested(graph, "_unfolded")
def outputs_in_reverse(*given: Any) -> Any:
    """The outputs of a nested model are connected in reverse."""
    return unfolded(*given, swap="outputs")


@nested(graph, "_unfolded")
def second_call_is_the_first(*given: Any) -> Any:
    """A model that is called again gives the tensors of its first call."""
    return unfolded(*given, once={})


@nested(Plan, "mode")
def modes_ignored(self: Plan, output: SymbolicTensor, training: bool) -> bool:
    """The mode that a place asks for is forgotten when a batch runs."""
    return training


@nested(Plan, "mode")
def mode_kept_by_the_layer(self: Plan, output: SymbolicTensor, training: bool) -> bool:
    """The mode is the layer's, that of its last call, in place of each call's own."""
    modes = {tensor.layer: tensor.training for tensor in self.graph.tensors}
    asked = modes[output.layer]
    return training if asked is None else bool(asked)


@nested(Plan, "_places")
def gradients_of_the_second_call_lost(self: Plan) -> Any:
    """The gradients of a model's further calls are not added."""
    places = _places(self)
    self._further = []
    return places


@nested(Plan, "_places")
def gradients_of_both_calls_in_one_place(self: Plan) -> Any:
    """All calls of a layer write their gradients into the same arrays, one over the other."""
    places = _places(self)
    for tensor, place in places.items():
        if place.has_own_gradients:
            places[tensor] = StandIn(tensor.layer, place.layer.input_shape, place.layer.output_shape)
    self._further = []
    return places


@nested(Plan, "_find_needs")
def frozen_model_stops_the_gradient(self: Plan, input_gradients: bool) -> Any:
    """What lies before a frozen model gets no gradient through it."""
    models = [leaf for layer in self.made_for.layers for _, leaf, _ in layer.leaves() if leaf.is_model]
    frozen = {layer for model in models if not model.trainable for layer in model.layers}
    needs = _find_needs(self, input_gradients)
    return {tensor: needed and tensor.layer not in frozen for tensor, needed in needs.items()}


@nested(Model, "leaves")
def flag_of_the_model_ignored(self: Model, path: str = "", trainable: bool = True) -> Any:
    """A frozen model leaves it to its layers whether they are trained."""
    yield path, self, trainable
    for layer in self.layers:
        yield from layer.leaves(f"{path}{layer.name}/", trainable)


@nested(Model, "leaves")
def only_the_flag_of_the_model(self: Model, path: str = "", trainable: bool = True) -> Any:
    """Whether the layers of a model are trained is taken from the model alone."""
    trainable = trainable and self._trainable
    yield path, self, trainable
    for layer in self.layers:
        for way, leaf, _ in layer.leaves(f"{path}{layer.name}/"):
            yield way, leaf, trainable


@nested(parameters, "segments")
def idle_layers_are_moved(layers: Any, trainable: bool = True, idle: Any = ()) -> Any:
    """The optimizer moves layers that no output depends on, by the gradients that others left there."""
    return _segments(layers, trainable)


@nested(Plan, "backward")
def gradients_of_others_stay(self: Plan, output_gradients: Any) -> None:
    """Layers that no output depends on keep the gradients that another model's training has left."""
    self._idle = []
    _backward(self, output_gradients)
