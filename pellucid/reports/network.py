"""A network as a drawing: a box a layer, arrows from what it reads, rows by the longest way from an input.

Within a row boxes stand below what they read, as far apart as they must: each is laid at the mean of its sources, then
pushed from its neighbour. An arrow that passes rows by has a place of its own in each, an empty box.
Source    the layers and the empty nodes: Sugiyama, Tagawa & Toda 1981.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pellucid.errors import ArgumentError, describe, shown
from pellucid.graph.graph import Graph, Nested
from pellucid.reports.drawing import FAINT, INK, PAPER, SMALL_PT, TEXT_PT, new_figure
from pellucid.spec.shapes import shown as shape_shown
from pellucid.storage.writer import write_bytes

KINDS = (".png", ".svg", ".pdf")
HIGH, GAP, LETTER = 0.24, 0.32, 0.085  # inches: a line of a box, between boxes, a letter
MOST = 600  # inches of a side, which few programs show beyond


@dataclass(frozen=True)
class Box:
    """A layer: its lines of text, what it reads, and where it stands; x and y are its middle in inches.

    Without lines it is where an arrow passes its row, `deep` inches of it.
    """

    lines: tuple[str, ...]
    sources: tuple[int, ...]
    row: int
    x: float = 0.0
    y: float = 0.0
    deep: float = 0.0

    @property
    def width(self) -> float:
        """Inches, as wide as its longest line."""
        return max(1.2, 0.3 + LETTER * max(len(line) for line in self.lines)) if self.lines else 0.0

    @property
    def height(self) -> float:
        """Inches."""
        return 0.12 + HIGH * len(self.lines) if self.lines else 0.0


def plot_model(
    model: Any,
    to_file: str | Path = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> Path:
    """Draw a model into a .png, .svg or .pdf file and hand out its path.

    rankdir: from top to bottom ("TB") or from left to right ("LR"); expand_nested: sub-models layer by layer.
    Raises ArgumentError for a model that is not built, another ending or direction, FileError for a file that cannot
    be written.
    """
    path, graph = Path(to_file), getattr(model, "graph", None)
    if not isinstance(graph, Graph):
        raise ArgumentError(describe("plot_model", "model", "a model", type(model).__name__))
    if path.suffix.lower() not in KINDS:
        wanted = f"a file that ends in {', '.join(KINDS)}"
        raise ArgumentError(describe("plot_model", "to_file", wanted, shown(repr(str(path)))))
    if rankdir not in ("TB", "LR"):
        raise ArgumentError(describe("plot_model", "rankdir", "'TB' or 'LR'", shown(repr(rankdir))))
    if isinstance(dpi, bool) or not isinstance(dpi, int) or not 10 <= dpi <= 1200:
        raise ArgumentError(describe("plot_model", "dpi", "from 10 to 1200", shown(repr(dpi))))
    said = {"shapes": show_shapes, "dtype": show_dtype, "names": show_layer_names,
            "activations": show_layer_activations, "trainable": show_trainable}  # fmt: skip
    boxes = laid_out(passing(boxes_of(graph, said, expanded=expand_nested)), across=rankdir == "LR")
    write_bytes(path, drawn(boxes, rankdir == "LR", path.suffix.lower()[1:], dpi))
    return path


def boxes_of(graph: Graph, said: Mapping[str, bool], *, expanded: bool) -> list[Box]:
    """A box a call of a layer, each after what it reads."""
    boxes: list[Box] = []

    def enter(graph: Graph, given: Mapping[str, int], prefix: str) -> list[int]:
        """Boxes of a graph whose inputs are these boxes; the boxes of its outputs."""
        entering = {number: name for name, number in graph.inputs}
        made: list[list[int]] = []
        for number, node in enumerate(graph.nodes):
            entry = graph.layers[node.layer]
            sources = [made[source][index] for source, index in node.inputs]
            if entering.get(number) in given:
                made.append([given[entering[number]]])
            elif expanded and isinstance(entry.spec, Nested):
                inner = entry.spec.graph
                names = dict(zip([name for name, _ in inner.inputs], sources, strict=True))
                made.append(enter(inner, names, f"{prefix}{entry.name}/"))
            else:
                shapes = ([shape_shown(shape) for shape in graph.node_inputs(node)],
                          [shape_shown(shape) for shape in graph.shapes[number]])  # fmt: skip
                row = 1 + max((boxes[source].row for source in sources), default=-1)
                boxes.append(Box(lines_of(entry, prefix, shapes, said), tuple(dict.fromkeys(sources)), row))
                made.append([len(boxes) - 1] * len(graph.shapes[number]))
        return [made[number][index] for _, (number, index) in graph.outputs]

    enter(graph, {}, "")
    return boxes


def lines_of(entry: Any, prefix: str, shapes: tuple[list[str], list[str]], said: Mapping[str, bool]) -> tuple[str, ...]:
    """What stands in a box."""
    kind = "Model" if isinstance(entry.spec, Nested) else entry.spec.title
    lines = [f"{prefix}{entry.name} ({kind})" if said["names"] else kind]
    activation = getattr(entry.spec, "activation", None)
    if said["activations"] and activation is not None:
        lines.append(f"activation: {activation if isinstance(activation, str) else activation.title}")
    if said["shapes"]:
        lines.append(" -> ".join(", ".join(part) for part in shapes if part))
    if said["dtype"]:
        lines.append("float32")
    if said["trainable"]:
        lines.append("trainable" if entry.trainable else "frozen")
    return tuple(lines)


def passing(boxes: Sequence[Box]) -> list[Box]:
    """The same boxes, and empty ones where arrows pass: each reads from the row above its own alone."""
    found = list(boxes)
    for number, box in enumerate(boxes):
        sources = []
        for source in box.sources:
            for row in range(boxes[source].row + 1, box.row):
                found.append(Box((), (source,), row))
                source = len(found) - 1
            sources.append(source)
        found[number] = replace(box, sources=tuple(sources))
    return found


def laid_out(boxes: Sequence[Box], *, across: bool) -> list[Box]:
    """The boxes with their places; `across` goes from left to right."""
    rows: dict[int, list[int]] = {}
    for number, box in enumerate(boxes):
        rows.setdefault(box.row, []).append(number)
    beside = [box.height if across else box.width for box in boxes]
    middle, places, deep = dict[int, float](), dict[int, float](), dict[int, float]()
    reached = GAP
    for row in sorted(rows):
        middle |= spread(rows[row], {n: [middle[source] for source in boxes[n].sources] for n in rows[row]}, beside)
        deep[row] = max(boxes[n].width if across else boxes[n].height for n in rows[row])
        places |= dict.fromkeys(rows[row], reached + deep[row] / 2)
        reached += deep[row] + GAP
    edge = min(middle[n] - beside[n] / 2 for n in middle) - GAP
    spots = [(places[n], middle[n] - edge) if across else (middle[n] - edge, places[n]) for n in range(len(boxes))]
    return [replace(box, x=x, y=y, deep=deep[box.row]) for box, (x, y) in zip(boxes, spots, strict=True)]


def spread(row: Sequence[int], sources: Mapping[int, Sequence[float]], beside: Sequence[float]) -> dict[int, float]:
    """Where the boxes of one row stand, from where their sources do."""
    wanted = {n: sum(sources[n]) / max(len(sources[n]), 1) for n in row}
    order = sorted(row, key=lambda n: (wanted[n], n))
    at: list[float] = []
    for place, n in enumerate(order):
        least = at[-1] + (beside[order[place - 1]] + beside[n]) / 2 + GAP if at else wanted[n]
        at.append(max(wanted[n], least))
    shift = sum(wanted[n] - x for n, x in zip(order, at, strict=True)) / len(order)
    return {n: x + shift for n, x in zip(order, at, strict=True)}


def ends(box: Box, across: bool) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where arrows reach a box and where they leave it."""
    half = (box.width if across else box.height) / 2 if box.lines else box.deep / 2
    return ((box.x - half, box.y), (box.x + half, box.y)) if across else ((box.x, box.y - half), (box.x, box.y + half))


def drawn(boxes: Sequence[Box], across: bool, kind: str, dpi: int) -> bytes:
    """The file's bytes."""
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

    width = min(max(box.x + box.width / 2 for box in boxes) + GAP, MOST)
    height = min(max(box.y + box.height / 2 for box in boxes) + GAP, MOST)
    figure = new_figure(width, height)
    axes: Any = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    for box in boxes:
        begin, end = ends(box, across)
        for source in box.sources:
            style = "-|>" if box.lines else "-"
            axes.add_patch(FancyArrowPatch(ends(boxes[source], across)[1], begin, arrowstyle=style, mutation_scale=8,
                                           color=FAINT, lw=0.9, shrinkA=0, shrinkB=0))  # fmt: skip
        if not box.lines:
            axes.plot(*zip(begin, end, strict=True), color=FAINT, lw=0.9)
            continue
        corner = (box.x - box.width / 2, box.y - box.height / 2)
        axes.add_patch(FancyBboxPatch(corner, box.width, box.height, boxstyle="round,pad=0,rounding_size=0.06",
                                      facecolor=PAPER, edgecolor=FAINT, lw=1.0, zorder=2))  # fmt: skip
        for place, line in enumerate(box.lines):
            y = box.y + (place - (len(box.lines) - 1) / 2) * HIGH
            axes.text(box.x, y, line, ha="center", va="center", zorder=3, parse_math=False,
                      color=FAINT if place else INK, fontsize=SMALL_PT if place else TEXT_PT)  # fmt: skip
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=min(dpi, int(60_000 / max(width, height))), facecolor=PAPER)
    return buffer.getvalue()
