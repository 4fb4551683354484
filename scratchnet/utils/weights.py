"""Sample weights: how much each sample counts, or each place of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.typing import Array


def spread_weights(name: str, sample_weight: Any, places: tuple[int, ...]) -> Array:
    """Return a weight for each place (N, …), of that shape.

    Args:
        name: whose weights they are, for the error message.
        sample_weight: None, which is 1 for all; one number for all; or an array for the first axes of the places, such
            as (N,), whose weights hold for all that lies under them. Axes of 1 may follow, as in (N, 1).
        places: the shape of what is weighted.

    Raises:
        ValueError: if the weights fit the places in no such way; nothing else is broadcast.
    """
    if sample_weight is None:
        return np.ones(places)
    weight = np.asarray(sample_weight, np.float64)
    if weight.ndim == 0:
        return np.broadcast_to(weight, places)
    for axes in range(1, len(places) + 1):  # that the weights tell apart
        if weight.shape == (*places[:axes], *[1] * (weight.ndim - axes)):
            return np.broadcast_to(weight.reshape(*places[:axes], *[1] * (len(places) - axes)), places)
    every = f", or {places} for each place" if len(places) > 1 else ""
    raise ValueError(
        f"{name} expected sample_weight of shape ({places[0]},) or ({places[0]}, 1){every}, got {weight.shape}."
    )
