"""Recipes: models written down once and built by either library, since the names and arguments are the same.

A recipe leaves all naming to the library that builds it, so that the names can be compared too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import scratchnet
from reference.environment import keras, new_session

Choose = Callable[[Sequence[Any]], Any]
"""Picks one of several: a random generator's choice, or a property test's."""


@dataclass
class Recipe:
    """A model as a list of calls.

    Attributes:
        inputs: the shape of each input, without the batch.
        layers: class name and arguments of each layer.
        calls: ``(layer, tensors)``: which layer is called on which tensors. Tensors are numbered from 0, first the
            inputs, then the result of each call.
        outputs: the tensors that the model puts out.
        sequential: whether to build a ``Sequential``.
        shapes: the shape of each tensor, without the batch, worked out from the formulas of the documentation.
    """

    inputs: list[tuple[int, ...]]
    layers: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    calls: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    sequential: bool = False
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    def build(self, library: Any) -> Any:
        """Return the model built by ``scratchnet`` or ``keras``."""
        made: dict[int, Any] = {}

        def layer(number: int) -> Any:
            if number not in made:
                class_name, arguments = self.layers[number]
                made[number] = getattr(library.layers, class_name)(**arguments)
            return made[number]

        tensors = [library.Input(shape=shape) for shape in self.inputs]
        if self.sequential:
            return library.Sequential([tensors[0], *(layer(number) for number, _ in self.calls)])
        for number, sources in self.calls:
            x = [tensors[i] for i in sources]
            tensors.append(layer(number)(x if len(x) > 1 else x[0]))
        used = self._used()
        inputs = [tensors[i] for i in range(len(self.inputs)) if i in used]
        outputs = [tensors[i] for i in self.outputs]
        one_each = len(inputs) == len(outputs) == 1
        return library.Model(inputs[0], outputs[0]) if one_each else library.Model(inputs, outputs)

    def _used(self) -> set[int]:
        used, waiting = set[int](), list(self.outputs)
        while waiting:
            tensor = waiting.pop()
            used.add(tensor)
            if tensor >= len(self.inputs):
                waiting += [i for i in self.calls[tensor - len(self.inputs)][1] if i not in used]
        return used

    def __str__(self) -> str:
        lines = [f"x{i} = Input({shape})" for i, shape in enumerate(self.inputs)]
        for n, (number, sources) in enumerate(self.calls, len(self.inputs)):
            class_name, arguments = self.layers[number]
            given = ", ".join(f"{k}={v!r}" for k, v in arguments.items())
            lines.append(f"x{n} = layer{number}({', '.join(f'x{i}' for i in sources)})   # {class_name}({given})")
        return "\n".join([*lines, f"outputs: {', '.join(f'x{i}' for i in self.outputs)}, {self.sequential=}"])


def build_both(recipe: Any) -> tuple[Any, Any]:
    """Return the recipe built by scratchnet and by Keras, both as if it were the first model of their session."""
    new_session()
    return recipe.build(scratchnet), recipe.build(keras)


@dataclass
class Notebook:
    """One of the two networks of the notebook, in the notebook's own words."""

    name: str

    def build(self, library: Any) -> Any:
        """Return the network built by ``scratchnet`` or ``keras``."""
        if library is scratchnet:
            return scratchnet.architectures.ARCHITECTURES[self.name]()
        layers = library.layers
        if self.name == "mlp":
            inputs = library.Input(shape=(28, 28))
            x = layers.Flatten()(inputs)
            x = layers.Dense(256, activation="relu", name="Hidden")(x)
            return library.Model(inputs, layers.Dense(10, activation="softmax", name="Output")(x), name="mlp")
        inputs = library.Input(shape=(28, 28, 1))
        x = layers.Conv2D(32, kernel_size=(2, 2), activation="relu", name="Conv_1")(inputs)
        x = layers.MaxPooling2D()(x)
        x = layers.Conv2D(32, kernel_size=(2, 2), activation="relu", name="Conv_2")(x)
        x = layers.MaxPooling2D()(x)
        x = layers.Flatten()(x)
        x = layers.Dense(256, activation="relu")(x)
        return library.Model(inputs, layers.Dense(10, activation="softmax")(x), name="cnn")


NETWORKS = ("mlp", "cnn")


# Random recipes -------------------------------------------------------------------------------------------------


def seeded_choice(seed: int) -> Choose:
    """Return a ``choose`` that draws from a seeded generator."""
    generator = np.random.default_rng(seed)
    return lambda options: options[int(generator.integers(len(options)))]


def random_recipe(choose: Choose) -> Recipe:
    """Return a random model: chains and branches, images and vectors, shared layers, several inputs and outputs."""
    sequential = choose([False, False, True])
    inputs = [_random_input(choose) for _ in range(1 if sequential else choose([1, 1, 1, 2]))]
    recipe = Recipe(inputs, sequential=sequential, shapes=list(inputs))
    for _ in range(choose(range(1, 9))):
        source = len(recipe.shapes) - 1 if sequential else choose(range(len(recipe.shapes)))
        _add_call(recipe, choose, source)
    last = len(recipe.shapes) - 1
    unread = [i for i in range(len(inputs), last + 1) if not any(i in sources for _, sources in recipe.calls)]
    recipe.outputs = [last] if sequential else choose([[last], [last], unread, unread[::-1]])
    return recipe


def _random_input(choose: Choose) -> tuple[int, ...]:
    if choose([True, True, False]):
        return choose(range(1, 10)), choose(range(1, 10)), choose([1, 2, 3])
    return choose([(choose(range(1, 8)),), (choose(range(1, 5)), choose(range(1, 5)))])


def _add_call(recipe: Recipe, choose: Choose, source: int) -> None:
    shape = recipe.shapes[source]
    if not recipe.sequential:
        shared = [(n, s) for n, s in recipe.calls if len(s) == 1 and recipe.shapes[s[0]] == shape]
        if shared and choose([True, False, False, False]):
            number, _ = choose(shared)
            made = next(i for i, (n, _) in enumerate(recipe.calls) if n == number) + len(recipe.inputs)
            recipe.calls.append((number, (source,)))
            recipe.shapes.append(recipe.shapes[made])
            return
        partners = [i for i, other in enumerate(recipe.shapes) if other == shape]
        if choose([True, False, False]):
            kind = choose(["Add", "Add", "Average", "Multiply", "Subtract", "Concatenate"])
            count = 1 if kind == "Subtract" else choose([1, 1, 2])
            others = tuple(choose(partners) for _ in range(count))
            joined = (*shape[:-1], shape[-1] * (count + 1)) if kind == "Concatenate" else shape
            _append(recipe, kind, {}, (source, *others), joined)
            return
    kinds = ["Dense", "Dense", "Flatten", "Activation", "ReLU", "Softmax", "Rescaling"]
    kinds += ["BatchNormalization", "BatchNormalization", "LayerNormalization", "LeakyReLU", "Permute", "Reshape"]
    if len(shape) == 3:
        kinds += ["Conv2D"] * 6 + ["MaxPooling2D"] * 4
        kinds += ["AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D"]
        kinds += ["DepthwiseConv2D", "SeparableConv2D"]
        if shape[0] * shape[1] <= 100:  # what makes images larger
            kinds += ["Conv2DTranspose", "ZeroPadding2D", "UpSampling2D"]
    class_name = choose(kinds)
    arguments, result = _LAYERS[class_name](choose, shape)
    if choose([True, False, False, False, False, False]):
        arguments["trainable"] = False
    _append(recipe, class_name, arguments, (source,), result)


def _append(
    recipe: Recipe, class_name: str, arguments: dict[str, Any], sources: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    recipe.layers.append((class_name, arguments))
    recipe.calls.append((len(recipe.layers) - 1, sources))
    recipe.shapes.append(shape)


Made = tuple[dict[str, Any], tuple[int, ...]]
ACTIVATIONS = (
    *(None, "relu", "relu", "relu", "sigmoid", "tanh", "softmax", "linear"),
    *("elu", "selu", "silu", "softplus"),
)


def _dense(choose: Choose, shape: tuple[int, ...]) -> Made:
    units = choose(range(1, 7))
    arguments = {"units": units, "activation": choose(ACTIVATIONS), "use_bias": choose([True, True, False])}
    return arguments, (*shape[:-1], units)


def _conv2d(choose: Choose, shape: tuple[int, ...]) -> Made:
    arguments: dict[str, Any] = {"filters": choose(range(1, 6)), "activation": choose(ACTIVATIONS)}
    result, geometry = _windows(choose, shape, "kernel_size", may_dilate=True)
    arguments["groups"] = choose([n for n in (1, 1, 2, 3) if shape[2] % n == 0 and arguments["filters"] % n == 0])
    return {**arguments, **geometry, "use_bias": choose([True, True, False])}, (*result, arguments["filters"])


def _depthwise_conv2d(choose: Choose, shape: tuple[int, ...]) -> Made:
    multiplier = choose([1, 1, 2])
    arguments: dict[str, Any] = {"depth_multiplier": multiplier, "activation": choose(ACTIVATIONS)}
    result, geometry = _windows(choose, shape, "kernel_size", may_dilate=True, square=True)
    return {**arguments, **geometry}, (*result, shape[2] * multiplier)


def _separable_conv2d(choose: Choose, shape: tuple[int, ...]) -> Made:
    arguments, result = _depthwise_conv2d(choose, shape)
    filters = choose(range(1, 6))
    return {"filters": filters, **arguments}, (*result[:2], filters)


def _conv2d_transpose(choose: Choose, shape: tuple[int, ...]) -> Made:
    size, strides = ((choose([1, 2, 3]), choose([1, 2, 3])) for _ in range(2))
    padding, filters = choose(["valid", "same"]), choose([1, 2, 3])
    result = [n * s if padding == "same" else (n - 1) * s + max(k, s) for n, k, s in zip(shape[:2], size, strides)]
    geometry = {"kernel_size": size, "strides": strides, "padding": padding}
    return {"filters": filters, "activation": choose(ACTIVATIONS), **geometry}, (*result, filters)


def _global_average_pooling2d(choose: Choose, shape: tuple[int, ...]) -> Made:
    keepdims = choose([True, False])
    return {"keepdims": keepdims}, (1, 1, shape[2]) if keepdims else shape[2:]


def _normalization(choose: Choose, shape: tuple[int, ...]) -> Made:
    # A small ε would blow rounding up where there is little variance, as in a batch of one.
    arguments = {"center": choose([True, True, False]), "scale": choose([True, True, False])}
    return {"axis": choose([-1, -1, len(shape), 1]), "epsilon": choose([0.25, 1.0]), **arguments}, shape


def _leaky_re_lu(choose: Choose, shape: tuple[int, ...]) -> Made:
    return {"negative_slope": choose([0.25, 0.5])}, shape  # which float32 holds exactly


def _permute(choose: Choose, shape: tuple[int, ...]) -> Made:
    rest, dims = list(range(1, len(shape) + 1)), list[int]()
    while rest:
        dims.append(rest.pop(choose(range(len(rest)))))
    return {"dims": tuple(dims)}, tuple(shape[axis - 1] for axis in dims)


def _reshape(choose: Choose, shape: tuple[int, ...]) -> Made:
    size = int(np.prod(shape))
    first = choose([n for n in range(1, size + 1) if size % n == 0])
    target = choose([(first, size // first), (size,), (*shape, 1)])
    return {"target_shape": choose([target, (*target[:-1], -1)])}, target


def _up_sampling2d(choose: Choose, shape: tuple[int, ...]) -> Made:
    size = choose([1, 2]), choose([1, 2, 3])
    return {"size": size}, (shape[0] * size[0], shape[1] * size[1], shape[2])


def _zero_padding2d(choose: Choose, shape: tuple[int, ...]) -> Made:
    (top, bottom), (left, right) = ((choose([0, 1, 2]), choose([0, 1, 2])) for _ in range(2))
    return {"padding": ((top, bottom), (left, right))}, (shape[0] + top + bottom, shape[1] + left + right, shape[2])


def _max_pooling2d(choose: Choose, shape: tuple[int, ...]) -> Made:
    result, geometry = _windows(choose, shape, "pool_size", may_dilate=False)
    return geometry, (*result, shape[-1])


def _windows(
    choose: Choose, shape: tuple[int, ...], key: str, may_dilate: bool, square: bool = False
) -> tuple[list[int], dict[str, Any]]:
    padding = choose(["valid", "same"])
    size = [choose(range(1, min(length, 4) + 1)) for length in shape[:2]]
    dilation = [1, 1]
    if may_dilate and choose([True, False, False]):
        fits = [(length - 1) // max(k - 1, 1) if padding == "valid" else 3 for length, k in zip(shape, size)]
        dilation = [choose(range(1, max(1, min(3, most)) + 1)) for most in fits]
    # Keras refuses strides together with dilation.
    strides = [choose([1, 1, 2, 3]), choose([1, 1, 2, 3])] if dilation == [1, 1] else [1, 1]
    if square:  # as TensorFlow's depthwise convolution asks for in float64
        strides = [strides[0]] * 2
    result = [
        -(-length // s) if padding == "same" else (length - (k - 1) * d - 1) // s + 1
        for length, k, s, d in zip(shape, size, strides, dilation)
    ]
    geometry = {key: tuple(size), "strides": tuple(strides), "padding": padding}
    return result, {**geometry, "dilation_rate": tuple(dilation)} if may_dilate else geometry


def _flatten(choose: Choose, shape: tuple[int, ...]) -> Made:
    return {}, (int(np.prod(shape)),)


def _activation(choose: Choose, shape: tuple[int, ...]) -> Made:
    return {"activation": choose(ACTIVATIONS[1:])}, shape


def _re_lu(choose: Choose, shape: tuple[int, ...]) -> Made:
    return {}, shape


def _softmax(choose: Choose, shape: tuple[int, ...]) -> Made:
    return {"axis": choose([-1, -1, len(shape), 1])}, shape


def _rescaling(choose: Choose, shape: tuple[int, ...]) -> Made:
    return {"scale": choose([0.5, -1.25, 2.0]), "offset": choose([0.0, -0.5, 1.0])}, shape


_LAYERS: dict[str, Callable[[Choose, tuple[int, ...]], Made]] = {
    "Dense": _dense,
    "Conv2D": _conv2d,
    "Conv2DTranspose": _conv2d_transpose,
    "DepthwiseConv2D": _depthwise_conv2d,
    "SeparableConv2D": _separable_conv2d,
    "MaxPooling2D": _max_pooling2d,
    "AveragePooling2D": _max_pooling2d,
    "GlobalAveragePooling2D": _global_average_pooling2d,
    "GlobalMaxPooling2D": _global_average_pooling2d,
    "ZeroPadding2D": _zero_padding2d,
    "UpSampling2D": _up_sampling2d,
    "BatchNormalization": _normalization,
    "LayerNormalization": _normalization,
    "LeakyReLU": _leaky_re_lu,
    "Permute": _permute,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Activation": _activation,
    "ReLU": _re_lu,
    "Softmax": _softmax,
    "Rescaling": _rescaling,
}
