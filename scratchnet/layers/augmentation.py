"""What the augmentations of images share: they change images while the model trains, each time in another way.

Shown a shoe once from the left and once from the right, a network learns that this makes no difference. So the layers
act in training only; ``predict`` and ``evaluate`` see the images as they are. Called by hand, to look at what they do,
``layer(images)`` and ``model(images)``, they act too, unless told ``training=False``, as in Keras. What is done to each
image is drawn anew for each batch, from the layer's own ``seed_generator``, and remembered, since ``backward`` has to
send each number of dy to the pixel that it came from.

The layers are in ``random_flip.py``, ``random_crop.py``, ``random_erasing.py`` and ``random_translation.py``.
"""

from __future__ import annotations

from typing import Any

from scratchnet.layers.layer import Layer
from scratchnet.layers.windows import check_data_format
from scratchnet.typing import Shape
from scratchnet.utils.numbers import real_number
from scratchnet.utils.random import SeedGenerator


class Augmentation(Layer):
    """Base class of layers that change images in training, at random.

    Args:
        seed: a whole number ≥ 0 makes what is drawn repeatable; else it follows from ``set_random_seed``.
        data_format: only ``"channels_last"``.

    Raises:
        ValueError: if an argument makes no sense, or the input is not (N, H, W, C).
    """

    acts_when_called = True

    def __init__(self, seed: int | None = None, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format)
        self.seed_generator = SeedGenerator(seed)
        self.seed = self.seed_generator.seed

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the images, which stays."""
        if len(input_shape) != 4:
            raise self.refuse("images of shape (N, H, W, C)", input_shape)
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "seed": self.seed, "data_format": self.data_format}


def check_range(what: str, value: Any, least: float, most: float, symmetric: bool) -> tuple[float, float]:
    """Return (lowest, highest) of a factor given as such a pair or as one number f: -f…f if symmetric, else least…f.

    Raises:
        ValueError: if it is neither, or leaves the bounds.
    """
    if isinstance(value, (tuple, list)) and len(value) == 2:
        low, high = sorted(real_number(what, v, least, most) for v in value)
        return low, high
    high = abs(real_number(what, value, least, most))
    return (-high if symmetric else float(least)), high
