"""What the benchmark asks of a framework."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from typing import Any


class Framework(ABC):
    """One framework in one mode. Models and data are the framework's own; nobody else looks inside them."""

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Return the versions of the packages that do the work."""

    @abstractmethod
    def model(self, network: str, rescaling: bool = False) -> Any:
        """Return one of the ``NETWORKS``, compiled for training: Adam, and for classes cross-entropy and accuracy.

        Weights are Glorot-uniform, biases zero. With ``rescaling`` it takes uint8 images and begins by dividing them
        by 255.
        """

    @abstractmethod
    def parameters(self, model: Any) -> int:
        """Return how many numbers the model has learnt or keeps moving averages of."""

    @abstractmethod
    def set_weights(self, model: Any, weights: dict[str, list[Any]]) -> None:
        """Give each part of the network NumPy weights in Keras's order and layout, by the part's name."""

    @abstractmethod
    def data(self, x: Any, y: Any, network: str) -> tuple[Any, Any]:
        """Return samples (N, ...) and targets, both NumPy, in the form that ``fit`` and ``evaluate`` take."""

    @abstractmethod
    def fit(self, model: Any, x: Any, y: Any, batch_size: int, clock: StepClock) -> None:
        """Train by the framework's ordinary loop, shuffled, for at most one epoch, and tell the clock of each step."""

    @abstractmethod
    def evaluate(self, model: Any, x: Any, y: Any, batch_size: int | None) -> tuple[float, float]:
        """Return loss and accuracy (NaN without classes).

        A batch size of None is the framework's default, or 1,000 if it has none.
        """

    @abstractmethod
    def predict(self, model: Any, x: Any) -> Any:
        """Return the probabilities for NumPy images as a NumPy array, by the documented method for it."""

    def predict_directly(self, model: Any, x: Any) -> Any:
        """Do the same by the shortest way that the framework offers for one small batch."""
        return self.predict(model, x)

    @abstractmethod
    def save(self, model: Any, path: str) -> str:
        """Write the trained model and the state of its optimizer; return the path of the file."""

    def costs(self, network: str, batch_size: int) -> dict[str, Any]:
        """Return the ``steps`` of a batch and the machine's ``limits``, as ``roofline`` has them, as dictionaries.

        Raises:
            NotImplementedError: if the framework does not tell.
        """
        raise NotImplementedError(f"{type(self).__name__} does not tell what its layers cost.")

    def step_multiple(self) -> int:
        """Return how many steps the framework takes at once; the number timed is a multiple of it."""
        return 1

    def threads(self) -> dict[str, Any]:
        """Return how many threads it uses, and through what."""
        return {}


class StepClock:
    """Reads the clock when step ``first`` begins and when step ``last`` begins, and then ends the training.

    So what is timed is ``last - first`` whole steps in the middle of an epoch: gather the batch, forward, loss,
    backward, optimizer, metrics. The steps before ``first`` wake threads and fill caches. It has the names of a
    callback of Keras and of scratchnet, and is mixed into both.
    """

    model: Any = None

    def __init__(self, first: int = 0, last: int | None = None) -> None:
        super().__init__()
        self.first, self.last = first, last
        self.started = self.ended = 0.0

    @property
    def seconds(self) -> float:
        """The time between the two readings.

        Raises:
            RuntimeError: if the training ended before them.
        """
        if not self.ended:
            raise RuntimeError(f"The clock expected {self.last} steps, but the training ended before.")
        return self.ended - self.started

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Take note that a step begins."""
        if batch >= self.first and not self.started:
            self.started = time.perf_counter()
        elif self.last is not None and batch >= self.last and not self.ended:
            self.ended = time.perf_counter()
            if self.model is not None:
                self.model.stop_training = True


def size_of(path: str) -> int:
    """Return the bytes of a saved file."""
    return os.path.getsize(path)
