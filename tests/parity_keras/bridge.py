"""The same layer in Keras, on its torch backend: built from our spec, given our weights, differentiated by torch.

Both sides run in float64, where equal formulas agree to about 1e-12, and in float32, where they agree within rounding.
Keras is a test dependency only.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras
    import torch

from pellucid.spec.base import rules
from pellucid.spec.layer import LayerSpec

TOLERANCE = {"float64": 1e-10, "float32": 2e-5}  # of the largest value of a tensor


def keras_layer(spec: LayerSpec, dtype: str = "float32", **more: Any) -> Any:
    """The Keras layer of the same name with the same arguments; weights are set apart, so no initialiser is passed."""
    keras.config.set_floatx(dtype)
    left_out = ("initializer", "regularizer", "data_format")
    arguments = {name: getattr(spec, name) for name in rules(type(spec)) if not name.endswith(left_out)}
    return getattr(keras.layers, type(spec).__name__)(**arguments, dtype=dtype, **more)


def tensor(value: np.ndarray, *, wants_gradient: bool = False) -> Any:
    """A torch tensor of a copy."""
    made = torch.tensor(value)
    return made.requires_grad_() if wants_gradient else made


def numbers(value: Any) -> np.ndarray:
    """What Keras computed, as an array."""
    held = value if isinstance(value, torch.Tensor) else value.value  # a variable holds its tensor
    return np.asarray(held.detach().numpy())


def assert_same(name: str, ours: np.ndarray, theirs: np.ndarray, dtype: str, tolerance: float | None = None) -> None:
    """Shape, dtype, values; says which tensor differs, where and by how much."""
    assert ours.shape == theirs.shape, f"{name}: shape {ours.shape}, Keras has {theirs.shape}"
    assert ours.dtype == np.dtype(dtype), f"{name}: dtype {ours.dtype}, wanted {dtype}"
    limit = (tolerance or TOLERANCE[dtype]) * max(1.0, float(np.abs(theirs).max(initial=0)))
    difference = np.abs(ours - theirs)
    worst = np.unravel_index(int(difference.argmax()), difference.shape) if difference.size else ()
    text = f"{name}{list(map(int, worst))}: ours {ours[worst]:.9g}, Keras {theirs[worst]:.9g}, limit {limit:.1e}"
    assert difference.max(initial=0) <= limit, text
