"""Architectures under the name that people know; those of `pellucid.architectures`."""

from pellucid.architectures import (
    VGG16,
    VGG19,
    AlexNet,
    GoogLeNet,
    LeNet5,
    MobileNetV2,
    ResNet18,
    ResNet34,
    ResNet50,
    ResNet101,
    ResNet152,
    SEResNet50,
    SqueezeNet,
)

__all__ = [
    "VGG16",
    "VGG19",
    "AlexNet",
    "GoogLeNet",
    "LeNet5",
    "MobileNetV2",
    "ResNet18",
    "ResNet34",
    "ResNet50",
    "ResNet101",
    "ResNet152",
    "SEResNet50",
    "SqueezeNet",
]
