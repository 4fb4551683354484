"""What ReduceLROnPlateau should do, as a plain loop, and a check of the callback against it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from scratchnet.callbacks import ReduceLROnPlateau

RATE = 0.5

VALUES = [
    [5.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0],
    [5.0, 4.0, 3.9, 3.8, 3.7, 3.65, 3.6, 3.6, 3.5, 3.5],
    [1.0, 2.0, 3.0, 2.0, 0.5, 0.6, 0.7, 0.5, 0.4, 0.6],
    [3.0, 3.0, 3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0],
    *np.random.default_rng(0).integers(0, 4, (6, 14)).astype(float).tolist(),
]


def rates(
    values: list[float],
    factor: float = 0.1,
    patience: int = 10,
    mode: str = "min",
    min_delta: float = 1e-4,
    cooldown: int = 0,
    min_lr: float = 0.0,
) -> list[float]:
    """Return the learning rate after each epoch."""
    rate, found = RATE, []
    best: float | None = None
    waited, cooling = 0, 0
    for value in values:
        signed = value if mode == "min" else -value
        if cooling:
            cooling, waited = cooling - 1, 0
        if best is None or signed < best - min_delta:
            best, waited = signed, 0
        elif not cooling:
            waited += 1
            if waited >= patience and rate > min_lr:
                rate = max(factor * rate, min_lr)
                waited, cooling = 0, cooldown
        found.append(rate)
    return found


def check_plateau(callback: ReduceLROnPlateau, settings: dict[str, Any]) -> str:
    """Say where a callback, made with ``settings``, sets another rate than the loop above; "" if nowhere."""
    settings = {name: value for name, value in settings.items() if name not in ("monitor", "verbose")}
    for values in VALUES:
        optimizer = SimpleNamespace(learning_rate=RATE, has_schedule=False)
        callback.set_model(SimpleNamespace(optimizer=optimizer, metrics=[]))
        callback._check_fit()
        callback.on_train_begin()
        for epoch, expected in enumerate(rates(values, **settings)):
            before = optimizer.learning_rate
            logs = {"loss": values[epoch]}
            callback.on_epoch_end(epoch, logs)
            if abs(optimizer.learning_rate - expected) > 1e-12 * expected:
                return f"after epoch {epoch} of {values} the rate is {optimizer.learning_rate} in place of {expected}"
            if logs.get("learning_rate") != before:
                return f"epoch {epoch} of {values} logs {logs} in place of the rate that it was trained with, {before}"
    return ""
