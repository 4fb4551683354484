from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import scratchnet
from scratchnet.cli.samples import as_input, as_probabilities
from scratchnet.datasets import fashion_mnist
from scratchnet.layers import Dense, Flatten, Input, Rescaling
from scratchnet.saving import save_model
from tests.cli.conftest import Command


def classifier(
    *layers: scratchnet.Layer, shape: tuple[int, ...] = (28, 28), activation: str | None = "softmax"
) -> scratchnet.Model:
    x = inputs = Input(shape)
    for layer in (*layers, Flatten(), Dense(10, activation=activation)):
        x = layer(x)
    return scratchnet.Model(inputs, x)


@pytest.mark.parametrize("network", ["mlp", "cnn"])
def test_it_finds_again_what_the_training_measured(
    scratchnet_command: Command, trained: dict[str, Path], network: str
) -> None:
    facts = json.loads((trained[network] / "run.json").read_text())
    result = scratchnet_command("evaluate", trained[network], "--mini")
    assert result.code == 0
    right = round(facts["test_accuracy"] * 1000)
    assert (
        f"Test accuracy {facts['test_accuracy']:.4f} ({right} of 1,000 right), loss {facts['test_loss']:.4f}"
        in result.out
    )
    assert f"{network}, trained for " in result.out


def test_each_class_has_its_line(scratchnet_command: Command, trained: dict[str, Path]) -> None:
    out = scratchnet_command("evaluate", trained["mlp"], "--mini").out
    model = scratchnet.load_model(trained["mlp"] / "model.safetensors")
    _, (x, y) = fashion_mnist.load_data(subset="mini")
    said = model.predict(x / 255, verbose=0).argmax(axis=1)
    for k, name in enumerate(fashion_mnist.LABELS):
        (line,) = (line for line in out.splitlines() if line.strip().startswith(name))
        assert f"{np.mean(said[y == k] == k):.1%}" in line
        wrong = said[(y == k) & (said != k)]
        if len(wrong):
            most = np.bincount(wrong).argmax()
            assert f"{fashion_mnist.LABELS[most]}, {np.sum(wrong == most)} of 100" in line


def test_a_model_file_alone_will_do(scratchnet_command: Command, trained: dict[str, Path]) -> None:
    as_file = scratchnet_command("evaluate", trained["mlp"] / "model.safetensors", "--mini")
    assert as_file == scratchnet_command("evaluate", trained["mlp"], "--mini")
    assert as_file.code == 0


def test_a_model_of_ones_own_without_compile_or_notes_can_be_evaluated(scratchnet_command: Command) -> None:
    model = classifier()
    model.save("mine.safetensors")
    result = scratchnet_command("evaluate", "mine.safetensors", "--mini")
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    _, (x, y) = fashion_mnist.load_data(subset="mini")
    loss, accuracy = model.evaluate(x / 255, y, verbose=0)
    assert f"Test accuracy {accuracy:.4f}" in result.out
    assert f"loss {loss:.3f}" in result.out


def test_inputs_are_scaled_unless_the_model_does_it() -> None:
    images = np.full((2, 28, 28), 255, np.uint8)
    assert as_input(classifier(), images).max() == 1
    assert as_input(classifier(Rescaling(1 / 255)), images).max() == 255
    assert as_input(classifier(scratchnet.Sequential([Rescaling(1 / 255)])), images).max() == 255


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (784,)])
def test_inputs_get_the_axes_of_the_model(shape: tuple[int, ...]) -> None:
    x = as_input(classifier(shape=shape), np.zeros((2, 28, 28), np.uint8))
    assert x.shape == (2, *shape)
    assert x.dtype == np.float32


def test_logits_become_probabilities_and_probabilities_stay() -> None:
    logits = np.array([[0.0, np.log(3.0)]])
    np.testing.assert_allclose(as_probabilities(logits), [[0.25, 0.75]])
    np.testing.assert_array_equal(as_probabilities(np.array([[0.25, 0.75]])), [[0.25, 0.75]])


def test_a_model_of_something_else_is_refused(scratchnet_command: Command) -> None:
    inputs = Input((5,))
    scratchnet.Model(inputs, Dense(10)(inputs)).save("other.safetensors")
    result = scratchnet_command("evaluate", "other.safetensors", "--mini")
    assert result.code == 1
    assert "Expected a model of images (28, 28) or (28, 28, 1), got one with input (5,)." in result.err
    inputs = Input((28, 28))
    scratchnet.Model(inputs, Dense(3)(Flatten()(inputs))).save("three.safetensors")
    assert "Expected a model with 10 outputs" in scratchnet_command("evaluate", "three.safetensors", "--mini").err


def test_a_run_that_is_not_there_is_named_with_the_nearest_that_is(scratchnet_command: Command) -> None:
    assert scratchnet_command("evaluate", "runs/x", "--mini").err == (
        "Error: There is no run runs/x: make one with scratchnet train cnn.\n"
    )
    Path("runs/cnn-1").mkdir(parents=True)
    classifier().save("runs/cnn-1/model.safetensors")
    assert "did you mean runs/cnn-1?" in scratchnet_command("evaluate", "runs/cnn-2", "--mini").err
    assert "the newest is runs/cnn-1." in scratchnet_command("evaluate", "somewhere-else", "--mini").err
    assert (
        "runs is a folder of runs: name one of them, such as runs/cnn-1." in scratchnet_command("evaluate", "runs").err
    )


def test_a_folder_without_a_model_and_a_file_that_is_none_are_refused(scratchnet_command: Command) -> None:
    Path("empty").mkdir()
    result = scratchnet_command("evaluate", "empty")
    assert (result.code, result.err.startswith("Error: empty holds no model.safetensors")) == (1, True)
    Path("letter.txt").write_text("dear")
    result = scratchnet_command("evaluate", "letter.txt")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "letter.txt" in result.err


@pytest.mark.filterwarnings("ignore:The model (saved to|loaded from)")
@pytest.mark.parametrize("command", [("evaluate", "--mini"), ("predict", "test:0", "--mini")])
def test_weights_that_are_no_numbers_are_told(scratchnet_command: Command, command: tuple[str, ...]) -> None:
    model = classifier()
    model.get_layer(index=-1).params["kernel"][5] = np.nan
    model.save("broken.safetensors")
    result = scratchnet_command(command[0], "broken.safetensors", *command[1:])
    assert result.code == 1
    assert "Test accuracy" not in result.out
    assert "%" not in result.out
    assert "got NaN or infinity for " in result.err


def test_notes_of_a_stranger_are_shown_escaped(scratchnet_command: Command) -> None:
    save_model(classifier(), "strange.safetensors", notes={"network": "\x1b[2Jmlp\n", "data": "\x07", "trained": "\r1"})
    result = scratchnet_command("evaluate", "strange.safetensors", "--mini")
    assert result.code == 0
    assert r"\x1b[2Jmlp\n, trained for \r1 on \x07." in result.out
