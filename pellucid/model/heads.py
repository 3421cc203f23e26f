"""A new head on a network that is there: the last layer with weights anew, for other classes.

Layers before it are shared with the old model; those without weights after it (a softmax) are made anew.
"""

from __future__ import annotations

import dataclasses

from pellucid.errors import ArgumentError, describe
from pellucid.graph.graph import Nested
from pellucid.graph.layer import Layer, Tensor
from pellucid.model.network import Network
from pellucid.spec.convolution import Conv2D
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LayerSpec


def with_heads(model: Network, classes: int) -> tuple[list[Tensor], list[Tensor]]:
    """The output tensors with heads for `classes`, those for training only included, and these alone."""
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 1:
        raise ArgumentError(describe(model.name, "classes", "an integer >= 1", repr(classes)))
    hidden = set(model.graph.training_only)
    names = [name for name, _ in model.graph.outputs]
    if len(names) - len(hidden) != 1:
        remedy = "Build the new heads on the tensors you want: Dense(...)(model.get_layer(name).output)."
        raise ArgumentError(describe(model.name, "outputs", "one to be given a new head", f"{len(names)}", remedy))
    outputs = [new_head(model, tensor, classes) for tensor in model._outputs]
    return outputs, [tensor for name, tensor in zip(names, outputs, strict=True) if name in hidden]


def new_head(model: Network, output: Tensor, classes: int) -> Tensor:
    """The tensor in place of `output` when its last layer with weights is one for `classes`."""
    after: list[Layer] = []
    call = output.call
    while not has_weights(call.layer, [tensor.sizes for tensor in call.inputs]):
        if len(call.inputs) != 1:
            raise ArgumentError(f"{model.name}: {call.layer.label} joins several ways, so there is no one head.")
        after.append(call.layer)
        call = call.inputs[0].call
    spec = resized(model, call.layer, classes)
    tensor: Tensor = Layer.of(spec, call.layer.name)(call.inputs)
    for layer in reversed(after):
        tensor = Layer.of(layer.spec, layer.name)(tensor)
    return tensor


def has_weights(layer: Layer, shapes: list[tuple[int | None, ...]]) -> bool:
    """Whether a layer called on these shapes has weights."""
    if isinstance(layer.spec, Nested):
        return bool(layer.spec.graph.weights)
    return bool(layer.spec.weight_specs(shapes, layer.label))


def resized(model: Network, layer: Layer, classes: int) -> LayerSpec:
    """The head's spec for `classes`; raises ArgumentError when it is no Dense or Conv2D."""
    if isinstance(layer.spec, Dense):
        return dataclasses.replace(layer.spec, units=classes)
    if isinstance(layer.spec, Conv2D):
        return dataclasses.replace(layer.spec, filters=classes)
    remedy = "Build the head on a layer's output: Dense(...)(model.get_layer(name).output)."
    raise ArgumentError(describe(model.name, "the last layer with weights", "Dense or Conv2D", layer.label, remedy))
