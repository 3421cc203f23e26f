"""The reference engine: walks a plan forwards, keeping what each step saved, and backwards over the same list.

Forward   values[k] = step k's arithmetic on earlier values
Backward  the gradient of a value is the sum over the steps that read it; steps run in reverse order
Source    Goodfellow, Bengio & Courville 2016, section 6.5, algorithm 6.2 (reverse accumulation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.engines.entering import entering
from pellucid.engines.protocol import Arrays, Batch, Given, Gradients, Objective, Run, Sums
from pellucid.engines.reading import last_reads, once, tap_value, trainable, value_named, weights_of
from pellucid.engines.reference import (  # noqa: F401  (importing a family enters its arithmetic)
    activations,
    colors,
    convolution,
    dense,
    depthwise,
    dropout,
    images,
    merging,
    mixing,
    moving,
    noise,
    normalization,
    operations,
    pooling,
    products,
    quantized,
    reshaping,
    transposed,
)
from pellucid.engines.reference.arithmetic import Context, arithmetic_of
from pellucid.engines.reference.constraints import constrain
from pellucid.engines.reference.flow import overwriting, values_needing_gradients
from pellucid.engines.reference.objective import cotangents_of, penalties, sums_of
from pellucid.engines.reference.optimizers import clipped, move
from pellucid.engines.walker import Walked, Walker
from pellucid.errors import ArgumentError, describe, shown
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan
from pellucid.spec.constraints import Constraint
from pellucid.spec.optimizers import OptimizerSpec
from pellucid.spec.shapes import Shape


@dataclass
class Tape(Walked):
    """One forward pass as backward needs it; `saved` stays empty in a prediction."""

    saved: list[Any] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)
    weights: list[dict[str, np.ndarray]] = field(default_factory=list)


class ReferenceEngine(Walker):
    """NumPy; `precision` is float32, or float64 for proofs."""

    name = "reference"

    def __init__(self, precision: str = "float32") -> None:
        if precision not in ("float32", "float64"):
            wanted = "'float32' or 'float64' on the reference engine"
            remedy = "For bfloat16 use --engine pytorch."
            raise ArgumentError(describe("ReferenceEngine", "precision", wanted, shown(repr(precision)), remedy))
        self.precision = precision
        self.dtype = self.width = np.dtype(precision)

    def _native(self, value: np.ndarray) -> np.ndarray:
        value = np.asarray(value)
        return value.astype(self.dtype, copy=False) if value.dtype.kind == "f" else value

    def _scaled(self, value: np.ndarray, factor: float) -> np.ndarray:
        return self._native(value * np.float32(factor))

    def _filled(self, value: np.ndarray, start: float) -> np.ndarray:
        return np.full_like(value, start)

    def _finite(self, value: np.ndarray) -> bool:
        return bool(np.isfinite(value).all())

    def get(self, native: Arrays) -> dict[str, np.ndarray]:
        """C-contiguous arrays."""
        return {name: np.asarray(value, order="C") for name, value in native.items()}

    def _walk(self, graph: Graph, given: Given, *, keep: bool) -> Tape:
        with np.errstate(all="ignore"):  # what overflows is found in the outputs, or by the program in its loss
            return self._steps(graph, given, keep=keep)

    def _steps(self, graph: Graph, given: Given, *, keep: bool) -> Tape:
        todo = plan(graph)
        inputs = todo.inputs.items()
        values = {number: self._enter(name, given.inputs, todo.input_shapes[name]) for name, number in inputs}
        tapped = {tap_value(todo, tap) for tap in given.taps}
        tape = Tape(given, values, dict(given.state))
        weights = {**given.state, **given.params}
        lasts = once(graph, "_last_reads", lambda g: last_reads(plan(g).steps, plan(g).outputs))
        for step, overwrite, last_read in zip(todo.steps, overwriting(graph), lasts, strict=True):
            own = weights_of(step, weights)
            context = Context(step, given.training and not step.predicting, given.key, self.dtype)
            context.overwrite = overwrite and not {step.output, *step.inputs} & tapped
            rows = [values[number] for number in step.inputs]
            values[step.output], saved = arithmetic_of(step.spec).forward(step.spec, rows, own, context)
            for name, value in context.state.items():
                tape.state[dict(step.weights)[name]] = value.astype(self.dtype, copy=False)
            tape.weights.append(own)
            if keep:
                tape.contexts.append(context)
                tape.saved.append(saved)
                continue
            del saved, rows
            for number in last_read:
                if number not in tapped:
                    del values[number]
        return tape

    def _enter(self, name: str, inputs: Arrays, shape: Shape) -> np.ndarray:
        """An input in the engine's precision; raises ShapeError when it does not fit the graph."""
        x = np.asarray(entering(name, inputs, shape))
        return np.ascontiguousarray(x, self.dtype)

    def vjp(self, run: Run, cotangents: Arrays, *, wrt: Sequence[str]) -> Gradients:
        """Gradients of sum(cotangent * value) over outputs or taps by name."""
        todo = plan(run.graph)
        seeds: dict[int, np.ndarray] = {}
        for name, value in cotangents.items():
            add_to(seeds, value_named(todo, name), np.array(value, self.dtype, order="C"))
        return self._backward(run, seeds, wrt)

    def grad(self, objective: Objective, run: Run, batch: Batch, *, wrt: Sequence[str]) -> tuple[Sums, Gradients]:
        """Sums and gradients of the objective, penalties included."""
        todo = plan(run.graph)
        sums, seeds = cotangents_of(objective, todo, run.tape.values, batch)
        gradients = self._backward(run, seeds, wrt)
        return self._with_penalty(run, sums, gradients.parameters), gradients

    def measure(self, objective: Objective, run: Run, batch: Batch) -> Sums:
        """Sums of the objective."""
        return self._with_penalty(run, sums_of(objective, plan(run.graph), run.tape.values, batch), None)

    def _with_penalty(self, run: Run, sums: Sums, gradients: dict[str, np.ndarray] | None) -> Sums:
        """The sums with that of the penalties on weights, whose gradients are added to those given."""
        n = float(len(next(iter(run.outputs.values()))))
        penalty = penalties(run.graph, run.tape.weights, plan(run.graph), gradients)
        return sums if penalty is None else {**sums, "penalty": (penalty * n, n)}

    def _backward(self, run: Run, gradients: dict[int, np.ndarray], wrt: Sequence[str]) -> Gradients:
        todo, tape = plan(run.graph), run.tape
        if len(tape.saved) < len(todo.steps):  # a prediction, which kept nothing: go forward once more, weights as now
            tape = self._walk(run.graph, tape.given, keep=True)
        found = Gradients()
        wanted_taps = {tap_value(todo, tap): tap for tap in run.taps} if "taps" in wrt else {}
        trained = trainable(run.graph) if "parameters" in wrt else frozenset()
        needed = values_needing_gradients(todo, trained, set(wanted_taps), "inputs" in wrt)
        steps = list(zip(todo.steps, tape.saved, tape.contexts, tape.weights, strict=True))
        for step, saved, context, weights in reversed(steps):
            dy = gradients.pop(step.output, None)
            if dy is None:
                continue
            if step.output in wanted_taps:
                found.taps[wanted_taps[step.output]] = dy.copy()
            if step.output not in needed:
                continue
            context.wanted = tuple(number in needed for number in step.inputs)
            context.trains = any(full in trained for _, full in step.weights)
            dinputs, dweights = arithmetic_of(step.spec).backward(step.spec, dy, saved, weights, context)
            for number, dx in zip(step.inputs, dinputs, strict=True):
                if dx is not None and number in needed:
                    add_to(gradients, number, dx)
            for name, full in step.weights:
                if name in dweights and full in trained:
                    total = found.parameters.get(full)
                    more = dweights[name].reshape(run.graph.weights[full].shape) if step.views else dweights[name]
                    found.parameters[full] = more if total is None else total + more
        for key in trained - set(found.parameters):
            found.parameters[key] = np.zeros(run.graph.weights[key].shape, self.dtype)
        if "inputs" in wrt:
            found.inputs = {name: gradients[number] for name, number in todo.inputs.items() if number in gradients}
        return found

    def update(
        self, rule: OptimizerSpec, params: Arrays, grads: Arrays, slots: Arrays, step: int, *, rate: float
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Move every weight that has a gradient, in place."""
        for key, gradient in grads.items():
            part, share = rule.part(key, params[key].shape)
            own = {slot: slots[f"{key}/{slot}"] for slot in part.slots}
            if part.weight_decay and part.decays(key):
                params[key][...] *= 1 - part.weight_decay * rate
            move(part, params[key], gradient, own, step + 1, rate * share)
        return dict(params), dict(slots)

    def clipped(self, rule: OptimizerSpec, grads: Arrays) -> dict[str, np.ndarray]:
        """The gradients as the rule's clipping leaves them."""
        return clipped(rule, dict(grads))

    def combined(self, first: Arrays, a: float, second: Arrays, b: float) -> dict[str, np.ndarray]:
        """a * first + b * second, array by array, in the place of the first."""
        for key, value in first.items():
            value *= a
            value += b * second[key]
        return dict(first)

    def constrained(self, bounds: Mapping[str, Constraint], params: Arrays) -> dict[str, np.ndarray]:
        """The weights that have a constraint, brought back in place."""
        for key, bound in bounds.items():
            constrain(bound, params[key])
        return {key: params[key] for key in bounds}

    def copies(self, native: Arrays) -> dict[str, np.ndarray]:
        """The arrays as they are now."""
        return {name: np.array(value) for name, value in native.items()}

    def moved(self, before: Arrays, after: Arrays) -> dict[str, tuple[float, float]]:
        """(sum of squares of the change, sum of squares before) of each array."""
        changes = {name: (value - before[name]).ravel() for name, value in after.items()}
        return {name: (float(d @ d), float(before[name].ravel() @ before[name].ravel())) for name, d in changes.items()}


def add_to(gradients: dict[int, np.ndarray], number: int, dx: np.ndarray) -> None:
    """Sum the gradients of a value that several steps read, in a fresh array: no step writes into another's."""
    gradients[number] = gradients[number] + dx if number in gradients else dx
