"""Choosing the engine: its words, what is not there, layers of one's own, and a whole run from the command line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pellucid.engines.protocol import Objective, Term
from pellucid.engines.pytorch import arithmetic, device
from pellucid.engines.pytorch.engine import PyTorchEngine
from pellucid.errors import ArgumentError, TrainingError
from pellucid.keys import Key
from pellucid.model.extension import register_layer, register_loss
from pellucid.runs.config import RunConfig
from pellucid.runs.experiment import resume_run, start_run
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LAYERS, LayerSpec
from pellucid.spec.legal import Real, legal
from pellucid.spec.losses import LOSSES, LossSpec
from pellucid.storage.run_folder import RunFolder
from pellucid.training import session
from pellucid.training.events import Event, Progress
from pellucid.training.session import engine_named
from tests.gradient.checking import KEY, Point, draw, network
from tests.gradient.test_losses import K, N, batch_of, dense
from tests.parity_engines.comparing import compare_objective, compare_passes


@pytest.mark.parametrize("there", [True, False])
def test_a_processor_without_bfloat16_is_told_once(
    there: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: there)
    device.say_that_bfloat16_is_slow.cache_clear()
    PyTorchEngine("float32", "cpu")
    assert not caplog.messages
    for _ in range(2):
        PyTorchEngine("bfloat16", "cpu")
    assert [text for text in caplog.messages if "float32 is faster here" in text] == caplog.messages
    assert len(caplog.messages) == (0 if there else 1)


def test_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine_named("auto", "float32", None).name == "pytorch"
    with monkeypatch.context() as patch:
        patch.setattr(session, "find_spec", lambda name: None)
        assert engine_named("auto", "float32", None).name == "reference"
    assert engine_named("reference", "float64", "cpu").name == "reference"
    assert engine_named("pytorch", "bfloat16", "cpu").name == "pytorch"


REFUSED = {
    "an unknown engine": (("tensorflow", "float32", None), r"engine must be 'auto', 'reference', 'pytorch' or 'pack"),
    "an unknown precision": (("pytorch", "float16", None), r"precision must be 'float32', 'float64' or 'bfloat16'"),
    "an unknown device": (("pytorch", "float32", "tpu"), r"device must be 'auto', 'cpu' or 'cuda', but it is 'tpu'"),
    "a GPU on the reference engine": (("reference", "float32", "cuda"), r"For a GPU take the engine 'pytorch'."),
    "bfloat16 on the reference engine": (("reference", "bfloat16", None), r"For bfloat16 use --engine pytorch."),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(words, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        engine_named(*words)


def test_without_pytorch_the_pip_line_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    with pytest.raises(ArgumentError, match=r'Install it with: pip install "pellucid\[torch\]"'):
        engine_named("pytorch", "float32", None)


def test_a_gpu_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device.torch.cuda, "is_available", lambda: False)
    with pytest.raises(ArgumentError, match=r"device must be a GPU that PyTorch can use, but it is none. Pass device="):
        PyTorchEngine(device="cuda")
    assert PyTorchEngine(device="auto").device == "cpu"


def test_too_little_memory_names_a_smaller_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given):
        raise torch.OutOfMemoryError

    point = draw(network(Dense(3), (4,)), batch=6)
    monkeypatch.setitem(arithmetic.ARITHMETIC, Dense, full)
    with pytest.raises(TrainingError, match=r"not enough memory for a batch of 6. Try a batch size of 3."):
        PyTorchEngine().forward(point.graph, point.params, point.state, point.inputs, training=True, key=KEY)


@dataclass(frozen=True)
class Scaled(LayerSpec):
    """y = factor x^2."""

    factor: float = legal(Real(), 2.0)


@dataclass(frozen=True)
class Fourth(LossSpec):
    """The mean of (y - t)^4."""


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registered for one test: other tests count what the tables hold."""
    for table in (LAYERS, LOSSES):
        monkeypatch.setattr(table, "_classes", dict(table._classes))
    register_layer(
        Scaled,
        reference=(
            lambda spec, inputs, weights, context: (spec.factor * inputs[0] ** 2, inputs[0]),
            lambda spec, dy, x, weights, context: ([2 * spec.factor * x * dy], {}),
        ),
        pytorch=lambda spec, inputs, weights, context: spec.factor * inputs[0] ** 2,
    )
    register_loss(
        Fourth,
        reference=lambda spec, y, t, from_logits: (((y - t) ** 4).mean(-1), 4 * (y - t) ** 3 / y.shape[-1]),
        pytorch=lambda spec, y, t, from_logits: ((y - t) ** 4).mean(-1),
    )


def test_a_layer_and_a_loss_of_ones_own(own: None, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_passes(draw(network(Scaled(3.0), (4,))), "float64")
    random = np.random.default_rng(1)
    batch, point = batch_of(random.normal(size=(N, K)), True, True, random), draw(dense("tanh"), batch=5)
    objective = Objective((Term("output", Fourth()),))
    compare_objective(point, objective, batch, "float64")
    monkeypatch.delitem(arithmetic.OWN_LOSSES, Fourth)
    with pytest.raises(ArgumentError, match=r"no arithmetic for Fourth. Pass pytorch=... to pellucid.register_loss"):
        compare_objective(point, objective, batch, "float64")
    monkeypatch.delitem(arithmetic.ARITHMETIC, Scaled)
    with pytest.raises(ArgumentError, match=r"no arithmetic for Scaled. Pass pytorch=... to pellucid.register_layer"):
        compare_passes(draw(network(Scaled(), (4,))), "float64")


def test_an_update_does_not_spoil_a_run_that_is_kept() -> None:
    """Two gradients of one run, one of a prediction: the same numbers, the second after autograd's notes were used."""
    point = draw(dense("tanh"), batch=5)
    engine, random = PyTorchEngine("float64", "cpu"), np.random.default_rng(1)
    params = engine.put(point.params)
    batch, objective = batch_of(random.normal(size=(N, K)), False, False, random), Objective((Term("output", MSE),))
    found = []
    for training in (True, False):
        run = engine.forward(point.graph, params, {}, engine.put(point.inputs), training=training, key=Key.of(0))
        for _ in range(2):
            _, gradients = engine.grad(objective, run, batch, wrt=("parameters", "inputs"))
            found.append(engine.get({**gradients.parameters, **gradients.inputs}))
    for other in found[1:]:
        for name, value in found[0].items():
            np.testing.assert_allclose(other[name], value, rtol=1e-13)


MSE = LOSSES.named("mse")


def test_a_prediction_that_is_not_finite_names_the_weight() -> None:
    point = draw(network(Dense(3), (4,)))
    point.params["dense/kernel"][1, 2] = np.nan
    broken = Point(point.graph, point.params, {}, point.inputs, False)
    with pytest.raises(ArgumentError, match=r"dense 'dense': kernel must be finite, but it is nan at \(1, 2\)"):
        compare_passes(broken, "float64")
    engine = PyTorchEngine("float64", "cpu")
    with pytest.raises(ArgumentError, match=r"dense 'dense': kernel must be finite, but it is nan at \(1, 2\)"):
        engine.forward(point.graph, engine.put(point.params), {}, engine.put(point.inputs), training=False)


class StopAt(Event):
    """Asks for a stop after a step, as Ctrl-C does."""

    def step(self, progress: Progress, sums: Any) -> None:
        if progress.position.step == 3:
            progress.stop = "stopped by the test"


def test_a_run_on_pytorch_resumes_to_the_same_bits(tmp_path: Path) -> None:
    words = {"model": "conv_4,pool,FC_8", "dropout": 0.3, "epochs": 2, "limit": 60, "augment": "shift=1"}
    config = RunConfig("digits", engine="pytorch", device="cpu", **words)
    whole, stopped = RunFolder.create(tmp_path / "whole"), RunFolder.create(tmp_path / "stopped")
    start_run(config, whole, command="", console=None)
    environment = json.loads(whole.config.read_text())["environment"]
    assert (environment["engine"], environment["libraries"]["torch"]) == ("pytorch", version("torch"))
    assert start_run(config, stopped, command="", console=StopAt()).stopped
    resume_run(stopped.path, allow_different=False, console=None)
    assert stopped.model.read_bytes() == whole.model.read_bytes()
    assert stopped.history.read_bytes() == whole.history.read_bytes()
