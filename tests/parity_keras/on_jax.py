"""Keras's average pooling with padding='same' on JAX, whose 350 MB are not installed for four tests: kept numbers.

Run with   python -m tests.parity_keras.on_jax          to write them anew (JAX comes with the extra "bench")
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from pellucid.engines.reference import ReferenceEngine
from pellucid.spec.pooling import AveragePooling2D
from tests.gradient.cases import CASES, Case
from tests.gradient.checking import draw, network

KEPT = Path(__file__).with_name("on_jax.npz")  # by Keras 3.15.1 on JAX 0.10.2
POOLED = [case for case in CASES if isinstance(case.spec, AveragePooling2D) and case.spec.padding == "same"]


def inputs_of(case: Case) -> dict[str, np.ndarray]:
    """The images (N,H,W,C) of the case in float32, by name."""
    return ReferenceEngine("float32").put(draw(network(case.spec, *case.shapes)).inputs)


def pooled(case: Case) -> np.ndarray:
    """What Keras makes of them on JAX."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from keras.src.backend.jax.nn import average_pool
    spec = case.spec
    return np.asarray(
        average_pool(inputs_of(case)["input"], spec.pool_size, spec.steps, spec.padding, "channels_last")
    )


if __name__ == "__main__":
    np.savez_compressed(KEPT, **{str(case): pooled(case) for case in POOLED})
