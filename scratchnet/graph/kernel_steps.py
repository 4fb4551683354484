"""Which kernel runs what: the one place where layers and optimizers meet their kernels; losses in `kernel_losses.py`.

A kernel stands in only for exactly our own classes. A subclass may mean something else, so it runs by its own code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet import activations
from scratchnet.graph.as_defined import AsDefined
from scratchnet.kernels.loops.finite import is_finite as is_finite
from scratchnet.kernels.loops.gather import gather
from scratchnet.kernels.loops.merging import add
from scratchnet.kernels.loops.optimizers import adam, momentum
from scratchnet.kernels.steps.activation import ActivationStep
from scratchnet.kernels.steps.add import AddStep
from scratchnet.kernels.steps.average_pooling2d import AveragePooling2DStep
from scratchnet.kernels.steps.batch_normalization import BatchNormalizationStep
from scratchnet.kernels.steps.concatenate import ConcatenateStep
from scratchnet.kernels.steps.conv2d import Conv2DStep
from scratchnet.kernels.steps.conv2d_maxpool import Conv2DMaxPoolStep
from scratchnet.kernels.steps.conv2d_transpose import Conv2DTransposeStep
from scratchnet.kernels.steps.dense import DenseStep
from scratchnet.kernels.steps.depthwise_conv2d import DepthwiseConv2DStep
from scratchnet.kernels.steps.dropout import DropoutStep
from scratchnet.kernels.steps.flatten import FlattenStep
from scratchnet.kernels.steps.global_max_pooling2d import GlobalMaxPooling2DStep
from scratchnet.kernels.steps.layer_normalization import LayerNormalizationStep
from scratchnet.kernels.steps.max_pooling2d import MaxPooling2DStep
from scratchnet.kernels.steps.up_sampling2d import UpSampling2DStep
from scratchnet.kernels.steps.zero_padding2d import ZeroPadding2DStep
from scratchnet.layers import (
    Activation,
    Add,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    LayerNormalization,
    MaxPooling2D,
    ReLU,
    Reshape,
    UpSampling2D,
    ZeroPadding2D,
)
from scratchnet.layers.layer import Layer
from scratchnet.optimizers import SGD, Adam, AdamW, Optimizer, UpdateRule
from scratchnet.typing import Array

RUNS: tuple[tuple[tuple[type[Layer], ...], Any], ...] = (
    ((Conv2D, MaxPooling2D), Conv2DMaxPoolStep),
    ((Conv2D,), Conv2DStep),
    ((Conv2DTranspose,), Conv2DTransposeStep),
    ((DepthwiseConv2D,), DepthwiseConv2DStep),
    ((MaxPooling2D,), MaxPooling2DStep),
    ((AveragePooling2D,), AveragePooling2DStep),
    ((GlobalAveragePooling2D,), AveragePooling2DStep),
    ((GlobalMaxPooling2D,), GlobalMaxPooling2DStep),
    ((UpSampling2D,), UpSampling2DStep),
    ((ZeroPadding2D,), ZeroPadding2DStep),
    ((Concatenate,), ConcatenateStep),
    ((Dropout,), DropoutStep),
    ((Dense,), DenseStep),
    ((Flatten,), FlattenStep),
    ((Reshape,), FlattenStep),
    ((BatchNormalization, ReLU), BatchNormalizationStep),
    ((BatchNormalization, Activation), BatchNormalizationStep),
    ((BatchNormalization,), BatchNormalizationStep),
    ((LayerNormalization,), LayerNormalizationStep),
    ((Add, ReLU), AddStep),
    ((Add, Activation), AddStep),
    ((Add,), AddStep),
    ((ReLU,), ActivationStep),
    ((Activation,), ActivationStep),
)
"""Runs of layers and the step that computes them together; the first that fits is taken."""

_is_ours = AsDefined({kind for run, _ in RUNS for kind in run}, "forward", "backward")
_is_adam = AsDefined((Adam, AdamW), "update", "step_size")
_is_sgd = AsDefined((SGD,), "update")
_GATHERED_BY_KERNEL = tuple(np.dtype(kind) for kind in ("uint8", "float32", "float64"))


def kernel_step(run: Sequence[Layer], needs_dx: bool, fuse: bool = True) -> Any:
    """Return the kernel step for the longest beginning of ``run`` that has one, or None.

    Args:
        run: layers that follow each other, with nobody else looking at what lies between; the first may have several
            inputs.
        needs_dx: whether the step's ``backward`` must return dx: for each input, if there are several.
        fuse: whether one step may stand for several layers.
    """
    for kinds, step in RUNS:
        layers = list(run[: len(kinds)])
        if len(kinds) > 1 and not fuse:
            continue
        if [type(layer) for layer in layers] == list(kinds) and all(map(_as_defined, layers)) and step.fits(layers):
            return step(layers, needs_dx)
    return None


def _as_defined(layer: Layer) -> bool:
    """Whether nobody has put another ``forward``, ``backward`` or activation of a known name into layer or class."""
    activation = vars(layer).get("activation")
    return _is_ours(layer) and (activation is None or activations.is_plain(activation))


def kernel_update_rule(optimizer: Optimizer) -> UpdateRule:
    """Return the kernel for the optimizer's ``update``, or the update itself."""
    if isinstance(optimizer, Adam) and _is_adam(optimizer) and not optimizer.amsgrad:

        def update_adam(w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
            alpha = optimizer.step_size(learning_rate)
            adam(w, g, *slots, alpha, optimizer.beta_1, optimizer.beta_2, optimizer.epsilon)

        return update_adam
    if isinstance(optimizer, SGD) and _is_sgd(optimizer) and optimizer.momentum:

        def update_momentum(w: Array, g: Array, slots: tuple[Array, ...], learning_rate: float) -> None:
            momentum(w, g, *slots, learning_rate, optimizer.momentum, optimizer.nesterov)

        return update_momentum
    return optimizer.update


def kernel_add(a: Array, b: Array, out: Array) -> Array:
    """Return a + b in `out`, a contiguous array of their shape."""
    if not (a.dtype == b.dtype == out.dtype and a.flags.carray and b.flags.carray):
        return np.add(a, b, out=out)
    add(a.reshape(-1), b.reshape(-1), False, out.reshape(-1))
    return out


def kernel_gather(data: Array, rows: Any, out: Array) -> Array:
    """Return rows of a data set in ``out``'s dtype: in ``out``, or as they lie if they need no copy."""
    if isinstance(rows, slice):
        part = data[rows]
        if part.dtype == out.dtype and part.flags.c_contiguous:
            return part
        rows = np.arange(*rows.indices(len(data)))
    if data.dtype in _GATHERED_BY_KERNEL and out.dtype.kind == "f" and data.flags.c_contiguous:
        return gather(data, rows, out)
    out[...] = data[rows]
    return out
