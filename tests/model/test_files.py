"""A model goes through its file: equal predictions, compiled state, kind; other files are refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.errors import ArgumentError, FileError, UsageError
from pellucid.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input
from pellucid.models import Model, Sequential, load_model
from pellucid.storage.tensors import read_tensors, write_tensors

X = np.random.default_rng(0).normal(size=(12, 6, 6, 1)).astype("float32")
Y = np.arange(12) % 3


@pytest.fixture
def trained() -> Sequential:
    p.set_random_seed(1)
    layers = [Conv2D(3, 3, activation="elu"), BatchNormalization(), Flatten(), Dropout(0.3), Dense(3, "softmax")]
    model = Sequential([Input((6, 6, 1)), *layers], name="small")
    rule = p.optimizers.Adam(p.optimizers.schedules.ExponentialDecay(0.01, 5, 0.5))
    metrics = ["accuracy", p.metrics.TopKCategoricalAccuracy(2)]
    model.compile(rule, "sparse_categorical_crossentropy", metrics=metrics)
    model.fit(X, Y, epochs=2, verbose=0)
    return model


def test_a_model_comes_back_as_it_was(trained: Sequential, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    trained.class_names = ["a", "b", "c"]
    trained.save(path)
    again = load_model(path)
    np.testing.assert_array_equal(again.predict(X), trained.predict(X))
    assert again.evaluate(X, Y, return_dict=True) == trained.evaluate(X, Y, return_dict=True)
    assert again.optimizer == trained.optimizer
    assert isinstance(again, Sequential) and again.name == "small" and again.class_names == ["a", "b", "c"]
    assert [repr(layer) for layer in again.layers] == [repr(layer) for layer in trained.layers]
    assert again.graph == trained.graph
    assert list(again.weights_by_key()) == list(trained.weights_by_key())


def test_a_loaded_model_learns_on(trained: Sequential, tmp_path: Path) -> None:
    trained.save(tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors")
    before = again.evaluate(X, Y)[0]
    again.fit(X, Y, epochs=20, verbose=0)
    assert again.evaluate(X, Y)[0] < before
    again.pop()
    again.add(Dense(2))
    with pytest.raises(UsageError, match=r"The loaded model was changed. Call model.compile"):
        again.fit(X, Y, verbose=0)
    again.compile("sgd", "mse")
    again.fit(X, np.ones((12, 2)), verbose=0)


def test_the_same_model_makes_the_same_bytes(trained: Sequential, tmp_path: Path) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    trained.save(first)
    load_model(first).save(second)
    assert first.read_bytes() == second.read_bytes()


def test_a_model_that_is_not_compiled_and_one_of_several_inputs(tmp_path: Path) -> None:
    a, b = Input((3,), name="a"), Input((2,), name="b")
    inner = Sequential([Input((3,)), Dense(2, trainable=False)], name="block")
    joined = p.layers.Add()([inner(a), b])
    side = Dense(1, name="side")(joined)
    model = Model([a, b], [Dense(4, name="main")(joined), side], training_only=[side])
    path = str(tmp_path / "branched.safetensors")
    model.save(path)
    again = load_model(path)
    data = [np.ones((2, 3)), np.ones((2, 2))]
    assert model.predict(data).shape == (2, 4)  # the side output is for training only
    np.testing.assert_array_equal(again.predict(data), model.predict(data))
    assert type(again) is Model and again.input_shape == model.input_shape
    assert [weight.trainable for weight in again.graph.weights.values()] == [False, False, True, True, True, True]
    with pytest.raises(UsageError, match="model is not compiled"):
        again.evaluate(data, np.ones((2, 4)))
    cut = Model(again.inputs, again.get_layer("main").output)
    np.testing.assert_array_equal(cut.predict(data), model.predict(data))


def test_weights_move_between_equal_models(trained: Sequential, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    trained.save_weights(path)
    other = load_model(path)
    other.set_weights([np.zeros_like(weight) for weight in other.get_weights()])
    other.load_weights(path)
    np.testing.assert_array_equal(other.predict(X), trained.predict(X))
    with pytest.raises(ArgumentError, match=r"weights are not this model's .* 6 unexpected"):
        Sequential([Input((3,)), Dense(2)]).load_weights(path)
    layers = [Conv2D(4, 3), BatchNormalization(), Flatten(), Dropout(0.3), Dense(3)]
    with pytest.raises(ValueError, match=r"of another shape \(conv2d/kernel \(3, 3, 1, 4\) here, \(3, 3,"):
        Sequential([Input((6, 6, 1)), *layers]).load_weights(path)


@pytest.mark.parametrize("name", ["model.h5", "model.keras", "model.hdf5", "model"])
def test_other_formats_are_refused_with_ours(trained: Sequential, tmp_path: Path, name: str) -> None:
    for save in (trained.save, trained.save_weights):
        with pytest.raises(FileError, match=r"\.safetensors"):
            save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def spoiled(path: Path, change: Any) -> Path:
    arrays, metadata = read_tensors(path)
    change(arrays, metadata)
    write_tensors(path, arrays, metadata)
    return path


def test_a_file_that_names_an_unknown_layer(trained: Sequential, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    trained.save(path)

    def rename(arrays: Any, metadata: Any) -> None:
        metadata["graph"]["layers"][1]["spec"]["type"] = "MyConv"

    with pytest.raises(FileError, match=r"model.safetensors: unknown layer 'MyConv' in the file; .*register_layer\(.."):
        load_model(spoiled(path, rename))


def test_weights_that_do_not_fit_their_graph(trained: Sequential, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"

    def lose(arrays: Any, metadata: Any) -> None:
        del arrays[next(name for name in arrays if name.endswith("conv2d/bias"))]

    def cut(arrays: Any, metadata: Any) -> None:
        name = next(name for name in arrays if name.endswith("conv2d/bias"))
        arrays[name] = arrays[name][:-1]

    def swap(arrays: Any, metadata: Any) -> None:
        metadata["graph"]["nodes"][1]["inputs"] = [[3, 0]]

    for change, text in ((lose, "conv2d/bias"), (cut, "conv2d/bias"), (swap, "node 1 precedes its input")):
        trained.save(path)
        with pytest.raises(FileError, match=f"model.safetensors.* damaged: .*{text}"):
            load_model(spoiled(path, change))


def test_nothing_in_the_file_is_code(trained: Sequential, tmp_path: Path) -> None:
    trained.save(tmp_path / "model.safetensors")
    _, metadata = read_tensors(tmp_path / "model.safetensors")
    words = json.dumps(metadata)
    assert "pellucid." not in words and "lambda" not in words
    assert metadata["training"]["compiled"]["metrics"][1][2] == "top_k_categorical_accuracy"
