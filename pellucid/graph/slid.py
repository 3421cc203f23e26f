"""A classifier of pictures of one size as a network of convolutions alone, which answers at every place of larger ones.

Flatten, then dense     a convolution whose kernel covers the whole map: kernel (h w c, f) read as (h, w, c, f)
Global pooling          pooling of windows as large as the map was, a step at a time
Dense on a vector       a convolution of 1x1
Places                  ((H - h) // s + 1, (W - w) // s + 1) of a picture of H x W for a network of h x w pixels, s the
                        product of its strides; layers without padding give what they give of each piece of the
                        picture, others what they give without its borders
Source                  CNN-book 4.4.1; Sermanet et al. 2014 (OverFeat), section 3.5
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from pellucid.errors import ShapeError, UsageError
from pellucid.graph.graph import Graph, LayerEntry, Node
from pellucid.graph.resizing import resized
from pellucid.graph.summary import sights_of
from pellucid.spec.convolution import Conv2D
from pellucid.spec.dense import Dense
from pellucid.spec.pooling import AveragePooling2D, GlobalAveragePooling2D, GlobalPooling2D, MaxPooling2D
from pellucid.spec.reshaping import Flatten, Reshape
from pellucid.spec.shapes import Shape

CANNOT = "the network cannot be slid over a picture"
REMEDY = "Show it pictures of its own size, or cut the large one into such."


@dataclass(frozen=True)
class Slid:
    """The network of convolutions; kernels: the shapes in which it reads weights; stride: pixels between places."""

    graph: Graph
    kernels: Mapping[str, tuple[int, ...]]
    stride: int

    def at(self, shape: Shape) -> Graph:
        """The network for pictures of this shape."""
        return resized(self.graph, shape)


def slid(graph: Graph) -> Slid:
    """The classifier `graph` as one that slides. Raises UsageError that names what does not."""
    if len(graph.inputs) != 1 or len(graph.lasting) != 1 or len(next(iter(graph.output_shapes.values()))) != 1:
        raise UsageError(f"{CANNOT}: it is no classifier of one picture. {REMEDY}")
    layers, kernels, flat = list(graph.layers), dict[str, tuple[int, ...]](), dict[int, Shape]()
    for number, node in enumerate(graph.nodes):
        entry, inputs = graph.layers[node.layer], graph.node_inputs(node)
        covered = [flat[source] for source, _ in node.inputs if source in flat]
        if isinstance(entry.spec, Flatten):
            layers[node.layer] = replace(entry, spec=AS_IT_IS)
            flat[number] = inputs[0]
        elif isinstance(entry.spec, GlobalPooling2D):
            layers[node.layer] = replace(entry, spec=window_of(entry, inputs[0]))
        elif isinstance(entry.spec, Dense) and len(inputs[0]) == 1:
            shape = covered[0] if covered else (1, 1, inputs[0][0])
            layers[node.layer] = replace(entry, spec=as_convolution(entry.spec, shape))
            kernels[f"{entry.name}/kernel"] = (*cast(tuple[int, ...], shape), entry.spec.units)
        elif covered and not kept(entry, inputs, graph.shapes[number][0]):
            raise UsageError(f"{CANNOT}: {entry.label} reads a whole map. {REMEDY}")
        elif covered:
            flat[number] = covered[0]
        elif isinstance(entry.spec, Reshape):
            raise UsageError(f"{CANNOT}: {entry.label} fixes the size of a map. {REMEDY}")
    outputs = tuple((name, source) for name, source in graph.outputs if name in graph.lasting)
    made = pruned(replace(graph, layers=tuple(layers), outputs=outputs, training_only=()))
    return Slid(made, {key: shape for key, shape in kernels.items() if key in made.weights}, stride_of(made))


AS_IT_IS = AveragePooling2D(pool_size=(1, 1))   # what a map passes unchanged


def window_of(entry: LayerEntry, shape: Shape) -> AveragePooling2D | MaxPooling2D:
    """Pooling of every window of the map's size."""
    assert isinstance(entry.spec, GlobalPooling2D), "its caller looked"
    if entry.spec.keepdims:
        raise UsageError(f"{CANNOT}: {entry.label} weighs a map by its own mean. {REMEDY}")
    kind = AveragePooling2D if isinstance(entry.spec, GlobalAveragePooling2D) else MaxPooling2D
    return kind(pool_size=cast(tuple[int, int], shape[:2]), strides=(1, 1))


def as_convolution(spec: Dense, shape: Shape) -> Conv2D:
    """The dense layer on a map of this shape as a convolution that covers it."""
    return Conv2D(filters=spec.units, kernel_size=cast(tuple[int, int], shape[:2]), use_bias=spec.use_bias,
                  activation=spec.activation)  # fmt: skip


def kept(entry: LayerEntry, inputs: list[Shape], output: Shape) -> bool:
    """Whether a layer does with a flattened map what it does with the map: number by number, without weights."""
    return len(inputs) == 1 and output == inputs[0] and not entry.spec.weight_specs(inputs, entry.label)


def pruned(graph: Graph) -> Graph:
    """The graph without the calls that its outputs do not need."""
    needed = {number for _, (number, _) in graph.outputs} | {number for _, number in graph.inputs}
    for number in range(len(graph.nodes) - 1, -1, -1):
        if number in needed:
            needed |= {source for source, _ in graph.nodes[number].inputs}
    numbers = {old: new for new, old in enumerate(sorted(needed))}
    places = {old: new for new, old in enumerate(sorted({graph.nodes[number].layer for number in needed}))}
    nodes: list[Node] = []
    for number in sorted(needed):
        node = graph.nodes[number]
        inputs = tuple((numbers[source], output) for source, output in node.inputs)
        nodes.append(replace(node, layer=places[node.layer], inputs=inputs))
    return Graph(tuple(graph.layers[old] for old in sorted(places)), tuple(nodes),
                 tuple((name, numbers[number]) for name, number in graph.inputs),
                 tuple((name, (numbers[number], output)) for name, (number, output) in graph.outputs))  # fmt: skip


def stride_of(graph: Graph) -> int:
    """Pixels from one answer to the next. Raises UsageError where the layers do not fit together any more."""
    try:
        shape = next(iter(graph.output_shapes.values()))
    except ShapeError as fault:
        raise UsageError(f"{CANNOT}: {fault} {REMEDY}") from fault
    down, across = sights_of(graph)[graph.outputs[0][1][0]].jump
    if shape[:2] != (1, 1) or down != across:
        raise UsageError(f"{CANNOT}: it has no one answer a place. {REMEDY}")
    return down
