"""A network read at several sizes of a picture, with one set of weights: the words of --snip, and the network.

Words    FACTOR:LEAST-MOST with commas between: the picture brought to so many times its sides, and the objects that are
         valid there, sqrt(width height) in pixels of that size; no LEAST is 0, no MOST is without end
Network  picture -> brought to each size (bilinear) -> the same layers -> their places one after the other (P, K)
Source   Singh & Davis 2018, sections 4 and 5; CNN-book 12.11
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from pellucid.data.boxes.column import Placed
from pellucid.errors import ShapeError, UsageError, describe, shown
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import Concatenate, Input
from pellucid.graph.vocabulary_of_pictures import Resizing
from pellucid.model import Model
from pellucid.spec.reshaping import InputLayer
from pellucid.tasks.detection.codecs.encoded import Codec
from pellucid.tasks.detection.codecs.snip import Scale, SnipCodec
from pellucid.tasks.detection.kind import Kind
from pellucid.tasks.detection.settings import Settings
from pellucid.words import decimal

FORM = re.compile(r"([^:]+):([^-]*)-(.*)")
WANTED = "FACTOR:LEAST-MOST with commas between, such as 0.5:30-,1:16-80,2:-40"
SMALLEST, LARGEST = 0.05, 8.0


@dataclass(frozen=True)
class Word:
    """One size: its factor, and the range of valid sides in pixels of the input."""

    factor: float
    least: float
    most: float


def words_of(text: str) -> list[Word]:
    """The sizes of --snip. Raises UsageError for words that mean nothing and for sides that no range holds."""
    found = [word_of(part.strip(), text) for part in text.split(",")]
    reached = 0.0
    for one in sorted(found, key=lambda word: word.least):
        if one.least > reached * (1 + 1e-9):
            raise UsageError(describe("train", "--snip", "ranges that leave no object out", f"{text}, where none holds "
                                      f"a side of {reached:g} to {one.least:g} pixels of the input"))
        reached = max(reached, one.most)
    if reached < math.inf:
        raise UsageError(describe("train", "--snip", "ranges that leave no object out", f"{text}, where none holds a "
                                  f"side of more than {reached:g} pixels of the input"))
    return found


def word_of(part: str, text: str) -> Word:
    """FACTOR:LEAST-MOST."""
    parts = FORM.fullmatch(part)
    numbers = [None] * 3 if parts is None else [decimal(parts[1]), decimal(parts[2] or "0"),
                                                decimal(parts[3]) if parts[3] else math.inf]  # fmt: skip
    factor, least, most = numbers
    if factor is None or least is None or most is None or not (SMALLEST <= factor <= LARGEST and 0 <= least < most):
        raise UsageError(describe("train", "--snip", WANTED, repr(shown(text))))
    return Word(factor, least / factor, most / factor)


def scales_of(words: list[Word], size: tuple[int, int], multiple: int) -> tuple[Scale, ...]:
    """The sizes of an input of `size`, each a multiple of what the network takes."""
    def brought(side: int, factor: float) -> int:
        return max(1, round(side * factor / multiple)) * multiple

    return tuple(Scale((brought(size[0], one.factor), brought(size[1], one.factor)), one.least, one.most)
                 for one in words)  # fmt: skip


def seen_at(placed: Placed, scales: tuple[Scale, ...], size: tuple[int, int]) -> Placed:
    """The objects once at each size where they are valid, as anchors are fitted to them."""
    corners, rows = [], []
    for scale in scales:
        kept = np.flatnonzero(scale.holds(placed.corners))
        down, across = (new / own for new, own in zip(scale.size, size, strict=True))
        corners.append(placed.corners[kept] * (across, down, across, down))
        rows.append(kept)
    order = np.concatenate(rows)
    return Placed(np.concatenate(corners), placed.classes[order], placed.ignored[order], placed.picture[order],
                  placed.row[order])  # fmt: skip


def snip_codec(kind: Kind, size: tuple[int, int], classes: int, placed: Placed, settings: Settings, multiple: int,
               ) -> Codec:  # fmt: skip
    """The codec of a form for training boxes, at the sizes of --snip if there are any."""
    if settings.snip is None:
        return kind.codec(size, classes, placed, settings)
    scales = scales_of(words_of(settings.snip), size, multiple)
    return SnipCodec(kind.codec(size, classes, seen_at(placed, scales, size), settings), scales)


def at_sizes(model: Model, codec: SnipCodec, form: str) -> Model:
    """The network of one size, read at those of the codec. Raises UsageError for one that takes its own alone."""
    (shape,) = model.graph.input_shapes.values()
    image: Tensor = Input(shape)
    every = []
    try:
        for number, scale in enumerate(codec.scales, 1):
            brought = Resizing(*scale.size, antialias=True, name=f"size{number}")
            every.append(called(model, image if scale.size == codec.size else brought(image)))
    except ShapeError:
        raise UsageError(f"train: --snip goes with networks of convolutions alone, and {form} reads pictures of one "
                         "size. Leave it out, or choose another --model.") from None
    beside = ("", *model.graph.training_only)
    found = [own[0] if len(own) == 1 else Concatenate(axis=1, name=f"sizes{'_' if word else ''}{word}")(list(own))
             for word, own in zip(beside, zip(*every, strict=True), strict=True)]  # fmt: skip
    return Model(image, found if len(found) > 1 else found[0], name=model.name, training_only=found[1:])


def called(model: Model, image: Tensor) -> list[Tensor]:
    """The outputs of a model's layers on another picture."""
    graph, results = model.graph, list[list[Tensor]]()
    for node in graph.nodes:
        if isinstance(graph.layers[node.layer].spec, InputLayer):
            results.append([image])
            continue
        taken = [results[number][output] for number, output in node.inputs]
        made = model.layers[node.layer](taken, **node.named)
        results.append(made if isinstance(made, list) else [made])
    return [results[number][output] for _, (number, output) in graph.outputs]

