"""Architectures by name, and the network that fits an image size when nobody names one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature

from pellucid.architectures.alexnet import AlexNet
from pellucid.architectures.allconv import AllConv
from pellucid.architectures.alphago import AlphaGoPolicy
from pellucid.architectures.binary import BinaryMLP, BinaryResNet, VGGSmall, XNORAlexNet
from pellucid.architectures.cells import CellsHead
from pellucid.architectures.cifar10 import Cifar10CNN, Cifar10MLP
from pellucid.architectures.cifar_resnet import CifarResNet
from pellucid.architectures.clothes import ClothesMLP
from pellucid.architectures.darknet import Darknet19, Darknet53
from pellucid.architectures.detnet import DetNet59
from pellucid.architectures.face_points import FacePoints
from pellucid.architectures.fruits import FruitsCNN
from pellucid.architectures.googlenet import GoogLeNet
from pellucid.architectures.hourglass import Hourglass
from pellucid.architectures.lenet import LeNet5
from pellucid.architectures.mobilenet import MobileNetV2
from pellucid.architectures.openpose import OpenPose
from pellucid.architectures.photonet import PhotoNet
from pellucid.architectures.preact import LAYOUTS, PreActResNet
from pellucid.architectures.resnet import ResNet18, ResNet34, ResNet50, ResNet101, ResNet152
from pellucid.architectures.squeeze import SEInception, SEResNet50
from pellucid.architectures.squeezenet import SqueezeNet
from pellucid.architectures.vgg import VGG11, VGG13, VGG16, VGG19
from pellucid.errors import ShapeError, UsageError
from pellucid.model import Model
from pellucid.words import nearest

NAMES: dict[str, Callable[..., Model]] = {
    "lenet5": LeNet5,
    "lenet5-1998": partial(LeNet5, form="1998"),
    "cifar10cnn": Cifar10CNN,
    "cifar10cnn-small": partial(Cifar10CNN, form="small"),
    "cifar10mlp": Cifar10MLP,
    **{f"cifarresnet{depth}": partial(CifarResNet, depth=depth) for depth in (20, 32, 44, 56, 110)},
    "clothesmlp": ClothesMLP,
    "photonet": PhotoNet,
    "fruitscnn": FruitsCNN,
    "cellshead": CellsHead,
    "allconv": AllConv,
    "alphagopolicy": AlphaGoPolicy,
    "alexnet": AlexNet,
    "alexnet-torchvision": partial(AlexNet, form="torchvision"),
    "vgg11": VGG11,
    "vgg13": VGG13,
    "vgg16": VGG16,
    "vgg19": VGG19,
    "resnet18": ResNet18,
    "resnet34": ResNet34,
    "resnet50": ResNet50,
    "resnet101": ResNet101,
    "resnet152": ResNet152,
    "resnet18-torchvision": partial(ResNet18, form="torchvision"),
    "resnet34-torchvision": partial(ResNet34, form="torchvision"),
    "resnet50-torchvision": partial(ResNet50, form="torchvision"),
    "resnet101-torchvision": partial(ResNet101, form="torchvision"),
    "resnet152-torchvision": partial(ResNet152, form="torchvision"),
    **{f"preactresnet{depth}": partial(PreActResNet, depth=depth) for depth in LAYOUTS},
    "seresnet50": SEResNet50,
    "googlenet": GoogLeNet,
    "googlenet-plain": partial(GoogLeNet, auxiliary=False),
    "seinception": SEInception,
    "seinception-plain": partial(SEInception, auxiliary=False),
    "darknet19": Darknet19,
    "darknet53": Darknet53,
    "detnet59": DetNet59,
    "squeezenet": SqueezeNet,
    "squeezenet-features": partial(SqueezeNet, form="features"),
    "squeezenet-1.1": partial(SqueezeNet, version="1.1"),
    "squeezenet-torchvision": partial(SqueezeNet, form="torchvision"),
    "squeezenet-1.1-torchvision": partial(SqueezeNet, version="1.1", form="torchvision"),
    "mobilenetv2": MobileNetV2,
    "mobilenetv2-torchvision": partial(MobileNetV2, form="torchvision"),
    "vggsmall": VGGSmall,
    "binarymlp": BinaryMLP,
    "binaryresnet18": BinaryResNet,
    "binaryresnet20": partial(BinaryResNet, depth=20),
    "xnoralexnet": XNORAlexNet,
}
OF_POINTS: dict[str, Callable[..., Model]] = {  # their classes are numbers or maps of points
    "facepoints": FacePoints,
    "hourglass": partial(Hourglass, stacks=1),
    **{f"hourglass-{stacks}": partial(Hourglass, stacks=stacks) for stacks in (2, 4, 8)},
    "openpose": OpenPose,
    **{f"openpose-{stages}": partial(OpenPose, stages=stages) for stages in (2, 3)},
}
EVERY = {**NAMES, **OF_POINTS}

# The notation taken for images whose shorter side is below the number.
DEFAULTS = (
    (16, "conv_32,conv_32,pool,FC_128"),
    (48, "conv_16,conv_16,pool,conv_32,conv_32,pool,FC_128"),
    (160, "conv_16_5_2,pool,conv_32,pool,conv_64,pool,FC_128"),
)
LARGE = "conv_16_7_4_3,pool,conv_32,pool,conv_64,pool,FC_128"
LARGEST = 256  # where the search for the smallest images that a network takes gives up


def default_notation(input_shape: tuple[int, int, int]) -> str:
    """A small convolutional network for images of this size; for features, maps of one pixel, the linear model."""
    side = min(input_shape[:2])
    if input_shape[:2] == (1, 1):
        return ""
    return next((notation for below, notation in DEFAULTS if side < below), LARGE)


def architecture(
    name: str,
    input_shape: tuple[int, int, int] | None = None,
    classes: int | None = None,
    dropout: float | None = None,
    *,
    names: Mapping[str, Callable[..., Model]] = EVERY,
) -> Model:
    """The network called `name`, in any case, for these images and classes; without them, for those it was made for.

    `names` are those that will do. Raises UsageError that lists the names, that says which layer the images are too
    small for, or that there is no dropout whose rate could be set.
    """
    wanted = name.lower().replace("_", "-")
    create = names.get(wanted)
    if create is None and wanted in OF_POINTS:
        raise UsageError(f"--model {name} answers with points, which these data do not mark. Give data with marked "
                         "points, or another network.")
    if create is None:
        known = ", ".join(known for known in NAMES if known.rpartition("-")[0] not in NAMES)  # without their forms
        others = "words such as conv_8,pool,FC_32, or a model file"
        meant = f"{nearest(name, NAMES)} ".lstrip()
        raise UsageError(f"--model {name}: no such network. {meant}Known are {known}; or give {others}.")
    if dropout is not None and "dropout" not in signature(create).parameters:
        fitting = "networks in notation (--model conv_8,pool,FC_32) and cifar10cnn"
        raise UsageError(f"--dropout goes with {fitting}, not with --model {name}.")
    given = {"input_shape": input_shape, "classes": classes, "dropout": dropout}
    try:
        return create(**{argument: value for argument, value in given.items() if value is not None})
    except ShapeError as fault:
        side = smallest(create, input_shape)
        least = f" It takes images from {side}x{side} on: --resize {side}x{side} brings them there." if side else ""
        raise UsageError(f"--model {name}: {fault}{least}") from fault


def smallest(create: Callable[..., Model], input_shape: tuple[int, int, int] | None = None) -> int | None:
    """The side of the smallest square images, with channels as in `input_shape`, that a network takes."""
    channels = 3 if input_shape is None else input_shape[2]
    for side in range(1, LARGEST + 1):
        try:
            create(input_shape=(side, side, channels))
        except ShapeError:
            continue
        return side
    return None
