"""The networks as JAX functions of their weights: channels last, and logits at the end."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks import networks
from benchmarks.networks import Network, Part

Arrays = dict[str, dict[str, jax.Array]]
"""The arrays of each part, by the part's name and theirs."""

_MOMENTUM, _EPSILON = 0.99, 1e-3
_LAYOUT = ("NHWC", "HWIO", "NHWC")


def initial(network: Network) -> tuple[Arrays, Arrays]:
    """Return the weights (Glorot-uniform, biases 0) and the moving statistics, as Keras begins."""
    weights: Arrays = {}
    statistics: Arrays = {}
    x = jax.ShapeDtypeStruct((1, *network.input_shape), jnp.float32)
    _make(network.parts, x, "part", weights, statistics, jax.random.key(42))
    return weights, statistics


def _make(parts: tuple[Part, ...], x: Any, name: str, weights: Arrays, statistics: Arrays, key: Any) -> Any:
    """Make what the parts need for inputs like x; return the shape of what comes out of them."""
    for number, part in enumerate(parts):
        own, key = f"{name}_{number}", jax.random.fold_in(key, number)
        if isinstance(part, networks.Residual):
            for way, inner in (("body", part.body), ("shortcut", part.shortcut)):
                key = jax.random.fold_in(key, 1)
                _make(inner, x, f"{own}_{way}", weights, statistics, key)
        elif isinstance(part, networks.Normalization):
            C = x.shape[-1]  # each its own array: a step gives all of them away
            weights[own] = {"gamma": jnp.ones(C), "beta": jnp.zeros(C)}
            statistics[own] = {"mean": jnp.zeros(C), "variance": jnp.ones(C)}
        elif (shape := _kernel_shape(part, x.shape)) is not None:
            weights[own] = {"kernel": jax.nn.initializers.glorot_uniform()(key, shape)}
            if not isinstance(part, networks.Convolution) or part.use_bias:
                weights[own]["bias"] = jnp.zeros(shape[2] if _transposed(part) else shape[-1])
        x = jax.eval_shape(lambda x, p=part, o=own: _apply(p, weights, statistics, x, o, False)[0], x)
    return x


def _transposed(part: Part) -> bool:
    return isinstance(part, networks.Convolution) and part.transposed


def _kernel_shape(part: Part, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape of a part's kernel in Keras's layout, for inputs of this shape; None if it has none."""
    if isinstance(part, networks.Dense):
        return shape[-1], part.units
    if isinstance(part, networks.Convolution):
        channels = (part.filters, shape[-1]) if part.transposed else (shape[-1], part.filters)
        return part.size, part.size, *channels
    return None


def run(network: Network, weights: Arrays, statistics: Arrays, x: jax.Array, training: bool) -> tuple[Any, Arrays]:
    """Return the logits (or the image) of a batch, and the moving statistics after it."""
    x = x.astype(jnp.float32) / 255 if x.dtype == jnp.uint8 else x.astype(jnp.float32)
    return _run(network.parts, weights, statistics, x, "part", training)


def _run(
    parts: tuple[Part, ...], weights: Arrays, statistics: Arrays, x: Any, name: str, training: bool
) -> tuple[Any, Arrays]:
    changed: Arrays = {}
    for number, part in enumerate(parts):
        x, new = _apply(part, weights, statistics, x, f"{name}_{number}", training)
        changed |= new
    return x, changed


def _apply(part: Part, weights: Arrays, statistics: Arrays, x: Any, name: str, training: bool) -> tuple[Any, Arrays]:
    match part:
        case networks.Convolution():
            return _convolve(part, weights[name], x), {}
        case networks.MaxPooling():
            return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"), {}
        case networks.Normalization():
            return _normalize(part, weights[name], statistics[name], x, name, training)
        case networks.GlobalAverage():
            return x.mean((1, 2)), {}
        case networks.Flatten():
            return x.reshape(len(x), -1), {}
        case networks.Dense():
            return _activated(part.activation, x @ weights[name]["kernel"] + weights[name]["bias"]), {}
        case networks.Residual():
            body, changed = _run(part.body, weights, statistics, x, f"{name}_body", training)
            shortcut, also = _run(part.shortcut, weights, statistics, x, f"{name}_shortcut", training)
            return jax.nn.relu(body + shortcut), changed | also


def _convolve(part: networks.Convolution, own: dict[str, jax.Array], x: Any) -> Any:
    strides, padding = (part.strides, part.strides), part.padding.upper()
    if part.transposed:
        y = lax.conv_transpose(x, own["kernel"], strides, padding, dimension_numbers=_LAYOUT, transpose_kernel=True)
    else:
        y = lax.conv_general_dilated(x, own["kernel"], strides, padding, dimension_numbers=_LAYOUT)
    return _activated(part.activation, y + own["bias"] if part.use_bias else y)


def _normalize(
    part: networks.Normalization, own: dict[str, jax.Array], moving: Any, x: Any, name: str, training: bool
) -> tuple[Any, Arrays]:
    mean, variance = (x.mean((0, 1, 2)), x.var((0, 1, 2))) if training else (moving["mean"], moving["variance"])
    y = (x - mean) * (own["gamma"] * lax.rsqrt(variance + _EPSILON)) + own["beta"]
    new = {"mean": mean, "variance": variance}
    kept = {key: _MOMENTUM * moving[key] + (1 - _MOMENTUM) * lax.stop_gradient(new[key]) for key in new}
    return _activated(part.activation, y), {name: kept} if training else {}


def _activated(activation: str, x: Any) -> Any:
    return {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}.get(activation, lambda x: x)(x)  # softmax is the loss's


def from_keras(weights: dict[str, list[Any]]) -> tuple[Arrays, Arrays]:
    """Return weights and moving statistics from those of Keras's layers, by name."""
    kept: Arrays = {}
    statistics: Arrays = {}
    for name, arrays in weights.items():
        if len(arrays) == 4:
            gamma, beta, mean, variance = map(jnp.asarray, arrays)
            kept[name], statistics[name] = {"gamma": gamma, "beta": beta}, {"mean": mean, "variance": variance}
        else:
            kept[name] = dict(zip(("kernel", "bias"), map(jnp.asarray, arrays)))
    return kept, statistics
