"""What the frozen part of a network makes of the pictures: made once, before the first step, and then learnt from.

A picture costs one pass through the frozen layers in place of one an epoch; two where training pictures are mirrored.
Changed in any other way, or too many to be kept, they pass through in every step. What is learnt is the same but for
rounding: order and mirrors are drawn alike. (Dropout behind the frozen part draws by its place in the network learnt.)
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.data.augmentation import Augmentation
from pellucid.data.batches import Batches
from pellucid.data.changing import Augments
from pellucid.data.file_images import KEEP_BYTES
from pellucid.data.images import Array
from pellucid.graph.plan import plan
from pellucid.graph.tail import tail_of
from pellucid.keys import Key
from pellucid.runs.prepared import Prepared
from pellucid.training.program import State

LOG = logging.getLogger("pellucid")
AT_ONCE = 32  # pictures, whatever the batches have: a resume makes the same numbers
FLIP = Augmentation(flip=True)


@dataclass(frozen=True, eq=False)
class Results:
    """Of N pictures the results (N, ...), or those of each and of its mirror image (N, 2, ...)."""

    array: Array

    @property
    def shape(self) -> Any:
        return self.array.shape

    @property
    def dtype(self) -> Any:
        return self.array.dtype

    def __len__(self) -> int:
        return len(self.array)

    def take(self, indices: Array) -> Array:
        """Copies of the results at `indices` (B,)."""
        return self.array.take(indices, axis=0)


class Still:
    """Changes that move no annotation."""

    def affines(self, size: tuple[int, int], *, key: Key, epoch: int, ids: Array) -> Array:
        """Nothing moves (B, 2, 3)."""
        return np.tile(np.eye(2, 3), (len(ids), 1, 1))


class Mirrored(Still):
    """Every picture as its mirror image."""

    def apply(self, images: Array, *, key: Key, epoch: int, ids: Array) -> Array:
        """(B, H, W, C) with columns from right to left."""
        return np.ascontiguousarray(images[:, :, ::-1])


class OneOfTwo(Still):
    """Results (B, 2, ...) -> (B, ...): that of the mirror image where --augment flip would have mirrored."""

    def apply(self, images: Array, *, key: Key, epoch: int, ids: Array) -> Array:
        """One of the two results of each sample."""
        return images[np.arange(len(images)), FLIP.mirrored(key=key, epoch=epoch, ids=ids).astype(np.int64)]


def on_results(prepared: Prepared, state: State) -> Prepared:
    """What to train with: where it pays, the rest of the network on results of its frozen part, which are made here."""
    batches, validation = prepared.batches, prepared.validation
    found = tail_of(prepared.program.graph)
    plain = prepared.processes is None and not prepared.config.unfreeze_after and prepared.config.precision != "float64"
    if found is None or not plain or batches.augmentation not in (None, FLIP) or batches.source.annotations.moves:
        return prepared
    layer, tail = found
    todo, twice = plan(prepared.program.graph), batches.augmentation is not None
    sizes = todo.shapes[todo.layers[layer]]
    pictures = len(batches.source) * (1 + twice) + (0 if validation is None else len(validation.source))
    if None in sizes or 4 * pictures * math.prod(size or 1 for size in sizes) > KEEP_BYTES:
        return prepared
    LOG.info("results of the frozen layers up to %s are made once, of %s pictures%s", layer, f"{pictures:,}",
             ", mirror images among them" if twice else "")  # fmt: skip

    def made(of: Batches, changes: Augments | None = None) -> Array:
        return np.concatenate(list(results_of(prepared, state, layer, of, changes)))

    seen = np.stack([made(batches), made(batches, Mirrored())], 1) if twice else made(batches)
    return replace(
        prepared,
        program=replace(prepared.program, graph=tail),
        batches=batches.of_results(Results(seen), OneOfTwo() if twice else None),
        validation=None if validation is None else validation.of_results(Results(made(validation)), None),
    )


def results_of(
    prepared: Prepared, state: State, layer: str, of: Batches, changes: Augments | None
) -> Iterator[Array]:
    """The results of a layer for the pictures of a part, in its order, a few (B, ...) at a time."""
    engine = prepared.engine
    pictures = Batches(
        of.source, batch_size=AT_ONCE, key=prepared.key, shuffle=False, preprocessing=of.preprocessing,
        augmentation=changes, scale_later=engine.name == "pytorch", encode=of.encode,
    )  # fmt: skip
    for batch in pictures.epoch(0):
        inputs = engine.put(batch.inputs, batch.scales)
        run = engine.forward(prepared.program.graph, state["params"], state["state"], inputs, training=False,
                             taps=[layer])  # fmt: skip
        yield engine.get(run.taps)[layer]
