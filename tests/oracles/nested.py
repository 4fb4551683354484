"""What a model with models in it should compute, by another way than the plan's: by recursion, one call at a time.

Nothing is made flat. A model is run by running its layers, each call by a layer of its own that shares the parameters;
a model among them is run in the same way. A tape of the calls is walked back for the gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import scratchnet as sn
from scratchnet import layers
from scratchnet.graph.plan import Plan
from scratchnet.utils.held_still import held_still

RNG = np.random.default_rng(5)
ROWS = RNG.normal(size=(6, 4))
RATE, DECAY = 0.5, 0.125


@dataclass(eq=False)
class Value:
    """An array, which call made it from which, and the slope of the loss for it."""

    array: Any
    layer: Any = None
    sources: list[Value] = field(default_factory=list)
    slope: Any = 0.0


def call(layer: Any, sources: list[Value], training: bool, tape: list[Value]) -> list[Value]:
    """Run a layer, or a model by its layers, and return its outputs."""
    if isinstance(layer, sn.Model):
        values = dict(zip(layer.inputs, sources))
        for tensor in layer.graph.tensors:
            if tensor not in values:
                mode = training if tensor.training is None else tensor.training
                given = [values[source] for source in tensor.inputs]
                values.update(zip(tensor.of_call, call(tensor.layer, given, mode, tape)))
        return [values[tensor] for tensor in layer.outputs]
    own = object.__new__(type(layer))
    vars(own).update(vars(layer), grads={name: np.zeros_like(p) for name, p in layer.params.items()})
    arrays = [source.array for source in sources]
    tape.append(Value(own.forward(arrays if len(arrays) > 1 else arrays[0], training), own, sources))
    return tape[-1:]


def gradients(outputs: list[Value], dys: list[Any], tape: list[Value]) -> dict[int, Any]:
    """Walk the tape back, and return the gradient of each parameter that gets one, by the array's ``id``."""
    found: dict[int, Any] = {}
    for value, dy in zip(outputs, dys):
        value.slope = value.slope + dy
    for value in reversed(tape):
        if np.ndim(value.slope):
            dx = value.layer.backward(value.slope)
            for source, d in zip(value.sources, dx if len(value.sources) > 1 else [dx]):
                source.slope = source.slope + d
            for name, gradient in value.layer.grads.items():
                array = value.layer.params[name]
                found[id(array)] = found.get(id(array), 0) + gradient
    return found


def trained(layer: Any) -> list[Any]:
    """Return the parameters that are to be trained: those round which nothing is frozen."""
    if not layer.trainable:
        return []
    if isinstance(layer, sn.Model):
        return [array for inner in layer.layers for array in trained(inner)]
    return list(layer.params.values())


# Models to try


def tower(**options: Any) -> sn.Model:
    inputs = sn.Input((4,))
    x = layers.BatchNormalization(momentum=0.5, name="norm")(layers.Dense(4, "tanh", name="dense")(inputs))
    return sn.Model(inputs, layers.Dense(3, name="last")(x), **options)


def transfer(training: bool | None = False, frozen: bool = False) -> sn.Model:
    base = tower(name="base")
    base.trainable = not frozen
    inputs = sn.Input((4,))
    x = base(layers.Dense(4, name="dense")(inputs), training=training)
    return sn.Model(inputs, layers.Dense(2, name="last")(layers.Dropout(0.5, seed=1)(x)))


def partly_frozen() -> sn.Model:
    """The base is frozen as a whole, one of its layers is not: it is frozen all the same."""
    model = transfer(frozen=True)
    base: Any = model.layers[2]
    base.get_layer("dense").trainable = True
    return model


def partly_thawed() -> sn.Model:
    """One layer of the base is frozen by itself."""
    model = transfer()
    base: Any = model.layers[2]
    base.get_layer("dense").trainable = False
    return model


def siamese() -> sn.Model:
    shared = tower(name="tower")
    a, b = sn.Input((4,)), sn.Input((4,))
    return sn.Model([a, b], layers.Dense(1)(layers.Subtract()([shared(a), shared(b)])))


def in_both_modes() -> sn.Model:
    base = tower(name="base")
    inputs = sn.Input((4,))
    return sn.Model(inputs, [base(inputs, training=True), base(inputs, training=False), base(inputs)])


def explicit_inside() -> sn.Model:
    inputs = sn.Input((4,))
    x = layers.BatchNormalization(momentum=0.5)(inputs, training=True)
    inner = sn.Model(inputs, layers.BatchNormalization(momentum=0.25)(x))
    outer = sn.Input((4,))
    return sn.Model(outer, inner(outer, training=False))


def crossed() -> sn.Model:
    a, b = sn.Input((4,)), sn.Input((4,))
    both = layers.Add()([a, layers.Dense(4, name="turn")(b)])
    heads = [layers.Dense(2, name="one")(both), layers.Dense(2, name="other")(both)]
    inner = sn.Model([a, b], heads, name="inner")
    p, q = sn.Input((4,)), sn.Input((4,))
    one, other = inner([p, q])
    return sn.Model(
        [p, q], layers.Dense(1)(layers.Concatenate()([one, layers.Rescaling(2.0)(other), inner([q, p])[1]]))
    )


def with_an_idle_head() -> sn.Model:
    inputs = sn.Input((4,))
    body = layers.Dense(4, name="body")(inputs)
    base = sn.Model(inputs, [layers.Dense(2, name="idle")(body), layers.Dense(2, name="used")(body)], name="base")
    for gradient in base.grads.values():
        gradient[...] = 1.0  # as another model's training would leave them
    outer = sn.Input((4,))
    return sn.Model(outer, base(outer)[1])


def deep() -> sn.Model:
    model = tower(name="level0")
    for level in range(1, 3):
        inputs = sn.Input((4,))
        x = layers.Dense(4, "tanh", name="dense")(model(layers.Dense(4, name="first")(inputs)))
        model = sn.Model(inputs, x, name=f"level{level}")
    return model


MODELS: list[Callable[[], sn.Model]] = [
    *(
        transfer,
        lambda: transfer(None),
        lambda: transfer(True),
        lambda: transfer(frozen=True),
        partly_frozen,
        partly_thawed,
    ),
    *(siamese, in_both_modes, explicit_inside, crossed, with_an_idle_head, deep),
]


def check_nested(backend: str = "numpy") -> str:
    """Run each model by the plan and by recursion, in both modes, with one step of descent; return what differs."""
    before = sn.config.floatx()
    sn.config.set_floatx("float64")
    try:
        return next(
            (found for make in MODELS for mode in (True, False) if (found := _differs(make(), backend, mode))), ""
        )
    finally:
        sn.config.set_floatx(before)


def descended(w: Any, g: Any) -> Any:
    """Return the parameters after a step of descent, with weight decay."""
    return w - RATE * (g + DECAY * w)


def close(ours: Any, expected: Any) -> bool:
    return bool(np.allclose(ours, expected, rtol=0, atol=1e-10))


def _differs(model: sn.Model, backend: str, training: bool) -> str:
    xs = [ROWS * (i + 1) for i in range(len(model.inputs))]
    start = {name: array.copy() for name, array in model.named_weights.items()}
    tape: list[Value] = []
    drawing = [leaf for _, leaf, _ in model.leaves() if not leaf.is_model]
    with held_still(*drawing):
        outputs = call(model, [Value(x) for x in xs], training, tape)
    dys = [np.sin(1.0 + np.arange(y.array.size)).reshape(y.array.shape) for y in outputs]
    slopes = gradients(outputs, dys, tape)
    learning = {id(array) for array in trained(model)}
    expected = {name: array.copy() for name, array in model.named_weights.items()}  # running means have moved
    for name, param in model.params.items():
        if id(param) in learning and id(param) in slopes:  # what gets no gradient does not decay either
            expected[name] = descended(start[name], slopes[id(param)])
    for name, array in model.named_weights.items():
        array[...] = start[name]

    plan = Plan(model.graph, backend)
    with held_still(*drawing):
        ys = [np.array(y) for y in plan.forward(xs, training)]
    plan.backward(dys)
    for i, (y, value) in enumerate(zip(ys, outputs)):
        if not close(y, value.array):
            return f"output {i}"
    for name, param in model.params.items():
        slope = slopes.get(id(param), np.zeros(param.shape))
        if (id(param) in learning or id(param) not in slopes) and not close(model.grads[name], slope):
            return f"gradient of {name}"
    for segment in model.segments:
        segment.values[...] = descended(segment.values, segment.gradients)
    for name, array in model.named_weights.items():
        if not close(array, expected[name]):
            return f"{name} after a step"
    return ""
