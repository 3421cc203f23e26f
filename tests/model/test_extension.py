"""A user's own layer and loss: they learn, they are saved, and a file that names an unknown one says what to do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.errors import ArgumentError
from pellucid.layers import Dense, Input
from pellucid.models import Sequential, load_model
from pellucid.spec.activations import ReLU
from pellucid.spec.layer import LayerSpec, Primitive, WeightSpec
from pellucid.spec.legal import Real, legal
from pellucid.spec.losses import LossSpec
from pellucid.spec.shapes import Shape


@dataclass(frozen=True)
class SineWave(LayerSpec):
    """y = sin(f x) * gain, gain learned for each feature."""

    frequency: float = legal(Real(0.0, open_low=True), 1.0)

    def weight_specs(self, inputs: Sequence[Shape], where: str) -> tuple[WeightSpec, ...]:
        from pellucid.spec.initializers import Ones

        return (WeightSpec("gain", (inputs[0][-1] or 1,), Ones()),)


def sine_forward(spec: SineWave, inputs: Any, weights: Any, context: Any) -> Any:
    (x,) = inputs
    return np.sin(spec.frequency * x) * weights["gain"], x


def sine_backward(spec: SineWave, dy: Any, saved: Any, weights: Any, context: Any) -> Any:
    dx = dy * weights["gain"] * np.cos(spec.frequency * saved) * spec.frequency
    return [dx], {"gain": (dy * np.sin(spec.frequency * saved)).sum(axis=0)}


@dataclass(frozen=True)
class TwiceClipped(LayerSpec):
    """Made of layers that exist, so it needs no arithmetic of its own."""

    def primitives(self) -> tuple[Primitive, ...]:
        return (Primitive(ReLU(max_value=2.0), {}), Primitive(ReLU(threshold=0.5), {}))


@dataclass(frozen=True)
class SoftAbsolute(LossSpec):
    """log cosh(y - t), the mean over the last axis."""


def log_cosh(spec: SoftAbsolute, prediction: Any, target: Any, from_logits: bool) -> Any:
    error = prediction - target
    return np.log(np.cosh(error)).mean(axis=-1), np.tanh(error) / error.shape[-1]


Sine = p.register_layer(SineWave, reference=(sine_forward, sine_backward))
Clipped = p.register_layer(TwiceClipped)
p.register_loss(SoftAbsolute, reference=log_cosh, word="soft_absolute")


def wave() -> Sequential:
    p.set_random_seed(0)
    model = Sequential([Input((1,)), Dense(6), Sine(frequency=2.0), Dense(1)])
    model.compile(p.optimizers.Adam(0.02), "soft_absolute", engine="reference")
    return model


def test_a_layer_of_one_s_own_learns() -> None:
    x = np.linspace(-2, 2, 64)[:, None]
    y = np.sin(3 * x)
    model = wave()
    assert [entry.name for entry in model.graph.layers] == ["input", "dense", "sine_wave", "dense_1"]
    before = model.evaluate(x, y)
    error = np.log(np.cosh(model.predict(x) - y)).mean()
    assert before == pytest.approx(error, rel=1e-4)
    model.fit(x, y, epochs=150, verbose=0)
    assert model.evaluate(x, y) < 0.05 * before
    assert not np.array_equal(model.get_layer("sine_wave").get_weights()[0], np.ones(6))


def test_a_layer_made_of_others_needs_no_arithmetic() -> None:
    model = Sequential([Input((4,)), Clipped()])
    assert model.predict(np.array([[-1.0, 0.3, 1.0, 5.0]])).tolist() == [[0.0, 0.0, 1.0, 2.0]]


def test_it_is_saved_and_another_program_is_told_what_to_do(tmp_path: Path) -> None:
    model, path = wave(), tmp_path / "wave.safetensors"
    model.save(path)
    x = np.ones((3, 1))
    loaded = load_model(path)
    loaded.compile("adam", "soft_absolute", engine="reference")
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
    attempt = f"pellucid.load_model({str(path)!r})"
    program = f"import pellucid\ntry:\n    {attempt}\nexcept OSError as fault:\n    print(fault)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip().endswith(
        "unknown layer 'SineWave' in the file; this Pellucid does not have it. If it is your own layer, call "
        "pellucid.register_layer(...) before loading the file."
    )


def test_an_unfit_registration_is_refused() -> None:
    @dataclass
    class Soft(LayerSpec):
        """Not frozen."""

    @dataclass(frozen=True)
    class Bare(LayerSpec):
        """Without arithmetic."""

    class Plain(LayerSpec):
        """No dataclass."""

    for unfit in (Soft, Plain, Dense, 7):
        with pytest.raises(ArgumentError, match="spec must be a frozen dataclass derived from LayerSpec, but it is"):
            p.register_layer(unfit, reference=(sine_forward, sine_backward))  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"reference must be given, but it is None. Pass reference=\(forward, back"):
        p.register_layer(Bare)
    with pytest.raises(ArgumentError, match="reference must be a pair of functions"):
        p.register_layer(Bare, reference=sine_forward)
    with pytest.raises(ArgumentError, match="pytorch must be a function on tensors, but it is object"):
        p.register_layer(Bare, reference=(sine_forward, sine_backward), pytorch=object())
    with pytest.raises(ArgumentError, match=r"layer 'SineWave' is registered already. Choose another class name."):
        p.register_layer(SineWave, reference=(sine_forward, sine_backward))

    @dataclass(frozen=True)
    class Other(LossSpec):
        """Another loss."""

    with pytest.raises(ArgumentError, match=r"loss word 'MSE' is registered already. Choose another word."):
        p.register_loss(Other, reference=log_cosh, word="MSE")
    with pytest.raises(ArgumentError, match=r"reference must be given, but it is None. Pass reference=function."):
        p.register_loss(Other)
    with pytest.raises(ArgumentError, match="spec must be a frozen dataclass derived from LossSpec"):
        p.register_loss(SineWave, reference=log_cosh)  # type: ignore[arg-type]
