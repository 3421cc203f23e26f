"""An exported model gives the model's numbers in onnxruntime, and says what has to be known to use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from pellucid.architectures.names import NAMES
from pellucid.data.preprocessing import Pipeline
from pellucid.errors import ArgumentError, FileError
from pellucid.layers import (
    Concatenate,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
    ZeroPadding2D,
)
from pellucid.model import exporting
from pellucid.models import Model, Sequential
from tests.architectures.small import numbers, small
from tests.export.comparing import WHOLE, assert_same, compare_exported, of_each_kind, runs


@pytest.mark.parametrize("name", WHOLE)
def test_an_architecture_gives_the_same_numbers_in_onnxruntime(name: str, tmp_path: Path) -> None:
    compare_exported(small(name, channels=2), tmp_path / "model.onnx")


def test_every_kind_of_layer_in_an_architecture_gives_the_same_numbers(tmp_path: Path) -> None:
    model = of_each_kind(small(name, channels=2) for name in NAMES)
    params, state = numbers(model.graph)
    model.set_weights([(params | state)[key] for key in model.graph.weights])
    model.compile("sgd", "mse", engine="pytorch")
    model.export(tmp_path / "kinds.onnx")
    random = np.random.default_rng(1)
    given = [random.normal(size=(3, *shape)).astype(np.float32) for shape in model.graph.input_shapes.values()]
    given = [np.abs(x) if name.startswith("positive") else x
             for name, x in zip(model.graph.input_shapes, given, strict=True)]  # fmt: skip
    for ours, theirs in zip(model.predict(given), runs(tmp_path / "kinds.onnx", *given), strict=True):
        assert_same(ours, theirs)


def test_outputs_for_training_only_are_not_in_the_file(tmp_path: Path) -> None:
    x = Input((5,))
    inner = Dense(4, activation="relu")(x)
    model = Model(x, [Dense(3, name="main")(inner), aside := Dense(2)(inner)], training_only=[aside])
    model.export(tmp_path / "main.onnx")
    given = np.random.default_rng(1).random((4, 5), np.float32)
    (found,) = runs(tmp_path / "main.onnx", given)
    assert_same(model.predict(given), found)


def test_a_map_comes_out_as_it_does_here_for_images_of_any_size(tmp_path: Path) -> None:
    x = Input((None, None, 3), name="image")
    model = Model(x, MaxPooling2D(2)(Conv2D(4, 3, 2, padding=1, activation="relu")(x)))
    model.export(tmp_path / "map.onnx")
    for size in ((3, 20, 26, 3), (1, 33, 17, 3)):
        images = np.random.default_rng(2).random(size, np.float32)
        assert_same(model.predict(images), runs(tmp_path / "map.onnx", images)[0])


def test_zeros_around_negative_pixels_stay_the_largest(tmp_path: Path) -> None:
    x = Input((6, 6, 1))
    model = Model(x, MaxPooling2D(3, 3)(ZeroPadding2D(((2, 1), (2, 1)))(x)))
    images = -np.random.default_rng(2).uniform(1, 2, (3, 6, 6, 1)).astype(np.float32)
    model.export(tmp_path / "zeros.onnx")
    (found,) = runs(tmp_path / "zeros.onnx", images)
    assert_same(model.predict(images), found)
    assert (found[:, 0] == 0).all() and (found[:, 1, 1] < -1).all()


def test_padding_that_depends_on_the_size_wants_a_size(tmp_path: Path) -> None:
    x = Input((None, None, 3))
    with pytest.raises(FileError, match=r"map\.onnx was not written: .*Give the input a full shape \(padding 'same'"):
        Model(x, Conv2D(4, 3, 2, "same")(x)).export(tmp_path / "map.onnx")


def test_outputs_may_be_called_as_the_exporter_calls_inner_values(tmp_path: Path) -> None:
    x = Input((8, 8, 2), name="input_1")
    first = Conv2D(2, 3, name="first")(x)
    second = Conv2D(2, 3, name="second")(first)
    model = Model(x, [Conv2D(2, 3, name="conv2d_1")(second), Conv2D(2, 2, name="conv2d")(first)])
    model.export(tmp_path / "named.onnx")
    images = np.random.default_rng(2).random((2, 8, 8, 2), np.float32)
    for ours, theirs in zip(model.predict(images), runs(tmp_path / "named.onnx", images), strict=True):
        assert_same(ours, theirs)


def test_several_inputs_and_outputs_keep_their_names(tmp_path: Path) -> None:
    image, facts = Input((8, 6, 3), name="image"), Input((5,), name="facts")
    inner = Concatenate()([GlobalAveragePooling2D()(Conv2D(4, 3)(image)), facts])
    model = Model([image, facts], [Dense(3, name="kind")(inner), Dense(1, name="age")(inner)])
    model.export(tmp_path / "two.onnx")
    random = np.random.default_rng(3)
    given = [random.random((4, 8, 6, 3), np.float32), random.random((4, 5), np.float32)]
    for ours, theirs in zip(model.predict(given), runs(tmp_path / "two.onnx", *given), strict=True):
        assert_same(ours, theirs)
    graph = onnx.load(tmp_path / "two.onnx").graph
    assert [entry.name for entry in graph.input] == ["image", "facts"]
    assert [entry.name for entry in graph.output] == ["kind", "age"]


@pytest.fixture
def plain_model() -> Sequential:
    model = Sequential([Input((6, 6, 1)), Conv2D(2, 3), Flatten(), Dense(3, activation="softmax")], name="plain")
    model.class_names = ["a", "b", "ü"]
    model.input_record = {"height": 6, "width": 6, "channels": 1, "channel_names": ["gray"], "dtype": "uint8"}
    steps = [{"name": "scale", "divisor": 255.0}, {"name": "standardize", "per": "channel"}]
    fitted = {"1_standardize/mean": np.float32([0.25]), "1_standardize/deviation": np.float32([0.5])}
    model.preprocessing = Pipeline.from_config({"steps": steps, "fitted_on": 9}, fitted)
    return model


def test_the_metadata_say_what_has_to_be_known(plain_model: Sequential, tmp_path: Path) -> None:
    made = plain_model.export(tmp_path / "plain.onnx")
    file = onnx.load(tmp_path / "plain.onnx")
    notes: dict[str, Any] = {entry.key: json.loads(entry.value) for entry in file.metadata_props}
    assert notes["class_names"] == ["a", "b", "ü"]
    assert notes["input"]["shapes"] == {"input": ["N", 6, 6, 1]} and notes["input"]["axes"] == "N, H, W, C"
    assert notes["input"]["images"]["dtype"] == "uint8"
    before = notes["preprocessing"]
    assert [step["name"] for step in before["steps"]] == ["scale", "standardize"] and before["in_the_file"] is False
    again = Pipeline.from_config(before, {name: np.float32(value) for name, value in before["arrays"].items()})
    images = np.random.default_rng(1).integers(0, 256, (4, 6, 6, 1)).astype(np.uint8)
    np.testing.assert_array_equal(again.apply(images), plain_model.preprocessing.apply(images))
    assert file.opset_import[0].version == made["opset"] == 18
    assert made["bytes"] == (tmp_path / "plain.onnx").stat().st_size
    assert {key: made[key] for key in ("input", "preprocessing", "class_names")} == {
        key: notes[key] for key in ("input", "preprocessing", "class_names")
    }


def test_what_would_give_other_numbers_is_not_written(
    plain_model: Sequential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = exporting.run_onnx
    monkeypatch.setattr(exporting, "run_onnx", lambda data, inputs: [y * 1.001 for y in right(data, inputs)])
    with pytest.raises(FileError, match=r"plain\.onnx was not written: onnxruntime gave numbers 1\.0e-03 of the larg"):
        plain_model.export(tmp_path / "plain.onnx")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    plain_model.layers[0].set_weights([np.full((3, 3, 1, 2), np.nan, np.float32), np.zeros(2, np.float32)])
    with pytest.raises(FileError, match="weights that are not finite"):
        plain_model.export(tmp_path / "plain.onnx")


def test_a_network_that_makes_rounding_large_is_held_to_its_own(
    plain_model: Sequential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = exporting.run_onnx
    monkeypatch.setattr(exporting, "run_onnx", lambda data, inputs: [y * 1.001 for y in right(data, inputs)])
    monkeypatch.setattr(exporting, "ROUNDINGS", 1e9)  # as if its float32 were that far from float64
    assert plain_model.export(tmp_path / "plain.onnx")["difference"] == pytest.approx(1e-3, rel=0.1)


def test_a_missing_package_is_named_with_the_pip_line(
    plain_model: Sequential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = exporting.find_spec
    monkeypatch.setattr(exporting, "find_spec", lambda name: None if name.startswith("onnx") else found(name))
    wanted = r'without onnx, onnxscript, onnxruntime\. Install what it needs with: pip install "pellucid\[export\]"'
    with pytest.raises(ArgumentError, match=wanted):
        plain_model.export(tmp_path / "plain.onnx")


@pytest.mark.parametrize(
    "path, format, wanted",
    [
        ("plain.pb", "onnx", r"path must be a name that ends in \.onnx, but it is '.*plain\.pb'\. Use .* plain\.onnx"),
        ("plain.onnx", "tflite", "format must be 'onnx' or 'packed', but it is 'tflite'"),
    ],
)
def test_another_name_or_format_is_refused(
    plain_model: Sequential, tmp_path: Path, path: str, format: str, wanted: str
) -> None:
    with pytest.raises(ArgumentError, match=wanted):
        plain_model.export(tmp_path / path, format)


def test_preprocessing_that_is_too_large_to_be_told_is_refused(
    plain_model: Sequential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST_NUMBERS", 1)
    with pytest.raises(ArgumentError, match=r"preprocessing must be of at most 1 fitted numbers, .* but it is of 2"):
        plain_model.export(tmp_path / "plain.onnx")
