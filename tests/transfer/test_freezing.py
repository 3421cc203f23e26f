"""A frozen layer keeps its weights to the last bit, on both engines, and backward stops where nothing is trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.engines.reference import engine as reference
from pellucid.errors import ArgumentError
from pellucid.layers import Dense, Input
from pellucid.models import Model, Sequential, load_model
from tests.transfer.nets import compiled, copies, images, moved, small

X, Y = images()
ENGINES = pytest.mark.parametrize("engine", ["reference", "pytorch"])


@ENGINES
def test_only_what_is_trained_moves(engine: str) -> None:
    if engine == "pytorch":
        pytest.importorskip("torch")
    model = compiled(small(), engine)
    before = copies(model)
    assert model.freeze() == ["conv1", "bn1", "conv2", "bn2"]
    model.fit(X, Y, epochs=2, verbose=0)
    assert moved(before, copies(model)) == {"out/kernel", "out/bias"}
    assert model.unfreeze("bn2,conv2") == ["conv2", "bn2"]
    model.fit(X, Y, verbose=0)
    assert {key.partition("/")[0] for key in moved(before, copies(model))} == {"conv2", "bn2", "out"}
    assert model.freeze("*") == ["conv1", "bn1", "conv2", "bn2", "out"]
    with pytest.raises(ArgumentError, match=r"every layer with weights is frozen.*model.unfreeze\('head'\)"):
        model.fit(X, Y, verbose=0)


@ENGINES
def test_a_frozen_batch_norm_uses_its_moving_statistics(engine: str) -> None:
    """What the head sees in training is then what it sees in prediction: the loss of a step is that of evaluate."""
    if engine == "pytorch":
        pytest.importorskip("torch")
    model = compiled(small(), engine)
    model.fit(X, Y, epochs=3, verbose=0)  # so that moving and batch statistics differ
    model.freeze()
    wanted = model.evaluate(X[:16], Y[:16], verbose=0)
    assert model.train_on_batch(X[:16], Y[:16]) == pytest.approx(wanted, rel=1e-12)
    model.unfreeze()
    wanted = model.evaluate(X[:16], Y[:16], verbose=0)
    assert abs(model.train_on_batch(X[:16], Y[:16]) - wanted) > 1e-3


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras itself
def test_keras_freezes_the_same() -> None:
    """Three epochs of SGD with a frozen trunk: losses and weights as in Keras, float32."""
    from tests.parity_keras.bridge import keras

    layers = keras.layers
    theirs = keras.Sequential([
        layers.Input((7, 6, 2)), layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(),
        layers.Conv2D(5, 3, strides=2), layers.BatchNormalization(), layers.Flatten(),
        layers.Dense(3, activation="softmax"),
    ])  # fmt: skip
    ours = small()
    random = np.random.default_rng(3)
    drawn = {key: random.uniform(-0.3, 0.3, value.shape) for key, value in ours.weights_by_key().items()}
    ours.set_weights([abs(value) + 0.2 if "variance" in key else value for key, value in drawn.items()])
    theirs.set_weights(ours.get_weights())
    for layer in theirs.layers[:-1]:
        layer.trainable = False
    ours.freeze()
    theirs.compile(keras.optimizers.SGD(0.02), "sparse_categorical_crossentropy")
    ours.compile(p.optimizers.SGD(0.02), "sparse_categorical_crossentropy")
    given: dict[str, Any] = {"epochs": 3, "batch_size": 10, "shuffle": False, "verbose": 0}
    wanted = [float(loss) for loss in theirs.fit(X, Y, **given).history["loss"]]
    assert ours.fit(X, Y, **given).history["loss"] == pytest.approx(wanted, rel=1e-4)
    for own, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-4, atol=1e-5)


def test_backward_stops_at_the_deepest_trained_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[str] = []
    arithmetic_of = reference.arithmetic_of

    def watched(spec: Any) -> Any:
        found = arithmetic_of(spec)

        class Watched:
            forward = staticmethod(found.forward)

            @staticmethod
            def backward(*given: Any) -> Any:
                went.append(given[-1].step.layer)
                return found.backward(*given)

        return Watched

    monkeypatch.setattr(reference, "arithmetic_of", watched)
    model = compiled(small())
    model.freeze("conv1,bn1")
    model.train_on_batch(X, Y)
    assert set(went) == {"conv2", "bn2", "flatten", "dropout", "out"}
    went.clear()
    model.freeze()
    model.train_on_batch(X, Y)
    assert set(went) == {"out"}


@pytest.mark.parametrize(("frozen", "convolutions"), [("head", 2), ("conv1,bn1", 1), ("all-but-head", 0)])
def test_autograd_stops_there_too(frozen: str, convolutions: int) -> None:
    torch = pytest.importorskip("torch")
    model = compiled(small(), "pytorch")
    model.freeze(frozen)
    with torch.autograd.profiler.profile() as profile:
        model.train_on_batch(X, Y)
    names = [event.name for event in profile.function_events]
    assert names.count("aten::convolution_backward") == convolutions


def test_layers_inside_a_sub_model() -> None:
    trunk = Sequential([Input((4,)), Dense(5, activation="relu", name="a"), Dense(3, name="b")], name="trunk")
    model = Sequential([Input((4,)), trunk, Dense(2, activation="softmax", name="head")])
    assert model.freeze("trunk") == ["trunk/a", "trunk/b"]
    assert not trunk.trainable
    assert model.unfreeze("trunk/b") == ["trunk/b"]
    trained = [key for key, weight in model.graph.weights.items() if weight.trainable]
    assert trained == ["trunk/b/kernel", "trunk/b/bias", "head/kernel", "head/bias"]


def test_a_saved_model_stays_frozen(tmp_path: Any) -> None:
    model = compiled(small(), rate_factors={"bn*": 0.5})
    model.freeze("conv*")
    model.save(tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors")
    assert [w.trainable for w in again.graph.weights.values()] == [w.trainable for w in model.graph.weights.values()]
    assert again._compiled is not None and again._compiled.rate_factors == {"bn*": 0.5}


@ENGINES
def test_rates_of_chosen_layers(engine: str) -> None:
    """With plain gradient descent, a tenth of the rate is a tenth of the step."""
    if engine == "pytorch":
        pytest.importorskip("torch")
    steps = []
    for factors in ({}, {"all-but-head": 0.1, "bn*": 0.5}):
        model = compiled(small(), engine, p.optimizers.SGD(0.01), rate_factors=factors)
        before = copies(model)
        model.train_on_batch(X, Y)
        after = copies(model)
        steps.append({key: after[key].astype("float64") - before[key] for key in before if "moving" not in key})
    plain, scaled = steps
    for key, step in plain.items():
        factor = 1.0 if key.startswith("out") else 0.5 if key.startswith("bn") else 0.1
        np.testing.assert_allclose(scaled[key], factor * step, rtol=1e-2, atol=1e-7, err_msg=key)


@pytest.mark.parametrize(("factors", "words"), [
    ({"all-but-head": 0}, r"rate_factors\['all-but-head'\] must be above 0, but it is 0. To keep layers as th"),
    ({"*": float("nan")}, "above 0, but it is nan"),
    ({"block*": 0.1}, r"rate_factors must be names of layers such as .*, but it is 'block\*'"),
])  # fmt: skip
def test_rates_that_mean_nothing(factors: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        compiled(small(), rate_factors=factors)


# --- a new head -------------------------------------------------------------------------------------------------------

def test_a_new_head_shares_the_trunk() -> None:
    old = small()
    new = old.with_head(5)
    assert new.output_shape == (None, 5) and old.output_shape == (None, 3)
    assert new.get_layer("conv1") is old.get_layer("conv1") and new.get_layer("out") is not old.get_layer("out")
    assert old.get_layer("conv1").output is not None  # one call still
    x, y = images(20, 5)
    compiled(new).fit(x, y, verbose=0)
    np.testing.assert_array_equal(old.get_layer("conv1").weights["kernel"], new.get_layer("conv1").weights["kernel"])
    assert list(new.weights_by_key()) == list(old.weights_by_key())


def test_what_stands_after_the_head_is_kept() -> None:
    tensor = p.Input((4,))
    model = Model(tensor, p.layers.Softmax(name="chances")(Dense(3, name="logits")(tensor)))
    new = model.with_head(6)
    assert [layer.name for layer in new.layers] == ["input", "logits", "chances"]
    np.testing.assert_allclose(new.predict(np.ones((2, 4), "float32")).sum(axis=1), 1, rtol=1e-6)


def test_heads_that_cannot_be_made_anew() -> None:
    with pytest.raises(ArgumentError, match="classes must be an integer >= 1, but it is 0"):
        small().with_head(0)
    tensor = p.Input((4,))
    two = Model(tensor, [Dense(3)(tensor), Dense(2)(tensor)])
    with pytest.raises(ArgumentError, match=r"outputs must be one to be given a new head, but it is 2\. Build the new"):
        two.with_head(4)
    with pytest.raises(ArgumentError, match="last layer with weights must be Dense or Conv2D, but it is batch_norm"):
        Model(tensor, p.layers.BatchNormalization()(Dense(3)(tensor))).with_head(4)
    with pytest.raises(ArgumentError, match="joins several ways"):
        Model(tensor, p.layers.Add()([Dense(3)(tensor), Dense(3)(tensor)])).with_head(4)


def test_heads_for_training_only_are_made_anew_too() -> None:
    tensor = p.Input((4,))
    seen = Dense(5, name="trunk")(tensor)
    side = Dense(3, name="side")(seen)
    model = Model(tensor, [Dense(3, name="main")(seen), side], training_only=[side])
    new = model.with_head(6)
    assert new.graph.output_shapes == {"output": (6,), "side": (6,)} and new.graph.training_only == ("side",)
    assert new.predict(np.ones((2, 4))).shape == (2, 6)
