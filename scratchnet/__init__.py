"""scratchnet: neural networks from scratch.

Layers that explain themselves, in ``scratchnet/layers``; the same operations compiled, in ``scratchnet/kernels``;
and the names of Keras, so that ``import scratchnet as keras`` runs a Keras notebook.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from scratchnet import (
    activations,
    architectures,
    callbacks,
    config,
    constraints,
    datasets,
    distribution,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
    schedules,
    utils,
)
from scratchnet.errors import nothing_else
from scratchnet.layers import Input, Layer
from scratchnet.models import Model, Sequential, load_model
from scratchnet.utils.namers import NAMERS
from scratchnet.version import __version__ as __version__

if TYPE_CHECKING:
    from scratchnet import gradient_check, images, interop, learn, plotting, saving

_LOADED_WHEN_USED = ("gradient_check", "images", "interop", "learn", "plotting", "saving", "testing")

__all__ = [
    "Input",
    "Layer",
    "Model",
    "Sequential",
    "activations",
    "architectures",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "distribution",
    "gradient_check",
    "images",
    "initializers",
    "interop",
    "layers",
    "learn",
    "load_model",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "plotting",
    "regularizers",
    "saving",
    "schedules",
    "utils",
]


_nothing_else = nothing_else("name", __name__)


def __getattr__(name: str) -> Any:
    if name in _LOADED_WHEN_USED:
        return importlib.import_module(f"scratchnet.{name}")
    return _nothing_else(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LOADED_WHEN_USED})


def _name_layer(*arguments: Any) -> str:
    from scratchnet.learn.own_layers import name_layer

    return name_layer(*arguments)


def _name_loss(loss: Any) -> str:
    from scratchnet.learn.own_layers import name_loss

    return name_loss(loss)


NAMERS.layer, NAMERS.loss = _name_layer, _name_loss
