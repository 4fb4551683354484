"""scratchnet, as the course notebook uses it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.data import for_network, targets
from benchmarks.frameworks import keras_layers
from benchmarks.frameworks.base import Framework, StepClock
from benchmarks.networks import network_named


def create(mode: str) -> Framework:
    """Return scratchnet; there are no modes."""
    return Scratchnet()


class Scratchnet(Framework):
    """scratchnet on its default backend."""

    def versions(self) -> dict[str, str]:
        """Return the versions of scratchnet, NumPy and Numba."""
        from importlib.metadata import version

        return {name: version(name) for name in ("scratchnet", "numpy", "numba", "scipy")}

    def model(self, network: str, rescaling: bool = False) -> Any:
        """Return the network, compiled."""
        from scratchnet import Model, layers

        described = network_named(network)
        return keras_layers.compile_for(described, keras_layers.build(described, layers, Model, rescaling))

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
        from scratchnet.callbacks import Callback

        class Clock(Callback):
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
        """Call the model."""
        return np.asarray(model(x))

    def save(self, model: Any, path: str) -> str:
        """Call ``model.save``."""
        path += ".safetensors"
        model.save(path)
        return path

    def costs(self, network: str, batch_size: int) -> dict[str, Any]:
        """Measure the steps of its plan, and the machine."""
        from benchmarks import limits, roofline

        steps = roofline.measure_steps(network, 1, batch_size)
        return {"steps": [asdict(step) for step in steps], "limits": asdict(limits.measure_limits(quick=True))}

    def threads(self) -> dict[str, Any]:
        """Return the number of threads and Numba's threading layer, if the Numba backend has run."""
        from scratchnet import config

        if config.backend() != "numba":
            return {"layer": config.backend()}
        from scratchnet.kernels.machine import runtime

        return {"count": runtime.num_threads(), "layer": runtime.threading_layer()}
