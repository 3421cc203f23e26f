"""The layer classes: Keras's names, each with the arguments of its description, and Input, where data enters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.errors import ArgumentError, describe
from pellucid.graph import operators  # noqa: F401  (tensors calculate)
from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.ops import elementwise, moving, products  # noqa: F401  (slices and matmul)
from pellucid.spec import activations, convolution, dense, merging, normalization, pooling, reshaping


def Input(
    shape: Sequence[int | None] | None = None, batch_size: int | None = None, dtype: str | None = None,
    name: str | None = None, *, batch_shape: Sequence[int | None] | None = None, **left_out: Any,
) -> Tensor:  # fmt: skip
    """Where data enters a network: `shape` without the batch axis, e.g. Input((28, 28, 1)).

    `batch_size` and `dtype` are taken for Keras's sake and bind nothing: any batch fits, and the engine's precision
    holds; `batch_shape` is the shape with the batch axis. Raises ArgumentError for anything that is no shape, and for
    what is left out of Keras's: sparse, ragged, optional and tensor.
    """
    refuse("Input", left_out)
    tensor: Tensor = InputLayer(shape, batch_size, dtype, name=name, batch_shape=batch_shape)(())
    return tensor


def InputLayer(
    shape: Sequence[int | None] | None = None, batch_size: int | None = None, dtype: str | None = None,
    *, name: str | None = None, batch_shape: Sequence[int | None] | None = None,
    input_shape: Sequence[int | None] | None = None, **left_out: Any,
) -> Layer:  # fmt: skip
    """The layer behind Input, for the list of a Sequential."""
    refuse("InputLayer", left_out)
    given = tuple(batch_shape)[1:] if batch_shape is not None else input_shape if shape is None else shape
    return Layer.of(reshaping.InputLayer(given), name)  # type: ignore[arg-type]


WITHOUT = {  # of Keras's arguments, and what to do instead
    "sparse": "Pass arrays: rows are always whole.", "ragged": "Pass arrays: rows are always whole.",
    "optional": "Build a second model without it, or pass zeros.",
    "tensor": "Call the layers on that tensor itself.", "input_tensor": "Call the layers on that tensor itself.",
}  # fmt: skip


def refuse(where: str, given: Mapping[str, Any]) -> None:
    """Raise ArgumentError for an argument that is not taken; one of Keras's may be left at its default."""
    for word, value in given.items():
        if word not in WITHOUT:
            known = "shape, batch_size, dtype, name, batch_shape"
            raise ArgumentError(f"{where}: unknown argument '{word}'; known are: {known}.")
        if value is not None and value is not False:
            raise ArgumentError(describe(where, word, "left out", type(value).__name__, WITHOUT[word]))


class Activation(Layer):
    spec_class = activations.Activation


class ReLU(Layer):
    spec_class = activations.ReLU


class LeakyReLU(Layer):
    spec_class = activations.LeakyReLU


class PReLU(Layer):
    spec_class = activations.PReLU


class RReLU(Layer):
    spec_class = activations.RReLU


class ELU(Layer):
    spec_class = activations.ELU


class Softmax(Layer):
    spec_class = activations.Softmax


class Conv2D(Layer):
    spec_class = convolution.Conv2D


class DepthwiseConv2D(Layer):
    spec_class = convolution.DepthwiseConv2D


class SeparableConv2D(Layer):
    spec_class = convolution.SeparableConv2D


class Conv2DTranspose(Layer):
    spec_class = convolution.Conv2DTranspose


class Dense(Layer):
    spec_class = dense.Dense


class Add(Layer):
    spec_class = merging.Add


class Multiply(Layer):
    spec_class = merging.Multiply


class Concatenate(Layer):
    spec_class = merging.Concatenate


class BatchNormalization(Layer):
    spec_class = normalization.BatchNormalization


class LocalResponseNormalization(Layer):
    spec_class = normalization.LocalResponseNormalization


class Dropout(Layer):
    spec_class = normalization.Dropout


class MaxPooling2D(Layer):
    spec_class = pooling.MaxPooling2D


class AveragePooling2D(Layer):
    spec_class = pooling.AveragePooling2D


class GlobalAveragePooling2D(Layer):
    spec_class = pooling.GlobalAveragePooling2D


class GlobalMaxPooling2D(Layer):
    spec_class = pooling.GlobalMaxPooling2D


class Flatten(Layer):
    spec_class = reshaping.Flatten


class Reshape(Layer):
    spec_class = reshaping.Reshape


class ZeroPadding2D(Layer):
    spec_class = reshaping.ZeroPadding2D


class UpSampling2D(Layer):
    spec_class = reshaping.UpSampling2D


class Rescaling(Layer):
    spec_class = reshaping.Rescaling


class Temperature(Layer):
    spec_class = reshaping.Temperature


class PositionBias(Layer):
    spec_class = reshaping.PositionBias
