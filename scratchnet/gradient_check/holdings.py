"""What an object holds besides ``params``: arrays that are parameters in all but name must not go unchecked.

Two signs give such an array away. The output changes when it is nudged, and ``forward`` does not itself change it, as
it changes a running mean. Or ``backward`` writes something that is called like its gradient: ``dW`` beside ``W``.
What is neither a parameter nor changed by ``forward``, a table say, has to be named as a constant.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.gradient_check.refusals import DICTIONARIES, name_of
from scratchnet.gradient_check.twins import layer_twin
from scratchnet.layers import Layer
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.layers.variables import run_forward
from scratchnet.typing import Array
from scratchnet.utils.held_still import RandomSources
from scratchnet.utils.numbers import shown
from scratchnet.utils.variables_read import variables_read_by

DEEPEST = 4
KNOWN = ("params", "grads", "non_trainable", "_outputs", "_home", "_example")
"""Attributes of a layer that hold no hidden parameters."""

PATTERNS = tuple(f"{before}{{}}" for before in ("d", "d_", "g_", "grad", "grad_", "gradient_", "delta_")) + tuple(
    f"{{}}{after}" for after in (".grad", "grad", "_grad", "_grads", "_gradient", "_gradients")
)
"""What people call the gradient of an attribute."""


@dataclass
class Holding:
    """An array or a number that an object holds: where, and how it is reached from the object."""

    path: str
    holder: Any
    key: Any
    value: Any

    @property
    def root(self) -> str:
        """The attribute that it is in."""
        return self.path.partition(".")[0].partition("[")[0]

    def read(self) -> Any:
        """Return what is there now."""
        if isinstance(self.holder, (dict, list, tuple)):
            return self.holder[self.key]
        return getattr(self.holder, self.key, None)

    def replace(self, value: Any) -> bool:
        """Put something else there; return False where that is not possible."""
        try:
            if isinstance(self.holder, (dict, list)):
                self.holder[self.key] = value
            else:
                setattr(self.holder, self.key, value)
        except (AttributeError, TypeError):
            return False
        return True


def holdings(thing: Any) -> list[Holding]:
    """Return all arrays and numbers in the attributes of an object, of its class, and in what these hold.

    Also in the variables round its class that its methods use: those of a function or of a module.
    """
    found: list[Holding] = []
    seen: dict[int, Any] = {}

    def look(holder: Any, key: Any, value: Any, path: str, depth: int) -> None:
        if isinstance(value, (np.ndarray, float)):
            found.append(Holding(path, holder, key, value))
            return
        if depth > DEEPEST or id(value) in seen or not _may_hold(value):
            return
        seen[id(value)] = value
        if isinstance(value, dict):
            for inner, part in list(value.items()):
                look(value, inner, part, f"{path}[{inner!r}]", depth + 1)
        elif isinstance(value, (list, tuple)):
            for i, part in enumerate(value):
                look(value, i, part, f"{path}[{i}]", depth + 1)
        else:
            into(value, f"{path}.", depth + 1)

    def into(owner: Any, prefix: str, depth: int) -> None:
        is_layer = not prefix or isinstance(owner, Layer) or hasattr(owner, "backward")
        left_out = (KNOWN if not prefix else KNOWN[1:]) if is_layer else ()
        for holder, name, value in _attributes(owner):
            if name not in left_out:
                look(holder, name, value, f"{prefix}{name}", depth)

    seen[id(thing)] = thing
    into(thing, "", 0)
    return found


def _attributes(owner: Any) -> Iterator[tuple[Any, str, Any]]:
    own = dict(vars(owner)) if isinstance(getattr(owner, "__dict__", None), dict) else {}
    for name, value in own.items():
        yield owner, name, value
    for cls in type(owner).__mro__:
        if cls.__module__.partition(".")[0] in ("builtins", "numpy", "scratchnet"):
            continue
        slots = getattr(cls, "__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            if hasattr(owner, name) and name not in own:
                yield owner, name, getattr(owner, name)
        for name, value in vars(cls).items():
            if name not in own and not name.startswith("__") and isinstance(value, (np.ndarray, dict, list, tuple)):
                yield owner, name, value
        around: dict[str, Any] = {}
        for method in vars(cls).values():
            around |= variables_read_by(method) if isinstance(method, types.FunctionType) else {}
        for name, value in around.items():
            if name not in own and isinstance(value, (np.ndarray, dict, list, tuple)):
                yield around, name, value


def _may_hold(value: Any) -> bool:
    kinds = (str, bytes, int, type, types.ModuleType, types.FunctionType, types.MethodType, SymbolicTensor)
    generators = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, np.dtype)
    return value is not None and not isinstance(value, (*kinds, *generators)) and not callable_without_state(value)


def callable_without_state(value: Any) -> bool:
    """Whether something is a function of NumPy's or a built-in one."""
    return isinstance(value, (np.ufunc, types.BuiltinFunctionType))


def is_built_in(layer: Layer) -> bool:
    """Whether the layer is one of ours, and no subclass of the user's."""
    room = type(layer).__module__
    ours = room.startswith("scratchnet.") and not room.startswith("scratchnet.learn.")  # there stands wrong code
    return ours and not hasattr(layer, "wrapped")


def refuse_hidden_parameters(
    layer: Layer, xs: Sequence[Array], training: bool, constants: Sequence[str] = ()
) -> list[str]:
    """Raise a ValueError if a layer holds what looks like parameters and is not in ``params``.

    Args:
        layer: any but a built-in one; it is copied.
        xs: its inputs.
        training: passed to ``forward``.
        constants: names of attributes that are no parameters.

    Returns:
        The names of what the output depends on and ``forward`` changes: the layer's state.

    Raises:
        ValueError: that names the arrays and the way out.
    """
    twin = layer_twin(layer, layer.dtype)
    owner = getattr(twin, "wrapped", twin)
    sources = RandomSources(twin)

    def forward(telling: bool = training) -> Array:
        with sources.held_still(), np.errstate(all="ignore"):
            copies = [x.copy() for x in xs]
            return np.array(run_forward(twin, copies if len(xs) > 1 else copies[0], telling))

    y = forward()
    known_roots = dict.fromkeys(h.root for h in holdings(owner)) if constants else {}
    for name in constants:
        root = name.partition(".")[0].partition("[")[0]
        if root not in known_roots and not hasattr(owner, root):
            known = ", ".join(known_roots) or "none"
            raise ValueError(
                f"A gradient check expected constants to name attributes of {name_of(layer)}, got "
                f"{shown(name)}; those that hold numbers: {known}."
            )
    hidden: list[Holding] = []
    state: list[Holding] = []
    for holding in holdings(owner):
        if not _is_candidate(holding, twin, constants) or not _matters(holding, forward, y):
            continue
        (state if _changed_by_forward(holding.path, layer, xs) else hidden).append(holding)
    paths = _with_gradients(hidden, twin, owner, xs, y, forward, constants)
    if paths:
        roots = ", ".join(dict.fromkeys(repr(h.root) for h in hidden)) or repr(paths[0].partition("[")[0])
        option = roots.replace("'", "").partition(",")[0]
        raise ValueError(
            f"A gradient check expected all parameters of {name_of(layer)} in its dictionaries, but found "
            f"{', '.join(paths)}, which would go unchecked: {DICTIONARIES}, or say of what is no parameter "
            f"constants=({roots},) (on the command line: --constant {option})."
        )
    return [h.path for h in state]


def _changed_by_forward(path: str, layer: Layer, xs: Sequence[Array]) -> bool:
    """Whether ``forward``, when training, changes the array at ``path``; asked of a copy."""
    twin = layer_twin(layer, layer.dtype)
    owner = getattr(twin, "wrapped", twin)
    before = {h.path: np.array(h.value) for h in holdings(owner)}[path]
    copies = [x.copy() for x in xs]
    with RandomSources(twin).held_still(), np.errstate(all="ignore"):
        run_forward(twin, copies if len(xs) > 1 else copies[0], True)
    after = np.asarray({h.path: h.value for h in holdings(owner)}.get(path))
    return after.shape != before.shape or not np.allclose(after, before, rtol=1e-6, equal_nan=True)


def depends_on(path: str, layer: Layer, xs: Sequence[Array], training: bool) -> bool:
    """Whether the output of a layer's next ``forward`` depends on what is at ``path``; asked of two copies."""
    ys = []
    for nudge in (0.0, 0.1):
        twin = layer_twin(layer, layer.dtype)
        for h in holdings(getattr(twin, "wrapped", twin)):
            if h.path == path:
                h.replace(h.value + nudge)
        copies = [x.copy() for x in xs]
        ys.append(np.array(run_forward(twin, copies if len(xs) > 1 else copies[0], training)))
    return not np.array_equal(ys[0], ys[1], equal_nan=True)


def _is_candidate(holding: Holding, layer: Layer, constants: Sequence[str]) -> bool:
    array = holding.value
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fc" or not array.size:
        return False
    if holding.root in constants or holding.path in constants:
        return False
    known = [*layer.params.values(), *layer.grads.values(), *getattr(layer, "non_trainable", {}).values()]
    if any(np.shares_memory(array, other) for other in known):
        return False
    # An array kept from before the parameter moved into the model's vector: that is told by the comparison, which
    # finds that the output does not change with the parameter.
    return not any(
        array.shape == param.shape
        and (holding.path == name or (np.ptp(param) > 0 and np.allclose(array, param, rtol=1e-6)))
        for name, param in layer.params.items()
    )


def _matters(holding: Holding, forward: Any, y: Array) -> bool:
    """Whether the output changes with an array."""
    array, before = holding.value, holding.value.copy()
    amounts = np.random.default_rng(3).uniform(0.05, 0.1, array.shape) * np.maximum(1, np.abs(before))
    try:
        for sign in (1, -1):
            nudged = (before + sign * amounts).astype(array.dtype)
            if array.flags.writeable:
                array[...] = nudged
            elif not holding.replace(nudged):
                return False
            try:
                now = forward()
            except Exception:  # it minds
                return True
            if now.shape != y.shape or not np.array_equal(now, y, equal_nan=True):
                return True
        return False
    finally:
        if array.flags.writeable:
            array[...] = before
        holding.replace(array)


def _with_gradients(
    hidden: list[Holding],
    layer: Layer,
    owner: Any,
    xs: Sequence[Array],
    y: Array,
    forward: Any,
    constants: Sequence[str],
) -> list[str]:
    """Return the names of hidden parameters, with those of what ``backward`` writes as their gradients."""
    old = {h.path: h.value for h in holdings(owner)}
    forward()
    before = {h.path: (h.value, np.array(h.value)) for h in holdings(owner)}
    # What forward replaces is remembered for backward, such as self.x, and no parameter.
    kept = [path for path, value in old.items() if path in before and before[path][0] is value]
    maybe = {pattern.format(path) for path in kept for pattern in PATTERNS}
    kept = [path for path in kept if "[" not in path]  # of a list of numbers, the list is named
    lists = [name for _, name, value in _attributes(owner) if isinstance(value, (list, tuple)) and value]
    for h in holdings(owner):  # a number may be written again as it was, so another one is put there
        if isinstance(h.value, float) and h.path in maybe and h.replace(np.nan):
            before[h.path] = (np.nan, np.array(np.nan))
    dy = np.random.default_rng(3).normal(size=y.shape).astype(y.dtype)  # no other run's, whose gradients may be there
    layer.backward(dy)
    written = []
    for h in holdings(owner):
        if h.path not in before or before[h.path][0] is not h.value or not _same(before[h.path][1], h.value):
            written.append(h.path)
    paths = [h.path for h in hidden]
    names = [*paths, *(name for name in [*kept, *lists] if name not in paths)]
    for name in names:
        if name in layer.params or name in constants or name.partition("[")[0] in (*constants, "x", "y"):
            continue
        called = [pattern.format(name.removesuffix(".data")) for pattern in PATTERNS]
        gradients = dict.fromkeys(
            w if w in called else w.partition("[")[0] for w in written if w in called or w.partition("[")[0] in called
        )
        for gradient in gradients:
            paths += [p for p in (name, gradient) if p not in paths]
    return paths


def _same(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind in "fc"))
