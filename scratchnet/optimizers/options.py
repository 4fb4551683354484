"""What every optimizer can be told besides its own rule; the names are Keras's."""

from __future__ import annotations

from typing import TypedDict


class Options(TypedDict, total=False):
    """The keyword arguments that every optimizer passes on to ``Optimizer``, which documents them."""

    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    gradient_accumulation_steps: int | None
    name: str | None
