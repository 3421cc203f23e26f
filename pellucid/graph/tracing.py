"""A user's `call`, run once with tensors that stand for data: what it gives is a graph of known nodes.

Tensors may lie in lists, tuples and mappings, among the arguments and in what comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import Parameter, signature
from typing import Any

from pellucid.errors import ArgumentError, ShapeError, UsageError, describe
from pellucid.graph.build import Built, build
from pellucid.graph.layer import Layer, Tensor
from pellucid.graph.operators import Held, as_tensor, node, value
from pellucid.graph.traced import Lines, entered
from pellucid.spec.moving import BatchOf
from pellucid.spec.shapes import Shape

Walked = Callable[[Any], Any]


@dataclass(frozen=True)
class Traced:
    """A graph, its layers, its tensors, and the form in which the outputs are handed out."""

    built: Built
    inputs: list[Tensor]
    outputs: list[Tensor]
    form: Any


class Mode:
    """Stands for `training` while a network is made: it is passed on, and nobody can ask it."""

    def __bool__(self) -> bool:
        remedy = "Pass it on: self.dropout(x, training=training) does nothing when the network does not train."
        raise UsageError(f"training is not known while the network is built. {remedy}")

    def __repr__(self) -> str:
        return "<training>"


MODE = Mode()
ENTERED: list[Tensor] = []  # the first inputs of the calls that are being traced, the innermost last


def mapped(given: Any, change: Walked) -> Any:
    """The same lists, tuples and mappings with every leaf changed."""
    if isinstance(given, Mapping):
        return {name: mapped(entry, change) for name, entry in given.items()}
    if type(given) in (list, tuple):
        return type(given)(mapped(entry, change) for entry in given)
    return change(given)


def leaves(given: Any) -> list[Any]:
    """All leaves in order."""
    found: list[Any] = []
    mapped(given, found.append)
    return found


def traced(
    call: Callable[..., Any], name: str, args: Sequence[Any], named: Mapping[str, Any], own: Sequence[Layer],
    keys: Sequence[str] | None = None,
) -> Traced:  # fmt: skip
    """The graph of `call(*args, **named)`; `own` are layers in the order in which weights are listed.

    Raises ArgumentError, UsageError or ShapeError that names the line of the user's code that cannot be traced.
    """
    inputs: list[Tensor] = []

    def stand_in(leaf: Any) -> Any:
        if not isinstance(leaf, Tensor):
            return leaf
        if not leaf.batched:
            raise ShapeError(describe(name, "inputs", "with a batch axis", f"a weight of shape {leaf.shape}"))
        inputs.append(entered(leaf.sizes))
        return inputs[-1]

    parameters = signature(call).parameters
    args, given = mapped(list(args), stand_in), mapped(dict(named), stand_in)
    if "training" in parameters and given.get("training") is None:
        given["training"] = MODE
    try:
        signature(call).bind(*args, **given)
    except TypeError as fault:
        known = ", ".join(word for word in parameters)
        raise ArgumentError(describe(f"{name}.call", "its arguments", known, str(fault))) from None
    ENTERED.extend(inputs[:1])
    try:
        with Lines(f"{name}.call"):
            form = call(*args, **given)
    finally:
        del ENTERED[len(ENTERED) - len(inputs[:1]) :]
    outputs = [output_of(leaf, name, inputs) for leaf in leaves(form)]
    if not outputs:
        raise ArgumentError(describe(f"{name}.call", "what it returns", "a tensor", "nothing", "End it with return."))
    words = list(form) if isinstance(form, Mapping) and len(form) == len(outputs) else None
    built = build(inputs, outputs, keys=(list(keys) if keys else None, words))
    return Traced(listed_as(built, own), inputs, outputs, form)


def output_of(leaf: Any, name: str, inputs: Sequence[Tensor]) -> Tensor:
    """One output, with a batch axis; raises ArgumentError for what is no tensor."""
    if leaf is None:
        raise ArgumentError(describe(f"{name}.call", "what it returns", "a tensor", "None", "End it with return."))
    held = value(leaf)
    if isinstance(held, Held):
        remedy = "Calculate it from the inputs with layers and pellucid.ops."
        raise ArgumentError(describe(f"{name}.call", "what it returns", "made from its inputs", "numbers", remedy))
    tensor = as_tensor(held)
    return tensor if tensor.batched else node(BatchOf(), tensor, inputs[0])


def listed_as(built: Built, own: Sequence[Layer]) -> Built:
    """The same network, inputs first, then `own` layers in their order, as Keras lists weights; the others follow."""
    places = {layer: place for place, layer in enumerate([*begins(built), *own])}
    order = sorted(range(len(built.layers)), key=lambda number: places.get(built.layers[number], len(places)))
    number_of = {old: new for new, old in enumerate(order)}
    graph = replace(
        built.graph,
        layers=tuple(built.graph.layers[old] for old in order),
        nodes=tuple(replace(node, layer=number_of[node.layer]) for node in built.graph.nodes),
    )
    return Built(graph, tuple(built.layers[old] for old in order))


def begins(built: Built) -> list[Layer]:
    """The layers where data enters."""
    return [built.layers[built.graph.nodes[number].layer] for _, number in built.graph.inputs]


def shape_argument(build_method: Callable[..., Any], call: Callable[..., Any], args: Sequence[Any], named: Any) -> Any:
    """What `build` is called with: the inputs' shapes, batch axis included, by name where it takes several."""
    wanted = [word for word, p in signature(build_method).parameters.items() if p.kind is not Parameter.VAR_KEYWORD]
    given = signature(call).bind_partial(*args, **named).arguments
    if len(wanted) > 1:
        return {word: shapes_of(given[word.removesuffix("_shape")]) for word in wanted
                if word.removesuffix("_shape") in given}  # fmt: skip
    return shapes_of(next(iter(given.values())))


def shapes_of(given: Any) -> Any:
    """The shapes of tensors, in the lists they lie in."""
    return mapped(given, lambda leaf: leaf.shape if isinstance(leaf, Tensor) else None)


def in_form(form: Any, outputs: Sequence[Tensor]) -> Any:
    """Tensors in the form in which `call` gave them."""
    taken = iter(outputs)
    return mapped(form, lambda leaf: next(taken))


def tracked(owner: Any) -> list[Layer]:
    """The layers that a user's layer or model holds, in the order in which they were put there."""
    found: dict[Layer, None] = {}

    def meet(leaf: Any) -> None:
        if isinstance(leaf, Layer):
            found.setdefault(leaf)
        elif hasattr(leaf, "as_layer") and getattr(leaf, "_built", None) is not None:
            found.setdefault(leaf.as_layer())

    for word, entry in vars(owner).items():
        if word not in ("inner", "calls", "_inputs", "_outputs", "_stack", "_way", "_layer", "_built"):
            for leaf in leaves(entry) if isinstance(entry, (list, tuple, dict)) else [entry]:
                meet(leaf)
    return list(found)


def specific(sizes: Sequence[Shape]) -> str:
    """Shapes for a message."""
    return ", ".join(str((None, *shape)) for shape in sizes)
