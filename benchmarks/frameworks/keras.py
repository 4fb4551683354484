"""Keras on TensorFlow, as the course notebook uses it."""

from __future__ import annotations

import os
from typing import Any

from benchmarks.data import for_network, targets
from benchmarks.frameworks import keras_layers
from benchmarks.frameworks.base import Framework, StepClock
from benchmarks.networks import network_named

MODES: dict[str, dict[str, Any]] = {
    "": {},
    "jit": {"jit_compile": True},
    "jit-16": {"jit_compile": True, "steps_per_execution": 16},
}
"""The arguments of ``model.compile`` in each mode."""


def create(mode: str) -> Framework:
    """Return Keras in one of its ``MODES``."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    return Keras(MODES[mode])


class Keras(Framework):
    """Keras with certain arguments of ``compile``."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options

    def versions(self) -> dict[str, str]:
        """Return the versions of Keras and TensorFlow."""
        import keras
        import tensorflow as tf

        return {"keras": keras.__version__, "tensorflow": tf.__version__}

    def model(self, network: str, rescaling: bool = False) -> Any:
        """Return the network, compiled."""
        import keras

        described = network_named(network)
        model = keras_layers.build(described, keras.layers, keras.Model, rescaling)
        return keras_layers.compile_for(described, model, **self.options)

    def parameters(self, model: Any) -> int:
        """Return ``model.count_params()``."""
        return int(model.count_params())

    def set_weights(self, model: Any, weights: dict[str, list[Any]]) -> None:
        """Set them layer by layer."""
        keras_layers.set_weights(model, weights)

    def data(self, x: Any, y: Any, network: str) -> tuple[Any, Any]:
        """Return the arrays themselves."""
        return for_network(x, network), targets(x, y, network)

    def fit(self, model: Any, x: Any, y: Any, batch_size: int, clock: StepClock) -> None:
        """Call ``model.fit``."""
        import keras

        class Clock(keras.callbacks.Callback):
            def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
                clock.model = self.model
                clock.on_train_batch_begin(batch)

        model.fit(x, y, batch_size=batch_size, verbose=0, callbacks=[Clock()])

    def evaluate(self, model: Any, x: Any, y: Any, batch_size: int | None) -> tuple[float, float]:
        """Call ``model.evaluate``."""
        return keras_layers.loss_and_accuracy(model.evaluate(x, y, batch_size=batch_size, verbose=0))

    def predict(self, model: Any, x: Any) -> Any:
        """Call ``model.predict``."""
        return model.predict(x, verbose=0)

    def predict_directly(self, model: Any, x: Any) -> Any:
        """Call ``predict_on_batch``, which is compiled but has no loop round it; faster than ``model(x)``."""
        return model.predict_on_batch(x)

    def save(self, model: Any, path: str) -> str:
        """Call ``model.save``."""
        path += ".keras"
        model.save(path)
        return path

    def step_multiple(self) -> int:
        """Return ``steps_per_execution``."""
        return int(self.options.get("steps_per_execution", 1))

    def threads(self) -> dict[str, Any]:
        """Return TensorFlow's settings; 0 means that it chose by itself, one for each core."""
        import tensorflow as tf

        return {
            "intra_op": tf.config.threading.get_intra_op_parallelism_threads(),
            "inter_op": tf.config.threading.get_inter_op_parallelism_threads(),
        }
