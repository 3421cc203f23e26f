"""Architectures by name, and the network that fits an image size when nobody names one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pellucid.architectures.cifar10 import Cifar10CNN, Cifar10MLP
from pellucid.architectures.clothes import ClothesMLP
from pellucid.architectures.fruits import FruitsCNN
from pellucid.architectures.lenet import LeNet5
from pellucid.errors import UsageError
from pellucid.model import Model

NAMES: dict[str, Callable[..., Model]] = {
    "lenet5": LeNet5,
    "lenet5-1998": partial(LeNet5, form="1998"),
    "cifar10cnn": Cifar10CNN,
    "cifar10cnn-small": partial(Cifar10CNN, form="small"),
    "cifar10mlp": Cifar10MLP,
    "clothesmlp": ClothesMLP,
    "fruitscnn": FruitsCNN,
}

# The notation taken for images whose shorter side is below the number.
DEFAULTS = (
    (16, "conv_32,conv_32,pool,FC_128"),
    (48, "conv_16,conv_16,pool,conv_32,conv_32,pool,FC_128"),
    (160, "conv_16_5_2,pool,conv_32,pool,conv_64,pool,FC_128"),
)
LARGE = "conv_16_7_4_3,pool,conv_32,pool,conv_64,pool,FC_128"


def default_notation(input_shape: tuple[int, int, int]) -> str:
    """A small convolutional network for images of this size."""
    side = min(input_shape[:2])
    return next((notation for below, notation in DEFAULTS if side < below), LARGE)


def architecture(name: str, input_shape: tuple[int, int, int], classes: int) -> Model:
    """The network called `name`, in any case; raises UsageError that lists the names."""
    create = NAMES.get(name.lower().replace("_", "-"))
    if create is None:
        known = ", ".join(NAMES)
        others = "words such as conv_8,pool,FC_32, or a model file"
        raise UsageError(f"--model {name}: no such network. Known are {known}; or give {others}.")
    return create(input_shape, classes)
