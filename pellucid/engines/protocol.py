"""What an engine offers and what passes between it, the programs and the loop.

Arrays are mappings from names to the engine's own arrays: weights by "layer/kernel", inputs and outputs by their
names in the graph. Sums are (sum, count) pairs, so that uneven batches and several processes add up right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pellucid.graph.graph import Graph
from pellucid.keys import Key
from pellucid.spec.constraints import Constraint
from pellucid.spec.losses import LossSpec, MetricSpec
from pellucid.spec.optimizers import OptimizerSpec

Array = Any
Arrays = Mapping[str, Array]
Sums = dict[str, tuple[float, float]]


class Batch(Protocol):
    """One batch. `weights` multiply a sample's loss and divide by N; `masks` say which labels exist.

    Inputs named in `scales` are bytes that the device multiplies by that float32 number.
    """

    @property
    def inputs(self) -> Arrays: ...
    @property
    def targets(self) -> Arrays: ...
    @property
    def weights(self) -> Arrays: ...
    @property
    def masks(self) -> Arrays: ...
    @property
    def scales(self) -> Mapping[str, float]: ...


class Again(Protocol):
    """A way to the outputs of a prediction, by name, that is shorter than `forward` and gives the same bits."""

    def answer(self, inputs: Arrays) -> dict[str, Any] | None:
        """NumPy's outputs for NumPy's inputs, the caller's own; None for those to which there is no shorter way."""

    def prove(self, inputs: Arrays, wanted: dict[str, Any]) -> None:
        """Be told what `forward` gave for inputs that were not answered."""


@dataclass
class Run:
    """The result of one forward pass; it belongs to the caller, so an engine may serve several threads.

    outputs  by name          state  moving statistics after the pass (the given ones when not training)
    taps     the values asked for, by layer path        tape  the engine's own notes for the way back
    """

    graph: Graph
    outputs: dict[str, Array]
    state: Arrays
    taps: dict[str, Array]
    tape: Any = field(repr=False)


@dataclass(frozen=True)
class Given:
    """What a pass was called with."""

    params: Arrays
    state: Arrays
    inputs: Arrays
    training: bool
    key: Key | None
    taps: tuple[str, ...]


@dataclass
class Gradients:
    """dL/d(each thing asked for)."""

    parameters: dict[str, Array] = field(default_factory=dict)
    inputs: dict[str, Array] = field(default_factory=dict)
    taps: dict[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Term:
    """One loss on one output; with `shares` it reads the targets, weights and masks of another output.

    With `scales`, a number a channel, output and target are divided by them first: values of several units weigh alike.
    With `columns` it reads those of the last axis alone, from the first to before the second. Of several losses on one
    output each is a `part`: its name in reports, and that of weights and masks of its own.
    """

    output: str
    loss: LossSpec
    weight: float = 1.0
    shares: str | None = None
    scales: tuple[float, ...] | None = None
    part: str = ""
    columns: tuple[int, int] | None = None

    @property
    def target(self) -> str:
        """The name of the targets it reads."""
        return self.shares or self.output

    @property
    def counted(self) -> str:
        """The name of the weights and masks it reads."""
        return self.part or self.target

    @property
    def name(self) -> str:
        """What its sums and its column in a report are called after."""
        return self.part or self.output


@dataclass(frozen=True)
class Measure:
    """One metric on one output, reported under `name`; `weighted`, each sample counts by its weight."""

    output: str
    metric: MetricSpec
    name: str
    weighted: bool = False

    def told(self, sums: Sums) -> dict[str, float]:
        """The result by name, several under numbered names, of the sums of batches."""
        from pellucid.engines.counting import gathered, is_counted  # a model is made without what metrics count
        from pellucid.engines.counting import value as worth

        if not is_counted(self.metric):
            return {self.name: mean(sums[f"metric:{self.name}"])}
        start = f"metric:{self.name}:"
        counts = gathered({key.removeprefix(start): pair[0] for key, pair in sums.items() if key.startswith(start)})
        found = worth(self.metric, counts)
        if getattr(found, "ndim", 0):
            return {f"{self.name}_{place}": float(number) for place, number in enumerate(found.ravel())}
        return {self.name: float(found)}


@dataclass(frozen=True)
class Objective:
    """What is minimised and what is watched; penalties are the graph's own."""

    terms: tuple[Term, ...]
    measures: tuple[Measure, ...] = ()

    def report(self, sums: Sums) -> dict[str, float]:
        """The means under the names that users see: loss, accuracy, and <output>_loss when there are several."""
        parts = {term.name: mean(sums[f"loss:{term.name}"]) for term in self.terms}
        total = sum(term.weight * parts[term.name] for term in self.terms)
        row = {"loss": total + mean(sums.get("penalty", (0.0, 0.0)))}
        if len(self.terms) > 1:
            row |= {f"{name}_loss": value for name, value in parts.items()}
        for measure in self.measures:
            row |= measure.told(sums)
        return row

    def directions(self) -> dict[str, int]:
        """Of each name in a report: 1 where larger is better, -1 where smaller is."""
        losses = ["loss", *(f"{term.name}_loss" for term in self.terms if len(self.terms) > 1)]
        signs = {"more": 1, "less": -1}
        told = [measure for measure in self.measures if measure.metric.better in signs]
        return dict.fromkeys(losses, -1) | {measure.name: signs[measure.metric.better] for measure in told}


def mean(pair: tuple[float, float]) -> float:
    """sum / count; 0 for nothing."""
    return pair[0] / pair[1] if pair[1] else 0.0


def add_sums(total: Sums, more: Sums) -> Sums:
    """Entry by entry; either may have names the other lacks."""
    merged = dict(total)
    for name, (value, count) in more.items():
        old, n = merged.get(name, (0.0, 0.0))
        merged[name] = (old + float(value), n + float(count))
    return merged


UNSCALED: Mapping[str, float] = {}


def slot_starts(rule: OptimizerSpec, params: Arrays) -> Iterator[tuple[str, Array, float]]:
    """("layer/kernel/slot", the weight it has the shape of, the number it is filled with) of an update rule."""
    for key, value in params.items():
        for slot, start in (rule.part(key, value.shape)[0].slots | rule.around).items():
            yield f"{key}/{slot}", value, start


class Engine(Protocol):
    """Runs graphs. Weights are passed in and out; an engine holds none."""

    name: str

    def put(self, host: Arrays, scales: Mapping[str, float] = UNSCALED) -> dict[str, Array]:
        """NumPy arrays as the engine's own, floats in its precision; those in `scales` times a float32 number."""

    def get(self, native: Arrays) -> dict[str, Array]:
        """The engine's arrays as C-contiguous NumPy arrays of their own dtype."""

    def init(self, graph: Graph, key: Key) -> tuple[dict[str, Array], dict[str, Array]]:
        """Fresh parameters and state (moving statistics)."""

    def forward(
        self,
        graph: Graph,
        params: Arrays,
        state: Arrays,
        inputs: Arrays,
        *,
        training: bool,
        key: Key | None = None,
        taps: Sequence[str] = (),
    ) -> Run:
        """Outputs, state and asked-for inner values. `training` keeps a tape; noise is drawn from `key`."""

    def repeated(self, graph: Graph, weights: Mapping[str, Any]) -> Again | None:
        """A shorter way to the same predictions by NumPy's weights that stay as they are, where there is one."""

    def vjp(self, run: Run, cotangents: Arrays, *, wrt: Sequence[str]) -> Gradients:
        """Gradients of sum(cotangent * output), outputs or taps by name; wrt: parameters, inputs and/or taps."""

    def grad(self, objective: Objective, run: Run, batch: Batch, *, wrt: Sequence[str]) -> tuple[Sums, Gradients]:
        """The objective's sums on this batch, and its gradients; both over the shares of all processes."""

    def measure(self, objective: Objective, run: Run, batch: Batch) -> Sums:
        """The objective's sums on this batch; of several processes, on this one's share."""

    def slots(self, rule: OptimizerSpec, params: Arrays) -> dict[str, Array]:
        """The arrays an update rule starts from."""

    def update(
        self, rule: OptimizerSpec, params: Arrays, grads: Arrays, slots: Arrays, step: int, *, rate: float
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """New parameters and slots after update number `step` (from 0); works in place where it can."""

    def clipped(self, rule: OptimizerSpec, grads: Arrays) -> dict[str, Array]:
        """The gradients as the rule's clipping leaves them; the given ones where it has none."""

    def combined(self, first: Arrays, a: float, second: Arrays, b: float) -> dict[str, Array]:
        """a * first + b * second by the names of the first; works in its place where it can."""

    def constrained(self, bounds: Mapping[str, Constraint], params: Arrays) -> dict[str, Array]:
        """The weights that have a constraint, brought back; works in their place."""

    def copies(self, native: Arrays) -> dict[str, Array]:
        """The engine's arrays as they are now, which no update changes."""

    def moved(self, before: Arrays, after: Arrays) -> dict[str, tuple[float, float]]:
        """Of each array of `after` by name: (sum of squares of its change, sum of squares before)."""

    def reduce(self, sums: Sums) -> Sums:
        """Sums over all processes; the same sums when there is one."""
