"""Layers of a user's own, written as Keras's are: __init__, build, add_weight, call.

The first call on tensors traces `call` into a sub-graph of known nodes; from then on the layer is that sub-graph, so
saving, both engines, summaries and export need none of the user's code. Weights made with add_weight are nodes too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.errors import ArgumentError, ShapeError, UsageError, describe
from pellucid.graph.graph import Nested, fits
from pellucid.graph.layer import ON_NUMBERS, Call, Layer, Tensor, without_batch
from pellucid.graph.traced import Lines, entered
from pellucid.graph.tracing import in_form, leaves, mapped, shape_argument, specific, traced, tracked
from pellucid.spec.layer import LayerSpec
from pellucid.spec.operations import Variable

TAKEN = ("dtype", "autocast", "activity_regularizer", "input_shape", "input_dim", "batch_size", "batch_input_shape")


@dataclass(frozen=True)
class Untraced(LayerSpec):
    """What a layer of a user's own is before its first call."""


def start(layer: Layer, name: str | None, trainable: bool, arguments: Mapping[str, Any]) -> None:
    """Make the layer ready for build and call; raises ArgumentError for a class without `call`."""
    kind = type(layer).__name__
    if not layer.own:
        raise ArgumentError(f"{kind}: write call(self, inputs), and return what it makes of them.")
    if hasattr(type(layer), "spec_class"):
        known = type(layer).spec_class.__name__
        raise ArgumentError(f"{kind}: write it as a Layer that holds a {known}, made in __init__ and called in call.")
    unknown = [word for word in arguments if word not in TAKEN]
    if unknown:
        wanted = "name, trainable, dtype; take others in __init__"
        raise ArgumentError(describe(kind, "arguments of super().__init__", wanted, unknown[0]))
    if arguments.get("activity_regularizer") is not None:
        remedy = "Give the output that is penalised a loss of its own, or use regularizer= of add_weight."
        raise ArgumentError(describe(kind, "activity_regularizer", "None", "given", remedy))
    layer._start(Untraced(), name, trainable)
    vars(layer).update(_has_built=False, _variables=[], _form=None, _making=False)


def add_weight(
    layer: Layer, shape: Any, initializer: Any, trainable: bool, regularizer: Any, constraint: Any, name: str | None
) -> Tensor:
    """A weight of the layer, as a tensor without a batch axis."""
    if layer._making:
        remedy = "Make it in __init__ or in build(self, input_shape)."
        raise UsageError(f"{layer.label}: call makes a weight, so every call would make another. {remedy}")
    word = name or ("variable" if not layer._variables else f"variable_{len(layer._variables)}")
    taken = [variable.call.layer.given_name for variable in layer._variables]
    if word in taken:
        word = f"{word}_{len(taken)}"
    sizes = tuple(shape) if isinstance(shape, (list, tuple)) else () if shape is None else (shape,)
    initial: Any = "glorot_uniform" if initializer is None else initializer
    spec = Variable(sizes, initial, learned=bool(trainable), regularizer=regularizer, constraint=constraint)
    tensor: Tensor = Layer.of(spec, word)(())
    layer._variables.append(tensor)
    return tensor


def called(layer: Layer, args: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """The layer's outputs for tensors, in the form in which `call` gives them; for numbers the numbers."""
    given = leaves([list(args), dict(named)])
    tensors = [leaf for leaf in given if isinstance(leaf, Tensor)]
    if not tensors:
        return on_numbers(layer, args, named)
    if isinstance(layer.spec, Untraced):
        refuse_other_inputs(layer, tensors)
        trace(layer, args, named)
    assert isinstance(layer.spec, Nested)
    wanted = tuple(layer.spec.graph.input_shapes.values())
    sizes = [tensor.sizes for tensor in tensors]
    if len(wanted) != len(sizes) or not all(map(fits, wanted, sizes)):
        remedy = "Make a second layer, or give Input axes of any size: None."
        raise ShapeError(describe(layer.label, "inputs", f"as in its first call, {specific(wanted)}", specific(sizes),
                                  remedy))  # fmt: skip
    layer.calls.append(Call(layer, tuple(tensors), predicting=named.get("training") is False))
    return in_form(layer._form, layer.calls[-1].outputs)


def trace(layer: Layer, args: Sequence[Any], named: Mapping[str, Any]) -> None:
    """Build the layer, run its `call` once, and keep the sub-graph that this makes."""
    kind = type(layer).__name__
    if not layer.built:
        shapes = shape_argument(layer.build, layer.call, args, named)
        with Lines(f"{kind}.build"):
            layer.build(**shapes) if isinstance(shapes, dict) and several(layer) else layer.build(shapes)
        layer.built = True
    layer._making = True
    try:
        found = traced(layer.call, kind, args, named, own_layers(layer))
    finally:
        layer._making = False
    layer._form = found.form
    layer.spec, layer.inner = Nested(found.built.graph), found.built.layers


def refuse_other_inputs(layer: Layer, tensors: Sequence[Tensor]) -> None:
    """Raise ShapeError for inputs that the layer's input_spec does not take."""
    spec = vars(layer).get("input_spec")
    for entry, tensor in zip(spec if isinstance(spec, (list, tuple)) else [spec], tensors, strict=False):
        if hasattr(entry, "refuse_other"):
            entry.refuse_other(layer.label, tensor.shape)


def several(layer: Layer) -> bool:
    """Whether `build` takes more than one shape."""
    from inspect import signature

    return len(signature(layer.build).parameters) > 1


def own_layers(layer: Layer) -> list[Layer]:
    """Trained weights, other weights, then the layers it holds, as Keras lists them."""
    weights = sorted(layer._variables, key=lambda tensor: not tensor.call.layer.spec.learned)
    return [tensor.call.layer for tensor in weights] + tracked(layer)


def on_numbers(layer: Layer, args: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """What the layer gives for arrays."""
    training, named = named.get("training"), {word: entry for word, entry in named.items() if word != "training"}
    arrays = [leaf for leaf in leaves([list(args), named]) if hasattr(leaf, "shape")]
    if not arrays or not ON_NUMBERS:
        raise ArgumentError(describe(layer.label, "inputs", "tensors or arrays", "none of them"))
    if isinstance(layer.spec, Untraced):

        def stand_in(leaf: Any) -> Any:
            return entered(tuple(leaf.shape[1:])) if hasattr(leaf, "shape") else leaf

        trace(layer, mapped(list(args), stand_in), mapped(named, stand_in))
    found = ON_NUMBERS[0](layer, arrays, training=bool(training))
    return in_form(layer._form, found if isinstance(found, list) else [found])


def output_shape(layer: Layer, input_shape: Any) -> Any:
    """The shape of the output with the batch axis, for inputs of these shapes."""
    tensors = [entered(shape) for shape in without_batch(input_shape)]
    found = called(layer, [tensors if isinstance(input_shape[0], (list, tuple)) else tensors[0]], {})
    layer.calls.pop()
    return mapped(found, lambda tensor: tensor.shape)
