"""Values: the same numbers through both libraries; every output and every gradient compared.

Each difference is relative to the largest number in the tensor that it is found in. A gradient, however, can be small
because large numbers cancelled in its sum, and then carries their rounding; so it is measured against at least a tenth
of the largest gradient of its model.

Kinks. At the kink of ReLU, and where two pixels of a pooling window are equal, the gradient jumps. If rounding put a
number on the other side of a kink in one library, the gradients would differ by all they are, with no mistake in
either. In float64 a number comes that close to a kink by chance about once in 10¹⁵. In float32 it happens, so there
inputs and weights are taken from coarse grids, multiples of 1/8 and the like. Sums of their products are then *exact*
in both libraries; numbers do lie on the kinks, many of them, and both libraries must do the same there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reference.environment import backend, keras, tf
from reference.report import Worst
from scratchnet import Model, losses
from scratchnet.graph.plan import Plan
from scratchnet.interop.twins import to_keras_with_tensors
from scratchnet.layers.tensor import SymbolicTensor
from scratchnet.training.step import compiled_parts
from scratchnet.typing import Array

LIMITS = {"float64": 1e-10, "float32": 1e-5}
CANCELLED = 0.1


class Numbers:
    """Random numbers to feed a model: from a normal distribution in float64, from a coarse grid in float32."""

    def __init__(self, seed: int, dtype: str) -> None:
        self.generator = np.random.default_rng(seed)
        self.dtype = dtype

    def array(self, *shape: int) -> Array:
        """Return inputs or upstream gradients."""
        if self.dtype == "float64":
            return self.generator.standard_normal(shape)
        return (self.generator.integers(-8, 9, shape) / 8).astype(np.float32)

    def weight(self, *shape: int) -> Array:
        """Return a parameter, of such a size that sums of inputs times weights stay of size one.

        Larger ones would saturate a softmax, whose gradient is then a small difference of large numbers.
        """
        fan_in = int(np.prod(shape[:-1])) if len(shape) > 1 else 16
        if self.dtype == "float64":
            return self.generator.standard_normal(shape) / np.sqrt(fan_in)
        step = 2.0 ** -round(np.log2(np.sqrt(2 * fan_in)))  # -2…2 steps have a standard deviation of √2 steps
        return (self.generator.integers(-2, 3, shape) * step).astype(np.float32)

    def fill(self, model: Model) -> None:
        """Give a model new weights, biases included; variances are positive."""
        new = {name: self.weight(*w.shape) for name, w in model.named_weights.items()}
        model.set_weights([0.5 + abs(w) if name.endswith("variance") else w for name, w in new.items()])

    def inputs(self, model: Model, batch: int) -> list[Array]:
        """Return a batch for every input of a model."""
        return [self.array(batch, *_sizes(t)) for t in model.inputs]


def _sizes(tensor: SymbolicTensor) -> list[int]:
    return [n for n in tensor.shape[1:] if n is not None]


def tensor_names(model: Model) -> dict[SymbolicTensor, str]:
    """Name every tensor by its layer: ``conv2d``, and ``conv2d (call 2)`` for the second use of a shared layer."""
    names: dict[SymbolicTensor, str] = {}
    for tensor in model.graph.tensors:
        call = 1 + sum(other.layer is tensor.layer for other in names)
        names[tensor] = tensor.layer.name + (f" (call {call})" if call > 1 else "")
    return names


class Probe:
    """The twin of a model, with all its tensors as outputs."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.twin, tensors = to_keras_with_tensors(model)
        self.places = {tensor: i for i, tensor in enumerate(model.graph.tensors)}
        self._all = keras.Model(self.twin.inputs, [tensors[t] for t in model.graph.tensors])

    def run(self, inputs: Sequence[Any]) -> dict[SymbolicTensor, Any]:
        """Return the value of every tensor, for a batch of each input."""
        values = self._all(list(inputs), training=True)
        values = values if isinstance(values, (list, tuple)) else [values]
        return {tensor: values[i] for tensor, i in self.places.items()}

    def parameters(self) -> dict[str, Any]:
        """Return the twin's variables by ``layer/name``, as in ``model.params``."""
        return {f"{layer.name}/{v.name}": v.value for layer in self.twin.layers for v in layer.trainable_variables}


def compare_gradients(worst: Worst, probe: Probe, numbers: Numbers, batch: int, backends: Sequence[str]) -> None:
    """Run a batch through both libraries and compare every output and every gradient.

    The gradients come from random upstream gradients at the model's outputs.

    Args:
        worst: takes the differences in.
        probe: the model's twin.
        numbers: where inputs and upstream gradients come from.
        batch: N.
        backends: scratchnet's backends to compare, ``"numpy"`` and ``"numba"``.
    """
    model = probe.model
    inputs = numbers.inputs(model, batch)
    dys = [numbers.array(batch, *_sizes(t)) for t in model.outputs]
    with tf.GradientTape(persistent=True) as tape:
        constants = [tf.constant(x) for x in inputs]
        tape.watch(constants)
        values = probe.run(constants)
        outputs = [values[t] for t in model.outputs]
    upstream = [tf.constant(dy) for dy in dys]
    gradients = _gradients(tape, outputs, {**_without_aliases(values), **probe.parameters()}, upstream)
    for name in backends:
        plan = Plan(model.graph, name, input_gradients=True)
        with plan.running():
            plan.forward([x.copy() for x in inputs], training=True)
            _compare_tensors(worst, model, "output", plan.values, values, name)
            plan.backward([dy.copy() for dy in dys])
            _compare_gradients(worst, model, plan.gradients, gradients, name)


def _without_aliases(values: dict[SymbolicTensor, Any]) -> dict[SymbolicTensor, Any]:
    """Leave out what a linear activation returns: Keras hands its input on, so TensorFlow sees one tensor, not two."""
    seen = set[int]()
    return {t: v for t, v in values.items() if not (id(v) in seen or seen.add(id(v)))}  # type: ignore[func-returns-value]


def _gradients(tape: Any, targets: Any, sources: dict[Any, Any], upstream: Any = None) -> dict[Any, Array]:
    """Return the gradient for each source; zeros where the targets do not depend on it."""
    zero = tf.UnconnectedGradients.ZERO
    found = tape.gradient(targets, list(sources.values()), upstream, unconnected_gradients=zero)
    return {source: gradient.numpy() for source, gradient in zip(sources, found)}


def _compare_tensors(
    worst: Worst,
    model: Model,
    what: str,
    ours: dict[SymbolicTensor, Array],
    theirs: dict[Any, Any],
    side: str,
    floor: float = 0.0,
) -> None:
    for tensor, name in tensor_names(model).items():
        if tensor in ours and tensor in theirs:  # tensors inside a fused kernel are nowhere
            worst.add_arrays(ours[tensor], np.asarray(theirs[tensor]), f"layer {name}: {what} ({side})", floor)


def _compare_gradients(
    worst: Worst, model: Model, ours: dict[SymbolicTensor, Array], theirs: dict[Any, Array], side: str
) -> None:
    """Compare the gradients of tensors, given, and of parameters, found in the model; ``theirs`` has both."""
    floor = CANCELLED * max(float(np.abs(gradient).max(initial=0)) for gradient in theirs.values())
    _compare_tensors(worst, model, "gradient of the output", ours, theirs, side, floor)
    parameters = model.grads
    for name, gradient in theirs.items():
        if isinstance(name, str):
            layer, parameter = name.rsplit("/", 1)
            where = f"layer {layer}: gradient of {parameter} ({side})"
            worst.add_arrays(parameters[name], gradient, where, floor)


def compare_loss(
    worst: Worst,
    probe: Probe,
    inputs: Sequence[Array],
    y: Array,
    weight: Array | None,
    backends: Sequence[str],
) -> None:
    """Compare the loss, its metrics, and every gradient of it, for a compiled model.

    Where model and loss are a softmax and its cross-entropy, both libraries compute the two as one step, and the
    gradient compared at the output is that of the logits.
    """
    model, twin = probe.model, probe.twin
    assert isinstance(model.loss, losses.Loss)
    with tf.GradientTape(persistent=True) as tape:
        values = probe.run([tf.constant(x) for x in inputs])
        output = values[model.outputs[0]]
        loss = twin.compute_loss(y=tf.constant(y), y_pred=output, sample_weight=weight)
    if model.trains_through_logits():
        values[model.outputs[0]] = output._keras_logits
    sources = {t: v for t, v in _without_aliases(values).items() if t not in model.inputs}
    gradients = _gradients(tape, loss, {**sources, **probe.parameters()})
    batch = inputs if len(inputs) > 1 else inputs[0]
    theirs = twin.test_on_batch(batch, y, sample_weight=weight, return_dict=True)
    labels = model.loss.prepare_labels(y, model.outputs[0].shape)
    for name in backends:
        with backend(name):
            parts = compiled_parts(model, "train")
            with parts.plan.running():
                outputs = parts.plan.forward([x.copy() for x in inputs], training=True)
                ours = parts.objective.forward([labels], outputs, [weight])
                worst.add_arrays(np.asarray(ours, model.dtype), loss.numpy(), f"loss {model.loss.name} ({name})")
                parts.plan.backward(parts.objective.backward())
            ends = {t: g for t, g in parts.plan.gradients.items() if t not in model.inputs}
            _compare_gradients(worst, model, ends, gradients, name)
            for key, value in model.test_on_batch(batch, y, sample_weight=weight, return_dict=True).items():
                worst.add_arrays(
                    np.asarray(value, model.dtype), np.asarray(theirs[key], model.dtype), f"{key} ({name})"
                )
