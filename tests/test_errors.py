"""The advice for names that nobody knows: near misses get one, strangers do not."""

from __future__ import annotations

import pytest

from scratchnet import activations, initializers, layers, losses, metrics, optimizers
from scratchnet.callbacks.callback import HOOKS
from scratchnet.errors import nearest, unknown_name
from scratchnet.keras_names import ABSENT

LAYERS = (
    "Activation",
    "Add",
    "Conv2D",
    "Dense",
    "Flatten",
    "Input",
    "InputLayer",
    "Layer",
    "MaxPool2D",
    "MaxPooling2D",
)
LAYERS += ("ReLU", "Rescaling", "Softmax")
LOSSES = ("categorical_crossentropy", "mean_squared_error", "mse", "sparse_categorical_crossentropy")
ACTIVATIONS = ("linear", "relu", "sigmoid", "softmax", "tanh")
INITIALIZERS = ("glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "ones", "zeros")
METRICS = ("acc", "accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "top_k_categorical_accuracy")
MODES = ("auto", "max", "min")

NEAR = [
    (LAYERS, "Dence Dens Denes dense DENSE Desne", "Dense"),
    (LAYERS, "Con2D conv2d Conv2d Conv_2D Convolution2D Conv2", "Conv2D"),
    (LAYERS, "MaxPooling max_pooling2d MaxPoling2D", "MaxPooling2D"),
    (LAYERS, "MaxPool Maxpool2D", "MaxPool2D"),
    (LAYERS, "Flaten flatten Flattten", "Flatten"),
    (LAYERS, "Relu RELU relu", "ReLU"),
    (LAYERS, "Softmx SoftMax", "Softmax"),
    (LAYERS, "Rescale rescaling", "Rescaling"),
    (LAYERS, "Activations Activaton", "Activation"),
    (("adam", "sgd"), "adm Adam adma addam", "adam"),
    (("adam", "sgd"), "sgdd sdg SGD", "sgd"),
    (
        LOSSES,
        "cross_entropy crossentropy categorical_cross_entropy CategoricalCrossentropy",
        "categorical_crossentropy",
    ),
    (LOSSES, "sparse_crossentropy sparse_categorical sparse_cross_entropy", "sparse_categorical_crossentropy"),
    (LOSSES, "mean_square_error MeanSquaredError squared_error", "mean_squared_error"),
    (LOSSES, "mes mse_loss MSE", "mse"),
    (ACTIVATIONS, "relyou rellu ReLU", "relu"),
    (ACTIVATIONS, "sigmod Sigmoid sigmoide", "sigmoid"),
    (ACTIVATIONS, "soft_max sofmax", "softmax"),
    (INITIALIZERS, "glorot glorotnormal", "glorot_normal"),
    (INITIALIZERS, "glorot_unifrm GlorotUniform", "glorot_uniform"),
    (INITIALIZERS, "zero zeroes", "zeros"),
    (METRICS, "acuracy accurracy Accuracy", "accuracy"),
    (METRICS, "top_k TopKCategoricalAccuracy", "top_k_categorical_accuracy"),
    (METRICS, "sparse_accuracy", "sparse_categorical_accuracy"),
    (HOOKS, "on_epoch_ends epoch_end", "on_epoch_end"),
    (METRICS, "auc", "acc"),
    (("cnn", "mlp"), "cnm cmn CNN", "cnn"),
    (MODES, "maximum mx mix MAX", "max"),
    (MODES, "minimum minn", "min"),
    (("numba", "numpy"), "nunpy np.numpy", "numpy"),
]
FAR = [
    (
        LAYERS,
        "LSTM Lstm GRU Embedding TimeDistributed Reshape Concatenate "
        "ZeroPadding2D Permute Multiply Subtract Attention Lambda Normalization Transformer Linear x",
    ),
    (("adam", "sgd"), "rmsprop adagrad momentum lion newton"),
    (LOSSES, "hinge huber kl_divergence poisson nll dice"),
    (ACTIVATIONS, "swish exponential softplus_of_x mish leaky"),
    (INITIALIZERS, "xavier orthogonal identity truncated"),
    (METRICS, "f1 precision recall"),
    (MODES, "mean largest up"),
    (("numba", "numpy"), "torch jax cuda"),
    (("float32", "float64"), "int double half"),
    ((), "anything"),
]


@pytest.mark.parametrize(
    ("known", "name", "meant"), [(known, name, meant) for known, names, meant in NEAR for name in names.split()]
)
def test_a_near_miss_is_told_what_was_meant(known, name, meant):
    assert nearest(name, known) == meant
    if name.lower() not in known:
        assert f"Unknown thing {name!r}: did you mean {meant!r}? Known are " in str(unknown_name("thing", name, known))


@pytest.mark.parametrize(("known", "name"), [(known, name) for known, names in FAR for name in names.split()])
def test_a_stranger_is_told_nothing_far_fetched(known, name):
    assert nearest(name, known) is None
    assert str(unknown_name("thing", name, known)) == f"Unknown thing {name!r}: known are {', '.join(sorted(known))}."


@pytest.mark.parametrize("name", [None, 3, ["adam"], {"name": "adam"}, b"adam", ""])
def test_what_is_no_name_is_shown_as_it_is(name):
    assert str(unknown_name("optimizer", name, ["sgd"])) == f"Unknown optimizer {name!r}: known are sgd."


@pytest.mark.parametrize(
    ("kind", "get", "name"),
    [
        ("layer", lambda name: getattr(layers, name), "MelSpectrogram"),
        ("optimizer", optimizers.get, "ftrl"),
        ("loss", losses.get, "ctc"),
        ("activation", activations.get, "sparsemax"),
        ("initializer", initializers.get, "stft"),
        ("metric", metrics.get, "r2_score"),
    ],
)
def test_what_keras_has_and_scratchnet_has_not_is_told_as_that(kind, get, name):
    told = f"Unknown {kind} {name!r}: Keras has it, scratchnet has not, as docs/keras-differences.md lists; known are "
    with pytest.raises((ValueError, AttributeError)) as caught:
        get(name)
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("layer", "Lstm"), ("layer", "GroupNormalization"), ("loss", "SquaredHinge"), ("optimizer", "Nadam")],
)
def test_the_names_of_keras_are_known_in_any_spelling(kind, name):
    known = ["Layer", "mean_squared_error", "sgd"]
    assert str(unknown_name(kind, name, known)).startswith(f"Unknown {kind} {name!r}: Keras has it, scratchnet has not")
    assert "Keras has it" not in str(unknown_name("mode", name, known))


def test_a_layer_that_is_written_wrongly_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Unknown layer 'Dence': did you mean 'Dense'"):
        layers.Dence  # noqa: B018
    assert not hasattr(layers, "Dence")


@pytest.mark.parametrize("kind", ABSENT)
def test_the_names_of_keras_stand_there_once(kind):
    names = ABSENT[kind].split()
    assert names == sorted(set(names))
