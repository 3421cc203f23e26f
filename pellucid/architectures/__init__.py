"""Architectures: each a short function that returns a Model. The sources' networks; more follow."""

from pellucid.architectures.cifar10 import Cifar10CNN, Cifar10MLP
from pellucid.architectures.clothes import ClothesMLP
from pellucid.architectures.fruits import FruitsCNN
from pellucid.architectures.lenet import LeNet5

__all__ = ["Cifar10CNN", "Cifar10MLP", "ClothesMLP", "FruitsCNN", "LeNet5"]
