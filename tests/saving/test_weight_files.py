"""Weights alone in a file: save_weights and load_weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import scratchnet as sn
from scratchnet import layers
from scratchnet.errors import ModelFileError


def net(names: str = "ab", units: int = 5, last: int = 3, **options: Any) -> Any:
    a, b = (f"{name}_layer" for name in names)
    return sn.Sequential(
        [
            sn.Input((7,)),
            layers.Dense(units, name=a),
            layers.BatchNormalization(name=f"{names}_normal"),
            layers.Dropout(0.5),
            layers.Dense(last, name=b, **options),
        ]
    )


def values(model: Any) -> list[Any]:
    return [w.copy() for w in model.named_weights.values()]


def same(a: list[Any], b: list[Any]) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_weights_come_back(path: Path) -> None:
    model, twin = net(), net()
    model.params["ab_normal/gamma"][...] = 7
    model.save_weights(path)
    assert not same(values(model), values(twin))
    twin.load_weights(path)
    assert same(values(model), values(twin))


def test_the_tensors_are_the_variables_by_name(path: Path) -> None:
    model = net()
    model.save_weights(path)
    tensors = safetensors.numpy.load_file(path)
    assert tensors.keys() == model.named_weights.keys()
    for name, array in model.named_weights.items():
        np.testing.assert_array_equal(tensors[name], array, strict=True)


def test_a_whole_model_s_file_and_a_file_by_its_order_are_read(path: Path) -> None:
    model, twin = net(), net("xy")
    model.save(path)
    twin.load_weights(path)
    assert same(values(model), values(twin))
    model = net()
    model.save_weights(path)
    twin.load_weights(path)
    assert same(values(model), values(twin))


def test_a_model_s_file_from_before_there_were_files_of_weights_is_read(path: Path, rewrite: Any) -> None:
    model, twin = net("yx"), net()
    model.save(path)
    rewrite(lambda head, tensors: head.pop("variables"))
    twin.load_weights(path)
    assert same(values(model), values(twin))


def test_by_name_only_layers_of_one_name_are_read(path: Path) -> None:
    model, other = net("ab"), net("cb")
    model.save_weights(path)
    before = values(other)
    other.load_weights(path, by_name=True)
    after = values(other)
    assert same(after[-2:], values(model)[-2:])
    assert same(after[:-2], before[:-2])
    bare = sn.Sequential([sn.Input((5,)), layers.Dense(3, name="b_layer")])
    bare.load_weights(path, by_name=True)
    assert same(values(bare), values(model)[-2:])


@pytest.mark.parametrize("by_name", [False, True])
def test_what_differs_is_listed_and_nothing_has_changed(by_name: bool, path: Path) -> None:
    net(units=4, last=3).save_weights(path)
    model = net()
    before = values(model)
    with pytest.raises(ModelFileError) as caught:
        model.load_weights(path, by_name=by_name)
    sentence = str(caught.value)
    for part in (repr(str(path)), "layer 'a_layer' expected kernel (7, 5), bias (5,), got kernel (7, 4), bias (4,)",
                 "layer 'ab_normal'", "layer 'b_layer' expected kernel (5, 3)", "nothing was loaded"):  # fmt: skip
        assert part in sentence
    assert same(values(model), before)


def test_skip_mismatch_leaves_layers_that_differ(path: Path) -> None:
    other = net(last=2)
    other.save_weights(path)
    model = net()
    before = values(model)
    with pytest.warns(UserWarning, match=r"left a layer as it was: layer 'b_layer' expected kernel \(5, 3\)"):
        model.load_weights(path, skip_mismatch=True)
    assert same(values(model)[:-2], values(other)[:-2])
    assert same(values(model)[-2:], before[-2:])


def test_too_many_and_too_few_layers_are_refused(path: Path) -> None:
    model, short = net(), sn.Sequential([sn.Input((7,)), layers.Dense(5)])
    model.save_weights(path)
    with pytest.raises(ModelFileError, match="layer 'b_layer' expected nothing, got kernel"):
        short.load_weights(path)
    short.save_weights(path)
    with pytest.raises(ModelFileError, match=r"layer 'b_layer' expected kernel \(5, 3\), bias \(3,\), got nothing"):
        model.load_weights(path)


def test_one_variable_too_few_is_refused(path: Path) -> None:
    net(use_bias=False).save_weights(path)
    with pytest.raises(ModelFileError, match=r"got kernel \(5, 3\):"):
        net().load_weights(path)


def test_no_common_name_is_refused(path: Path) -> None:
    net("ab").save_weights(path)
    with pytest.raises(ModelFileError, match="it has no layer of the names 'x_layer', 'xy_normal', 'y_layer'"):
        net("xy").load_weights(path, by_name=True)


def test_an_unbuilt_model_is_refused(path: Path) -> None:
    waiting = sn.Sequential([layers.Dense(3)])
    for run in (waiting.save_weights, waiting.load_weights):
        with pytest.raises(ValueError, match="not built yet"):
            run(path)
    assert not path.exists()


def test_a_file_is_only_overwritten_if_it_may_be(path: Path) -> None:
    model = net()
    model.save_weights(path, overwrite=False)
    content = path.read_bytes()
    model.params["a_layer/kernel"][...] = 0
    with pytest.raises(FileExistsError, match="overwrite=False"):
        model.save_weights(path, overwrite=False)
    assert path.read_bytes() == content
    model.save_weights(path)
    assert path.read_bytes() != content


def test_each_kind_of_file_says_what_it_is(path: Path) -> None:
    model = net()
    model.save_weights(path)
    with pytest.raises(ModelFileError, match=r"weights alone, which model.load_weights"):
        sn.load_model(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelFileError, match="damaged"):
        model.load_weights(path)
    with pytest.raises(FileNotFoundError):
        model.load_weights(path.with_name("none"))


@pytest.mark.parametrize("option", ["skip_mismatch", "by_name"])
def test_a_switch_is_a_switch(option: str, path: Path) -> None:
    with pytest.raises(ValueError, match=option):
        net().load_weights(path, **{option: "yes"})
    with pytest.raises(ValueError, match="overwrite"):
        net().save_weights(path, overwrite="no")


def test_a_list_of_variables_that_makes_no_sense_is_refused(path: Path, rewrite: Any) -> None:
    net().save(path)
    rewrite(lambda head, tensors: head.update(variables=["nothing/kernel"]))
    with pytest.raises(ModelFileError, match="makes no sense"):
        net().load_weights(path)


def test_float64_weights_go_into_a_float32_model(path: Path) -> None:
    sn.config.set_floatx("float64")
    model = net()
    model.save_weights(path)
    sn.config.set_floatx("float32")
    twin = net("xy")
    twin.load_weights(path)
    assert same([w.astype("float32") for w in values(model)], values(twin))
