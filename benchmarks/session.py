"""What a worker does in its process: keeps models alive and measures them when asked."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import data, machine
from benchmarks.frameworks.base import Framework, StepClock, size_of
from benchmarks.memory import begin_peak, peak_bytes

Request = dict[str, Any]
Reply = dict[str, Any]

_STEPS_AT_LEAST = 4


class Session:
    """One framework with its models and data.

    Args:
        framework: the framework.
        images: the images, float32 from 0 to 1; loaded at the first need if not given.
    """

    def __init__(self, framework: Framework, images: data.Images | None = None) -> None:
        self.framework = framework
        self._images = images
        self._models: dict[str, Any] = {}
        self._data: dict[tuple[str, str], tuple[Any, Any]] = {}
        self._step_seconds: dict[tuple[str, int], float] = {}
        self._floor: int | None = None
        self.requests: dict[str, Callable[..., Reply]] = {
            "hello": self.hello,
            "prepare": self.prepare,
            "train": self.train,
            "evaluate": self.evaluate,
            "predict": self.predict,
            "save": self.save,
            "memory": self.memory,
            "parameters": self.parameters,
            "costs": self.costs,
            "forget": self.forget,
            "libraries": self.libraries,
        }

    def answer(self, request: Request) -> Reply:
        """Do what is asked and return the reply; an exception becomes ``{"error": …}``."""
        arguments = dict(request)
        try:
            return self.requests[arguments.pop("do")](**arguments)
        except Exception as error:  # whatever a framework raises belongs into its row of the table
            return {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}

    @property
    def images(self) -> data.Images:
        """The images, float32."""
        if self._images is None:
            self._images = data.as_float32(data.load())
        return self._images

    def _model(self, network: str) -> Any:
        if network not in self._models:
            self._models[network] = self.framework.model(network)
        return self._models[network]

    def _on_images(self, network: str, part: str) -> tuple[Any, Any]:
        key = network, part
        if key not in self._data:
            images = self.images if data.is_fashion_mnist(network) else data.random_images(network)
            x, y = getattr(images, f"x_{part}"), getattr(images, f"y_{part}")
            self._data[key] = self.framework.data(x, y, network)
        return self._data[key]

    def hello(self) -> Reply:
        """Return the versions and what the data is."""
        return {"versions": self.framework.versions(), "data": self.images.source}

    def prepare(self, network: str, batch_size: int) -> Reply:
        """Build and compile, and find out roughly how long a step takes."""
        self._timed_fit(network, batch_size, 1, _STEPS_AT_LEAST)
        self._step_seconds[network, batch_size] = self._timed_fit(network, batch_size, 2, _STEPS_AT_LEAST)
        return {"seconds": self._step_seconds[network, batch_size]}

    def train(self, network: str, batch_size: int, seconds: float) -> Reply:
        """Train for about ``seconds`` and return the seconds a step took, after a few steps that do not count."""
        if (network, batch_size) not in self._step_seconds:
            self.prepare(network, batch_size)
        steps = max(_STEPS_AT_LEAST, round(seconds / self._step_seconds[network, batch_size]))
        warm = max(3, min(20, steps // 5))
        return {"seconds": self._timed_fit(network, batch_size, warm, steps)}

    def _timed_fit(self, network: str, batch_size: int, warm: int, steps: int) -> float:
        """Train for ``warm + steps`` steps, rounded so that the framework can, and return the seconds a step took."""
        x, y = self._on_images(network, "train")
        multiple = self.framework.step_multiple()
        in_epoch = len(x) // batch_size // multiple
        warm = min(-(-warm // multiple), max(1, in_epoch - 2))
        steps = min(-(-steps // multiple), in_epoch - warm - 1)
        if steps < 1:
            raise ValueError(f"{len(x)} images are too few to time a step of {batch_size}, {multiple} at once")
        clock = StepClock(warm * multiple, (warm + steps) * multiple)
        self.framework.fit(self._model(network), x, y, batch_size, clock)
        return clock.seconds / (steps * multiple)

    def evaluate(self, network: str, batch_size: int | None) -> Reply:
        """Evaluate all test images and return the seconds taken, and the accuracy to show that they were."""
        x, y = self._on_images(network, "test")
        start = time.perf_counter()
        _, accuracy = self.framework.evaluate(self._model(network), x, y, batch_size)
        return {"seconds": time.perf_counter() - start, "accuracy": accuracy}

    def predict(self, network: str, directly: bool, times: int) -> Reply:
        """Predict one image ``times`` times and return the median of the seconds."""
        image = data.for_network(self.images.x_test[:1], network)
        call = self.framework.predict_directly if directly else self.framework.predict
        model = self._model(network)
        for _ in range(3):
            probabilities = call(model, image)
        if probabilities.shape != (1, 10):
            raise ValueError(f"expected probabilities of shape (1, 10), got {probabilities.shape}")
        taken = []
        for _ in range(times):
            start = time.perf_counter()
            call(model, image)
            taken.append(time.perf_counter() - start)
        return {"seconds": float(np.median(taken))}

    def save(self, network: str) -> Reply:
        """Save the trained model with the state of its optimizer and return the bytes of the file."""
        with tempfile.TemporaryDirectory() as folder:
            return {"bytes": size_of(self.framework.save(self._model(network), os.path.join(folder, "model")))}

    def memory(self, network: str, batch_size: int) -> Reply:
        """Train three steps and return the bytes that this takes at most, data aside.

        They are those above what the process had when it was first asked: whatever a framework keeps of earlier and
        smaller networks counts, since it would be needed now.
        """
        before = begin_peak()
        self._floor = before if self._floor is None else self._floor
        x, y = self._on_images(network, "train")
        x, y = x[: 3 * batch_size], y[: 3 * batch_size]
        data = begin_peak() - before
        model = self.framework.model(network)
        self.framework.fit(model, x, y, batch_size, StepClock())  # compiles, and that does not count
        begin_peak()
        self.framework.fit(model, x, y, batch_size, StepClock())
        return {"bytes": max(0, peak_bytes() - self._floor - data)}

    def parameters(self, network: str) -> Reply:
        """Return how many numbers the model has, to show that all train the same network."""
        return {"parameters": self.framework.parameters(self._model(network))}

    def costs(self, network: str, batch_size: int) -> Reply:
        """Return what each layer of a step costs, and what the machine can do, where a framework can tell."""
        return self.framework.costs(network, batch_size)

    def forget(self, network: str) -> Reply:
        """Let go of a network and its data."""
        self._models.pop(network, None)
        for part in ("train", "test"):
            self._data.pop((network, part), None)
        self._step_seconds = {key: taken for key, taken in self._step_seconds.items() if key[0] != network}
        return {}

    def libraries(self) -> Reply:
        """Return the libraries that did the work, and the threads."""
        return {"libraries": machine.blas_kernels(), "threads": self.framework.threads()}
