"""Whoever asks for what is not there is told what is near, or that Keras has it: names and arguments alike."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import pkgutil
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import scratchnet as sn
from scratchnet.utils.arguments import ArgumentsByName, argument_names, arguments_by_name

MODULES = [module.name for module in pkgutil.iter_modules(sn.__path__) if module.name != "__main__"]


@pytest.mark.parametrize(
    ("module", "name", "told"),
    [
        ("layers", "LSTM", "Unknown layer 'LSTM': Keras has it, scratchnet has not"),
        ("layers", "Conv2d", "did you mean 'Conv2D'?"),
        ("losses", "Hinge", "Unknown loss 'Hinge': Keras has it"),
        ("losses", "CrossEntropy", "did you mean"),
        ("metrics", "F1Score", "Unknown metric 'F1Score': Keras has it"),
        ("optimizers", "Lion", "Unknown optimizer 'Lion': Keras has it"),
        ("callbacks", "TensorBoard", "Unknown callback 'TensorBoard': Keras has it"),
        ("callbacks", "EarlyStop", "did you mean 'EarlyStopping'?"),
        ("activations", "mish", "Unknown activation 'mish': Keras has it"),
        ("initializers", "HeNorm", "did you mean 'HeNormal'?"),
        ("datasets", "mnist", "did you mean 'fashion_mnist'?"),
        ("utils", "plot_model", "Unknown utility 'plot_model': Keras has it"),
        ("saving", "register_keras_serializable", "Unknown name in saving 'register_keras_serializable': Keras has it"),
        ("saving", "load_modle", "did you mean 'load_model'?"),
        ("config", "set_epsilon", "Unknown setting 'set_epsilon': Keras has it"),
        ("config", "set_float", "did you mean 'set_floatx'?"),
        ("models", "Sequental", "did you mean 'Sequential'?"),
        ("regularizers", "L1_L2", "did you mean 'L1L2'?"),
        ("constraints", "MaxNrom", "did you mean 'MaxNorm'?"),
        ("schedules", "CosineDecy", "did you mean 'CosineDecay'?"),
        ("", "ops", "Unknown name 'ops': Keras has it"),
        ("", "Sequental", "did you mean 'Sequential'?"),
    ],
)
def test_a_name_that_a_module_has_not(module: str, name: str, told: str) -> None:
    where = importlib.import_module(f"scratchnet.{module}".rstrip("."))
    assert not hasattr(where, name)
    with pytest.raises(AttributeError) as error:
        getattr(where, name)
    assert told in str(error.value)
    assert "Keras has it" in told or " known" in str(error.value).lower()
    assert "deserialize" not in str(error.value)


@pytest.mark.parametrize("name", ["", *MODULES])
def test_what_a_module_has_is_listed_by_dir(name: str) -> None:
    module = importlib.import_module(f"scratchnet.{name}".rstrip("."))
    assert set(getattr(module, "__all__", [])) <= set(dir(module))


def test_what_is_loaded_when_used_is_listed_by_dir_before() -> None:
    program = "import scratchnet, sys; assert 'scratchnet.interop' not in sys.modules; print(*dir(scratchnet))"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {"interop", "plotting", "saving", "testing", "layers", "Model"} <= set(shown)
    assert "load_model" in dir(sn.saving)
    assert {"he_normal", "HeNormal"} <= set(dir(sn.initializers))


def test_private_names_of_a_module_are_asked_for_by_python_itself() -> None:
    with pytest.raises(AttributeError, match=r"^_repr_html_$"):
        sn.losses._repr_html_  # noqa: B018


def model() -> sn.Sequential:
    made = sn.Sequential([sn.Input((3,)), sn.layers.Dense(2, activation="softmax")])
    made.compile("sgd", "sparse_categorical_crossentropy")
    return made


X, Y = np.zeros((4, 3)), np.zeros(4, int)

lib: Any = sn  # a type checker would find all of them


def untyped() -> Any:
    return model()


CALLS: dict[str, tuple[Any, str]] = {
    "compile": (lambda: untyped().compile("sgd", "mse", jit_compile=True), "of compile 'jit_compile': Keras has it"),
    "compile, near": (lambda: untyped().compile("sgd", "mse", metric=["mae"]), "did you mean 'metrics'?"),
    "fit": (lambda: untyped().fit(X, Y, nb_epochs=2), "of fit 'nb_epochs': did you mean 'epochs'?"),
    "evaluate": (lambda: untyped().evaluate(X, Y, batchsize=2), "did you mean 'batch_size'?"),
    "predict": (lambda: untyped().predict(X, batchsize=2), "did you mean 'batch_size'?"),
    "train_on_batch": (lambda: untyped().train_on_batch(X, Y, sample_weights=Y), "did you mean 'sample_weight'?"),
    "save": (lambda: untyped().save("model", zipped=False), "of save 'zipped': Keras has it"),
    "load_model": (lambda: lib.load_model("model", safe_mode=False), "of load_model 'safe_mode': Keras has it"),
    "Input": (lambda: lib.Input(shap=(3,)), "of Input 'shap': did you mean 'shape'?"),
    "Model": (lambda: lib.Model(input=1), "of Model 'input': did you mean 'inputs'?"),
    "loss": (lambda: lib.losses.MeanSquaredError(nam="a"), "of MeanSquaredError 'nam': did you mean 'name'?"),
    "metric": (lambda: lib.metrics.AUC(num_threshold=3), "did you mean 'num_thresholds'?"),
    "optimizer": (lambda: lib.optimizers.Adam(lr=0.1), "of Adam 'lr': did you mean 'learning_rate'?"),
    "layer": (lambda: lib.layers.Dense(2, kernal_initializer="zeros"), "did you mean 'kernel_initializer'?"),
    "callback": (lambda: lib.callbacks.EarlyStopping(patient=3), "did you mean 'patience'?"),
    "initializer": (lambda: lib.initializers.HeNormal(sed=1), "did you mean 'seed'?"),
    "regularizer": (lambda: lib.regularizers.L2(l=1), "Unknown argument of L2 'l'"),
    "constraint": (lambda: lib.constraints.MaxNorm(max=1), "did you mean 'max_value'?"),
    "schedule": (lambda: lib.schedules.CosineDecay(0.1, 10, warmup=3), "did you mean 'warmup_steps'?"),
    "data": (lambda: lib.datasets.fashion_mnist.load_data(pat="x"), "did you mean 'path'?"),
}


@pytest.mark.parametrize("call", CALLS)
def test_an_argument_that_nobody_takes(call: str) -> None:
    act, told = CALLS[call]
    with pytest.raises(TypeError) as error:
        act()
    assert told in str(error.value)


def test_no_argument_is_named_twice() -> None:
    for cls in (*sn.layers.LAYERS.values(), *sn.optimizers.OPTIMIZERS.values()):
        names = argument_names(cls)
        assert len(names) == len(set(names)), cls


def test_whoever_takes_options_gets_them_all() -> None:
    class Own(sn.callbacks.Callback):
        def __init__(self, **options: Any) -> None:
            self.kept = options

    assert Own(anything=1).kept == {"anything": 1}

    @arguments_by_name
    def function(a: int, **others: int) -> int:
        return a + sum(others.values())

    assert function(1, b=2) == 3


def test_a_function_keeps_its_signature_and_a_class_its_copies() -> None:
    assert list(inspect.signature(model().fit).parameters)[:2] == ["x", "y"]
    loss = sn.losses.Huber(0.5, name="mine")
    for again in (copy.copy(loss), copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert isinstance(again, ArgumentsByName)
        assert vars(again) == vars(loss)
