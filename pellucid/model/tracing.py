"""trace: every number between input and output, and how the loss depends on it.

Axes  N samples; each step's inputs and output have the shapes of the layer, gradients those of what they belong to
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.batches import Batch
from pellucid.engines.protocol import Gradients
from pellucid.graph.graph import Graph
from pellucid.graph.spelled import spelled
from pellucid.model.learning import compiled_of
from pellucid.model.network import Network
from pellucid.spec.formulas import formula
from pellucid.training.inputs import Names, named


@dataclass(frozen=True, eq=False)
class TraceStep:
    """One piece of arithmetic: what went in, what came out, dL/d(output), and the weights with their gradients.

    `gradient` is None without targets, and for the result of a softmax or sigmoid whose loss starts from the logits.
    """

    name: str
    kind: str
    formula: str
    inputs: tuple[np.ndarray, ...]
    output: np.ndarray
    gradient: np.ndarray | None
    weights: dict[str, np.ndarray]
    weight_gradients: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Trace:
    """The steps in order; `trace["conv2d"]` finds one by name, str(trace) is a table."""

    steps: tuple[TraceStep, ...]
    loss: float | None

    def __iter__(self) -> Iterator[TraceStep]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, name: str | int) -> TraceStep:
        if isinstance(name, int):
            return self.steps[name]
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(f"no step '{name}'; there are {', '.join(step.name for step in self.steps)}")

    def __str__(self) -> str:
        lines = [describe_step(step) for step in self.steps]
        return "\n".join([*lines, *([f"loss {self.loss:.6f}"] if self.loss is not None else [])])


def describe_step(step: TraceStep) -> str:
    """Name, formula, and the range of the output and its gradient."""
    text = f"{step.name} ({step.kind}): {step.formula}\n    y {step.output.shape} {span(step.output)}"
    return text if step.gradient is None else f"{text}   dL/dy {span(step.gradient)}"


def span(values: np.ndarray) -> str:
    """Smallest, mean and largest."""
    return f"from {values.min():.4g} to {values.max():.4g}, mean {values.mean():.4g}"


def trace(model: Network, x: Any, y: Any, *, training: bool) -> Trace:
    """Run x (N, ...) through the model in float64; with targets y and a compiled loss also back."""
    from pellucid.engines.reference import ReferenceEngine  # a model is made without its arithmetic
    from pellucid.model.admitting import Admission

    graph, keys = spelled(model.graph)
    engine = ReferenceEngine("float64")
    values = model.weights_by_key()
    weights = engine.put({key: values[old] for key, old in keys.items()})
    moving = {key for key, weight in graph.weights.items() if weight.name.startswith("moving_")}
    params = {key: value for key, value in weights.items() if key not in moving}
    state = {key: weights[key] for key in moving}
    admission = Admission(model, "trace")
    inputs = engine.put(admission.apply(admission.settle(named("x", x, Names.of_inputs(model.graph), where="trace"))))
    layers = [graph.layers[node.layer].name for node in graph.nodes]
    taps = list(dict.fromkeys(layers))
    key = model.key.fold("trace")
    run = engine.forward(graph, params, state, inputs, training=training, key=key, taps=taps)
    outputs = {name: value.copy() for name, value in run.taps.items()}
    gradients, loss = Gradients(), None
    if y is not None:
        objective = compiled_of(model).objective_of(model.graph)
        targets = named("y", y, Names.of_targets(model.graph), where="trace")
        batch = Batch(inputs, targets, {}, {}, np.arange(len(next(iter(inputs.values())))))
        sums, gradients = engine.grad(objective, run, batch, wrt=("parameters", "taps"))
        loss = objective.report(sums)["loss"]
    return Trace(tuple(steps_of(graph, outputs, gradients, weights)), loss)


def steps_of(
    graph: Graph, outputs: dict[str, np.ndarray], gradients: Gradients, weights: dict[str, np.ndarray]
) -> Iterator[TraceStep]:
    """One step a node; a layer called twice shows its last call."""
    for node in graph.nodes:
        entry = graph.layers[node.layer]
        sources = [graph.layers[graph.nodes[number].layer].name for number, _ in node.inputs]
        prefix = f"{entry.name}/"
        own = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
        yield TraceStep(
            entry.name,
            type(entry.spec).__name__,
            formula(entry.spec),
            tuple(outputs[name] for name in sources),
            outputs[entry.name],
            gradients.taps.get(entry.name),
            own,
            {name: gradients.parameters[prefix + name] for name in own if prefix + name in gradients.parameters},
        )
