"""A model file gives back what was put in, and files of older releases stay readable (golden/)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.errors import ArgumentError
from pellucid.storage.model_file import ModelFile, read_model, write_model

GOLDEN = Path(__file__).parent / "golden"


def content() -> dict[str, Any]:
    """What model-format-1.safetensors holds. Never change it: a new format gets a new file."""
    return {
        "graph": {"nodes": [{"layer": "dense", "inputs": ["input"]}], "outputs": ["dense"]},
        "weights": {
            "dense/kernel": np.array([[0.5, -1.25, 3.0], [1e-30, -0.0, 7.0]], np.float32),  # (in 2, out 3)
            "dense/bias": np.array([1.0, 2.0, 3.0], np.float32),
            "norm/moving_mean": np.array([0.1, 0.2], np.float64),
        },
        "input": {"size": [1, 2], "channels": 1, "channel_names": ["gray"], "dtype": "uint8"},
        "preprocessing": {"steps": [{"name": "center"}]},
        "preprocessing_arrays": {"0/mean": np.array([[0.25], [0.75]])},
        "class_names": ["zéro", "one", "two"],
        "training": {"seed": 7, "fingerprint": "ab" * 32, "metrics": {"val_accuracy": 0.1}},
    }


def assert_same(model: ModelFile, given: dict[str, Any]) -> None:
    for field in ("graph", "input", "preprocessing", "class_names", "training"):
        assert getattr(model, field) == given[field], field
    for field in ("weights", "preprocessing_arrays"):
        arrays = getattr(model, field)
        assert arrays.keys() == given[field].keys(), field
        for name, array in given[field].items():
            assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape), name
            assert arrays[name].tobytes() == array.tobytes(), name


def test_a_model_comes_back(tmp_path: Path) -> None:
    write_model(tmp_path / "m.safetensors", **content())
    assert_same(read_model(tmp_path / "m.safetensors"), content())


def test_the_file_of_format_1_is_read() -> None:
    assert_same(read_model(GOLDEN / "model-format-1.safetensors"), content())


def test_format_1_is_written_as_it_was(tmp_path: Path) -> None:
    write_model(tmp_path / "m.safetensors", **content())
    golden = GOLDEN / "model-format-1-with-checksums.safetensors"
    assert (tmp_path / "m.safetensors").read_bytes() == golden.read_bytes()
    assert_same(read_model(golden), content())


def test_what_is_not_given_is_none(tmp_path: Path) -> None:
    write_model(tmp_path / "m.safetensors", graph={}, weights={})
    model = read_model(tmp_path / "m.safetensors")
    assert (model.input, model.preprocessing, model.class_names, model.training) == (None, None, None, None)
    assert (model.weights, model.preprocessing_arrays) == ({}, {})


def test_a_layer_may_not_take_the_name_of_the_preprocessing(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"weight 'preprocessing/kernel': .* Rename the layer\."):
        write_model(tmp_path / "m.safetensors", graph={}, weights={"preprocessing/kernel": np.zeros(2)})
