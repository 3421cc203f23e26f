"""A few updates on a copy of the first weights, for checks that must see a network learn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pellucid.checks.subject import Subject, trained
from pellucid.data.batches import Batch
from pellucid.engines.protocol import Arrays, Engine
from pellucid.graph.graph import Graph
from pellucid.keys import Key
from pellucid.spec.optimizers import OptimizerSpec


@dataclass
class Descent:
    """Weights on their way; `step` makes one update and returns the loss before it."""

    subject: Subject
    graph: Graph
    rule: OptimizerSpec
    key: Key
    number: int = 0
    params: dict[str, Any] = field(init=False)
    state: dict[str, Any] = field(init=False)
    slots: dict[str, Any] = field(init=False)
    outputs: Arrays = field(init=False)  # of the latest step, before its update

    def __post_init__(self) -> None:
        self.params, self.state = self.subject.weights(self.engine)
        self.slots = self.engine.slots(self.rule, trained(self.graph, self.params))

    @property
    def engine(self) -> Engine:
        """The engine of the run."""
        return self.subject.engine

    def step(self, batch: Batch, rate: float) -> float:
        """One update at this rate."""
        engine, objective = self.engine, self.subject.objective
        key = self.key.fold("step", self.number)
        run = engine.forward(
            self.graph, self.params, self.state, engine.put(batch.inputs), training=True, key=key
        )
        sums, found = engine.grad(objective, run, batch, wrt=("parameters",))
        self.params, self.slots = engine.update(
            self.rule, self.params, found.parameters, self.slots, self.number, rate=rate
        )
        if self.graph.constraints:
            self.params |= engine.constrained(self.graph.constraints, self.params)
        self.state, self.outputs = dict(run.state), run.outputs
        self.number += 1
        return objective.report(sums)["loss"]
