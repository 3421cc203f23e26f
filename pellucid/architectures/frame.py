"""What surrounds every architecture: the arguments that all of them take, as in Keras, and the model at the end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from pellucid.architectures.pretrained import KNOWN, find, for_network
from pellucid.errors import ArgumentError, describe
from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.vocabulary import GlobalAveragePooling2D, GlobalMaxPooling2D, Input
from pellucid.model import Model

Weights = str | os.PathLike[str] | None
Size = tuple[int | None, int | None, int]  # (H, W, C)
POOLINGS = {"avg": (GlobalAveragePooling2D, "avg_pool"), "max": (GlobalMaxPooling2D, "max_pool")}


class Options(TypedDict, total=False):
    """Arguments of every architecture besides `include_top` and `weights`.

    input_tensor           the result of Input(...), in place of input_shape
    input_shape            (H, W, C) with any number of channels; (None, None, 3) when the top is left out
    pooling                None, "avg" or "max": what becomes of the last map when the top is left out
    classes                units of the last layer
    classifier_activation  of the last layer; None gives logits
    name                   of the model
    """

    input_tensor: Tensor | None
    input_shape: Sequence[int | None] | None
    pooling: str | None
    classes: int
    classifier_activation: Any
    name: str


@dataclass(frozen=True)
class Frame:
    """The arguments in force; `entry` is where the images come in."""

    name: str
    entry: Tensor
    include_top: bool
    weights: Weights
    pooling: str | None
    classes: int
    activation: Any

    @classmethod
    def of(
        cls, name: str, include_top: bool, weights: Weights, options: Options, *, shape: Size = (224, 224, 3),
        classes: int = 1000, any_size: bool = True,
    ) -> Frame:
        """What the arguments say, with the network's own `shape` and `classes` where they say nothing.

        `any_size`: without its top it takes maps of any size. Raises ArgumentError that names what means nothing.
        """
        for word in options:
            if word not in Options.__annotations__:
                known = ", ".join(["include_top", "weights", *Options.__annotations__])
                raise ArgumentError(f"{name}: unknown argument '{word}'; known are: {known}.")
        pooling, classes = options.get("pooling"), options.get("classes", classes)
        if not isinstance(include_top, bool):
            raise ArgumentError(describe(name, "include_top", "True or False", repr(include_top)))
        if isinstance(classes, bool) or not isinstance(classes, int) or classes < 1:
            raise ArgumentError(describe(name, "classes", "an integer >= 1", repr(classes)))
        if pooling not in (None, *POOLINGS):
            raise ArgumentError(describe(name, "pooling", "None, 'avg' or 'max'", repr(pooling)))
        if pooling and include_top:
            remedy = "Pass include_top=False with it."
            raise ArgumentError(describe(name, "pooling", "left out when the top is there", repr(pooling), remedy))
        usual = (None, None, shape[2]) if any_size and not include_top else shape
        return cls(
            options.get("name", name), entrance(name, options, usual), include_top, weights, pooling, classes,
            options.get("classifier_activation", "softmax"),
        )  # fmt: skip

    def through(self, layers: Sequence[Layer]) -> Tensor:
        """What the images become in these layers, one after another."""
        x = self.entry
        for layer in layers:
            x = layer(x)
        return x

    def close(self, x: Tensor, *, training_only: Sequence[Tensor] = ()) -> Model:
        """The model from the entry to x; without the top, x is pooled as asked."""
        if self.pooling is not None:
            pool, word = POOLINGS[self.pooling]
            x = pool(name=word)(x)
        model = Model(self.entry, [x, *training_only], name=self.name, training_only=training_only)
        if self.weights is not None:
            model.load_weights(file_of(model.name, self.weights))
        return model


def entrance(name: str, options: Options, usual: Size) -> Tensor:
    """The tensor that the images come in as; raises ArgumentError when it is no image."""
    tensor, shape = options.get("input_tensor"), options.get("input_shape")
    if tensor is not None:
        if shape is not None and tensor.sizes != tuple(shape):
            remedy = "Pass one of the two."
            raise ArgumentError(describe(name, "input_tensor", f"of input_shape {shape}", str(tensor.sizes), remedy))
        return tensor
    sizes = usual if shape is None else tuple(shape)
    if len(sizes) != 3 or sizes[2] is None:
        raise ArgumentError(describe(name, "input_shape", "(height, width, channels)", str(sizes)))
    return Input(sizes)


def file_of(network: str, weights: Weights) -> str | os.PathLike[str]:
    """The file meant: a path, or a word such as Keras's 'imagenet' for weights that are known (`pretrained.KNOWN`).

    Raises ArgumentError for anything else, UsageError for known weights whose file is nowhere.
    """
    if isinstance(weights, str) and weights.lower() in {each.trained_on for each in KNOWN.values()}:
        return find(for_network(network, weights.lower()))
    if not isinstance(weights, (str, os.PathLike)) or not os.path.splitext(weights)[1]:
        remedy = "Nothing is downloaded: give a .safetensors or .weights.h5 file that you have."
        raise ArgumentError(describe(network, "weights", "None, a known word or a file", repr(weights), remedy))
    return weights
