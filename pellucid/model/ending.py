"""Another end on a network: in place of what follows its last layer with weights, what a task wants there."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from pellucid.graph.layer import Layer, Tensor
from pellucid.model.heads import has_weights
from pellucid.model.model import Model
from pellucid.spec.activations import Activation, Softmax
from pellucid.spec.layer import LayerSpec
from pellucid.spec.reshaping import Rescaling, Temperature

ENDS = (Softmax, Activation, Rescaling, Temperature)  # what networks of this and that task end with


def with_ending(model: Model, ending: Sequence[LayerSpec]) -> Model:
    """A model on the same layers whose outputs, those for training only included, end with `ending`.

    Layers without weights that shape the result (global pooling, flattening) stay where they are.
    """
    hidden = set(model.graph.training_only)
    names = [name for name, _ in model.graph.outputs]
    outputs = [ended(tensor, ending) for tensor in model._outputs]
    side = [tensor for name, tensor in zip(names, outputs, strict=True) if name in hidden]
    made = Model(model.inputs, outputs, model.name, training_only=side)
    made.preprocessing, made.input_record = model.preprocessing, model.input_record
    return made


def ended(output: Tensor, ending: Sequence[LayerSpec]) -> Tensor:
    """The tensor in place of `output`."""
    after: list[Layer] = []
    call = output.call
    while not has_weights(call.layer, [tensor.sizes for tensor in call.inputs]):
        after.append(call.layer)
        call = call.inputs[0].call
    spec = call.layer.spec
    if getattr(spec, "activation", None) is not None:
        spec = dataclasses.replace(spec, activation=None)  # type: ignore[type-var]
    tensor: Tensor = Layer.of(spec, call.layer.name)(call.inputs)
    kept = [layer for layer in reversed(after) if not isinstance(layer.spec, ENDS)]
    for layer in [*(Layer.of(layer.spec, layer.name) for layer in kept), *(Layer.of(each) for each in ending)]:
        tensor = layer(tensor)
    return tensor
