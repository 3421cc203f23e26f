"""The plain torch module of a model: equal numbers in float64, the same moving statistics, names, files, export."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from pellucid.architectures.names import NAMES
from pellucid.engines.pytorch import arithmetic, plain_parts
from pellucid.engines.pytorch import plain_module as plain_module_of
from pellucid.engines.pytorch.plain_module import plain_module
from pellucid.engines.reference import ReferenceEngine
from pellucid.errors import ArgumentError
from pellucid.graph.build import build
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Layer
from pellucid.layers import (
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
    ReLU,
    Reshape,
)
from pellucid.models import Model, Sequential
from pellucid.spec.layer import LayerSpec
from pellucid.training import session
from tests.gradient.cases import CASES, Case
from tests.gradient.checking import KEY, Point, draw, network
from tests.gradient.test_networks import NETWORKS
from tests.parity_engines.comparing import assert_same


def channels_first(x: np.ndarray) -> torch.Tensor:
    return torch.tensor(x.transpose(0, 3, 1, 2).copy() if x.ndim == 4 else x)


def channels_last(y: torch.Tensor) -> np.ndarray:
    found = y.detach().numpy()
    return found.transpose(0, 2, 3, 1) if found.ndim == 4 else found


def results(module: nn.Module, point: Point) -> dict[str, np.ndarray]:
    """The module's outputs by name, channels last."""
    y = module(*(channels_first(point.inputs[name]) for name in point.graph.input_shapes))
    return {name: channels_last(part) for name, part in (y if isinstance(y, dict) else {"output": y}).items()}


def compare(point: Point, limit: float = 1e-10) -> nn.Module:
    """Raise AssertionError unless the module predicts as the reference engine does."""
    run = ReferenceEngine("float64").forward(point.graph, point.params, point.state, point.inputs, training=False)
    module = plain_module(point.graph, point.params | point.state, "model")
    assert_same("output", run.outputs, results(module, point), limit)
    return module


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_layer_predicts_the_same(case: Case) -> None:
    compare(draw(network(case.spec, *case.shapes), training=False))


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_a_network_predicts_the_same(make: Callable[[], Graph]) -> None:
    compare(draw(make(), batch=3, training=False))


def at_random(model: Model, sizes: tuple[int, ...], batch: int = 2) -> Point:
    """A model's graph at random weights and images of these sizes, wherever its kinks are."""
    random = np.random.default_rng(4)
    weights = {
        key: random.uniform(0.5, 1.5, w.shape) if "moving_variance" in key else random.normal(0, 0.1, w.shape)
        for key, w in model.graph.weights.items()
    }
    state = {key: value for key, value in weights.items() if "/moving_" in key}
    params = {key: value for key, value in weights.items() if key not in state}
    return Point(model.graph, params, state, {"input": random.normal(size=(batch, *sizes))}, training=False)


SMALL = ("lenet5", "lenet5-1998", "cifar10cnn", "cifar10cnn-small", "cifar10mlp", "clothesmlp", "fruitscnn", "resnet18")


@pytest.mark.parametrize("name", SMALL)
def test_an_architecture_predicts_the_same(name: str) -> None:
    size = (32, 32, 3)
    compare(at_random(NAMES[name](input_shape=size, classes=7), size))


@pytest.mark.parametrize("size", [(9, 11), (8, 8), (5, 12)], ids=str)
def test_maps_of_any_size(size: tuple[int, int]) -> None:
    x = Input((None, None, 3))
    y = AveragePooling2D(3, 2, "same")(Conv2D(4, (3, 2), 2, "same", activation="relu")(x))
    y = MaxPooling2D(2, 2, "same")(Conv2D(5, 2, padding="same")(y))
    compare(at_random(Model(x, GlobalAveragePooling2D()(y)), (*size, 3)))


def test_training_moves_the_statistics_as_here() -> None:
    x = Input((6, 5, 3))
    y = BatchNormalization(momentum=0.8)(Conv2D(4, 3)(x))
    still = BatchNormalization(name="still")
    still.trainable = False
    y = Dense(2)(BatchNormalization(scale=False)(Dense(3)(Flatten()(still(y)))))
    point = at_random(Model(x, y), (6, 5, 3), batch=4)
    engine = ReferenceEngine("float64")
    run = engine.forward(point.graph, point.params, point.state, point.inputs, training=True, key=KEY)
    module = plain_module(point.graph, point.params | point.state, "model").train()
    assert_same("output", run.outputs, results(module, point), 1e-10)
    kept = {"moving_mean": "running_mean", "moving_variance": "running_var"}
    values = module.state_dict()
    moved = {key: values[f"{key.split('/')[0]}.{kept[key.split('/')[1]]}"].numpy() for key in point.state}
    assert_same("statistics", run.state, moved, 1e-10)
    same = {key for key, value in run.state.items() if np.array_equal(value, point.state[key])}
    assert same == {"still/moving_mean", "still/moving_variance"}


def test_torchs_own_moving_variance_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, plain in ((plain_parts.BatchNorm1d, nn.BatchNorm1d), (plain_parts.BatchNorm2d, nn.BatchNorm2d)):
        right = kind.forward
        monkeypatch.setattr(
            kind, "forward",
            lambda self, x, right=right, plain=plain: (right if self.frozen else plain.forward)(self, x),
        )
    with pytest.raises(AssertionError, match="statistics"):
        test_training_moves_the_statistics_as_here()


def small(**more: object) -> Sequential:
    return Sequential([
        Input((8, 8, 3)), Conv2D(4, 3, 2, "same", activation="relu", name="stem"), BatchNormalization(name="norm"),
        Dropout(0.5), Flatten(), Dense(3, activation="softmax", name="head"),
    ], **more)  # fmt: skip


def test_the_module_is_torchs_own_under_the_layers_names() -> None:
    model = small()
    module = model.to_torch()
    assert list(module.state_dict()) == [
        "stem.weight", "stem.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
        "norm.num_batches_tracked", "head.weight", "head.bias",
    ]  # fmt: skip
    kinds = {name: type(part) for name, part in module.named_children()}
    assert kinds["stem"] is nn.Conv2d and kinds["head"] is nn.Linear and kinds["dropout"] is nn.Dropout
    assert issubclass(kinds["norm"], nn.BatchNorm2d) and kinds["stem_pad"] is nn.ZeroPad2d
    assert not module.training and {value.dtype for value in module.parameters()} == {torch.float32}
    x = np.random.default_rng(0).random((4, 8, 8, 3), np.float32)
    np.testing.assert_allclose(model.predict(x), channels_last(module(channels_first(x))), rtol=1e-5, atol=1e-7)


def test_its_weights_are_copies() -> None:
    model = small()
    before = model.get_weights()
    with torch.no_grad():
        for value in model.to_torch().parameters():
            value.add_(1)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_frozen_layer_is_frozen_there_too() -> None:
    model = small()
    model.get_layer("stem").trainable = False
    wanted = {name: parameter.requires_grad for name, parameter in model.to_torch().named_parameters()}
    assert wanted == {"stem.weight": False, "stem.bias": False, "norm.weight": True, "norm.bias": True,
                      "head.weight": True, "head.bias": True}  # fmt: skip


def test_names_that_python_or_torch_have_taken() -> None:
    x = Input((4, 3), name="input")
    parts = [Dense(3, name=name)(x) for name in ("forward", "a.b", "a_b", "class", "2nd", "print")]
    x2 = Input((4, 3), name="x")
    model = Model([x, x2], [Dense(2)(part) for part in parts] + [Dense(2, name="type")(x2)])
    module = model.to_torch()
    random = np.random.default_rng(1)
    given = {name: random.random((2, 4, 3), np.float32) for name in model.graph.input_shapes}
    found = module(*(torch.tensor(value) for value in given.values()))
    wanted = model.predict(given)
    for name, value in zip(found, wanted, strict=True):
        np.testing.assert_allclose(found[name].detach().numpy(), value, rtol=1e-5, atol=1e-6)


def test_a_layer_called_on_two_sizes_shares_its_weights() -> None:
    layer, x, z = Conv2D(3, 3, 2, "same", name="twice"), Input((8, 8, 3)), Input((7, 7, 3))
    model = Model([x, z], [GlobalAveragePooling2D()(layer(x)), GlobalAveragePooling2D()(layer(z))])
    module = compare(draw(model.graph, training=False))
    assert len(list(module.parameters())) == 2
    assert module.get_parameter("twice.weight") is module.get_parameter("twice_2.weight")


def test_training_only_outputs_are_left_out_in_eval_mode() -> None:
    x = Input((5,))
    inner = Dense(4, activation="relu")(x)
    main, aside = Dense(3, name="main")(inner), Dense(2, name="aside")(inner)
    module = Model(x, [main, aside], training_only=[aside]).to_torch()
    assert module(torch.zeros(2, 5)).shape == (2, 3)
    assert {name: tuple(y.shape) for name, y in module.train()(torch.zeros(2, 5)).items()} == {
        "output": (2, 3), "aside": (2, 2)}  # fmt: skip


def test_it_survives_a_file_and_torch_export() -> None:
    model = small()
    module = model.to_torch()
    x = torch.rand(4, 3, 8, 8)
    kept = io.BytesIO()
    torch.save(module, kept)
    kept.seek(0)
    assert torch.load(kept, weights_only=False)(x).equal(module(x))
    program = torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim("n")},))
    for n in (1, 3):
        torch.testing.assert_close(program.module()(x[:n]), module(x[:n]))


def test_it_trains_in_a_loop_of_the_users_own() -> None:
    model = small()
    module = model.to_torch().train()
    rule = torch.optim.SGD(module.parameters(), 0.5)
    random = torch.Generator().manual_seed(0)
    x, y = torch.rand(12, 3, 8, 8, generator=random), torch.arange(12) % 3
    torch.manual_seed(0)
    losses = []
    for _ in range(20):
        rule.zero_grad()
        loss = nn.functional.nll_loss(module(x).log(), y)
        loss.backward()
        rule.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


@dataclass(frozen=True)
class Own(LayerSpec):
    """A layer that torch does not have."""


def test_a_layer_of_ones_own_is_refused() -> None:
    x = Layer.of(Reshape.spec_class((4,)))(Input((2, 2)))
    graph = build([x.call.inputs[0]], [Layer.of(Own())(x)]).graph
    with pytest.raises(ArgumentError, match=r"layer 'layer': torch has no layer like Own. Predict with Pellucid"):
        plain_module(graph, {}, "model")


def test_without_pytorch_the_pip_line_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    with pytest.raises(ArgumentError, match=r'sequential: to_torch must be .* pip install "pellucid\[torch\]"'):
        small().to_torch()


def test_a_kink_at_the_largest_value_has_no_slope() -> None:
    x = torch.tensor([[-1.0, 2.0, 3.0]], requires_grad=True)
    plain_module(network(ReLU.spec_class(2.0, 0.3), (3,)), {}, "model")(x).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [[pytest.approx(0.3), 0.0, 0.0]]


def test_every_arithmetic_has_a_plain_form() -> None:
    own = {owner for owner in arithmetic.ARITHMETIC if owner.__module__.startswith("pellucid.")}
    assert own - set(plain_module_of.PLAIN) == set()


def test_it_is_the_first_thing_that_a_process_asks_of_torch() -> None:
    """Layers are entered by other layers' arithmetic, which must be there whoever is imported first."""
    program = "import pellucid.engines.pytorch.plain_module"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
