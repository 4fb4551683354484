"""The reference: how far scratchnet is from Keras, number by number. Needs ``pip install "scratchnet[reference]"``.

    python -m reference                       everything but accuracy, in minutes
    python -m reference accuracy --seeds 5    ten epochs of both networks on both sides, seed by seed

and for programs

    twin = reference.to_keras(model)          the Keras model of a scratchnet model
    model = reference.from_keras(twin)        the way back
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reference.twins import from_keras, to_keras

__all__ = ["from_keras", "to_keras"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from reference import twins  # imports TensorFlow, which takes seconds

        return getattr(twins, name)
    raise AttributeError(f"module 'reference' has no attribute {name!r}")
