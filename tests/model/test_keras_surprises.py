"""What a Keras program meets beside learning: mappings, logits, flags, the ReLU's edge, classes of one's own."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras

import pellucid as p
from pellucid.errors import ArgumentError, FileError
from pellucid.layers import Activation, Dense, Input, Layer, ReLU
from pellucid.losses import BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy
from pellucid.metrics import BinaryAccuracy
from pellucid.models import Model, Sequential, load_model
from pellucid.storage.tensors import read_tensors, write_tensors

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")


def headed() -> Model:
    x = Input((3,), name="inp")
    return Model({"x": x}, {"a": Dense(1, name="head_a")(x), "b": Dense(2, name="head_b")(x)})


def spoil(path: Path, made: dict[str, Any]) -> None:
    """Another record of how the model was made, as a stranger may write it."""
    arrays, record = read_tensors(path)
    record["training"]["model"] |= made
    write_tensors(path, arrays, record)


def test_mappings_of_outputs_come_back_as_mappings(tmp_path: Path) -> None:
    model = headed()
    model.compile("sgd", {"a": "mse", "b": "mae"}, metrics={"a": ["mae"]}, engine="reference")
    y = {"a": X[:, :1], "b": X[:, :2]}
    history = model.fit({"x": X}, y, verbose=0).history
    assert set(history) == {"loss", "a_loss", "b_loss", "a_mae"}  # Keras's names
    made = model.predict({"x": X}, verbose=0)
    assert list(made) == ["a", "b"] and made["a"].shape == (8, 1) and made["b"].shape == (8, 2)
    assert list(model.predict(X, verbose=0)) == list(model.predict_on_batch(X)) == list(model(X)) == ["a", "b"]
    model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    np.testing.assert_allclose(again.predict({"x": X})["b"], made["b"], rtol=1e-5)
    assert again.evaluate({"x": X}, y, return_dict=True) == pytest.approx(model.evaluate(X, y, return_dict=True))
    for strange in ({"keys": {"a": "nowhere"}}, {"output_keys": ["c"]}, {"keys": {"a": "input"}}):
        model.save(tmp_path / "m.safetensors")
        spoil(tmp_path / "m.safetensors", strange)
        with pytest.raises(FileError, match=r"m\.safetensors"):
            load_model(tmp_path / "m.safetensors")
    one = Model(x := Input((3,)), {"only": Dense(1, name="z")(x)})
    one.compile("sgd", {"only": "mse"}, metrics={"only": "mae"}, engine="reference")
    assert set(one.fit(X, {"only": X[:, 0]}, verbose=0).history) == {"loss", "mae"}
    assert list(one.predict(X)) == ["only"]
    with pytest.raises(ArgumentError, match="outputs must be keyed by words"):
        Model(x, {1: Dense(1)(x)})


def test_a_model_is_called_with_a_mapping_of_tensors() -> None:
    a, b = Input((2,), name="a"), Input((3,), name="b")
    sub = Model({"a": a, "b": b}, {"sum": Dense(1)(a), "other": Dense(2)(b)})
    t, u = Input((2,)), Input((3,))
    made = sub({"b": u, "a": t})
    assert made["sum"].shape == (None, 1) and made["other"].shape == (None, 2)
    alone, keyed = Sequential([Input((2,), name="a"), Dense(1)]), Model({"key": a}, Dense(1)(a))
    assert alone({"a": t}).shape == keyed({"key": t}).shape == keyed({"a": t}).shape == (None, 1)
    with pytest.raises(ArgumentError, match=r"inputs must be keyed by a, b, but it is 'bb'\. Did you mean 'b'"):
        sub({"a": t, "bb": u})
    with pytest.raises(ArgumentError, match="inputs must be given for 'b', but it is missing"):
        sub({"a": t})


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_accuracy_of_logits_has_its_border_at_zero(engine: str) -> None:
    """Logits are x itself: 0.2 and -0.2 are right on the side of 0, though neither is above 0.5."""
    x = np.array([[0.2], [-0.2], [0.7], [-3.0]])
    yes, logits = np.array([1, 0, 1, 1]), BinaryCrossentropy(from_logits=True)
    given = Input((1,))
    heads = [Dense(1, kernel_initializer="ones", name=name)(given) for name in ("p", "q")]
    model = Model(given, heads)
    named = [BinaryAccuracy(name="half")]
    for metrics, names in (("accuracy", ["p_accuracy", "q_accuracy"]), ([["acc", *named], ["binary_accuracy"]],
                           ["p_acc", "p_half", "q_binary_accuracy"])):  # fmt: skip
        model.compile("sgd", [logits, logits], metrics=metrics, engine=engine)
        row = model.evaluate(x, [yes, yes], return_dict=True, verbose=0)
        assert {name: row[name] for name in names} == {n: pytest.approx(0.5 if "half" in n else 0.75) for n in names}
    model.compile("sgd", ["bce", "bce"], metrics="accuracy", engine=engine)  # of probabilities 0.5 stays the border
    assert model.evaluate(x, [yes, yes], return_dict=True)["p_accuracy"] == pytest.approx(0.5)


@pytest.mark.parametrize("loss, units, word", [
    (SparseCategoricalCrossentropy(from_logits=True), 3, "softmax"),
    (BinaryCrossentropy(from_logits=True), 1, "sigmoid"),
    (CategoricalCrossentropy(from_logits=True), 3, "softmax"),
])  # fmt: skip
def test_two_activations_in_a_row_are_warned_of(loss: Any, units: int, word: str) -> None:
    said = rf"compile: {type(loss).__name__}\(from_logits=True\) takes .* for logits, but it ends with {word}"
    for layers in ([Dense(units, activation=word)], [Dense(units), Activation(word)]):
        with pytest.warns(UserWarning, match=said):
            Sequential([Input((3,)), *layers]).compile("sgd", loss)
    late = Sequential([Dense(units, activation=word)])
    late.compile("sgd", loss)
    with pytest.warns(UserWarning, match=said):
        late.fit(X, np.tile([1, 0, 0], (8, 1)) if loss == CategoricalCrossentropy(True) else np.zeros(8), verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Sequential([Input((3,)), Dense(units)]).compile("sgd", loss)


EDGES = np.array([[-2.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 6.0, 7.0]], "float32")


@pytest.mark.parametrize("arguments", [
    {"threshold": 1.0}, {"threshold": 1.0, "negative_slope": 0.5}, {"threshold": 1.0, "max_value": 0.5},
    {"threshold": 1.0, "max_value": 2.0, "negative_slope": 0.5}, {"max_value": 2.0}, {"max_value": 6.0}, {},
    {"negative_slope": 0.5, "max_value": 2.0}, {"negative_slope": 0.5}, {"negative_slope": 2.0, "threshold": 0.5},
])  # fmt: skip
def test_the_relu_is_keras_own_at_its_edges(arguments: dict[str, float]) -> None:
    expected = keras.layers.ReLU(**arguments)(EDGES).detach().cpu().numpy()
    model = Sequential([Input((10,)), ReLU(**arguments)])
    for engine in ("reference", "pytorch"):
        model.compile("sgd", "mse", engine=engine)
        np.testing.assert_array_equal(model.predict(EDGES), expected + 0.0)
    torch = pytest.importorskip("torch")
    np.testing.assert_array_equal(model.to_torch()(torch.from_numpy(EDGES)).numpy(), expected)


def test_a_flag_is_a_flag() -> None:
    with pytest.raises(ArgumentError, match="dense: trainable must be True or False, but it is 'False'"):
        Dense(1, trainable="False")  # type: ignore[arg-type]
    layer = Dense(1, name="head")
    with pytest.raises(ArgumentError, match="dense 'head': trainable must be True or False"):
        layer.trainable = 0.5  # type: ignore[assignment]
    layer.trainable = np.bool_(False)  # type: ignore[assignment]
    assert layer.trainable is False
    with pytest.raises(ArgumentError, match="trainable must be True or False"):
        headed().trainable = "no"  # type: ignore[assignment]


def test_classes_of_ones_own_are_told_the_way() -> None:
    class MyLayer(Layer):
        def build(self, shape: Any) -> None: ...

    class MyModel(Model):
        def __init__(self) -> None:
            super().__init__()

    with pytest.raises(ArgumentError, match=r"MyLayer: write call\(self, inputs\)"):
        MyLayer()
    with pytest.raises(ArgumentError, match=r"MyModel: inputs must be given, .* from layers called on Input"):
        MyModel()
    with pytest.raises(ArgumentError, match="outputs must be given"):
        Model(Input((3,)))
    with pytest.raises(ArgumentError, match=r"Model: .*unexpected keyword argument 'output'.* Did you mean 'outputs'"):
        Model(Input((3,)), output=1)


def test_a_layers_arguments_are_its_attributes() -> None:
    layer = p.layers.Conv2D(4, 3, strides=2)
    assert (layer.filters, layer.kernel_size, layer.strides) == (4, (3, 3), (2, 2))
    with pytest.raises(AttributeError, match="'Conv2D' object has no attribute 'units'"):
        _ = layer.units
