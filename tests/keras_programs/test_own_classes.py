"""Programs with layers, models and losses of one's own: they run, agree with Keras on Keras's weights, and are loaded
by another process, which has none of their classes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid import layers, models, ops
from pellucid.errors import PellucidError
from tests.keras_programs.test_programs import run
from tests.parity_keras.bridge import keras

NAMES = ("residual_subclasses", "siamese_pair", "mixture_of_experts", "focal_loss")
LOADER = """
import sys
import numpy as np
from pellucid.models import load_model
for name in sys.argv[2:]:
    given = np.load(f"{sys.argv[1]}/{name}.npz")
    x = [given[key] for key in sorted(given) if key.startswith("x")]
    found = load_model(f"{sys.argv[1]}/{name}.safetensors").predict(x if len(x) > 1 else x[0], verbose=0)
    assert np.abs(found - given["y"]).max() < 1e-6, name
"""


@pytest.fixture(scope="module")
def scopes() -> dict[str, dict[str, Any]]:
    """What each program leaves here."""
    p.set_random_seed(0)
    return {name: run(f"{name}.py", change=True) for name in NAMES}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
def test_a_program_agrees_with_keras_on_keras_weights(scopes: dict[str, dict[str, Any]], name: str) -> None:
    keras.config.set_floatx("float32")
    keras.utils.set_random_seed(3)
    own, theirs = scopes[name], run(f"{name}.py", change=False)
    assert all(np.isfinite(loss) for loss in own["history"].history["loss"])
    model = own["model"]
    model.set_weights(theirs["model"].get_weights())
    x, wanted = own["x"], theirs["model"].predict(own["x"], verbose=0)
    assert np.abs(wanted - wanted[:1]).max() > 1e-3  # it tells inputs apart
    np.testing.assert_allclose(model.predict(x, verbose=0), wanted, rtol=2e-5, atol=2e-6)
    ours = model.evaluate(x, own["y"], batch_size=16, verbose=0, return_dict=True)["loss"]
    told = theirs["model"].evaluate(x, own["y"], batch_size=16, verbose=0, return_dict=True)["loss"]
    assert ours == pytest.approx(told, rel=2e-5)


def test_another_process_loads_them_without_their_code(scopes: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    for name, scope in scopes.items():
        model, x = scope["model"], scope["x"]
        model.save(tmp_path / f"{name}.safetensors")
        given = {f"x{place}": entry for place, entry in enumerate(x if isinstance(x, list) else [x])}
        np.savez(tmp_path / f"{name}.npz", y=model.predict(x, verbose=0), **given)
    done = subprocess.run([sys.executable, "-c", LOADER, str(tmp_path), *NAMES], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_both_engines_train_them_alike(engine: str) -> None:
    keep: dict[str, float] = {}
    for name in ("reference", engine):
        p.set_random_seed(1)
        model = models.Sequential([p.Input((4,)), Twice(3), layers.Dense(1)])
        model.compile("sgd", "mse", engine=name)
        x = np.linspace(0, 1, 32, dtype="float32").reshape(8, 4)
        keep[name] = model.fit(x, x[:, :1], epochs=3, verbose=0, shuffle=False).history["loss"][-1]
    assert keep[engine] == pytest.approx(keep["reference"], rel=1e-5)


class Twice(layers.Layer):
    """x w, and its square, side by side."""

    def __init__(self, units: int, **named: Any) -> None:
        super().__init__(**named)
        self.units = units

    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight((input_shape[-1], self.units), "random_normal", regularizer="l2", name="w")
        self.still = self.add_weight((), "ones", trainable=False, name="still")

    def call(self, x: Any) -> Any:
        y = ops.matmul(x, self.w) * self.still
        return ops.concatenate([y, y**2], axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def test_a_layer_of_ones_own_answers_on_numbers_and_about_itself() -> None:
    layer = Twice(3, name="two")
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    assert not layer.built and layer.compute_output_shape((None, 4)) == (None, 6) and layer.built
    y = layer(x)
    w, still = layer.get_weights()
    np.testing.assert_allclose(y, np.concatenate([x @ w, (x @ w) ** 2], 1), rtol=1e-5)
    assert still == 1 and layer.count_params() == 13
    again = Twice.from_config(layer.get_config())
    assert again.units == 3 and again.given_name == "two"
    model = models.Model(data := p.Input((4,)), layer(data))
    assert list(model.weights_by_key()) == ["two/w/value", "two/still/value"]
    np.testing.assert_allclose(model.predict(x, verbose=0), y, rtol=1e-6)
    layer.trainable = False
    assert not any(weight.trainable for weight in model.graph.weights.values())


class Several(models.Model):
    """Two inputs by name, two outputs by name."""

    def __init__(self) -> None:
        super().__init__(name="several")
        self.dense = layers.Dense(2)

    def call(self, inputs: Any) -> Any:
        y = self.dense(inputs["a"]) - self.dense(inputs["b"])
        return {"y": y, "most": ops.max(y, axis=-1, keepdims=True)}


def test_a_model_of_ones_own_takes_and_gives_mappings() -> None:
    model = Several()
    with pytest.raises(PellucidError, match="the input shape is not known yet"):
        model.summary()
    model.compile("sgd", {"y": "mse", "most": "mae"})
    x = {"a": np.ones((6, 3), "float32"), "b": np.zeros((6, 3), "float32")}
    model.fit(x, {"y": np.ones((6, 2)), "most": np.ones((6, 1))}, verbose=0)
    assert [shape.shape for shape in model.inputs] == [(None, 3), (None, 3)]
    other = Several()
    other.build({"a": (None, 3), "b": (None, 3)})
    assert list(other(dict(zip("ab", other.inputs, strict=True)))) == ["y", "most"]


def layer_of(call: Any, **methods: Any) -> Any:
    """A layer class with this `call`."""
    return type("Own", (layers.Layer,), {"call": call, **methods})()


def asks(self: Any, x: Any) -> Any:
    return x if ops.sum(x) > 0 else -x


def makes(self: Any, x: Any) -> Any:
    return x * self.add_weight((3,))


def leaves(self: Any, x: Any) -> Any:
    return np.asarray(x) * 2


def chooses(self: Any, x: Any, training: Any = None) -> Any:
    return x * 2 if training else x


def loses(self: Any, x: Any) -> Any:
    self.add_loss(ops.sum(x))
    return x


def nothing(self: Any, x: Any) -> Any:
    return None


def numbers(self: Any, x: Any) -> Any:
    return 3.0


MISTAKES = {
    "a branch": (asks, r"Own.call, line \d+ \(return x if ops.sum\(x\) > 0 else -x\): if: .* pellucid.ops.where"),
    "a weight": (makes, r"Own.call, line \d+ .*call makes a weight, .* Make it in __init__ or in build"),
    "NumPy": (leaves, r"Own.call, line \d+ .* Use the function of that name in pellucid.ops"),
    "training": (chooses, r"Own.call, line \d+ .*training is not known while the network is built. Pass it on"),
    "add_loss": (loses, r"Own.call, line \d+ .*add_loss is not there. Return the value as a second output"),
    "None": (nothing, r"Own.call: what it returns must be a tensor, but it is None. End it with return"),
    "numbers": (numbers, r"Own.call: what it returns must be made from its inputs, but it is numbers"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_cannot_be_traced_is_told_with_its_line(mistake: str) -> None:
    call, text = MISTAKES[mistake]
    with pytest.raises(PellucidError, match=text):
        layer_of(call)(p.Input((3,)))


def test_other_mistakes_of_classes() -> None:
    with pytest.raises(PellucidError, match=r"Empty: write call\(self, inputs\)"):
        type("Empty", (layers.Layer,), {})()
    with pytest.raises(PellucidError, match="Half: write it as a Layer that holds a Dense"):
        type("Half", (layers.Dense,), {"call": nothing})(3)
    layer = Twice(3)
    layer(p.Input((4,)))
    with pytest.raises(PellucidError, match=r"inputs must be as in its first call, \(None, 4\), but it is \(None, 5\)"):
        layer(p.Input((5,)))
    with pytest.raises(PellucidError, match=r"Own: arguments of super.* but it is size"):
        type("Own", (layers.Layer,), {"call": nothing, "__init__": lambda self: layers.Layer.__init__(self, size=3)})()
