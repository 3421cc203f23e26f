"""What one reads off a graph: a row a layer, parameters, FLOPs and receptive field.

Receptive field, layer by layer with jump j (distance of neighbouring outputs in input pixels):
r += (e - 1) j, j *= stride, where e is the kernel's reach. Source: Araujo, Norris & Sim 2019, eq. 2.
FLOPs count an addition and a multiplication as two, for one image.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pellucid.graph.graph import Graph, Nested, dilated
from pellucid.spec.dense import Dense
from pellucid.spec.layer import LayerSpec
from pellucid.spec.pooling import GlobalPooling2D
from pellucid.spec.reshaping import Flatten, Reshape
from pellucid.spec.shapes import Shape, reach, shown


@dataclass(frozen=True)
class Row:
    """One layer of the table; `receptive_field` is (rows, columns) in input pixels, None once it is the whole image."""

    name: str
    kind: str
    output_shape: str
    parameters: int
    flops: int
    receptive_field: tuple[int, int] | None
    inputs: tuple[str, ...]
    trainable: bool


@dataclass(frozen=True)
class Summary:
    """The table and its totals."""

    rows: tuple[Row, ...]
    total: int
    trainable: int
    not_trainable: int
    flops: int
    receptive_field: tuple[int, int] | None


@dataclass(frozen=True)
class Sight:
    """How far one output of a layer sees: field and jump in (rows, columns); None is the whole image."""

    field: tuple[int, int] | None = (1, 1)
    jump: tuple[int, int] = (1, 1)


def summarize(graph: Graph) -> Summary:
    """The table of a graph."""
    sights = sights_of(graph)
    rows: dict[tuple[int, int], Row] = {}  # of a layer, and of a dilation of a call's own
    total_flops = 0
    owned: dict[str, int] = {}
    for key, weight in graph.weights.items():
        name = key.partition("/")[0]
        owned[name] = owned.get(name, 0) + math.prod(weight.shape)
    for number, node in enumerate(graph.nodes):
        entry = graph.layers[node.layer]
        inputs = graph.node_inputs(node)
        output = graph.shapes[number][0]
        nested = isinstance(entry.spec, Nested)
        flops = flops_of(entry.spec, inputs, output)
        total_flops += flops
        names = tuple(graph.layers[graph.nodes[source].layer].name for source, _ in node.inputs)
        shapes = ", ".join(shown(shape) for shape in graph.shapes[number])
        word, own = entry.name, owned.get(entry.name, 0)
        if node.dilation is not None:  # a call of the same weights, with a row of its own
            word, own = f"{word}, dilation {node.dilation}", 0
        row = Row(word, "Model" if nested else entry.spec.title, shapes, own, flops, sights[number].field, names,
                  entry.trainable)  # fmt: skip
        rows.setdefault((node.layer, node.dilation or 0), row)
    counts = [(math.prod(weight.shape), weight.trainable) for weight in graph.weights.values()]
    trainable = sum(count for count, trained in counts if trained)
    total = sum(count for count, _ in counts)
    last = sights[graph.outputs[0][1][0]].field
    ordered = tuple(rows[place] for place in sorted(rows))
    return Summary(ordered, total, trainable, total - trainable, total_flops, last)


def sights_of(graph: Graph) -> list[Sight]:
    """How far the result of each node sees."""
    found: list[Sight] = []
    for node in graph.nodes:
        spec = dilated(graph.layers[node.layer].spec, node.dilation)
        found.append(look(spec, [found[source] for source, _ in node.inputs]))
    return found


def flops_of(spec: LayerSpec, inputs: list[Shape], output: Shape) -> int:
    """Operations of one call for one image; a sub-model's are those of its layers."""
    return summarize(spec.graph).flops if isinstance(spec, Nested) else spec.flops(inputs, output)


def look(spec: object, inputs: list[Sight]) -> Sight:
    """How far a layer's output sees."""
    if not inputs:
        return Sight()
    if isinstance(spec, (Dense, GlobalPooling2D, Flatten, Reshape, Nested)) or any(s.field is None for s in inputs):
        return Sight(None)
    fields = [sight.field for sight in inputs if sight.field is not None]
    field = (max(f[0] for f in fields), max(f[1] for f in fields))
    jump = (max(s.jump[0] for s in inputs), max(s.jump[1] for s in inputs))
    window = getattr(spec, "window", lambda: None)()
    if window is None:
        return Sight(field, jump)
    grown = [field[a] + (reach(window.kernel[a], window.dilation[a]) - 1) * jump[a] for a in (0, 1)]
    return Sight((grown[0], grown[1]), (jump[0] * window.strides[0], jump[1] * window.strides[1]))


def table(graph: Graph, measured: Mapping[str, float] | None = None) -> str:
    """The summary as text, for terminals and print; `measured` as `told_of_bits` has it."""
    summary = summarize(graph)
    head = ("Layer (kind)", "Output shape", "Parameters", "Sees", "From")
    lines = [
        (
            f"{row.name} ({row.kind})" + ("" if row.trainable else " frozen"),
            row.output_shape,
            f"{row.parameters:,}",
            sees(row.receptive_field),
            ", ".join(row.inputs),
        )
        for row in summary.rows
    ]
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(5)]
    ruler = "-" * (sum(widths) + 8)

    def text(line: tuple[str, ...]) -> str:
        cells = [line[0].ljust(widths[0]), line[1].ljust(widths[1]), line[2].rjust(widths[2]),
                 line[3].rjust(widths[3]), line[4]]
        return "  ".join(cells).rstrip()

    totals = [
        f"Total parameters: {summary.total:,}",
        f"Trainable: {summary.trainable:,}",
        f"Not trainable: {summary.not_trainable:,}",
        f"Operations for one image: {summary.flops:,} FLOPs",
    ]
    from pellucid.graph.bits import told_of_bits  # few networks have any

    totals += told_of_bits(graph, measured)
    return "\n".join([text(head), ruler, *[text(line) for line in lines], ruler, *totals])


def sees(field: tuple[int, int] | None) -> str:
    """A receptive field in words."""
    return "all" if field is None else f"{field[0]}x{field[1]}"
