"""What would be lost: arrays that a layer of the user's keeps in attributes, where no file looks for them.

Not every array in an attribute is lost. One that ``__init__`` or ``build`` makes again is not, nor is one that
``forward`` leaves for ``backward`` and never reads again: whether it has another value makes no difference then. That
is tried, on a copy: an array on which what ``forward`` returns or keeps depends has to be saved.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from scratchnet.layers import LAYERS
from scratchnet.layers.layer import Layer
from scratchnet.layers.variables import BOOKKEEPING, Keeper, find, replaced, run_forward
from scratchnet.typing import Array
from scratchnet.utils.held_still import held_still
from scratchnet.utils.session import global_state_kept


def check_nothing_is_lost(layer: Layer) -> None:
    """Raise a ValueError if saving the layer would lose an array, naming it."""
    suspects = list(_suspects(layer))
    if not suspects:
        return
    with global_state_kept(), np.errstate(all="ignore"):
        fresh = _made_again(layer)
        for path, name, value in suspects:
            if fresh is not None and _equal(value, vars(_leaf(fresh, path)).get(name)):
                continue
            if _matters(layer, path, name):
                raise ValueError(
                    f"Cannot save layer {layer.name!r} ({type(layer).__name__}): it keeps numbers in self.{path}{name} "
                    f"that would be lost: make them in build with self.add_weight({name!r}, shape, 'zeros', "
                    f"trainable=False), and change self.non_trainable[{name!r}] in place."
                )


def _suspects(layer: Layer) -> Iterator[tuple[str, str, Any]]:
    """Yield the attributes with floating-point arrays that are in none of the layer's dictionaries."""
    for path, leaf, _ in layer.leaves():
        if type(leaf) in LAYERS.values():
            continue
        known = {id(a) for kind in ("params", "grads", "non_trainable") for a in getattr(leaf, kind).values()}
        for name, value in vars(leaf).items():
            if name not in BOOKKEEPING and any(id(a) not in known for a in _arrays(value)):
                yield path, name, value


def _arrays(value: Any) -> list[Array]:
    return [array for _, array in find(value, np.ndarray) if array.dtype.kind == "f" and array.size]


def _leaf(layer: Any, path: str) -> Any:
    return next((leaf for way, leaf, _ in layer.leaves() if way == path), layer)


def _made_again(layer: Layer) -> Layer | None:
    """Return the layer as loading would make it, without the weights; None if that fails, which saving tells itself."""
    try:
        fresh = type(layer).from_config(layer.get_config())
        vars(fresh)["dtype"] = layer.dtype
        fresh.build_once(layer.input_shape)
        return fresh
    except Exception:
        return None


def _equal(a: Any, b: Any) -> bool:
    return len(_arrays(a)) == len(_arrays(b)) and all(
        np.array_equal(x, y, equal_nan=True) for x, y in zip(_arrays(a), _arrays(b))
    )


def _matters(layer: Layer, path: str, name: str) -> bool:
    """Whether what ``forward`` returns, or keeps in that attribute, is another for another value of it."""
    try:
        outcomes = [_outcome(layer, path, name, shift) for shift in (0.0, 1.0)]
    except Exception:  # it does not run on random numbers: an array that some run left is most likely for backward
        return name not in getattr(_leaf(layer, path), "_left", ())
    return not all(
        np.array_equal(a, b, equal_nan=True) for one, other in zip(*outcomes) for a, b in zip(one, other, strict=True)
    )


def _outcome(layer: Layer, path: str, name: str, shift: float) -> list[list[Array]]:
    outcome = []
    for training in (False, True):
        twin = copy.deepcopy(layer)
        leaf: Keeper = _leaf(twin, path)
        value = vars(_leaf(layer, path))[name]  # the copy has not got what runs have left
        vars(leaf)[name] = replaced(value, lambda a: a + shift if isinstance(a, np.ndarray) and a.size else a)
        generator = np.random.default_rng(0)
        shapes = layer.input_shape if isinstance(layer.input_shape, list) else [layer.input_shape]
        xs = [generator.standard_normal([2, *(n or 1 for n in shape[1:])]).astype(layer.dtype) for shape in shapes]
        with held_still(twin):
            y = run_forward(twin, xs if isinstance(layer.input_shape, list) else xs[0], training)
        outcome.append([np.array(y)])
    kept = vars(leaf)[name]  # as training leaves it: a mask is only made anew there
    return [*outcome, [kept] if isinstance(kept, np.ndarray) else []]
