"""Everything that scratchnet brings along, as a list of things to check: ``scratchnet gradcheck`` runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scratchnet import layers, losses, regularizers
from scratchnet.activations import ACTIVATIONS, ELU, GELU
from scratchnet.gradient_check.check_layers import check_layer
from scratchnet.gradient_check.check_losses import check_loss
from scratchnet.gradient_check.check_models import check_model
from scratchnet.gradient_check.report import Report
from scratchnet.models import Model
from scratchnet.utils.random import seeded


@dataclass(frozen=True)
class Check:
    """One line of the table: what it is called, and how to check it on a backend.

    ``compiles`` marks the first check to need a certain kernel, which takes a while if that is not compiled yet.
    """

    kind: str
    title: str
    run: Callable[[str], Report]
    compiles: bool = False


def builtin_checks() -> list[Check]:
    """Return the checks of all layers in many settings, all losses, runs of layers that kernels fuse, both networks."""
    checks = [*_layers(), *_normalizations(), *_losses(), *_fused(), *_networks()]
    first = ("Dense(5, activation='linear')", "Conv2D(3, 2)", "Conv2D → MaxPooling2D", "cnn, images to loss")
    return [replace(check, compiles=check.title in first) for check in checks]


def _layer(cls: type[Any], input_shape: Any, *arguments: Any, **options: Any) -> Check:
    settings = [*map(repr, arguments), *(f"{k}={v!r}" for k, v in options.items())]
    title = f"{cls.__name__}({', '.join(settings)})"
    if cls is layers.Dense and len(input_shape) == 3:
        title += " on 3 axes"
    return Check("layer", title, lambda backend: check_layer(cls(*arguments, **options), input_shape, backend=backend))


def _layers() -> list[Check]:
    image = (3, 7, 6, 2)
    dense = [_layer(layers.Dense, (4, 6), 5, activation=a) for a in ("linear", "relu", "sigmoid", "tanh", "softmax")]
    convolution = [
        _layer(layers.Conv2D, image, 3, 2),
        _layer(layers.Conv2D, image, 3, (3, 2), activation="relu"),
        _layer(layers.Conv2D, image, 3, 3, padding="same"),
        _layer(layers.Conv2D, image, 3, 3, strides=2, padding="same", activation="relu"),
        _layer(layers.Conv2D, image, 3, (2, 3), strides=(2, 1), padding="same", activation="tanh"),
        _layer(layers.Conv2D, image, 3, (4, 1), strides=(3, 2), use_bias=False),
        _layer(layers.Conv2D, image, 3, 3, dilation_rate=2),
        _layer(layers.Conv2D, image, 3, 2, padding="same", dilation_rate=(3, 2), activation="sigmoid"),
        _layer(layers.Conv2D, image, 3, 1, activation="softmax"),
        _layer(layers.Conv2D, (2, 12, 11, 1), 8, 5, activation="relu"),
        _layer(layers.Conv2D, (2, 5, 4, 4), 6, 3, padding="same", groups=2, activation="relu"),
        _layer(layers.Conv2D, (2, 5, 4, 3), 3, 2, strides=2, groups=3),
    ]
    small = (2, 4, 3, 2)
    convolution_kin = [
        _layer(layers.Conv2DTranspose, small, 3, 3),
        _layer(layers.Conv2DTranspose, small, 3, 2, strides=2, activation="relu"),
        _layer(layers.Conv2DTranspose, small, 2, (3, 4), strides=(3, 2), padding="same"),
        _layer(layers.Conv2DTranspose, small, 2, 3, strides=3, padding="same", output_padding=1, use_bias=False),
        _layer(layers.Conv2DTranspose, small, 2, 2, strides=(3, 4), output_padding=(2, 0)),
        _layer(layers.Conv2DTranspose, small, 2, (3, 2), dilation_rate=(2, 3), activation="tanh"),
        _layer(layers.DepthwiseConv2D, image, 3),
        _layer(layers.DepthwiseConv2D, image, (2, 3), strides=2, padding="same", depth_multiplier=3, activation="relu"),
        _layer(layers.DepthwiseConv2D, image, 2, depth_multiplier=2, dilation_rate=(3, 2), use_bias=False),
        _layer(layers.SeparableConv2D, (2, 6, 5, 2), 3, 3, activation="relu"),
        _layer(layers.SeparableConv2D, (2, 6, 5, 2), 3, 2, strides=2, padding="same", depth_multiplier=3),
    ]
    pooling = [
        _layer(layers.MaxPooling2D, image),
        _layer(layers.MaxPooling2D, image, 3, strides=1),
        _layer(layers.MaxPooling2D, image, 3, strides=2, padding="same"),
        _layer(layers.MaxPooling2D, image, (2, 3), strides=(3, 1)),
        _layer(layers.MaxPooling2D, image, (3, 2), padding="same"),
        _layer(layers.AveragePooling2D, image),
        _layer(layers.AveragePooling2D, image, 3, strides=2, padding="same"),
        _layer(layers.AveragePooling2D, image, (2, 3), strides=1),
        _layer(layers.GlobalAveragePooling2D, image),
        _layer(layers.GlobalAveragePooling2D, image, keepdims=True),
        _layer(layers.GlobalMaxPooling2D, image),
        _layer(layers.GlobalMaxPooling2D, image, keepdims=True),
    ]
    return [
        *dense,
        *_penalized(),
        _layer(layers.Dense, (4, 6), 5, use_bias=False),
        _layer(layers.Dense, (2, 3, 6), 5, activation="relu"),
        *convolution,
        *convolution_kin,
        *pooling,
        _layer(layers.ZeroPadding2D, small, 2),
        _layer(layers.ZeroPadding2D, small, ((1, 0), (2, 3))),
        _layer(layers.UpSampling2D, small),
        _layer(layers.UpSampling2D, small, (3, 2), interpolation="bilinear"),
        _layer(layers.Flatten, image),
        *_activations(),
        *_shapes_and_merging(),
        _layer(layers.Rescaling, image, 0.5, offset=-0.25),
    ]


def _penalized() -> list[Check]:
    """Layers that add to the loss: the penalties of weights and outputs are differentiated with them."""
    both = regularizers.L1L2(0.25, 0.5)

    def one(title: str, make: Callable[[], layers.Layer], *shape: int) -> Check:
        return Check("layer", title, lambda backend: check_layer(make(), shape, backend=backend))

    return [
        one(
            "Dense, kernel and bias penalized",
            lambda: layers.Dense(3, kernel_regularizer=both, bias_regularizer="l2"),
            4,
            5,
        ),
        one("Dense, output penalized", lambda: layers.Dense(3, "tanh", activity_regularizer=both), 4, 5),
        one("Dense, rows orthogonal", lambda: layers.Dense(4, kernel_regularizer="orthogonal_regularizer"), 3, 5),
        one("Conv2D, output penalized", lambda: layers.Conv2D(3, 2, activity_regularizer="l2"), 2, 5, 4, 2),
        _layer(layers.ActivityRegularization, (4, 5), l1=0.25, l2=0.5),
    ]


def _activations() -> list[Check]:
    image = (3, 7, 6, 2)
    return [
        *[_layer(layers.Activation, (4, 3, 5), name) for name in ACTIVATIONS if name != "swish"],
        _layer(layers.Activation, (4, 3, 5), GELU(approximate=True)),
        _layer(layers.Activation, (4, 3, 5), ELU(0.5)),
        _layer(layers.ReLU, image),
        _layer(layers.ReLU, image, max_value=1.0, negative_slope=0.25, threshold=0.3),
        _layer(layers.LeakyReLU, image),
        _layer(layers.Softmax, (4, 6)),
        _layer(layers.Softmax, (4, 5, 3), axis=1),
        _layer(layers.Softmax, (4, 2, 3, 3), axis=(1, 3)),
        _layer(layers.Dense, (4, 6), 5, activation="gelu"),
        _layer(layers.Conv2D, image, 3, 2, activation="silu"),
    ]


def _shapes_and_merging() -> list[Check]:
    three = [(4, 6), (4, 6), (4, 6)]
    return [
        _layer(layers.Add, three),
        _layer(layers.Average, three),
        _layer(layers.Multiply, three),
        _layer(layers.Subtract, three[:2]),
        _layer(layers.Concatenate, [(4, 3), (4, 1), (4, 2)]),
        _layer(layers.Concatenate, [(3, 2, 4), (3, 3, 4)], axis=1),
        _layer(layers.Reshape, (3, 4, 6), (-1, 3, 2)),
        _layer(layers.Permute, (3, 2, 4, 5), (2, 3, 1)),
        Check("layer", "Embedding(5, 3)", _embedding),
        *_augmentations(),
    ]


def _augmentations() -> list[Check]:
    image = (2, 4, 3, 1)
    moves = [_layer(layers.RandomTranslation, image, 0.4, 0.3, fill_mode=m) for m in ("reflect", "nearest", "constant")]
    return [
        _layer(layers.RandomFlip, image),
        _layer(layers.RandomFlip, image, "horizontal"),
        _layer(layers.RandomCrop, image, 3, 2),
        _layer(layers.RandomErasing, image, fill_value=0.5),
        *moves,
    ]


def _embedding(backend: str) -> Report:
    x = np.array([[0, 4, 4], [1, 4, 0]])  # some words several times, some never
    return check_layer(layers.Embedding(5, 3), x.shape, x=x, backend=backend)


def _normalizations() -> list[Check]:
    def batch(shape: tuple[int, ...], training: bool = True, **options: Any) -> Check:
        if not training or not options.get("trainable", True):
            # Away from a mean of 0 and a deviation of 1, which would hide that they are forgotten.
            options |= {"epsilon": 0.5, "moving_mean_initializer": "he_normal"}

        def run(backend: str) -> Report:
            layer = layers.BatchNormalization(**options)
            alone = not (training and layer.trainable)
            return check_layer(layer, shape, backend=backend, training=training, independent_samples=alone)

        settings = ", ".join(f"{k}={v!r}" for k, v in options.items())
        where = (" on images" if len(shape) == 4 else "") + ("" if training else " at inference")
        return Check("layer", f"BatchNormalization({settings}){where}", run)

    image = (3, 4, 5, 2)
    return [
        batch((6, 3)),
        batch(image),
        batch(image, axis=1, center=False),
        batch(image, axis=-2, scale=False),
        batch(image, training=False),
        batch(image, training=False, axis=2, scale=False),
        batch(image, trainable=False),
        _layer(layers.LayerNormalization, (4, 6)),
        _layer(layers.LayerNormalization, image, axis=(1, -1), gamma_initializer="he_normal"),
        _layer(layers.LayerNormalization, image, axis=2, center=False),
        _layer(layers.LayerNormalization, image, axis=[1, 2, 3], scale=False),
        _layer(layers.Dropout, (4, 6), 0.4),
        _layer(layers.Dropout, image, 0.5, noise_shape=(None, 1, 1, None)),
        _layer(layers.GaussianNoise, (4, 6), 0.3),
    ]


def _losses() -> list[Check]:
    def one(loss: losses.Loss, *shape: int) -> Check:
        config = loss.get_config()
        said = [f"from {'logits' if loss.from_logits else 'probabilities'}"] if "from_logits" in config else []
        said += [f"{key}={config[key]}" for key in ("delta", "label_smoothing", "ignore_class") if config.get(key)]
        said += {"sum": ["summed"], "mean_with_sample_weight": ["mean by weights"]}.get(loss.reduction or "", [])
        said += [f"on {shape}"] if shape else []
        title = " ".join([type(loss).__name__, ", ".join(said)]).strip()
        return Check("loss", title, lambda backend: check_loss(loss, backend=backend, shape=shape or (6, 5)))

    sparse, rows, binary = (
        losses.SparseCategoricalCrossentropy,
        losses.CategoricalCrossentropy,
        losses.BinaryCrossentropy,
    )
    both = (False, True)
    return [
        *[one(cls(from_logits=from_logits)) for cls in (sparse, rows, binary) for from_logits in both],
        *[one(cls(from_logits=from_logits), 3, 2, 2, 4) for cls in (sparse, rows) for from_logits in both],
        *[one(cls(from_logits=from_logits, label_smoothing=0.2)) for cls in (rows, binary) for from_logits in both],
        *[one(cls(from_logits=True, reduction="sum")) for cls in (sparse, rows, binary)],
        *[one(cls(from_logits=True, reduction="mean_with_sample_weight")) for cls in (sparse, rows)],
        one(sparse(ignore_class=1), 3, 2, 2, 4),
        one(sparse(from_logits=True, ignore_class=1)),
        one(sparse(ignore_class=1, reduction="mean_with_sample_weight"), 3, 2, 2, 4),
        one(losses.KLDivergence()),
        one(losses.MeanSquaredError()),
        one(losses.MeanSquaredError(reduction="sum")),
        one(losses.MeanSquaredError(reduction="mean_with_sample_weight")),
        one(losses.MeanAbsoluteError()),
        one(losses.MeanAbsoluteError(), 3, 2, 4),
        one(losses.Huber()),
        one(losses.Huber(delta=0.3)),
    ]


def _fused() -> list[Check]:
    def chain(title: str, shape: tuple[int, ...], *make: Callable[[], layers.Layer]) -> Check:
        def run(backend: str) -> Report:
            inputs = x = layers.Input(shape[1:])
            with seeded(11):
                for new_layer in make:
                    x = new_layer()(x)
            data = np.random.default_rng(3).standard_normal(shape)
            return check_model(Model(inputs, x, name=title), data, backend=backend, tolerance=1e-7)

        return Check("chain", title, run)

    def residual(backend: str) -> Report:
        inputs = layers.Input((6,))
        with seeded(11):
            x = layers.Dense(6, activation="tanh")(inputs)
            model = Model(inputs, layers.Dense(3)(layers.Add()([x, inputs])), name="residual")
        return check_model(model, np.random.default_rng(3).standard_normal((4, 6)), backend=backend, tolerance=1e-7)

    conv, pool = layers.Conv2D, layers.MaxPooling2D
    return [
        chain("Conv2D → MaxPooling2D", (3, 8, 9, 2), lambda: conv(4, 3), lambda: pool()),
        chain("Conv2D relu → MaxPooling2D", (3, 9, 8, 1), lambda: conv(8, 2, activation="relu"), lambda: pool()),
        chain(
            "Conv2D relu same → MaxPooling2D 3 by 2, same",
            (3, 7, 7, 3),
            lambda: conv(5, 3, padding="same", activation="relu"),
            lambda: pool(3, strides=2, padding="same"),
        ),
        Check("chain", "Dense + shortcut → Add → Dense", residual),
    ]


def _networks() -> list[Check]:
    from scratchnet.architectures import challenge, cnn, mlp
    from scratchnet.recipes import Recipe

    # The real one would take minutes; and where a window is black, its ReLUs stand on their kink.
    small = Recipe(filters=(2, 3), epochs=1, pooled=(True, True), erase=0.0)

    def one(name: str, make: Callable[[], Model]) -> Check:
        def run(backend: str) -> Report:
            with seeded(11):
                model = make()
            generator = np.random.default_rng(5)
            x = generator.random((2, *[n or 1 for n in model.input_shape[1:]]))  # type: ignore[arg-type]
            return check_model(model, x, np.array([3, 7]), backend=backend)

        return Check("network", f"{name}, images to loss", run)

    return [one("mlp", mlp), one("cnn", cnn), one("small challenge", lambda: challenge(small))]
