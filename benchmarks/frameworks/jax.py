"""JAX: the whole training step under one ``jit``, with Adam written by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.data import for_network
from benchmarks.frameworks.base import Framework, StepClock

EVALUATION_BATCH = 1000
Weights = list[dict[str, jax.Array]]


def create(mode: str) -> Framework:
    """Return JAX; there are no modes."""
    return Jax()


def conv_relu_pool(layer: dict[str, jax.Array], x: jax.Array) -> jax.Array:
    """Return max-pooled relu(conv(x)), channels last: (N, H, W, C) → (N, (H-1)//2, (W-1)//2, F)."""
    y = lax.conv_general_dilated(x, layer["kernel"], (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    y = jax.nn.relu(y + layer["bias"])
    return lax.reduce_window(y, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def logits_of(weights: Weights, x: jax.Array) -> jax.Array:
    """Return the logits (N, 10) of either network: leading layers with a four-dimensional kernel are convolutions."""
    x = x.astype(jnp.float32) / 255 if x.dtype == jnp.uint8 else x.astype(jnp.float32)
    for layer in weights[:-2]:
        x = conv_relu_pool(layer, x)
    hidden, output = weights[-2:]
    x = jax.nn.relu(x.reshape(len(x), -1) @ hidden["kernel"] + hidden["bias"])
    return x @ output["kernel"] + output["bias"]


def loss_of(weights: Weights, x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the mean cross-entropy and the number of right answers."""
    logits = logits_of(weights, x)
    losses = -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None].astype(jnp.int32), axis=1)
    return losses.mean(), (logits.argmax(axis=1) == y).sum()


@partial(jax.jit, donate_argnums=0)
def step(state: dict[str, Any], x: jax.Array, y: jax.Array) -> dict[str, Any]:
    """Return the state after one step of Adam with Keras's defaults."""
    (loss, correct), g = jax.value_and_grad(loss_of, has_aux=True)(state["weights"], x, y)
    t = state["t"] + 1
    m = jax.tree.map(lambda m, g: m + (g - m) * (1 - 0.9), state["m"], g)
    v = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - 0.999), state["v"], g)
    alpha = 0.001 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    weights = jax.tree.map(lambda w, m, v: w - alpha * m / (jnp.sqrt(v) + 1e-7), state["weights"], m, v)
    sums = (state["sums"][0] + loss * len(x), state["sums"][1] + correct)
    return {"weights": weights, "m": m, "v": v, "t": t, "sums": sums}


evaluate_batch = jax.jit(loss_of)
probabilities = jax.jit(lambda weights, x: jax.nn.softmax(logits_of(weights, x)))


class Jax(Framework):
    """JAX on the CPU."""

    def versions(self) -> dict[str, str]:
        """Return JAX's version."""
        return {"jax": jax.__version__}

    def model(self, network: str, rescaling: bool = False) -> dict[str, Any]:
        """Return the state of training at its start: weights, Adam's moments, the number of steps."""
        shapes: list[tuple[int, ...]] = [(784, 256), (256, 10)]
        if network == "cnn":
            shapes = [(2, 2, 1, 32), (2, 2, 32, 32), (32 * 6 * 6, 256), (256, 10)]
        keys = jax.random.split(jax.random.key(42), len(shapes))
        glorot = jax.nn.initializers.glorot_uniform()
        weights = [{"kernel": glorot(key, s), "bias": jnp.zeros(s[-1])} for key, s in zip(keys, shapes)]
        m, v = (jax.tree.map(jnp.zeros_like, weights) for _ in range(2))
        sums = (jnp.zeros(()), jnp.zeros((), jnp.int32))  # loss, right answers
        return {"weights": weights, "m": m, "v": v, "t": jnp.zeros((), jnp.int32), "sums": sums}

    def data(self, x: Any, y: Any, network: str) -> tuple[Any, Any]:
        """Return the arrays themselves: batches are gathered by NumPy."""
        return for_network(x, network), y

    def fit(self, model: dict[str, Any], x: Any, y: Any, batch_size: int, clock: StepClock) -> None:
        """Run one epoch. JAX computes in the background, so the clock is read only when it has finished."""
        order = np.random.default_rng().permutation(len(x))
        for number, start in enumerate(range(0, len(x), batch_size)):
            if number in (clock.first, clock.last):
                jax.block_until_ready(model)
            clock.on_train_batch_begin(number)
            if clock.ended:
                return
            rows = order[start : start + batch_size]
            model.update(step(dict(model), x[rows], y[rows]))
        jax.block_until_ready(model)

    def evaluate(self, model: dict[str, Any], x: Any, y: Any, batch_size: int | None) -> tuple[float, float]:
        """Run all batches by a compiled function."""
        size = batch_size or EVALUATION_BATCH
        loss, correct = 0.0, 0
        for start in range(0, len(x), size):
            part = slice(start, start + size)
            batch_loss, batch_correct = evaluate_batch(model["weights"], x[part], y[part])
            loss += float(batch_loss) * len(x[part])
            correct += int(batch_correct)
        return loss / len(x), correct / len(x)

    def predict(self, model: dict[str, Any], x: Any) -> Any:
        """Call the compiled function."""
        return np.asarray(probabilities(model["weights"], x))

    def save(self, model: dict[str, Any], path: str) -> str:
        """Write all arrays by ``numpy.savez``."""
        path += ".npz"
        np.savez(path, *[np.asarray(leaf) for leaf in jax.tree.leaves(model)])
        return path

    def threads(self) -> dict[str, Any]:
        """Return what XLA's CPU client says of itself."""
        return {"platform": jax.devices()[0].platform}
