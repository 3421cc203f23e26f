"""What compile settles: the update rule, the engine, and the objective once the outputs are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pellucid.engines.protocol import Engine, Measure, Objective, Term
from pellucid.errors import ArgumentError, FileError, UsageError, describe, shown
from pellucid.graph.graph import Graph
from pellucid.graph.selecting import Selection
from pellucid.spec.losses import LOSSES, METRICS, MetricSpec
from pellucid.spec.optimizers import OPTIMIZERS, OptimizerSpec
from pellucid.training.compiling import Wanted, make_objective, warn_of_two_activations
from pellucid.training.program import State
from pellucid.training.session import engine_named

LOSSES.also_in("pellucid.graph.traced")
OPTIMIZERS.also_in("pellucid.graph.traced_rule")


@dataclass
class Compiled:
    """The choices of one compile, and the slots and clock that calls of fit hand on."""

    optimizer: OptimizerSpec
    chosen: Engine | None = None  # None: 'auto', looked for at first use
    wanted: Wanted | None = None  # as the user gave it
    objective: Objective | None = None
    state: State | None = None
    fits: int = 0
    rate_factors: Mapping[Selection, float] = field(default_factory=dict)  # on the learning rate of chosen layers
    judged: bool = True  # False where only a step of the user's own says what the loss is

    @property
    def engine(self) -> Engine:
        """What runs the model."""
        if self.chosen is None:
            self.chosen = engine_named("auto", "float32", None)
        return self.chosen

    def objective_of(self, graph: Graph) -> Objective:
        """The objective, made for the graph's outputs the first time."""
        if self.objective is None:
            if self.wanted is None:
                raise UsageError("The loaded model was changed. Call model.compile(optimizer, loss, metrics) again.")
            if self.wanted.loss is None:
                remedy = "Pass e.g. 'sparse_categorical_crossentropy'."
                raise ArgumentError(describe("compile", "loss", "given", "None", remedy))
            self.objective = make_objective(graph, self.wanted)
            warn_of_two_activations(graph, self.objective)
        return self.objective

    def outputs_changed(self) -> None:
        """Forget what was made for other outputs."""
        self.objective = self.state = None

    def to_config(self, graph: Graph) -> dict[str, Any] | None:
        """As a model file keeps it; None where the loss is code."""
        if not self.judged:
            return None
        objective = self.objective_of(graph)
        return {
            "optimizer": self.optimizer.to_config(),
            "losses": [
                [term.output, term.loss.to_config(), term.weight, *([term.shares] if term.shares else [])]
                for term in objective.terms
            ],
            "metrics": [
                [m.output, m.metric.to_config(), m.name, *([True] if m.weighted else [])]
                for m in objective.measures if isinstance(m.metric, MetricSpec)  # functions only measured
            ],
            **({"rate_factors": [[word, factor] for word, factor in self.rate_factors.items()]}
               if self.rate_factors else {}),
        }

    def check_outputs(self, graph: Graph) -> None:
        """Raise FileError for a loss or a metric of an output that the graph does not have."""
        if self.objective is not None:
            named = {name for term in self.objective.terms for name in (term.output, term.target)}
            strange = sorted((named | {m.output for m in self.objective.measures}) - dict(graph.outputs).keys())
            if strange:
                raise FileError(f"it was compiled for an output '{shown(strange[0])}' that its network does not have.")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Compiled:
        """As `to_config` wrote it; raises FileError for a name this Pellucid does not know."""
        objective = Objective(
            tuple(Term(output, LOSSES.revive(loss), *rest) for output, loss, *rest in config["losses"]),
            tuple(Measure(output, METRICS.revive(metric), *rest) for output, metric, *rest in config["metrics"]),
        )
        factors = dict(config.get("rate_factors", ()))
        return cls(OPTIMIZERS.revive(config["optimizer"]), objective=objective, rate_factors=factors)
