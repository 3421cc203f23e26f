"""Arrays for a model that knows its training: pictures are preprocessed, floats must be prepared, or are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid import load_model
from pellucid.data.pca import PCA
from pellucid.data.preprocessing import Pipeline
from pellucid.data.steps import MinMax, Scale, Standardize
from pellucid.errors import ArgumentError, ShapeError
from pellucid.layers import Dense, Flatten, Input
from pellucid.models import Model, Sequential

SHAPE = (6, 5, 1)
X = np.random.default_rng(3).integers(0, 256, (7, *SHAPE), dtype=np.uint8)


def trained(path: Path, steps: tuple[Any, ...] = (Scale(255.0),), **record: Any) -> Model:
    """A model as a run leaves it, through its file."""
    pipeline = Pipeline(steps)
    model = Sequential([Input(pipeline.output_shape((*SHAPE[:2], record.get("channels", 1)))), Flatten(),
                        Dense(3, activation="softmax")])  # fmt: skip
    model.preprocessing = pipeline
    height, width, channels = SHAPE
    model.input_record = {"height": height, "width": width, "channels": channels, "channel_names": ["gray"],
                          "dtype": "uint8"} | record  # fmt: skip
    model.compile("sgd", "sparse_categorical_crossentropy", engine="reference")
    model.save(path / "m.safetensors")
    return load_model(path / "m.safetensors")


STANDARD = Standardize("channel", np.array([0.4], np.float32), np.array([0.2], np.float32))


@pytest.mark.parametrize("steps", [(Scale(255.0),), (Scale(255.0), STANDARD), (
    Scale(255.0), MinMax("channel", -1.0, 1.0, np.array([0.0], np.float32), np.array([0.9], np.float32)))])  # fmt: skip
def test_pictures_of_any_depth_answer_alike(tmp_path: Path, steps: tuple[Any, ...]) -> None:
    model = trained(tmp_path, steps)
    prepared = model.prepare(X)
    assert prepared.shape == (7, *SHAPE) and prepared.dtype == np.float32
    np.testing.assert_array_equal(prepared, Pipeline(steps).apply(X))
    wanted = model.predict(prepared)
    for pictures in (X, X[..., 0], X.astype(np.uint16) * 257, X.astype(np.int64), X.astype(np.int32).tolist()):
        np.testing.assert_array_equal(model.predict(pictures), wanted)
        np.testing.assert_array_equal(model.prepare(np.asarray(pictures)), prepared)
    np.testing.assert_array_equal(model.prepare(np.float32(X) / 255), prepared)  # pictures saved as 0..1
    np.testing.assert_array_equal(model(X), wanted)
    np.testing.assert_array_equal(model.predict(X, batch_size=2), model.predict(prepared, batch_size=2))


def test_the_other_calls_take_pictures_too(tmp_path: Path) -> None:
    model, y = trained(tmp_path), np.arange(7) % 3
    prepared = model.prepare(X)
    assert model.evaluate(X, y, verbose=0) == model.evaluate(prepared, y, verbose=0)
    np.testing.assert_array_equal(model.trace(X).steps[-1].output, model.trace(prepared).steps[-1].output)
    np.testing.assert_array_equal(model.predict([X]), model.predict(prepared))
    np.testing.assert_array_equal(model.predict({"input": X}), model.predict(prepared))
    batches = [(X[:4], y[:4]), (X[4:], y[4:])]
    assert model.evaluate(batches, verbose=0) == pytest.approx(model.evaluate(prepared, y, verbose=0))
    other = load_model(tmp_path / "m.safetensors")
    for one, x in ((model, X), (other, prepared)):
        one.fit(x, y, epochs=2, shuffle=False, verbose=0, validation_split=0.3)
    for mine, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


BEYOND = {"0 to 255": np.float32(X), "-1 to 1": np.float32(X) / 127.5 - 1, "0 to 2": np.float64(X) / 127.5,
          "NaN": np.full((1, *SHAPE), np.nan)}  # fmt: skip


@pytest.mark.parametrize("which", BEYOND)
@pytest.mark.parametrize("call", ["predict", "evaluate", "trace", "fit"])
def test_floats_beyond_the_training(tmp_path: Path, which: str, call: str) -> None:
    model, x = trained(tmp_path), BEYOND[which]
    words: dict[str, Any] = {} if call in ("predict", "trace") else {"y": np.zeros(len(x), int), "verbose": 0}
    with pytest.raises(ArgumentError, match=r"model\.prepare\(x\)"):
        getattr(model, call)(x, **words)


def test_floats_of_the_training_range_are_left_alone(tmp_path: Path) -> None:
    model = trained(tmp_path, (Scale(255.0), STANDARD))
    for x in (np.zeros((1, *SHAPE)), np.float32(X) / 255, model.prepare(X)):
        assert np.isfinite(model.predict(x)).all()
    with pytest.raises(ArgumentError, match=r"from -2\.0.* to 3\.0"):
        model.predict(np.float32(X))


def test_a_model_of_floats(tmp_path: Path) -> None:
    model = trained(tmp_path, (Scale(1.0),), dtype="float32", range=[0.0, 0.97])
    x = np.float32(X) / 255
    np.testing.assert_allclose(model.predict(X), model.predict(x), rtol=1e-6)
    for wrong in (np.float32(X), x * 2 - 1):
        with pytest.raises(ArgumentError, match=r"model\.prepare\(x\)"):
            model.predict(wrong)
    with pytest.raises(ArgumentError, match=r"float pictures from 0 to 0\.97"):
        model.prepare(np.float32(X))
    old = trained(tmp_path, (Scale(1.0),), dtype="float32")  # a file of before the range: as it was
    np.testing.assert_array_equal(old.predict(np.float32(X)), old.predict(X))


def test_components_are_held_by_what_they_reached(tmp_path: Path) -> None:
    flat = X.reshape(7, -1) / 255
    mean, basis = flat.mean(axis=0).astype(np.float32), np.linalg.svd(flat)[2][:4].T.astype(np.float32)
    pipeline = (Scale(255.0), PCA(components=4, mean=mean, basis=basis))
    model = trained(tmp_path, pipeline, prepared=[-4.0, 4.0])
    assert model.prepare(X).shape == (7, 4)
    np.testing.assert_array_equal(model.predict(X), model.predict(model.prepare(X)))
    with pytest.raises(ArgumentError, match=r"model\.prepare\(x\)"):
        model.predict(np.float32(model.prepare(X)) * 255)


@pytest.mark.parametrize("x", [
    np.zeros((2, 6, 5, 3), np.uint8), np.zeros((2, 5, 6, 1), np.uint8), np.zeros((6, 5), np.uint8),
    np.zeros((2, 30), np.uint8),
])  # fmt: skip
def test_pictures_of_another_size_or_other_channels(tmp_path: Path, x: np.ndarray) -> None:
    with pytest.raises(ArgumentError, match=r"6 x 5 in 1 channel.*model\.prepare\(x\)"):
        trained(tmp_path).predict(x)


def test_prepare_brings_size_and_channels(tmp_path: Path) -> None:
    model = trained(tmp_path)
    grey = np.full((2, 12, 10, 3), 51, np.uint8)
    np.testing.assert_allclose(model.prepare(grey), np.full((2, *SHAPE), 0.2), atol=1e-6)
    mixed = [np.full((9, 9), 102, np.uint8), np.full((4, 3, 3), 102, np.uint8), np.full((6, 5, 1), 102, np.uint8)]
    np.testing.assert_allclose(model.prepare(mixed), np.full((3, *SHAPE), 0.4), atol=1e-6)
    assert model.prepare([]).shape == (0, *SHAPE)
    np.testing.assert_allclose(model.prepare(np.ones((1, *SHAPE), bool)), 1.0)
    coloured = trained(tmp_path, channels=3, channel_names=["red", "green", "blue"])
    assert coloured.prepare(X).shape == (7, 6, 5, 3)
    for wrong in (np.zeros((6, 5), np.uint8), np.zeros((9, 9, 3), np.uint8), np.zeros((1, 6, 5, 2), np.uint8),
                  np.zeros((1, 1, 6, 5, 1), np.uint8), np.full((1, *SHAPE), "a"), [np.zeros((0, 5), np.uint8)]):
        with pytest.raises(ArgumentError):
            model.prepare(wrong)


def test_a_model_of_a_program_takes_arrays_as_they_are(tmp_path: Path) -> None:
    """Trained on arrays of one's own, as in Keras: nothing is scaled, nothing is refused, prepare says why not."""
    model = Sequential([Input(SHAPE), Flatten(), Dense(3)])
    model.compile("sgd", "mse", engine="reference")
    model.fit(np.float32(X), np.zeros((7, 3)), verbose=0)
    model.save(tmp_path / "own.safetensors")
    for one in (model, load_model(tmp_path / "own.safetensors")):
        np.testing.assert_allclose(one.predict(X), one.predict(np.float32(X)), rtol=1e-5)
        one.predict(np.float32(X) * 1e4)
        with pytest.raises(ArgumentError, match="no record of its images"):
            one.prepare(X)
    with pytest.raises(ShapeError):
        model.predict(np.zeros((2, 4, 4, 1), np.uint8))
