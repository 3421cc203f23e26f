"""`--batch-norm-momentum` reaches every batch norm, however the network was chosen, and stays with the run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pellucid.architectures.names import architecture
from pellucid.graph.selecting import paths
from pellucid.layers import BatchNormalization, Dense, Flatten, Input
from pellucid.model import Model, Sequential, load_model
from pellucid.runs.commands import command_of
from pellucid.runs.config import RunConfig
from pellucid.runs.networks import set_batch_norm_momentum
from pellucid.search.settings import kinds_of
from pellucid.spec.normalization import BatchNormalization as BatchNormalizationSpec
from tests.cli.terminal import Terminal, pictures, write_npz

TRAIN = ["train", "data.npz", "--model", "norm.safetensors", "--val-fraction", "0", "--epochs", "1", "--batch-size",
         "24", "--batch-norm-momentum", "0.75"]  # fmt: skip


def momenta(model: Model) -> list[float]:
    """Of every batch norm of a network's graph, those of sub-models too."""
    specs = [entry.spec for _, entry in paths(model.graph)]
    return [spec.momentum for spec in specs if isinstance(spec, BatchNormalizationSpec)]


def write_network() -> None:
    """A network that begins with its batch norm, so that its statistics are those of the pictures."""
    Sequential([
        Input((7, 6, 3)), BatchNormalization(), Flatten(), Dense(2, activation="softmax")
    ]).save("norm.safetensors")  # fmt: skip


@pytest.mark.parametrize(("name", "count", "own"), [
    ("cifar10cnn", 5, 0.99), ("resnet18-torchvision", 20, 0.9), ("mobilenetv2", 52, 0.999),
])  # fmt: skip
def test_every_batch_norm_of_a_network_by_name(name: str, count: int, own: float) -> None:
    model = architecture(name, (32, 32, 3), 10)
    set_batch_norm_momentum(model, name, None)
    assert momenta(model) == [own] * count
    set_batch_norm_momentum(model, name, 0.8)
    assert momenta(model) == [0.8] * count
    assert [layer.spec.momentum for layer in model.layers if isinstance(layer, BatchNormalization)] == [0.8] * count


def test_those_of_a_sub_model_too_and_nothing_else_of_them(tmp_path: Path) -> None:
    inner = Sequential([Input((4,)), BatchNormalization(epsilon=0.5, scale=False), Dense(3)])
    model = Sequential([Input((4,)), inner, BatchNormalization()])
    before = model.graph.weights
    set_batch_norm_momentum(model, "nested", 0.0)
    model.save(tmp_path / "nested.safetensors")
    assert momenta(model) == momenta(load_model(tmp_path / "nested.safetensors")) == [0.0, 0.0]
    first = next(entry.spec for _, entry in paths(model.graph) if isinstance(entry.spec, BatchNormalizationSpec))
    assert first == BatchNormalizationSpec(momentum=0.0, epsilon=0.5, scale=False)
    assert model.graph.weights == before


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
def test_the_moving_statistics_keep_their_share_in_a_step(terminal: Terminal, engine: str) -> None:
    """One step on all 24 pictures: mean 3/4 * 0 + 1/4 * theirs, variance 3/4 * 1 + 1/4 * theirs."""
    if engine == "pytorch":
        pytest.importorskip("torch", reason="the engine 'pytorch' needs PyTorch")
    write_npz(Path("data.npz"))
    write_network()
    typed = terminal.type(*TRAIN, "--engine", engine, "--out", "run")
    assert typed.code == 0, typed.err
    model, pixels = load_model("run/model.safetensors"), pictures() / 255
    assert momenta(model) == [0.75]
    weights = model.weights_by_key()
    mean, variance = (weights[f"batch_normalization/moving_{name}"] for name in ("mean", "variance"))
    np.testing.assert_allclose(mean, pixels.mean(axis=(0, 1, 2)) / 4, rtol=1e-5)
    np.testing.assert_allclose(variance, 0.75 + pixels.var(axis=(0, 1, 2)) / 4, rtol=1e-5)


def test_it_stands_in_the_settings_and_a_resume_keeps_it(terminal: Terminal) -> None:
    write_npz(Path("data.npz"))
    write_network()
    assert terminal.type(*TRAIN, "--engine", "reference", "--out", "run").code == 0
    record = json.loads(Path("run/config.json").read_text(encoding="utf-8"))
    config = RunConfig.from_json(record["settings"], "config.json")
    assert config.batch_norm_momentum == record["batch_norm_momentum"] == 0.75
    assert RunConfig.from_json(json.loads(json.dumps(config.to_json())), "config.json") == config
    assert "--batch-norm-momentum 0.75" in command_of(config)
    assert kinds_of(config)["batch_norm_momentum"] == "number"
    whole = Path("run/model.safetensors").read_bytes()
    for name in ("model", "last"):
        Path(f"run/{name}.safetensors").unlink()
    typed = terminal.type("train", "--resume", "run")  # from its beginning
    assert typed.code == 0, typed.err
    assert Path("run/model.safetensors").read_bytes() == whole


@pytest.mark.parametrize("command", ["train", "check"])
@pytest.mark.parametrize(("model", "called"), [
    (["--model", "FC_4"], "FC_4"), (["--model", "lenet5"], "lenet5"),
    ([], "conv_16,conv_16,pool,conv_32,conv_32,pool,FC_128"),
])  # fmt: skip
def test_a_network_without_batch_norm(terminal: Terminal, command: str, model: list[str], called: str) -> None:
    write_npz(Path("data.npz"), x_train=pictures(0, 24, (32, 32, 3)), x_test=pictures(1, 12, (32, 32, 3)))
    told = ["--batch-norm-momentum goes with networks that have batch norm", f"not with {called}, which has none"]
    words = [command, "data.npz", *model, "--batch-norm-momentum", "0.9", "--engine", "reference"]
    out = ["--out", "run"] if command == "train" else []
    terminal.refused(2, [*told, "Leave it out"], *words, *out)
    assert not Path("run").exists()
