"""A call that is refused has changed nothing: also not the model that it built to be able to check its data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scratchnet.layers.variables import Keeper
from scratchnet.utils import changes
from scratchnet.utils.session import global_state_given_back_on_error

if TYPE_CHECKING:
    from scratchnet.graph.network import Network


@contextmanager
def unbuilt_if_refused(model: Network) -> Iterator[None]:
    """Let a ``Sequential`` be built by its first data inside; if an error leaves the block, it waits for them again.

    Its layers are then as they were before, those with weights of their own included, and so is the global seed.
    Nothing is done for a model that has been built before.
    """
    if model.built:
        yield
        return
    undo = [_memory_of(leaf) for layer in model.layers for _, leaf, _ in layer.leaves()]
    try:
        with global_state_given_back_on_error():
            yield
    except BaseException:
        take_apart: Any = getattr(model, "take_apart", None)
        if model.built and take_apart is not None:
            take_apart()
        for restore in undo:
            restore()
        changes.note()
        raise


def _memory_of(layer: Keeper) -> Callable[[], None]:
    """Return what makes the layer again what it is now, its arrays and attributes."""
    attributes = dict(vars(layer))
    kinds = () if layer.is_model else ("params", "grads", "non_trainable")
    arrays = [(a, dict(a), a.settled) for a in (attributes[kind] for kind in kinds)]
    places = list(attributes["_outputs"])

    def restore() -> None:
        vars(layer).clear()
        vars(layer).update(attributes)
        attributes["_outputs"][:] = places
        for mapping, content, settled in arrays:
            mapping.settled = settled
            dict.clear(mapping)
            dict.update(mapping, content)

    return restore
