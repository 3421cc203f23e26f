"""Parameter counts: those of the papers, of torchvision and Keras, and of the sources."""

from __future__ import annotations

from typing import Any

import pytest

from pellucid import architectures as nets
from pellucid.graph.layer import Undrawn
from pellucid.graph.summary import summarize

TORCHVISION = {"form": "torchvision"}
ALL, TRAINED = "total", "trainable"

COUNTS: list[tuple[str, dict[str, Any], str, int]] = [
    ("LeNet5", {}, ALL, 931_080),
    ("LeNet5", {"form": "1998"}, ALL, 61_706),
    ("Cifar10MLP", {}, ALL, 646_260),
    ("Cifar10CNN", {}, ALL, 592_554),
    ("Cifar10CNN", {}, "not_trainable", 640),
    ("Cifar10CNN", {"form": "small"}, ALL, 15_120),
    ("ClothesMLP", {}, ALL, 494_710),
    ("VGG11", {}, ALL, 132_863_336),
    ("VGG13", {}, ALL, 133_047_848),
    ("VGG16", {}, ALL, 138_357_544),
    ("VGG16", {"classes": 1108}, ALL, 138_800_020),
    ("VGG19", {}, ALL, 143_667_240),
    ("ResNet50", {}, ALL, 25_636_712),
    ("ResNet101", {}, ALL, 44_707_176),
    ("ResNet152", {}, ALL, 60_419_944),
    ("ResNet18", TORCHVISION, TRAINED, 11_689_512),
    ("ResNet34", TORCHVISION, TRAINED, 21_797_672),
    ("ResNet50", TORCHVISION, TRAINED, 25_557_032),
    ("ResNet101", TORCHVISION, TRAINED, 44_549_160),
    ("ResNet152", TORCHVISION, TRAINED, 60_192_808),
    ("ResNet18", {}, TRAINED, 11_689_512 + 4_800),  # a bias for each of the convolutions' 4,800 filters
]


@pytest.mark.parametrize("name, options, which, count", COUNTS, ids=str)
def test_a_network_has_the_published_number_of_parameters(
    name: str, options: dict[str, Any], which: str, count: int
) -> None:
    assert getattr(summarize(getattr(nets, name)(**options).graph), which) == count


def test_a_network_is_built_without_its_weights() -> None:
    model = nets.VGG19()
    assert all(isinstance(value, Undrawn) for layer in model.layers for value in layer.held.values())
    first, _ = model.get_layer("block1_conv1").get_weights()
    assert first.shape == (3, 3, 3, 64) and first.std() > 0
    assert isinstance(model.get_layer("fc1").held["kernel"], Undrawn)
    assert (model.get_layer("block1_conv1").get_weights()[0] == first).all()
