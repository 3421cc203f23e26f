"""Architectures: each a short function that returns a Model, with Keras's arguments and any number of channels.

`VGG16(include_top=True, weights=None, input_tensor=None, input_shape=None, pooling=None, classes=1000,
classifier_activation="softmax", name="vgg16")`; all but the first two by name.
"""

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
from pellucid.architectures.preact import PreActResNet
from pellucid.architectures.resnet import ResNet18, ResNet34, ResNet50, ResNet101, ResNet152
from pellucid.architectures.squeeze import SEInception, SEResNet50
from pellucid.architectures.squeezenet import SqueezeNet
from pellucid.architectures.vgg import VGG11, VGG13, VGG16, VGG19

__all__ = [
    "AlexNet",
    "AllConv",
    "AlphaGoPolicy",
    "BinaryMLP",
    "BinaryResNet",
    "CellsHead",
    "Cifar10CNN",
    "Cifar10MLP",
    "CifarResNet",
    "ClothesMLP",
    "Darknet19",
    "Darknet53",
    "DetNet59",
    "FacePoints",
    "FruitsCNN",
    "GoogLeNet",
    "Hourglass",
    "LeNet5",
    "MobileNetV2",
    "OpenPose",
    "PhotoNet",
    "PreActResNet",
    "ResNet101",
    "ResNet152",
    "ResNet18",
    "ResNet34",
    "ResNet50",
    "SEInception",
    "SEResNet50",
    "SqueezeNet",
    "VGG11",
    "VGG13",
    "VGG16",
    "VGG19",
    "VGGSmall",
    "XNORAlexNet",
]
