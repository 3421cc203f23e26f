"""dead-units: units that say the same for every image at the start: ReLUs at zero, sigmoids and tanhs at their ends."""

from __future__ import annotations

import numpy as np

from pellucid.checks.finding import Finding, graded
from pellucid.checks.subject import Subject
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan
from pellucid.spec.activations import ReLU, Sigmoid, Tanh
from pellucid.spec.layer import LayerSpec

SAMPLE = 128
END = 0.01              # this near to an end a sigmoid or tanh hardly learns
WARN, FAIL = 0.6, 0.95  # share of a layer's units


def check_units(subject: Subject) -> Finding:
    """Value: the largest share of dead or saturated units in a hidden layer (a unit is a channel)."""
    graph = subject.graph
    kinds = hidden_activations(graph)
    if not kinds:
        return Finding("dead-units", "pass", 0.0, "no hidden layer has an activation that can die")
    engine = subject.engine
    params, state = subject.weights(engine)
    batch = subject.sample("dead-units", SAMPLE)
    key = subject.key_of("dead-units")
    run = engine.forward(
        graph, params, state, engine.put(batch.inputs), training=True, key=key, taps=list(kinds)
    )
    taps = engine.get(run.taps)
    shares = {layer: float(stuck(kinds[layer], y).mean()) for layer, y in taps.items()}
    worst = max(shares, key=lambda layer: shares[layer])
    status = graded(shares[worst], warn=WARN, fail=FAIL)
    told = f"at most {shares[worst]:.0%} of a layer's units ('{worst}') are dead or saturated at the start"
    if status == "pass":
        return Finding("dead-units", status, shares[worst], told)
    meaning = f"{shares[worst]:.0%} of the units of '{worst}' are dead or saturated at the start, whatever the image"
    return Finding("dead-units", status, shares[worst], meaning,
                   "Scale the input, start biases at 0, and choose first weights by fan-in (he_normal for ReLU).")


def hidden_activations(graph: Graph) -> dict[str, LayerSpec]:
    """Every layer whose result comes from an activation with a dead end, the output apart."""
    todo = plan(graph)
    outputs = set(todo.outputs.values())
    mortal = (ReLU, Sigmoid, Tanh)
    return {step.layer: step.spec for step in todo.steps
            if isinstance(step.spec, mortal) and todo.layers.get(step.layer) == step.output not in outputs}


def stuck(spec: LayerSpec, y: np.ndarray) -> np.ndarray:
    """(units,) whether a unit is at an end wherever it is looked at; y (N, ..., units)."""
    flat = y.reshape(-1, y.shape[-1])
    if isinstance(spec, ReLU):
        if spec.negative_slope:
            return np.zeros(flat.shape[1], bool)
        ends = flat <= 0
        return np.asarray(ends.all(axis=0) if spec.max_value is None else (ends | (flat >= spec.max_value)).all(axis=0))
    low = 0.0 if isinstance(spec, Sigmoid) else -1.0
    return np.asarray(((flat < low + END) | (flat > 1 - END)).all(axis=0))
