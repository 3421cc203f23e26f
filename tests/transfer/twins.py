"""torchvision's ResNet-18 and VGG, written down with its names, for torchvision itself does not import here."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

WIDTHS = (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M")  # of VGG-11; M is a pooling


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut; the names are torchvision's."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = nn.Sequential(
            nn.Conv2d(inputs, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)
        ) if stride > 1 or inputs != filters else None  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """(N,3,H,W) -> (N,classes) logits."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        inputs = 64
        for stack, filters in enumerate((64, 128, 256, 512), 1):
            stride = 1 if stack == 1 else 2
            blocks = nn.Sequential(BasicBlock(inputs, filters, stride), BasicBlock(filters, filters, 1))
            self.add_module(f"layer{stack}", blocks)
            inputs = filters
        self.fc = nn.Linear(512, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        for stack in range(1, 5):
            x = getattr(self, f"layer{stack}")(x)
        return self.fc(x.mean(dim=(2, 3)))


def vgg11(classes: int, side: int, *, timm: bool = False) -> nn.Module:
    """VGG-11 on maps of `side` after five poolings, with torchvision's names or timm's."""
    layers: list[nn.Module] = []
    inputs = 3
    for word in WIDTHS:
        if isinstance(word, str):
            layers.append(nn.MaxPool2d(2, 2))
        else:
            layers += [nn.Conv2d(inputs, word, 3, padding=1), nn.ReLU()]
            inputs = word
    net = nn.Module()
    net.features = nn.Sequential(*layers)
    if timm:
        net.pre_logits = nn.Module()
        net.pre_logits.fc1, net.pre_logits.fc2 = nn.Conv2d(inputs, 4096, side), nn.Conv2d(4096, 4096, 1)
        net.head = nn.Module()
        net.head.fc = nn.Linear(4096, classes)
    else:
        net.classifier = nn.Sequential(
            nn.Linear(inputs * side * side, 4096), nn.ReLU(), nn.Dropout(),
            nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, classes),
        )  # fmt: skip
    return net


def vgg_logits(net: Any, x: torch.Tensor) -> torch.Tensor:
    """What either of the two gives."""
    x = net.features(x)
    if hasattr(net, "pre_logits"):
        x = torch.relu(net.pre_logits.fc2(torch.relu(net.pre_logits.fc1(x))))
        return net.head.fc(x.flatten(1))
    return net.classifier(x.flatten(1))


def shaken(net: nn.Module, seed: int = 0) -> nn.Module:
    """Weights and moving statistics as after some training: none is at its first value, no map fades on its way."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if name.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif name.endswith(("running_mean", "bias")):
                value.normal_(0, 0.1)
            elif value.ndim > 1:
                value.normal_(0, (2 / value[0].numel()) ** 0.5)
            elif value.ndim == 1 and value.dtype.is_floating_point:
                value.uniform_(0.8, 1.2)
    return net.eval()
