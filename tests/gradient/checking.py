"""The gradient check: central differences, step 1e-5, float64 (contracts.md, section 3; CNN-book 7).

error = ||analytic - numeric|| / max(||analytic|| + ||numeric||, 1e-8) for each tensor, weights and inputs apart.
The upstream gradient is random, dropout and RReLU draw the same numbers each time, and inputs are drawn again until no
value lies within 1e-3 of a kink or of a tie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pellucid.engines.protocol import Batch, Objective
from pellucid.engines.reference import ReferenceEngine
from pellucid.engines.reference.arithmetic import Context, arithmetic_of
from pellucid.graph.build import build
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Layer
from pellucid.graph.plan import plan
from pellucid.keys import Key
from pellucid.spec.activations import ELU, PReLU, ReLU, RReLU
from pellucid.spec.layer import LayerSpec
from pellucid.spec.operations import Lookup, OneHot, TakeAlong
from pellucid.spec.pooling import GlobalMaxPooling2D, MaxPooling2D
from pellucid.spec.reshaping import InputLayer
from pellucid.spec.shapes import paddings

STEP = 1e-5
CLEARANCE = 1e-3
KEY = Key.of(5)
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Fault:
    """How far one tensor's gradient is off, and where most."""

    tensor: str
    error: float
    place: tuple[int, ...]
    analytic: float
    numeric: float

    def __str__(self) -> str:
        found = f"backward says {self.analytic:.10g}, differences say {self.numeric:.10g}"
        return f"d{self.tensor}{list(self.place)}: {found} (error {self.error:.1e})"


@dataclass(frozen=True)
class Point:
    """Where a network is checked."""

    graph: Graph
    params: Arrays
    state: Arrays
    inputs: Arrays
    training: bool = True


def network(spec: LayerSpec, *shapes: tuple[int, ...]) -> Graph:
    """One layer on inputs of these shapes."""
    inputs = [Layer.of(InputLayer(shape))(()) for shape in shapes]
    return build(inputs, [Layer.of(spec)(inputs)]).graph


def draw(graph: Graph, *, batch: int = 2, training: bool = True, seed: int = 0) -> Point:
    """Random weights and inputs, clear of kinks and ties."""
    for attempt in range(300):
        random = Key.of(seed).fold("point", attempt).generator()
        weights = {name: random.normal(0, 0.6, spec.shape) for name, spec in graph.weights.items()}
        for name in weights:
            if name.endswith(("gamma", "moving_variance", "alpha")):
                weights[name] = 0.3 + np.abs(weights[name])
        state = {name: value for name, value in weights.items() if "/moving_" in name}
        params = {name: value for name, value in weights.items() if name not in state}
        inputs = {name: random.normal(0, 1, (batch, *shape)) for name, shape in graph.input_shapes.items()}
        inputs = {name: within(graph, place, x) for place, (name, x) in enumerate(inputs.items())}
        point = Point(graph, params, state, inputs, training)
        if clearance(point) > CLEARANCE:
            return point
    raise AssertionError("no point clear of kinks in 300 draws: use a smaller network")


ABOVE = {"sqrt": 0.2, "rsqrt": 0.2, "log": 0.2, "log1p": 0.2, "log2": 0.2, "log10": 0.2, "arccosh": 1.2, "power": 0.2}
INSIDE = {"arcsin", "arccos", "arctanh"}


def within(graph: Graph, place: int, x: np.ndarray) -> np.ndarray:
    """An input where its first reader is defined: above a border, inside (-1, 1), or a number of a place."""
    spec = plan(graph).steps[0].spec if plan(graph).steps else None
    function = getattr(spec, "function", "")
    if function in ABOVE:
        return np.abs(x) + ABOVE[function]
    if function in INSIDE:
        return np.tanh(x) * 0.9
    if isinstance(spec, OneHot) or (isinstance(spec, (TakeAlong, Lookup)) and place == 1):
        return np.floor(np.abs(x) * 2) % 2 + 0.5  # the half is cut off, and far from where the place changes
    return x


def clearance(point: Point) -> float:
    """The least distance of any value from a kink or of a pool's two largest values."""
    todo = plan(point.graph)
    values = {number: point.inputs[name] for name, number in todo.inputs.items()}
    nearest = np.inf
    weights = point.params | point.state
    for step in todo.steps:
        own = {name: weights[full] for name, full in step.weights}
        own |= {name: own[name].reshape(shape) for name, shape in step.views if name in own}
        context = Context(step, point.training, KEY)
        taken = [values[number] for number in step.inputs]
        nearest = min(nearest, distance(step.spec, taken[0]) if taken else np.inf)
        values[step.output], _ = arithmetic_of(step.spec).forward(step.spec, taken, own, context)
    return nearest


def distance(spec: LayerSpec, x: np.ndarray) -> float:
    """How near one layer's input lies to a kink or a tie."""
    if isinstance(spec, ReLU):
        kinks = [spec.threshold] + ([] if spec.max_value is None else [spec.max_value])
        return float(min(np.abs(x - kink).min() for kink in kinks))
    if isinstance(spec, (PReLU, RReLU, ELU)):
        return float(np.abs(x).min())
    if isinstance(spec, GlobalMaxPooling2D):
        return gap(x.reshape(x.shape[0], -1, x.shape[3]).swapaxes(1, 2))
    if isinstance(spec, MaxPooling2D):
        around = paddings((x.shape[1], x.shape[2]), spec.pool_size, spec.steps, spec.padding)
        padded = np.pad(x, ((0, 0), *around, (0, 0)), constant_values=-np.inf)
        windows = sliding_window_view(padded, spec.pool_size, axis=(1, 2))[:, :: spec.steps[0], :: spec.steps[1]]
        return gap(windows.reshape(*windows.shape[:4], -1))
    return np.inf


def gap(values: np.ndarray) -> float:
    """The least difference between the two largest on the last axis."""
    if values.shape[-1] == 1:
        return np.inf
    top = np.sort(values, axis=-1)[..., -2:]
    return float((top[..., 1] - top[..., 0]).min())


def check_layers(point: Point, *, seed: int = 1) -> list[Fault]:
    """Faults of all weights and inputs for the loss sum(c y), c random for every output; the worst one first."""
    engine = ReferenceEngine("float64")
    random = Key.of(seed).generator()

    def run(training: bool = point.training):
        return engine.forward(point.graph, point.params, point.state, point.inputs, training=training, key=KEY)

    upstream = {name: random.normal(0, 1, y.shape) for name, y in run().outputs.items()}

    def loss() -> float:
        return sum(float((upstream[name] * y).sum()) for name, y in run().outputs.items())

    found = engine.vjp(run(), upstream, wrt=("parameters", "inputs"))
    trained = {name: value for name, value in point.params.items() if point.graph.weights[name].trainable}
    unreached = {name: np.zeros_like(x) for name, x in point.inputs.items() if name not in found.inputs}
    return compare(loss, {**trained, **point.inputs}, {**found.parameters, **unreached, **found.inputs})


def check_objective(point: Point, objective: Objective, batch: Batch) -> list[Fault]:
    """Faults of all weights and inputs for an objective, penalties included; the worst one first."""
    engine = ReferenceEngine("float64")

    def run():
        return engine.forward(point.graph, point.params, point.state, point.inputs, training=point.training, key=KEY)

    def loss() -> float:
        return objective.report(engine.measure(objective, run(), batch))["loss"]

    _, found = engine.grad(objective, run(), batch, wrt=("parameters", "inputs"))
    return compare(loss, {**point.params, **point.inputs}, {**found.parameters, **found.inputs})


def compare(loss: Callable[[], float], tensors: Mapping[str, np.ndarray], analytic: Arrays) -> list[Fault]:
    """Move each entry of each tensor both ways; the faults, the worst first."""
    if set(tensors) != set(analytic):
        raise AssertionError(f"gradients wanted for {sorted(tensors)}, given for {sorted(analytic)}")
    faults = []
    for name, tensor in tensors.items():
        if analytic[name].shape != tensor.shape:
            raise AssertionError(f"d{name} has shape {analytic[name].shape}, {name} has {tensor.shape}")
        numeric = np.empty_like(tensor)
        for place in np.ndindex(tensor.shape):
            kept = tensor[place]
            tensor[place] = kept + STEP
            above = loss()
            tensor[place] = kept - STEP
            numeric[place] = (above - loss()) / (2 * STEP)
            tensor[place] = kept
        difference = np.abs(analytic[name] - numeric)
        scale = max(np.linalg.norm(analytic[name]) + np.linalg.norm(numeric), 1e-8)
        worst = np.unravel_index(int(difference.argmax()), tensor.shape)
        place = tuple(int(index) for index in worst)
        faults.append(
            Fault(name, float(np.linalg.norm(difference) / scale), place, analytic[name][place], numeric[place])
        )
    return sorted(faults, key=lambda fault: -fault.error)
