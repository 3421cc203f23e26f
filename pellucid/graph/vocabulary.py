"""The layer classes: Keras's names, each with the arguments of its description, and Input, where data enters."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.graph import operators  # noqa: F401  (tensors calculate)
from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.ops import elementwise, moving, products  # noqa: F401  (slices and matmul)
from pellucid.spec import activations, convolution, dense, merging, normalization, pooling, reshaping


def Input(
    shape: Sequence[int | None], batch_size: int | None = None, dtype: str | None = None, name: str | None = None
) -> Tensor:
    """Where data enters a network: `shape` without the batch axis, e.g. Input((28, 28, 1)).

    `batch_size` and `dtype` are taken for Keras's sake and bind nothing: any batch fits, and the engine's precision
    holds. Raises ArgumentError for anything that is no shape.
    """
    tensor: Tensor = Layer.of(reshaping.InputLayer(shape), name)(())  # type: ignore[arg-type]
    return tensor


class Activation(Layer):
    __doc__ = activations.Activation.__doc__
    spec_class = activations.Activation


class ReLU(Layer):
    __doc__ = activations.ReLU.__doc__
    spec_class = activations.ReLU


class LeakyReLU(Layer):
    __doc__ = activations.LeakyReLU.__doc__
    spec_class = activations.LeakyReLU


class PReLU(Layer):
    __doc__ = activations.PReLU.__doc__
    spec_class = activations.PReLU


class RReLU(Layer):
    __doc__ = activations.RReLU.__doc__
    spec_class = activations.RReLU


class ELU(Layer):
    __doc__ = activations.ELU.__doc__
    spec_class = activations.ELU


class Softmax(Layer):
    __doc__ = activations.Softmax.__doc__
    spec_class = activations.Softmax


class Conv2D(Layer):
    __doc__ = convolution.Conv2D.__doc__
    spec_class = convolution.Conv2D


class DepthwiseConv2D(Layer):
    __doc__ = convolution.DepthwiseConv2D.__doc__
    spec_class = convolution.DepthwiseConv2D


class SeparableConv2D(Layer):
    __doc__ = convolution.SeparableConv2D.__doc__
    spec_class = convolution.SeparableConv2D


class Conv2DTranspose(Layer):
    __doc__ = convolution.Conv2DTranspose.__doc__
    spec_class = convolution.Conv2DTranspose


class Dense(Layer):
    __doc__ = dense.Dense.__doc__
    spec_class = dense.Dense


class Add(Layer):
    __doc__ = merging.Add.__doc__
    spec_class = merging.Add


class Multiply(Layer):
    __doc__ = merging.Multiply.__doc__
    spec_class = merging.Multiply


class Concatenate(Layer):
    __doc__ = merging.Concatenate.__doc__
    spec_class = merging.Concatenate


class BatchNormalization(Layer):
    __doc__ = normalization.BatchNormalization.__doc__
    spec_class = normalization.BatchNormalization


class LocalResponseNormalization(Layer):
    __doc__ = normalization.LocalResponseNormalization.__doc__
    spec_class = normalization.LocalResponseNormalization


class Dropout(Layer):
    __doc__ = normalization.Dropout.__doc__
    spec_class = normalization.Dropout


class MaxPooling2D(Layer):
    __doc__ = pooling.MaxPooling2D.__doc__
    spec_class = pooling.MaxPooling2D


class AveragePooling2D(Layer):
    __doc__ = pooling.AveragePooling2D.__doc__
    spec_class = pooling.AveragePooling2D


class GlobalAveragePooling2D(Layer):
    __doc__ = pooling.GlobalAveragePooling2D.__doc__
    spec_class = pooling.GlobalAveragePooling2D


class GlobalMaxPooling2D(Layer):
    __doc__ = pooling.GlobalMaxPooling2D.__doc__
    spec_class = pooling.GlobalMaxPooling2D


class Flatten(Layer):
    __doc__ = reshaping.Flatten.__doc__
    spec_class = reshaping.Flatten


class Reshape(Layer):
    __doc__ = reshaping.Reshape.__doc__
    spec_class = reshaping.Reshape


class ZeroPadding2D(Layer):
    __doc__ = reshaping.ZeroPadding2D.__doc__
    spec_class = reshaping.ZeroPadding2D


class UpSampling2D(Layer):
    __doc__ = reshaping.UpSampling2D.__doc__
    spec_class = reshaping.UpSampling2D


class Rescaling(Layer):
    __doc__ = reshaping.Rescaling.__doc__
    spec_class = reshaping.Rescaling


class Temperature(Layer):
    __doc__ = reshaping.Temperature.__doc__
    spec_class = reshaping.Temperature


class PositionBias(Layer):
    __doc__ = reshaping.PositionBias.__doc__
    spec_class = reshaping.PositionBias
