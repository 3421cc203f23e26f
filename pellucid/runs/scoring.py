"""Running a model over one part of a data set: outputs and loss, batch by batch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pellucid.data.batches import Batches
from pellucid.data.dataset import Part
from pellucid.engines.protocol import Engine, add_sums
from pellucid.errors import TrainingError
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
) -> Evaluation:
    """The evaluation of `part` (N samples); memory is bounded by the batch."""
    objective = problem.scoring()
    batches = Batches(part, batch_size=batch_size, key=Key.of(0), shuffle=False, preprocessing=preprocessing,
                      encode=problem.encode)  # fmt: skip
    state = averaged(state)
    outputs: list[np.ndarray] = []
    sums: dict[str, tuple[float, float]] = {}
    for batch in batches.epoch(0):
        run = engine.forward(graph, state["params"], state["state"], engine.put(batch.inputs), training=False)
        sums = add_sums(sums, engine.measure(objective, run, batch))
        outputs.append(engine.get({"p": run.outputs["output"]})["p"])
    loss = objective.report(sums)["loss"]
    if math.isnan(loss):
        raise TrainingError(f"the loss on the {split} part is NaN, so its scores would mean nothing. Train again with "
                            "a lower learning rate, or check that part for extreme values.")  # fmt: skip
    return problem.evaluation(np.concatenate(outputs), part, split=split, loss=loss)
