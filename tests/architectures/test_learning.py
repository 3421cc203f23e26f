"""Every network takes a step: a finite loss, a gradient for every weight, and another loss afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.architectures.names import NAMES, architecture, smallest
from pellucid.data.batches import Batch
from pellucid.errors import ArgumentError, UsageError
from pellucid.graph.summary import summarize
from pellucid.keys import Key
from pellucid.tasks.classification.settings import Settings
from pellucid.tasks.classification.task import Classification
from pellucid.training.session import engine_named
from tests.architectures.small import numbers, small

DEEP = {"preactresnet1001"}  # a thousand layers teach no more than the same code with 164
LIKE_OTHERS = ("32", "34", "44", "56", "101", "152", "34-torchvision", "101-torchvision", "152-torchvision", "vgg13",
               "vgg16")  # the code of others with more or fewer layers
KEY = Key.of(1)
CLASSES = Classification(("ant", "bee", "cat", "dog"))


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.soak) if name.endswith(LIKE_OTHERS) else name
                                  for name in NAMES if name not in DEEP])  # fmt: skip
def test_a_network_takes_a_step(name: str) -> None:
    model = small(name, channels=2)
    x = np.random.default_rng(5).normal(size=(3, *model.input_shape[1:])).astype(np.float32)
    batch = Batch({"input": x}, {"output": np.array([0, 3, 2])}, {}, {}, np.arange(3))
    engine, objective = engine_named("pytorch", "float32", "cpu"), CLASSES.objective(Settings(), model.graph)
    params, state = map(engine.put, numbers(model.graph))
    run = engine.forward(model.graph, params, state, engine.put(batch.inputs), training=True, key=KEY)
    sums, found = engine.grad(objective, run, batch, wrt=("parameters",))
    assert np.isfinite(objective.report(sums)["loss"])
    trained = [key for key, weight in model.graph.weights.items() if weight.trainable]
    assert list(found.parameters) == trained
    still = [key for key, gradient in engine.get(found.parameters).items() if not gradient.any()]
    assert still == []


def test_auxiliary_classifiers_count_a_third_and_learn_from_the_same_labels() -> None:
    model = architecture("googlenet", (65, 65, 3), 4)
    terms = CLASSES.objective(Settings(), model.graph).terms
    assert [(term.output, term.target, term.weight) for term in terms] == [
        ("output", "output", 1.0), ("auxiliary1_predictions", "output", 0.3), ("auxiliary2_predictions", "output", 0.3),
    ]  # fmt: skip
    x, y = np.random.default_rng(2).normal(size=(4, 65, 65, 3)), np.array([0, 1, 2, 3])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], engine="pytorch")
    row = model.train_on_batch(x, y, return_dict=True)
    parts = [row[f"{term.output}_loss"] for term in terms]
    assert row["loss"] == pytest.approx(parts[0] + 0.3 * parts[1] + 0.3 * parts[2], rel=1e-6)
    assert list(row)[-1] == "accuracy"
    assert model.predict(x).shape == (4, 4) and model.output_shape == (None, 4)


def test_the_auxiliary_losses_are_weighted_as_asked() -> None:
    model = architecture("googlenet", (65, 65, 3), 4)
    model.compile("sgd", "sparse_categorical_crossentropy", loss_weights={"auxiliary1_predictions": 0.5})
    assert [term.weight for term in model._compiled.objective_of(model.graph).terms] == [1.0, 0.5, 0.3]  # type: ignore[union-attr]


def test_a_map_that_is_too_small_is_named_with_the_size_that_is_not() -> None:
    with pytest.raises(UsageError, match=r"--model googlenet: .*'auxiliary1_pool'.* 5 x 5 .* 2 x 2.* from 65x65 on"):
        architecture("googlenet", (32, 32, 3), 10)
    with pytest.raises(UsageError, match=r"--model vgg16: .*'block5_pool'.* 1 x 1\..* from 32x32 on: --resize 32x32"):
        architecture("vgg16", (28, 28, 1), 10)
    assert smallest(NAMES["googlenet-plain"]) == 1


@pytest.mark.parametrize(
    "arguments, wanted",
    [
        ({"weights": "imagenet"}, "no weights called 'imagenet' are known for it; they are for squeezenet1_0"),
        ({"classes": 0}, "classes must be an integer >= 1, but it is 0"),
        ({"pooling": "mean", "include_top": False}, "pooling must be None, 'avg' or 'max', but it is 'mean'"),
        ({"pooling": "avg"}, "pooling must be left out when the top is there, but it is 'avg'. Pass include_top=False"),
        ({"include_top": "no"}, "include_top must be True or False, but it is 'no'"),
        ({"input_shape": (32, 32)}, "input_shape must be (height, width, channels), but it is (32, 32)"),
        ({"depth": 3}, "unknown argument 'depth'; known are: include_top, weights, input_tensor"),
        ({"form": "caffe"}, "form must be 'keras' or 'torchvision', but it is 'caffe'"),
    ],
    ids=str,
)
def test_an_argument_that_means_nothing_is_named(arguments: dict[str, object], wanted: str) -> None:
    with pytest.raises(ArgumentError) as fault:
        NAMES["resnet18"](**arguments)
    assert f"resnet18: {wanted}" in str(fault.value)


@pytest.mark.parametrize("arguments, wanted", [
    ({"form": "timm"}, "form must be 'keras' or 'torchvision', but it is 'timm'"),
    ({"alpha": 0}, "alpha must be a number above 0, but it is 0"),
])  # fmt: skip
def test_an_argument_of_the_mobile_network_that_means_nothing(arguments: dict[str, object], wanted: str) -> None:
    with pytest.raises(ArgumentError, match=f"MobileNetV2: {wanted}"):
        NAMES["mobilenetv2"](**arguments)


def test_a_network_without_its_top_takes_maps_of_any_size_and_channels() -> None:
    body = NAMES["mobilenetv2"](include_top=False, input_shape=(None, None, 6), pooling="max")
    assert body.input_shape == (None, None, None, 6) and body.output_shape == (None, 1280)
    assert summarize(body.graph).rows[-1].name == "max_pool"
