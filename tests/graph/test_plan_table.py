from __future__ import annotations

import pytest

from scratchnet import architectures, config
from scratchnet.graph.plan import Plan
from scratchnet.graph.plan_table import measure


def test_every_step_is_listed_with_its_layers(backend):
    plan = Plan(architectures.cnn().graph, backend)
    costs = measure(plan, batch_size=4)
    names = [name for cost in costs for name in cost.layers]
    assert names == ["Conv_1", "max_pooling2d", "Conv_2", "max_pooling2d_1", "flatten", "dense", "dense_1"]
    assert all(ms > 0 for cost in costs for ms in cost.milliseconds[:1])


def test_printed_plan_names_layers_and_backend(backend):
    texts = []
    model = architectures.mlp()
    model.plan(batch_size=2, print_fn=texts.append)
    (text,) = texts
    assert f"Backend {backend}, batches of 2" in text
    assert "Hidden" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_fused_steps_know_the_operations_of_their_layers(name):
    config.set_backend("numba")
    model = architectures.ARCHITECTURES[name]()
    costs = [c for c in measure(Plan(model.graph, "numba"), batch_size=2) if c.flops is not None]
    multiplications = {"mlp": 784 * 256 + 256 * 10, "cnn": 729 * 4 * 32 + 144 * 128 * 32 + 1152 * 256 + 2560}[name]
    assert sum(c.flops[0] for c in costs) == pytest.approx(2 * 2 * multiplications, rel=0.05)


@pytest.mark.parametrize(
    ("loss", "last", "runs_by"),
    [
        ("sparse_categorical_crossentropy", ["dense_1", "sparse_categorical_crossentropy"], "DenseCrossentropyStep"),
        ("categorical_crossentropy", ["dense_1", "categorical_crossentropy"], "DenseCrossentropyStep"),
        ("mean_squared_error", ["mean_squared_error"], "KernelMeanSquaredError"),
        ("mean_absolute_error", ["mean_absolute_error"], "definition"),
    ],
)
def test_the_loss_is_listed_with_the_layer_that_it_runs_with(loss, last, runs_by):
    config.set_backend("numba")
    model = architectures.cnn()
    model.compile(loss=loss, optimizer="adam")
    cost = measure(Plan(model.graph, "numba", model.trains_through_logits()), 4, [model.loss])[-1]
    assert (cost.layers, cost.runs_by) == (last, runs_by)
    assert cost.milliseconds[0] > 0


def test_the_printed_plan_of_a_compiled_model_names_its_loss(backend):
    texts = []
    model = architectures.mlp()
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
    model.plan(batch_size=2, print_fn=texts.append)
    assert "sparse_categorical_crossentropy" in texts[0]
