"""PackedEngine: the reference engine's predictions, with products of bits on words of 64; every bit of them the same.

Without Numba, and for what is no product of bits (a scale of activations, groups, depthwise, few channels), it is the
reference engine itself.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from pellucid.engines.packed.compiling import obstacle
from pellucid.engines.packed.products import Kernel, Product
from pellucid.engines.packed.program import Fold, Program, kept_as_floats, program_of
from pellucid.engines.packed.thresholds import Thresholds, folded, scaled
from pellucid.engines.packed.words import Bits, packed
from pellucid.engines.protocol import Given
from pellucid.engines.reading import once, tap_value, weights_of
from pellucid.engines.reference.arithmetic import Context, arithmetic_of
from pellucid.engines.reference.engine import ReferenceEngine, Tape
from pellucid.errors import UsageError
from pellucid.graph.graph import Graph
from pellucid.graph.plan import Step, plan
from pellucid.spec.pooling import MaxPooling2D

LOG = logging.getLogger("pellucid")


@dataclass
class Prepared:
    """Kernels of one set of weights, and folds with thresholds, by the number of their step; `skipped` is in a fold."""

    weights: dict[str, np.ndarray]
    kernels: dict[int, Kernel] = field(default_factory=dict)
    folds: dict[int, tuple[Fold, Thresholds]] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)


class PackedEngine(ReferenceEngine):
    """Predictions alone; raises UsageError when it is to train."""

    name = "packed"

    def __init__(self, precision: str = "float32") -> None:
        super().__init__(precision)
        self._prepared: dict[Graph, Prepared] = {}

    def _steps(self, graph: Graph, given: Given, *, keep: bool) -> Tape:
        if given.training:
            raise UsageError("engine packed: it predicts. Train with --engine reference or pytorch.")
        program: Program = once(graph, "_packed_program", told_program)
        tapped = {tap_value(plan(graph), tap) for tap in given.taps}
        if keep or tapped or not program.products or obstacle():
            return super()._steps(graph, given, keep=keep)
        ready = self._ready(graph, {**given.state, **given.params}, program)
        if ready is None:
            return super()._steps(graph, given, keep=keep)
        return self._on_words(graph, given, program, ready)

    def _on_words(self, graph: Graph, given: Given, program: Program, ready: Prepared) -> Tape:
        todo, weights = plan(graph), ready.weights
        values: dict[int, Any] = {number: self._enter(name, given.inputs, todo.input_shapes[name])
                                  for name, number in todo.inputs.items()}  # fmt: skip
        tape = Tape(given, values, dict(given.state))
        for step in todo.steps:
            if step.number in ready.skipped:
                continue
            if step.number in ready.folds:
                values[step.output] = of_fold(*ready.folds[step.number], ready, values)
            elif step.number in program.products:
                kernel = ready.kernels[step.number]
                values[step.output] = scaled(kernel, kernel.whole_numbers(values[step.inputs[0]]).astype(self.dtype))
            elif step.number in program.flats:
                values[step.output] = flattened(values[step.inputs[0]])
            else:
                values[step.output] = self._of_floats(step, values, weights, words=step.number in program.words)
        return tape

    def _of_floats(self, step: Step, values: dict[int, Any], weights: dict[str, np.ndarray], *, words: bool) -> Any:
        """A step of the reference engine, or the words of a sign."""
        rows = [values[number] for number in step.inputs]
        if words:
            if np.isnan(rows[0]).any():
                raise UsageError(f"engine packed: '{step.layer}' is given numbers that are not finite, which have no "
                                 "sign. Train the model again, or predict with --engine reference.")  # fmt: skip
            return Bits(packed(rows[0] >= 0), rows[0].shape[-1])
        own, context = weights_of(step, weights), Context(step, training=False)
        y, _ = arithmetic_of(step.spec).forward(step.spec, rows, own, context)
        return y

    def _ready(self, graph: Graph, weights: dict[str, np.ndarray], program: Program) -> Prepared | None:
        """Kernels and thresholds, made anew when a weight is another array than before.

        None where a weight is NaN or infinity: bits and thresholds would hide it, and floats say where it is.
        """
        found = self._prepared.get(graph)
        if found is not None and all(found.weights.get(key) is value for key, value in weights.items()):
            return found
        if not all(np.isfinite(value).all() for value in weights.values()):
            return None
        found = Prepared(weights)
        steps = {step.number: step for step in plan(graph).steps}
        for number in program.products:
            found.kernels[number] = Kernel.of(cast(Product, steps[number].spec), weights_of(steps[number], weights))
        for number, fold in program.folds.items():
            between = [(step, weights_of(step, weights)) for step in fold.steps]
            thresholds = folded(found.kernels[fold.product.number], between)
            if thresholds is not None:
                found.folds[number] = fold, thresholds
                found.skipped |= {step.number for step in fold.before}
        self._prepared = {graph: found}
        return found


def told_program(graph: Graph) -> Program:
    """What runs on words; what does not, and why, is logged, once a graph."""
    program = program_of(plan(graph))
    for layer, reason in kept_as_floats(plan(graph), program).items():
        LOG.info("engine packed: '%s' is computed with floats (%s)", layer, reason)
    if not program.products:
        LOG.info("engine packed: no layer of this network multiplies signs, so all is computed with floats")
    elif obstacle():
        LOG.warning("engine packed: the same answers are computed with floats, without the speed. %s", obstacle())
    return program


def of_fold(fold: Fold, thresholds: Thresholds, ready: Prepared, values: dict[int, Any]) -> Bits:
    """Product, pooling, what each channel goes through, and sign."""
    found = thresholds.bits_of(ready.kernels[fold.product.number].whole_numbers(values[fold.product.inputs[0]]))
    if fold.pool is not None:
        found = thresholds.pooled(found, cast(MaxPooling2D, fold.pool.spec))
    return found if fold.flat is None else flattened(found)


def flattened(x: Bits) -> Bits:
    """A map as rows, its channels filling their words."""
    return Bits(x.words.reshape(len(x.words), -1), x.channels * (x.words[0].size // x.words.shape[-1]))
