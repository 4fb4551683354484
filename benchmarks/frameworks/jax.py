"""JAX: the whole training step under one ``jit``, with Adam written by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.data import for_network
from benchmarks.frameworks import jax_functions
from benchmarks.frameworks.base import Framework, StepClock
from benchmarks.networks import Network, network_named

EVALUATION_BATCH = 1000


def create(mode: str) -> Framework:
    """Return JAX; there are no modes."""
    return Jax()


class JaxModel:
    """The state of training (weights, moving statistics, Adam's moments, steps) and its compiled functions."""

    def __init__(self, network: Network) -> None:
        self.network = network
        weights, statistics = jax_functions.initial(network)
        m, v = (jax.tree.map(jnp.zeros_like, weights) for _ in range(2))
        sums = (jnp.zeros(()), jnp.zeros((), jnp.int32))  # loss, right answers
        self.state: dict[str, Any] = {
            "weights": weights, "statistics": statistics, "m": m, "v": v, "t": jnp.zeros((), jnp.int32), "sums": sums
        }  # fmt: skip
        self.step = jax.jit(self._step, donate_argnums=0)
        self.evaluate_batch = jax.jit(partial(self._loss, training=False))
        self.outputs = jax.jit(self._outputs)

    def _loss(self, weights: Any, statistics: Any, x: Any, y: Any, training: bool) -> tuple[Any, Any]:
        """Return the mean loss, and the number of right answers with the new statistics."""
        outputs, new = jax_functions.run(self.network, weights, statistics, x, training)
        if self.network.task == "image":
            return ((outputs - y) ** 2).mean(), (jnp.zeros((), jnp.int32), statistics | new)
        losses = -jnp.take_along_axis(jax.nn.log_softmax(outputs), y[:, None].astype(jnp.int32), axis=1)
        return losses.mean(), ((outputs.argmax(axis=1) == y).sum(), statistics | new)

    def _step(self, state: dict[str, Any], x: Any, y: Any) -> dict[str, Any]:
        """Return the state after one step of Adam with Keras's defaults."""
        loss_of = jax.value_and_grad(self._loss, has_aux=True)
        (loss, (correct, statistics)), g = loss_of(state["weights"], state["statistics"], x, y, training=True)
        t = state["t"] + 1
        m = jax.tree.map(lambda m, g: m + (g - m) * (1 - 0.9), state["m"], g)
        v = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - 0.999), state["v"], g)
        alpha = 0.001 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        weights = jax.tree.map(lambda w, m, v: w - alpha * m / (jnp.sqrt(v) + 1e-7), state["weights"], m, v)
        sums = (state["sums"][0] + loss * len(x), state["sums"][1] + correct)
        return {"weights": weights, "statistics": statistics, "m": m, "v": v, "t": t, "sums": sums}

    def _outputs(self, weights: Any, statistics: Any, x: Any) -> Any:
        outputs, _ = jax_functions.run(self.network, weights, statistics, x, False)
        return outputs if self.network.task == "image" else jax.nn.softmax(outputs)


class Jax(Framework):
    """JAX on the CPU."""

    def versions(self) -> dict[str, str]:
        """Return JAX's version."""
        return {"jax": jax.__version__}

    def model(self, network: str, rescaling: bool = False) -> JaxModel:
        """Return the network at the start of its training; it rescales whatever comes as uint8."""
        return JaxModel(network_named(network))

    def parameters(self, model: JaxModel) -> int:
        """Return the size of all weights and moving statistics."""
        return sum(leaf.size for leaf in jax.tree.leaves([model.state["weights"], model.state["statistics"]]))

    def set_weights(self, model: JaxModel, weights: dict[str, list[Any]]) -> None:
        """Put them into the state."""
        model.state["weights"], model.state["statistics"] = jax_functions.from_keras(weights)

    def data(self, x: Any, y: Any, network: str) -> tuple[Any, Any]:
        """Return the arrays themselves: batches are gathered by NumPy."""
        x = for_network(x, network)
        return x, x if network_named(network).task == "image" else y

    def fit(self, model: JaxModel, x: Any, y: Any, batch_size: int, clock: StepClock) -> None:
        """Run one epoch. JAX computes in the background, so the clock is read only when it has finished."""
        order = np.random.default_rng().permutation(len(x))
        for number, start in enumerate(range(0, len(x), batch_size)):
            if number in (clock.first, clock.last):
                jax.block_until_ready(model.state)
            clock.on_train_batch_begin(number)
            if clock.ended:
                return
            rows = order[start : start + batch_size]
            x_batch = x[rows]
            model.state = model.step(model.state, x_batch, x_batch if y is x else y[rows])
        jax.block_until_ready(model.state)

    def evaluate(self, model: JaxModel, x: Any, y: Any, batch_size: int | None) -> tuple[float, float]:
        """Run all batches by a compiled function."""
        size = batch_size or EVALUATION_BATCH
        loss, correct = 0.0, 0
        for start in range(0, len(x), size):
            part = slice(start, start + size)
            batch = model.state["weights"], model.state["statistics"], x[part], y[part]
            batch_loss, (batch_correct, _) = model.evaluate_batch(*batch)
            loss += float(batch_loss) * len(x[part])
            correct += int(batch_correct)
        return loss / len(x), correct / len(x) if model.network.task == "classes" else float("nan")

    def predict(self, model: JaxModel, x: Any) -> Any:
        """Call the compiled function."""
        return np.asarray(model.outputs(model.state["weights"], model.state["statistics"], x))

    def save(self, model: JaxModel, path: str) -> str:
        """Write all arrays by ``numpy.savez``."""
        path += ".npz"
        np.savez(path, *[np.asarray(leaf) for leaf in jax.tree.leaves(model.state)])
        return path

    def threads(self) -> dict[str, Any]:
        """Return what XLA's CPU client says of itself."""
        return {"platform": jax.devices()[0].platform}
