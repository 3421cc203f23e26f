"""Networks of torchvision and timm in plain torch: MobileNetV2 with the names of both, and a ResNet of bottlenecks."""

from __future__ import annotations

import re

import torch
from torch import nn

BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def normed(inputs: int, filters: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution, batch norm, ReLU6."""
    conv = nn.Conv2d(inputs, filters, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(filters), nn.ReLU6())


class InvertedResidual(nn.Module):
    """The block, all of it in one list called conv."""

    def __init__(self, inputs: int, filters: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.added = stride == 1 and inputs == filters
        self.conv = nn.Sequential(
            *([normed(inputs, wide, 1)] if expansion > 1 else []),
            normed(wide, wide, 3, stride, groups=wide),
            nn.Conv2d(wide, filters, 1, bias=False), nn.BatchNorm2d(filters),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x) if self.added else self.conv(x)


class MobileNetV2(nn.Module):
    """(N,C,H,W) -> (N,classes) logits."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [normed(channels, 32, 3, 2)]
        inputs = 32
        for expansion, filters, count, stride in BLOCKS:
            for place in range(count):
                layers.append(InvertedResidual(inputs, filters, stride if place == 0 else 1, expansion))
                inputs = filters
        self.features = nn.Sequential(*layers, normed(inputs, 1280, 1))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x).mean(dim=(2, 3)))


def timm_name(name: str) -> str:
    """timm's mobilenetv2_100: what it calls an array of torchvision's MobileNetV2."""
    stages = [f"blocks.{stage}.{place}" for stage, (_, _, count, _) in enumerate(BLOCKS) for place in range(count)]
    outer = {"features.0.0.": "conv_stem.", "features.0.1.": "bn1.", "features.18.0.": "conv_head.",
             "features.18.1.": "bn2.", "classifier.1.": "classifier."}  # fmt: skip
    for theirs, own in outer.items():
        if name.startswith(theirs):
            return own + name.removeprefix(theirs)
    number, place, word = re.fullmatch(r"features\.(\d+)\.conv\.([\d.]+)\.(\w+)", name).groups()  # type: ignore[union-attr]
    first = {"0.0": "conv_dw", "0.1": "bn1", "1": "conv_pw", "2": "bn2"}
    other = {"0.0": "conv_pw", "0.1": "bn1", "1.0": "conv_dw", "1.1": "bn2", "2": "conv_pwl", "3": "bn3"}
    return f"{stages[int(number) - 1]}.{(first if number == '1' else other)[place]}.{word}"


class Squeeze(nn.Module):
    """timm's SEModule: both dense layers are convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, channels // 16, 1), nn.Conv2d(channels // 16, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.fc2(self.fc1(x.mean((2, 3), keepdim=True)).relu()).sigmoid()


class Bottleneck(nn.Module):
    """1x1, 3x3 with the stride, 1x1 of four times the width."""

    def __init__(self, inputs: int, filters: int, stride: int, squeeze: bool) -> None:
        super().__init__()
        wide = 4 * filters
        self.conv1, self.bn1 = nn.Conv2d(inputs, filters, 1, bias=False), nn.BatchNorm2d(filters)
        self.conv2, self.bn2 = nn.Conv2d(filters, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters)
        self.conv3, self.bn3 = nn.Conv2d(filters, wide, 1, bias=False), nn.BatchNorm2d(wide)
        self.se = Squeeze(wide) if squeeze else nn.Identity()
        self.downsample = nn.Sequential(nn.Conv2d(inputs, wide, 1, stride, bias=False), nn.BatchNorm2d(wide))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())).relu()
        return (self.se(self.bn3(self.conv3(y))) + self.downsample(x)).relu()


class ResNet14(nn.Module):
    """One bottleneck in each of the four stacks, with squeeze and excitation (timm's seresnet) or without."""

    def __init__(self, classes: int, squeeze: bool) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Bottleneck(64, 64, 1, squeeze))
        self.layer2 = nn.Sequential(Bottleneck(256, 128, 2, squeeze))
        self.layer3 = nn.Sequential(Bottleneck(512, 256, 2, squeeze))
        self.layer4 = nn.Sequential(Bottleneck(1024, 512, 2, squeeze))
        self.fc = nn.Linear(2048, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(self.bn1(self.conv1(x)).relu())
        return self.fc(self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean(dim=(2, 3)))


def alexnet(classes: int, side: int) -> nn.Sequential:
    """torchvision's AlexNet on maps of `side` after three poolings, without the pooling that makes any of them 6x6."""
    features = [
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(),
        nn.MaxPool2d(3, 2), nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
    ]  # fmt: skip
    classifier = [
        nn.Dropout(), nn.Linear(256 * side * side, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
        nn.Linear(4096, classes),
    ]  # fmt: skip
    net = nn.Sequential()
    net.add_module("features", nn.Sequential(*features))
    net.add_module("flat", nn.Flatten())
    net.add_module("classifier", nn.Sequential(*classifier))
    return net
