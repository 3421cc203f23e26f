"""docs/detectors/*.svg and the table of docs/detectors.md, drawn from the detectors' own graphs.

Run with   python -m tests.docs.detectors          to draw them anew after a network has changed
Picture    left the maps of the layers below, then those that the heads read, then their vectors; finest first
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from pellucid.data.boxes.column import Placed
from pellucid.graph.summary import summarize
from pellucid.model import Model
from pellucid.tasks.detection.kinds import KINDS
from pellucid.tasks.detection.settings import Settings
from tests.docs.made import page_with
from tests.structure.picture import MARKER, STYLE

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, FOLDER, MAKER = DOCS / "detectors.md", DOCS / "detectors", "tests/docs/detectors.py"
SIDE, CLASSES = 416, 20
BOX, GAP, TOP = (150, 40), (70, 24), 34     # of a map, between columns and rows, above them
Row = tuple[str | None, str, str | None]    # layers: below, read by the heads, the vectors


@dataclass(frozen=True)
class Drawn:
    """A detector: its rows, finest first, and where the arrows between maps of the second column go."""

    rows: tuple[Row, ...]
    ways: tuple[str, ...] = ()      # from each row to the next: "up", "down" or ""
    source: str = "CNN-book 12"


STAGES = ("stage3_block8_add", "stage4_block8_add", "stage5_block4_add")
DETECTORS = {
    "center": Drawn((("at8_out", "join_out", "head_places"), ("at16b_out", "up8", None)), ("up",),
                    "Zhou et al. 2019; Tian et al. 2019"),
    "pyramid": Drawn(tuple((f"at{s}_out", f"smooth{s}_relu", f"places{k}") for k, s in enumerate((8, 16, 32))),
                     ("up", "up"), "Lin et al. 2017"),
    "anchors": Drawn((("block4_out", "head_relu", "cell_vectors"),), (), "Redmon & Farhadi 2017"),
    "yolov2": Drawn((("conv13_leaky", "pass_folded", None), ("conv18_leaky", "detect3_leaky", "cell_vectors")),
                    ("down",), "Redmon & Farhadi 2017"),
    "yolov3": Drawn(tuple((below, f"at{s}_5_leaky", f"cell{s}_vectors")
                          for below, s in zip(STAGES, (8, 16, 32), strict=True)), ("up", "up"),
                    "Redmon & Farhadi 2018"),
    "fpn": Drawn(tuple((below, read, f"places{k}") for k, (below, read) in enumerate(
        zip(STAGES, ("join8", "join16", "lateral32"), strict=True))), ("up", "up"), "CNN-book 12.6; Lin et al. 2017"),
    "retinanet": Drawn((("layer2_3_out", "smooth0", "places0"), ("layer3_5_out", "smooth1", "places1"),
                        ("layer4_2_out", "smooth2", "places2"), (None, "coarse64", "places3"),
                        (None, "coarse128", "places4")), ("up", "up", "down", "down"), "Lin et al. 2017, focal loss"),
    "detnet": Drawn(tuple((f"layer{stage}_{last}_out", f"smooth{k}", f"places{k}") for k, (stage, last) in enumerate(
        ((2, 3), (3, 5), (4, 2), (5, 2)))), ("up", "up", "up"), "Li et al. 2018"),
    "tridentnet": Drawn((("layer3_0_out", "layer3_5_out", "small"), (None, "layer3_5_out", "places"),
                         (None, "layer3_5_out", "large")), (), "Li et al. 2019"),
}  # fmt: skip


def network(name: str) -> Model:
    """The detector for pictures of SIDE x SIDE pixels and CLASSES classes, with anchors of twelve sizes of boxes."""
    sides = np.array([[20.0 * k, 400.0 - 30 * k] for k in range(1, 13)])
    boxes, none = np.concatenate([np.zeros_like(sides), sides], axis=1), np.zeros(len(sides), int)
    placed = Placed(boxes, none, none.astype(bool), none, np.arange(len(sides)))
    codec = KINDS[name].codec((SIDE, SIDE), CLASSES, placed, Settings())
    return KINDS[name].network((SIDE, SIDE, 3), CLASSES, codec)


def drawing(name: str) -> str:
    """The picture of a detector."""
    model, drawn = network(name), DETECTORS[name]
    width, height = 3 * BOX[0] + 2 * GAP[0] + 20, TOP + len(drawn.rows) * (BOX[1] + GAP[1])
    heads = ["below", "read by the heads", "vectors"]
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
             f"<title>{name}: maps and heads</title>", f"<style>{STYLE}</style>", MARKER,
             f'<rect class="page" width="{width}" height="{height}"/>',
             *(f'<text class="lines" x="{left(k) + BOX[0] // 2}" y="18">{word}</text>' for k, word in enumerate(heads))]
    for number, row in enumerate(drawn.rows):
        for column, layer in enumerate(row):
            if layer is not None:
                parts.append(box(column, number, layer, sizes_of(model, layer)))
        ends = [column for column, layer in enumerate(row) if layer is not None]
        parts += [across(start, end, number) for start, end in pairwise(ends)]
        if name == "tridentnet" and number:  # three branches of one map
            parts.append(f'<path d="M{left(0) + BOX[0]} {top(0) + BOX[1] // 2}L{left(1) - 2} {top(number) + 20}" '
                         'marker-end="url(#end)"/>')
    parts += [between(number, way) for number, way in enumerate(drawn.ways) if way]
    return "\n".join([*parts, "</svg>\n"])


def sizes_of(model: Model, layer: str) -> str:
    """The size of a layer's result, of its last call."""
    return " x ".join(map(str, model.get_layer(layer).calls[-1].outputs[0].sizes))


def left(column: int) -> int:
    return 10 + column * (BOX[0] + GAP[0])


def top(row: int) -> int:
    return TOP - 8 + row * (BOX[1] + GAP[1])


def box(column: int, row: int, layer: str, sizes: str) -> str:
    """A map with its size and the name of its layer."""
    x, y = left(column), top(row)
    return (f'<rect x="{x}" y="{y}" width="{BOX[0]}" height="{BOX[1]}" rx="4"/>'
            f'<text x="{x + BOX[0] // 2}" y="{y + 17}">{sizes}</text>'
            f'<text class="lines" x="{x + BOX[0] // 2}" y="{y + 32}">{layer}</text>')


def across(start: int, end: int, row: int) -> str:
    """An arrow from one column to another."""
    y = top(row) + BOX[1] // 2
    return f'<path d="M{left(start) + BOX[0]} {y}H{left(end) - 2}" marker-end="url(#end)"/>'


def between(row: int, way: str) -> str:
    """An arrow between two rows of the second column."""
    x, ends = left(1) + BOX[0] // 2, (top(row) + BOX[1], top(row + 1))
    start, end = (ends[0], ends[1] - 2) if way == "down" else (ends[1], ends[0] + 2)
    return f'<path d="M{x} {start}V{end}" marker-end="url(#end)"/>'


def table() -> str:
    """A row a detector."""
    head = (f"| `--model` | trained numbers at {CLASSES} classes | operations of one picture of {SIDE}x{SIDE} | places "
            "| source |\n|---|---|---|---|---|")  # fmt: skip
    lines = [head]
    for name, drawn in DETECTORS.items():
        model = network(name)
        told = summarize(model.graph)
        lines.append(f"| [`{name}`](#{name}) | {told.trainable:,} | {told.flops / 1e9:.1f} GFLOP "
                     f"| {model.output_shape[1]:,} | {drawn.source} |")  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for detector in DETECTORS:
        (FOLDER / f"{detector}.svg").write_text(drawing(detector), encoding="utf-8")
    PAGE.write_text(page_with(PAGE, MAKER, table()), encoding="utf-8")
