"""Which of scratchnet's own layers a layer is: only those can be told to others. And which layers train otherwise."""

from __future__ import annotations

from scratchnet import layers
from scratchnet.layers.augmentation import Augmentation

_IN_TRAINING = (layers.BatchNormalization, layers.Dropout, layers.GaussianNoise, Augmentation)


def built_in_class(layer: layers.Layer, who: str, other: str) -> type[layers.Layer]:
    """Return the built-in class that a layer is, as far as its output goes.

    A subclass that changes nothing but ``backward`` is what it inherits from: the others work out gradients themselves.

    Args:
        layer: any layer.
        who, other: for the message: which function asks, and who does not have the layer.

    Raises:
        ValueError: if there is none; the message names the layer.
    """
    for known in layers.LAYERS.values():
        same = all(getattr(type(layer), m) is getattr(known, m) for m in ("forward", "build", "compute_output_shape"))
        if type(layer) is known or (isinstance(layer, known) and known is not layers.Activation and same):
            return known
    raise ValueError(
        f"Layer {layer.name!r} is a {type(layer).__name__}, which {other} does not have: {who} expected only the "
        f"built-in layers {', '.join(layers.LAYERS)}."
    )


def differs_in_training(layer: layers.Layer) -> bool:
    """Whether the layer, or one inside it, does something else in training than at inference."""
    found = [leaf for _, leaf, _ in layer.leaves() if isinstance(leaf, _IN_TRAINING)]
    return any(leaf.trainable or not isinstance(leaf, layers.BatchNormalization) for leaf in found)
