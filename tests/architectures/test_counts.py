"""Parameter counts: those of the papers, of torchvision and Keras, and of the sources."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pellucid import architectures as nets
from pellucid.graph.holding import Undrawn
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
    ("CellsHead", {}, ALL, 12_924_052),
    ("AllConv", {}, ALL, 1_369_738),
    ("AlphaGoPolicy", {}, ALL, 3_882_793),
    ("AlexNet", {}, ALL, 60_965_224),
    ("AlexNet", TORCHVISION, ALL, 61_100_840),
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
    ("PreActResNet", {}, ALL, 25_613_800),
    ("PreActResNet", {"depth": 101}, ALL, 44_675_560),
    ("PreActResNet", {"depth": 152}, ALL, 60_380_648),
    ("PhotoNet", {}, TRAINED, 51_834),
    ("SqueezeNet", {}, ALL, 1_248_424),
    ("SqueezeNet", {"version": "1.1", **TORCHVISION}, ALL, 1_235_496),
    ("CifarResNet", {}, TRAINED, 269_722),
    ("CifarResNet", {"depth": 110}, TRAINED, 1_727_962),
    ("MobileNetV2", {}, ALL, 3_538_984),
    ("MobileNetV2", {"alpha": 1.4}, ALL, 6_156_712),
    ("MobileNetV2", TORCHVISION, TRAINED, 3_504_872),
    ("MobileNetV2", {**TORCHVISION, "alpha": 1.4}, TRAINED, 6_108_776),  # timm's mobilenetv2_140: 6.11 million
    ("SEResNet50", {}, TRAINED, 28_088_024),
    ("Darknet19", {}, TRAINED, 20_842_376),
    ("Darknet53", {}, TRAINED, 41_609_928),
    ("DetNet59", {}, TRAINED, 17_347_648 + 1_025_000),
    ("VGGSmall", {}, TRAINED, 14_029_834),
    ("BinaryMLP", {}, TRAINED, 36_831_242),
    ("BinaryResNet", {}, TRAINED, 11_689_512),  # as torchvision's
    ("BinaryResNet", {"depth": 20}, TRAINED, 272_474),
    ("XNORAlexNet", {}, TRAINED, 62_388_200),
    ("FacePoints", {}, ALL, 79_046),
    ("FacePoints", {"classes": 136}, ALL, 91_772),
    *[("Hourglass", {"stacks": stacks}, TRAINED, count) for stacks, count in
      ((1, 3_211_920), (2, 6_141_344), (4, 12_000_192), (8, 23_717_888))],
    ("OpenPose", {}, ALL, 52_311_446),
    ("GoogLeNet", {}, ALL, 13_378_280),
    ("GoogLeNet", {"auxiliary": False}, ALL, 6_998_552),
]


@pytest.mark.parametrize("name, options, which, count", COUNTS, ids=str)
def test_a_network_has_the_published_number_of_parameters(
    name: str, options: dict[str, Any], which: str, count: int
) -> None:
    assert getattr(summarize(getattr(nets, name)(**options).graph), which) == count


def test_an_inception_block_is_smaller_than_a_plain_convolution() -> None:
    """28x28x192 -> 256 channels: 163,328 weights without biases, where a plain 3x3 has 442,368."""
    weights = nets.GoogLeNet().graph.weights
    kernels = [w for key, w in weights.items() if key.startswith("inception_3a_") and key.endswith("/kernel")]
    assert len(kernels) == 6 and sum(math.prod(kernel.shape) for kernel in kernels) == 163_328


def test_squeeze_and_excitation_adds_what_the_formula_says() -> None:
    """2 C C/16 + C/16 + C for each block of C channels."""
    widths = (256, 480, 512, 512, 512, 528, 832, 832, 1024)
    more = sum(2 * c * (c // 16) + c // 16 + c for c in widths)
    assert nets.SEInception().count_params() - nets.GoogLeNet().count_params() == more


def test_the_paper_of_the_pre_activation_networks_rounds_to_these() -> None:
    small = summarize(nets.PreActResNet(depth=164).graph)
    assert round(small.trainable / 1e6, 1) == 1.7
    depth = [row.kind for row in small.rows].count("Conv2D") - 3 + 1  # without the shortcuts' own, with the last layer
    assert depth == 164


def test_a_network_is_built_without_its_weights() -> None:
    model = nets.VGG19()
    assert all(isinstance(value, Undrawn) for layer in model.layers for value in layer.held.values())
    first, _ = model.get_layer("block1_conv1").get_weights()
    assert first.shape == (3, 3, 3, 64) and first.std() > 0
    assert isinstance(model.get_layer("fc1").held["kernel"], Undrawn)
    assert (model.get_layer("block1_conv1").get_weights()[0] == first).all()
