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
    datasets,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    schedules,
    utils,
)
from scratchnet.layers import Input, Layer
from scratchnet.models import Model, Sequential

if TYPE_CHECKING:
    from scratchnet import gradient_check, plotting, saving
    from scratchnet.saving import load_model

__version__ = "0.1.0"

_LOADED_WHEN_USED = {"gradient_check": None, "plotting": None, "saving": None, "testing": None, "load_model": "saving"}

__all__ = [
    "Input",
    "Layer",
    "Model",
    "Sequential",
    "activations",
    "architectures",
    "callbacks",
    "config",
    "datasets",
    "gradient_check",
    "initializers",
    "layers",
    "load_model",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "plotting",
    "saving",
    "schedules",
    "utils",
]


def __getattr__(name: str) -> Any:
    if name in _LOADED_WHEN_USED:
        module = _LOADED_WHEN_USED[name]
        loaded = importlib.import_module(f"scratchnet.{module or name}")
        return getattr(loaded, name) if module else loaded
    raise AttributeError(f"module 'scratchnet' has no attribute {name!r}")
