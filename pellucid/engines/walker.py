"""Walker: what every engine does alike: it walks a graph's plan, and answers for a prediction that is not finite.

An engine says how one array becomes its own, how it walks, and how it goes back; see protocol.py for what is promised.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.engines.drawing import draw_all
from pellucid.engines.finite import refuse_not_finite
from pellucid.engines.protocol import UNSCALED, Again, Array, Arrays, Given, Run, Sums, slot_starts
from pellucid.engines.reading import tap_value
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan
from pellucid.keys import Key
from pellucid.spec.optimizers import OptimizerSpec


@dataclass
class Walked:
    """One pass over a plan: what it was called with, its values by number, moving statistics after it."""

    given: Given
    values: dict[int, Any]
    state: dict[str, Any]


class Walker(ABC):
    """Keeps nothing between two calls."""

    name: str
    width: np.dtype  # of the weights that it draws

    def put(self, host: Arrays, scales: Mapping[str, float] = UNSCALED) -> dict[str, Array]:
        """Arrays as the engine's own, floats in its precision; integers and bools stay, but for those in `scales`."""
        found = {name: self._native(value) for name, value in host.items()}
        return found | {name: self._scaled(found[name], factor) for name, factor in scales.items()}

    def init(self, graph: Graph, key: Key) -> tuple[dict[str, Array], dict[str, Array]]:
        """Fresh parameters and moving statistics, each from a key of its own: the same numbers on every engine."""
        params, state = draw_all(graph, key, self.width)
        return self.put(params), self.put(state)

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
        """Run the plan; a training run keeps all that backward reads, a prediction only what it hands out."""
        return self._run(graph, Given(params, state, inputs, training, key, tuple(taps)))

    def _run(self, graph: Graph, given: Given) -> Run:
        walked = self._walk(graph, given, keep=given.training)
        outputs, taps = self._shown(graph, walked)
        if not given.training and not all(self._finite(y) for y in outputs.values()):
            refuse_not_finite(graph, self.get({**given.state, **given.params}), self.get(given.inputs))
        return Run(graph, outputs, walked.state, taps, walked)

    def _shown(self, graph: Graph, walked: Walked) -> tuple[dict[str, Array], dict[str, Array]]:
        """Outputs and taps by name."""
        todo, values = plan(graph), walked.values
        outputs = {name: self._handed_out(values[number]) for name, number in todo.outputs.items()}
        return outputs, {tap: self._handed_out(values[tap_value(todo, tap)]) for tap in walked.given.taps}

    def slots(self, rule: OptimizerSpec, params: Arrays) -> dict[str, Array]:
        """The arrays an update rule starts from, by "layer/kernel/slot"."""
        starts = slot_starts(rule, params)
        return {name: self._filled(self._native(value), start) for name, value, start in starts}

    def repeated(self, graph: Graph, weights: Mapping[str, np.ndarray]) -> Again | None:
        """A shorter way to the same predictions by weights that stay as they are, where there is one."""
        return None

    def reduce(self, sums: Sums) -> Sums:
        """One process: the sums as they are."""
        return sums

    @abstractmethod
    def get(self, native: Arrays) -> dict[str, np.ndarray]:
        """C-contiguous NumPy arrays."""

    @abstractmethod
    def _walk(self, graph: Graph, given: Given, *, keep: bool) -> Walked:
        """One pass over the plan; without `keep`, values that nobody reads any more are let go on the way."""

    @abstractmethod
    def _native(self, value: Array) -> Array:
        """An array as the engine's own."""

    @abstractmethod
    def _scaled(self, value: Array, factor: float) -> Array:
        """An own array, bytes say, times a float32 number."""

    @abstractmethod
    def _filled(self, value: Array, start: float) -> Array:
        """A new array of the same shape and kind."""

    @abstractmethod
    def _finite(self, value: Array) -> bool:
        """Whether it holds neither NaN nor infinity."""

    def _handed_out(self, value: Array) -> Array:
        """A value as the caller gets it."""
        return value
