"""Whether a run fits into memory, told before its first step from the sizes of its network and its batches."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pellucid.data.dataset import Dataset
from pellucid.errors import UsageError
from pellucid.graph.footprint import kept, weight_count, widest
from pellucid.graph.graph import Graph
from pellucid.graph.resizing import resized
from pellucid.runs.config import RunConfig
from pellucid.runs.rules import rule_of
from pellucid.storage.memory import check_room

FLOAT = 4  # bytes of a number; others are counted alike, as the estimate is a low one
SCORING = 256  # images that are scored together


def step_bytes(graph: Graph, batch: int, copies: int) -> int:
    """A training step: what all layers give, the largest gradient, and `copies` of the weights.

    Measured on three nets and both engines, the peak of `fit` above what was there before was 1.0 to 1.7 times this.
    """
    return FLOAT * (batch * (kept(graph) + widest(graph)) + copies * weight_count(graph))


def scoring_bytes(graph: Graph, batch: int) -> int:
    """A prediction: what the largest layer takes and gives, and the weights; three quarters of it were measured."""
    return FLOAT * (3 * batch * widest(graph) // 4 + weight_count(graph))


def refuse_large_scoring(graph: Graph, batch: int, command: str) -> None:
    """Raise UsageError, with the estimate, for images that cannot be scored together."""
    remedy = "Pass a smaller --batch-size." if batch > 1 else "Take a smaller network, or smaller images."
    check_room(scoring_bytes(graph, batch), command, f"scoring {batch:,} images together" if batch > 1 else
               "one image", remedy, error=UsageError)  # fmt: skip


def refuse_too_large_at(sizes: Sequence[tuple[int, int]], config: RunConfig, dataset: Dataset, graph: Graph) -> None:
    """The same for the largest of the sizes (height, width) to which steps bring their pictures, if there are any."""
    if sizes:
        (shape,) = graph.input_shapes.values()
        refuse_too_large(config, dataset, resized(graph, (*max(sizes, key=math.prod), shape[-1])))


def refuse_too_large(config: RunConfig, dataset: Dataset, graph: Graph) -> None:
    """Raise UsageError, with the estimate, for a run that cannot fit."""
    sizes = {name: len(part) for name, part in dataset.parts.items()}
    batch, scored = min(config.batch_size, sizes["train"]), min(SCORING, max(sizes.values()))
    where = f"train: a batch of {batch:,}" if batch > 1 else "train"
    remedy = f"Pass a smaller {'--batch-size, ' if batch > 1 else ''}--resize or --model."
    copies = 2 + len(rule_of(config).kept)  # weights, their gradients, what the rule keeps
    check_room(step_bytes(graph, batch, copies), where, "a training step", remedy, error=UsageError)
    check_room(scoring_bytes(graph, scored), "train", f"scoring {scored:,} images together",
               "Pass a smaller --resize or --model.", error=UsageError)  # fmt: skip
