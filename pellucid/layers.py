"""The layers of a network, with Keras's names and arguments; `Input` is where data enters.

Each class takes the arguments of its description in `pellucid.spec`, and name, trainable and input_shape besides.
"""

import pellucid.eager  # noqa: F401  (layers answer on numbers)
from pellucid.graph.joining import (
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
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
    InputLayer,
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
from pellucid.graph.vocabulary import Conv2D as Convolution2D
from pellucid.graph.vocabulary import Conv2DTranspose as Convolution2DTranspose
from pellucid.graph.vocabulary import GlobalAveragePooling2D as GlobalAvgPool2D
from pellucid.graph.vocabulary import GlobalMaxPooling2D as GlobalMaxPool2D
from pellucid.graph.vocabulary import MaxPooling2D as MaxPool2D
from pellucid.graph.vocabulary import SeparableConv2D as SeparableConvolution2D
from pellucid.graph.vocabulary_of_rows import (
    Average,
    AveragePooling1D,
    Conv1D,
    Conv1DTranspose,
    Cropping1D,
    Cropping2D,
    Cropping3D,
    DepthwiseConv1D,
    Dot,
    GlobalAveragePooling1D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling3D,
    GroupNormalization,
    Identity,
    LayerNormalization,
    Maximum,
    MaxPooling1D,
    Minimum,
    Normalization,
    Permute,
    RepeatVector,
    RMSNormalization,
    SeparableConv1D,
    Subtract,
    UnitNormalization,
    UpSampling1D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding3D,
)
from pellucid.graph.vocabulary_of_rows import AveragePooling1D as AvgPool1D
from pellucid.graph.vocabulary_of_rows import Conv1D as Convolution1D
from pellucid.graph.vocabulary_of_rows import Conv1DTranspose as Convolution1DTranspose
from pellucid.graph.vocabulary_of_rows import GlobalAveragePooling1D as GlobalAvgPool1D
from pellucid.graph.vocabulary_of_rows import GlobalAveragePooling3D as GlobalAvgPool3D
from pellucid.graph.vocabulary_of_rows import GlobalMaxPooling1D as GlobalMaxPool1D
from pellucid.graph.vocabulary_of_rows import GlobalMaxPooling3D as GlobalMaxPool3D
from pellucid.graph.vocabulary_of_rows import MaxPooling1D as MaxPool1D
from pellucid.graph.vocabulary_of_rows import SeparableConv1D as SeparableConvolution1D
from pellucid.training.absent import stand_in

__all__ = [
    "Average",
    "AveragePooling1D",
    "Conv1D",
    "Conv1DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "DepthwiseConv1D",
    "Dot",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling3D",
    "GroupNormalization",
    "Identity",
    "LayerNormalization",
    "MaxPooling1D",
    "Maximum",
    "Minimum",
    "Normalization",
    "Permute",
    "RMSNormalization",
    "RepeatVector",
    "SeparableConv1D",
    "Subtract",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding3D",
    "Convolution1D",
    "Convolution1DTranspose",
    "SeparableConvolution1D",
    "MaxPool1D",
    "AvgPool1D",
    "GlobalAvgPool1D",
    "GlobalMaxPool1D",
    "GlobalAvgPool3D",
    "GlobalMaxPool3D",
    "Convolution2D",
    "Convolution2DTranspose",
    "SeparableConvolution2D",
    "add",
    "average",
    "concatenate",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
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
    "InputLayer",
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


def __getattr__(name: str) -> type:
    """Keras's layers that are left out on purpose: importing one is fine, making one says what to use instead."""
    return stand_in(__name__, name)
