"""Every framework that is installed trains the same two networks and answers all requests."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks.contenders import CONTENDERS
from benchmarks.frameworks.base import StepClock
from benchmarks.frameworks.scratchnet import Scratchnet
from benchmarks.memory import peak_bytes
from benchmarks.processes import WorkerProcess

ROOT = Path(__file__).parents[2]
ONE_OF_EACH = [c for c in CONTENDERS if c.key == c.family]


@pytest.mark.parametrize("contender", ONE_OF_EACH, ids=lambda c: c.key)
def test_a_framework_learns_and_answers(contender):
    if not contender.installed():
        pytest.skip(f"{contender.label} is not installed")
    with WorkerProcess(contender) as worker:
        assert contender.family in worker.ask("hello")["versions"]
        assert worker.ask("train", network="mlp", batch_size=256, seconds=0.2)["seconds"] > 0
        assert worker.ask("evaluate", network="mlp", batch_size=1000)["accuracy"] > 0.3
        for directly in (False, True):
            assert worker.ask("predict", network="cnn", directly=directly, times=1)["seconds"] > 0
        assert worker.ask("save", network="cnn")["bytes"] > 302_026 * 4


def test_rescaled_uint8_images_train_as_float_images_do(backend):
    images, labels = np.random.default_rng(0).integers(0, 256, (64, 28, 28), np.uint8), np.arange(64) % 10
    framework = Scratchnet()
    plain, rescaling = framework.model("cnn"), framework.model("cnn", rescaling=True)
    rescaling.set_weights(plain.get_weights())
    loss = [
        framework.evaluate(model, *framework.data(x, labels, "cnn"), None)[0]
        for model, x in ((plain, images / np.float32(255)), (rescaling, images))
    ]
    assert loss[0] == pytest.approx(loss[1], rel=1e-5)


def test_the_clock_ends_a_fit_of_scratchnet_after_its_last_step():
    framework = Scratchnet()
    x, y = framework.data(np.zeros((640, 28, 28), np.float32), np.zeros(640, np.uint8), "mlp")
    model, clock = framework.model("mlp"), StepClock(1, 4)
    framework.fit(model, x, y, 64, clock)
    assert clock.seconds > 0
    assert model.optimizer.iterations == 5


def test_the_peak_grows_with_what_a_process_holds():
    before = peak_bytes()
    held = np.ones(before + 10_000_000, np.uint8)
    assert peak_bytes() >= held.nbytes


def test_jax_begins_with_an_array_for_each_part_of_its_state():
    """A step gives all of them away, and an array can be given away once. JAX minds if its process forks afterwards."""
    if find_spec("jax") is None:
        pytest.skip("JAX is not installed")
    program = """if True:
        import jax
        from benchmarks.frameworks.jax import JaxModel
        from benchmarks.networks import network_named

        leaves = jax.tree.leaves(JaxModel(network_named("resnet")).state)
        assert len({leaf.unsafe_buffer_pointer() for leaf in leaves}) == len(leaves)
    """
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, timeout=120)
