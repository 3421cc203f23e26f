"""Pixels that cross to the engine as bytes: scaled there to the bits that the host would have made."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pellucid.engines.pytorch import engine as engine_of
from pellucid.engines.pytorch.engine import PyTorchEngine
from pellucid.engines.reference import ReferenceEngine
from pellucid.errors import TrainingError
from pellucid.keys import Key
from pellucid.spec.convolution import Conv2D
from tests.gradient.checking import network
from tests.parity_engines.comparing import engines

PIXELS = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
FACTOR = float(np.float32(1 / 255))


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_every_byte_is_scaled_to_the_same_bits(precision: str) -> None:
    host = np.multiply(PIXELS, np.float32(1 / 255), dtype=np.float32)
    for engine in engines(precision):
        found = engine.get(engine.put({"input": PIXELS}, {"input": FACTOR}))["input"]
        np.testing.assert_array_equal(found, host)
        assert found.dtype.kind == "f"


def test_weights_lie_as_torch_wants_them_and_come_back_as_they_were() -> None:
    engine = PyTorchEngine("float32", "cpu")
    host = {"a/kernel": np.random.default_rng(0).random((3, 2, 5, 7), np.float32), "b/kernel": np.eye(3, 4)}
    native = engine.put(host)
    assert native["a/kernel"].shape == (3, 2, 5, 7)
    assert native["a/kernel"].permute(3, 2, 0, 1).is_contiguous(memory_format=torch.channels_last)
    assert native["b/kernel"].t().is_contiguous()
    for name, value in engine.get(native).items():
        np.testing.assert_array_equal(value, host[name])


def test_too_little_memory_for_the_pixels_names_a_smaller_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(engine_of, "tensor_of", full)
    with pytest.raises(TrainingError, match=r"not enough memory for a batch of 6. Try a batch size of 3."):
        PyTorchEngine("float32", "cpu").put({"input": np.zeros((6, 4, 4, 1), np.uint8)}, {"input": FACTOR})


def test_narrow_weights_have_gradients_and_a_step_in_bfloat16() -> None:
    """Layers compute with bfloat16 copies; what is stored and updated stays float32."""
    graph = network(Conv2D(4, 3, kernel_regularizer="l2"), (8, 7, 3))
    from pellucid.spec.optimizers import Adam, RMSprop

    engine, random = PyTorchEngine("bfloat16", "cpu"), np.random.default_rng(0)
    params, state = engine.init(graph, Key.of(1))
    inputs = engine.put({"input": random.random((5, 8, 7, 3), np.float32)})
    run = engine.forward(graph, params, state, inputs, training=True, key=Key.of(2))
    seeds = engine.put({"output": random.normal(size=(5, 6, 5, 4))})
    found = engine.vjp(run, seeds, wrt=("parameters",))
    exact = ReferenceEngine("float64")
    weights = {name: np.asarray(value, np.float64) for name, value in engine.get(params).items()}
    plain = exact.forward(graph, weights, {}, exact.put(engine.get(inputs)), training=True, key=Key.of(2))
    wanted = exact.vjp(plain, exact.put(engine.get(seeds)), wrt=("parameters",)).parameters
    for name, value in engine.get(found.parameters).items():
        np.testing.assert_allclose(value, wanted[name], atol=0.03 * np.abs(wanted[name]).max())
    for rule in (Adam(), RMSprop()):
        moved, _ = engine.update(rule, params, found.parameters, engine.slots(rule, params), 0, rate=0.01)
        assert {value.dtype for value in moved.values()} == {torch.float32}
        for name, value in engine.get(moved).items():
            assert not np.array_equal(value, weights[name].astype(np.float32)), name
            weights[name] = value.astype(np.float64)
