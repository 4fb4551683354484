"""Each of the nine networks is the same in every framework that is installed."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np
import pytest

from benchmarks import data
from benchmarks.contenders import CONTENDERS
from benchmarks.frameworks import keras_layers
from benchmarks.frameworks.scratchnet import Scratchnet
from benchmarks.networks import NETWORKS, network_named
from scratchnet.architectures import ARCHITECTURES

PARAMETERS = {
    "mlp": 203_530,
    "cnn": 302_026,
    "lenet": 61_706,
    "cifar": 122_570,
    "vgg": 591_274,
    "strided": 192_330,
    "resnet": 78_714,
    "autoencoder": 37_569,
    "wide": 1_863_690,
}
GROWN = {"dense-8": 144, "conv-4": 296, "pool-4": 466}
"""Those of them that grow, small."""
ELSEWHERE = {"strided", "resnet", "autoencoder"}
"""Networks in which PyTorch, whose padding is the same on both sides, has that of strided layers elsewhere."""


def samples(network):
    generator = np.random.default_rng(0)
    x = generator.random((8, *network_named(network).input_shape), np.float32)
    return x, generator.integers(0, 10, 8).astype(np.uint8)


@pytest.mark.parametrize("name", ["dense-", "dense-x", "conv", "vgg-3"])
def test_a_network_that_is_not_there_is_not_made(name):
    with pytest.raises(KeyError):
        network_named(name)


def test_there_are_nine():
    assert set(NETWORKS) == set(PARAMETERS)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_has_so_many_parameters(network):
    framework = Scratchnet()
    assert framework.parameters(framework.model(network)) == PARAMETERS[network]


@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_the_notebooks_networks_are_those_of_the_command_line(network):
    ours, known = Scratchnet().model(network), ARCHITECTURES[network]()
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in known.get_weights()]
    assert ours.input_shape == known.input_shape


@pytest.mark.slow
@pytest.mark.parametrize("network", [*NETWORKS, *GROWN])
@pytest.mark.parametrize("contender", [c for c in CONTENDERS if c.key == c.family][1:], ids=lambda c: c.key)
def test_the_same_weights_give_the_same_loss(contender, network):
    if not contender.installed():
        pytest.skip(f"{contender.label} is not installed")
    ours: Any = Scratchnet()
    other = importlib.import_module(contender.module).create(contender.mode)
    model, theirs = ours.model(network), other.model(network)
    assert other.parameters(theirs) == (PARAMETERS | GROWN)[network]
    other.set_weights(theirs, keras_layers.weights_of(model))
    x, y = samples(network)
    loss = [f.evaluate(m, *f.data(x, y, network), 8)[0] for f, m in ((ours, model), (other, theirs))]
    apart = contender.family == "torch" and network in ELSEWHERE
    assert loss[1] == pytest.approx(loss[0], rel=0.05 if apart else 1e-5)


def test_an_autoencoder_is_trained_on_its_own_input():
    framework: Any = Scratchnet()
    x, y = framework.data(*samples("autoencoder"), "autoencoder")
    assert np.array_equal(x, y)
    _, accuracy = framework.evaluate(framework.model("autoencoder"), x, y, 8)
    assert math.isnan(accuracy)


def test_samples_of_another_shape_are_random_and_none_of_their_numbers_is_0():
    assert [network for network in NETWORKS if not data.is_fashion_mnist(network)] == ["cifar", "vgg", "resnet"]
    images = data.random_images("cifar")
    assert images.x_train.shape[1:] == (32, 32, 3)
    assert images.x_train.min() > 0
