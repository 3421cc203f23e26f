"""Architectures: each a short function that returns a Model, with Keras's arguments and any number of channels.

`VGG16(include_top=True, weights=None, input_tensor=None, input_shape=None, pooling=None, classes=1000,
classifier_activation="softmax", name="vgg16")`; all but the first two by name.
"""

from pellucid.architectures.cifar10 import Cifar10CNN, Cifar10MLP
from pellucid.architectures.clothes import ClothesMLP
from pellucid.architectures.fruits import FruitsCNN
from pellucid.architectures.lenet import LeNet5
from pellucid.architectures.resnet import ResNet18, ResNet34, ResNet50, ResNet101, ResNet152
from pellucid.architectures.vgg import VGG11, VGG13, VGG16, VGG19

__all__ = [
    "Cifar10CNN",
    "Cifar10MLP",
    "ClothesMLP",
    "FruitsCNN",
    "LeNet5",
    "ResNet101",
    "ResNet152",
    "ResNet18",
    "ResNet34",
    "ResNet50",
    "VGG11",
    "VGG13",
    "VGG16",
    "VGG19",
]
