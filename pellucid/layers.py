"""The layers of a network, with Keras's names and arguments; `Input` is where data enters.

Each class takes the arguments of its description in `pellucid.spec`, and name, trainable and input_shape besides.
"""

import pellucid.eager  # noqa: F401  (layers answer on numbers)
from pellucid.graph.layer import Layer
from pellucid.graph.vocabulary import (
    ELU,
    Activation,
    Add,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Input,
    LeakyReLU,
    LocalResponseNormalization,
    MaxPooling2D,
    Multiply,
    PositionBias,
    PReLU,
    ReLU,
    Rescaling,
    Reshape,
    RReLU,
    SeparableConv2D,
    Softmax,
    Temperature,
    UpSampling2D,
    ZeroPadding2D,
)
from pellucid.graph.vocabulary import AveragePooling2D as AvgPool2D
from pellucid.graph.vocabulary import GlobalAveragePooling2D as GlobalAvgPool2D
from pellucid.graph.vocabulary import GlobalMaxPooling2D as GlobalMaxPool2D
from pellucid.graph.vocabulary import MaxPooling2D as MaxPool2D

__all__ = [
    "Activation",
    "Add",
    "AveragePooling2D",
    "AvgPool2D",
    "BatchNormalization",
    "Concatenate",
    "Conv2D",
    "Conv2DTranspose",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "ELU",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalAvgPool2D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling2D",
    "Input",
    "Layer",
    "LeakyReLU",
    "LocalResponseNormalization",
    "MaxPool2D",
    "MaxPooling2D",
    "Multiply",
    "PReLU",
    "PositionBias",
    "RReLU",
    "ReLU",
    "Rescaling",
    "Reshape",
    "SeparableConv2D",
    "Softmax",
    "Temperature",
    "UpSampling2D",
    "ZeroPadding2D",
]
