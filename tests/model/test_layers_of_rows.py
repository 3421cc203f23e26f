"""Layers on rows and volumes learn with both engines, and a program that has not imported them loads them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pellucid as p
from pellucid import layers as kinds

X = np.random.default_rng(0).random((20, 9, 4)).astype("float32")
Y = X.sum(axis=(1, 2))[:, None]
LOAD = (
    "import sys, numpy\nfrom pellucid.models import load_model\n"
    "print(load_model(sys.argv[1]).predict(numpy.load(sys.argv[2]), verbose=0).sum())"
)


@pytest.mark.parametrize("engine", ["reference", pytest.param("pytorch", marks=pytest.mark.soak)])
def test_a_network_of_rows_learns_is_saved_and_loaded_by_another_program(engine: str, tmp_path: Path) -> None:
    p.set_random_seed(0)
    own = [
        kinds.Conv1D(3, 3, activation="relu"), kinds.MaxPooling1D(), kinds.UpSampling1D(), kinds.Cropping1D(),
        kinds.ZeroPadding1D(), kinds.Identity(), kinds.UnitNormalization(), kinds.GlobalMaxPooling1D(),
        kinds.RepeatVector(2), kinds.Flatten(), kinds.LayerNormalization(), kinds.Dense(1),
    ]  # fmt: skip
    model = p.Sequential([p.Input((9, 4)), *own])
    model.compile("adam", "log_cosh", metrics=["rmse"], engine=engine)
    row = model.fit(X, Y, epochs=4, verbose=0).history
    assert row["loss"][-1] < row["loss"][0]
    model.save(tmp_path / "rows.safetensors")
    np.save(tmp_path / "x.npy", X)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, tmp_path / "rows.safetensors", tmp_path / "x.npy"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert float(done.stdout) == pytest.approx(model.predict(X, verbose=0).sum(), rel=1e-5)
