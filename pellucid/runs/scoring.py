"""Running a model over one part of a data set: outputs and loss, batch by batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.data.batches import Batches
from pellucid.data.dataset import Part
from pellucid.engines.protocol import Engine, add_sums
from pellucid.errors import TrainingError, UsageError
from pellucid.graph.graph import Graph
from pellucid.keys import Key
from pellucid.tasks.evaluation import Evaluation
from pellucid.tasks.protocol import Problem
from pellucid.training.program import State, averaged

BATCH_SIZE = 256


def score(
    graph: Graph,
    engine: Engine,
    state: State,
    problem: Problem,
    part: Part,
    *,
    preprocessing: Any,
    split: str,
    batch_size: int = BATCH_SIZE,
    tta: bool = False,
) -> Evaluation:
    """The evaluation of `part` (N samples); memory is bounded by the batch.

    With `tta` the outputs are the means of those for each picture and for its mirror image, and so is the loss where
    both have the same targets, as classes have; else it is that of the pictures.
    """
    objective = problem.scoring()
    batches = Batches(part, batch_size=batch_size, key=Key.of(0), shuffle=False, preprocessing=preprocessing,
                      encode=problem.encode)  # fmt: skip
    state = averaged(state)
    outputs: list[np.ndarray] = []
    sums: dict[str, tuple[float, float]] = {}
    for batch in batches.epoch(0):
        seen = []
        for mirrored, inputs in enumerate(views(batch.inputs) if tta else [batch.inputs]):
            run = engine.forward(graph, state["params"], state["state"], engine.put(inputs), training=False)
            if not mirrored or problem.class_names is not None:
                sums = add_sums(sums, engine.measure(objective, run, batch))
            found = engine.get({"p": run.outputs["output"]})["p"]
            seen.append(problem.unmirrored(found) if mirrored else found)
        outputs.append(np.mean(seen, axis=0) if tta else seen[0])
    loss = objective.report(sums)["loss"]
    if math.isnan(loss):
        raise TrainingError(f"the loss on the {split} part is NaN, so its scores would mean nothing. Train again with "
                            "a lower learning rate, or check that part for extreme values.")  # fmt: skip
    return problem.evaluation(np.concatenate(outputs), part, split=split, loss=loss)


def views(inputs: Mapping[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """Pictures (B, H, W, C) as they are, and mirrored; raises UsageError where preprocessing left no pictures."""
    for name, x in inputs.items():
        if x.ndim != 4:
            raise UsageError(f"--tta mirrors pictures, but '{name}' of this model takes numbers of shape "
                             f"{x.shape[1:]}. Leave it out.")  # fmt: skip
    return [dict(inputs), {name: np.ascontiguousarray(x[:, :, ::-1]) for name, x in inputs.items()}]


def refuse_tta(problem: Problem, command: str) -> None:
    """Raise UsageError for a task whose answers do not stay when a picture is mirrored."""
    if not problem.mirrors:
        raise UsageError(f"{command}: --tta averages the answers for a picture and its mirror image, which means "
                         "something for classes, and for points that have mirror pairs. Leave it out.")  # fmt: skip
