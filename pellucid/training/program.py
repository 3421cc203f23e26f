"""Programs: what one step of a task does. The loop runs any of them and is edited for none.

A state is plain named arrays in sections, so that one checkpoint serves all programs. `clock` holds the number of
updates made and the factor that a plateau put on the learning rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from pellucid.engines.finite import first_not_finite
from pellucid.engines.protocol import Arrays, Batch, Engine, Objective, Sums, mean
from pellucid.errors import TrainingError
from pellucid.graph.graph import Graph
from pellucid.graph.plan import plan
from pellucid.graph.resizing import resized
from pellucid.keys import Key
from pellucid.spec.optimizers import AVERAGE, GATHERED, OptimizerSpec
from pellucid.spec.schedules import rate_at

State = dict[str, dict[str, Any]]
RATIO = "update_ratio/"
SLOTS_FROM = "slots_from"  # the step at which a stage began with new slots; not in the clock before that


class Program(Protocol):
    """What the loop asks of a task."""

    def start(self, engine: Engine, key: Key) -> State:
        """The state before the first step."""

    def step(self, engine: Engine, state: State, batch: Batch, key: Key) -> tuple[State, Sums]:
        """The state after one batch, and its sums."""

    def evaluate(self, engine: Engine, state: State, batch: Batch) -> Sums:
        """The sums of a batch that is not learnt from."""

    def report(self, sums: Sums) -> dict[str, float]:
        """The means under the names that users see."""

    def rate(self, state: State) -> float:
        """The learning rate of the next update."""


def averaged(state: State) -> State:
    """The state that is looked at and kept: the moving averages of weights and statistics where a rule has them."""
    averages = averages_in(state.get("slots", {}))
    return {**state, **{name: {key: averages.get(key, value) for key, value in state[name].items()}
                        for name in ("params", "state")}} if averages else state  # fmt: skip


def averages_in(slots: Arrays) -> dict[str, Any]:
    """The moving averages among the slots, by what they are averages of."""
    ending = f"/{AVERAGE}"
    return {key.removesuffix(ending): value for key, value in slots.items() if key.endswith(ending)}


def as_slots(averages: Arrays) -> dict[str, Any]:
    """The averages by the names of their slots."""
    return {f"{key}/{AVERAGE}": value for key, value in averages.items()}


def with_weights(engine: Engine, state: State, params: Arrays, moving: Arrays) -> State:
    """The state with these weights and moving statistics; averages begin anew, so that `averaged` gives them too."""
    every = {**params, **moving}
    anew = engine.copies({key: every[key] for key in averages_in(state["slots"])})
    return {**state, "params": dict(params), "state": dict(moving), "slots": {**state["slots"], **as_slots(anew)}}


def new_clock() -> dict[str, Any]:
    """Before the first update."""
    return {"step": np.zeros((), np.int64), "rate_factor": np.ones((), np.float64)}


@dataclass(frozen=True)
class Supervised:
    """Learning from labelled batches: forward, objective, backward, update.

    Every `ratio_every` steps, with 0 never, |update| / |weights| of every trained layer is measured too (healthy near
    1e-3). `rates` are factors on the learning rate of single weights; `stage` is (epoch it began, its factor on all).
    """

    graph: Graph
    objective: Objective
    rule: OptimizerSpec
    initial: Callable[[Engine, Key], tuple[Arrays, Arrays]] | None = None
    ratio_every: int = 50
    rates: Mapping[str, float] = field(default_factory=dict)
    stage: tuple[int, float] = (0, 1.0)

    def start(self, engine: Engine, key: Key) -> State:
        """Fresh weights, or those that `initial` gives, and slots at rest."""
        params, state = (self.initial or (lambda e, k: e.init(self.graph, k)))(engine, key)
        return {"params": dict(params), "state": dict(state), "slots": self.slots(engine, params, state),
                "clock": new_clock()}  # fmt: skip

    def slots(self, engine: Engine, params: Arrays, moving: Arrays) -> dict[str, Any]:
        """The slots of the trained weights, at rest; averages begin with weights and moving statistics as they are."""
        trained = {name: params[name] for name, weight in self.graph.weights.items() if weight.trainable}
        slots = engine.slots(self.rule, trained)
        if self.rule.use_ema:
            changing = {key for step in plan(self.graph).steps if not step.frozen for _, key in step.weights}
            slots |= as_slots(engine.copies(trained | {key: moving[key] for key in moving if key in changing}))
        return slots

    def rate(self, state: State) -> float:
        """The schedule's rate at this step, times the factors of a plateau and of the stage."""
        clock = state["clock"]
        planned = rate_at(self.rule.learning_rate, int(clock["step"])) * self.stage[1]
        return planned * float(clock["rate_factor"])

    def step(self, engine: Engine, state: State, batch: Batch, key: Key) -> tuple[State, Sums]:
        """One update. Raises TrainingError before it when the loss is not finite."""
        step = int(state["clock"]["step"])
        graph, inputs = self.graph_for(batch), engine.put(batch.inputs, batch.scales)
        run = engine.forward(graph, state["params"], state["state"], inputs, training=True, key=key)
        sums, gradients = engine.grad(self.objective, run, batch, wrt=("parameters",))
        if not math.isfinite(self.report(sums)["loss"]):
            raise TrainingError(diagnosed(graph, engine, state, inputs, key, step))
        measured = self.ratio_every > 0 and step // self.every % self.ratio_every == 0 and self._updates(step)
        before = engine.copies({name: state["params"][name] for name in gradients.parameters}) if measured else {}
        state = self._update(engine, {**state, "state": dict(run.state)}, gradients.parameters)
        if measured:
            sums |= update_ratios(engine.moved(before, {name: state["params"][name] for name in before}))
        return {**state, "clock": {**state["clock"], "step": np.asarray(step + 1, np.int64)}}, sums

    @property
    def every(self) -> int:
        """Batches whose gradients make one update."""
        return self.rule.gradient_accumulation_steps or 1

    def _updates(self, step: int) -> bool:
        """Whether the batch of this step is the last of an update."""
        return (step + 1) % self.every == 0

    def _update(self, engine: Engine, state: State, gradients: Arrays) -> State:
        """What one batch does to weights and slots; rules count updates, from where their slots began."""
        clock, rule = state["clock"], self.rule
        step = int(clock["step"]) - int(clock.get(SLOTS_FROM, 0))
        params, moving, slots = (dict(state[name]) for name in ("params", "state", "slots"))
        if self.every > 1:
            gradients = self._gathered(engine, slots, gradients, step)
        if self._updates(step):
            params, slots = self._moved(engine, params, slots, gradients, self.rate(state), step // self.every)
        if rule.use_ema:
            self._average(engine, params, moving, slots, step // self.every)
        bounds = self.graph.constraints if self.graph is not None else {}
        if bounds:
            params |= engine.constrained(bounds, params)
        return {**state, "params": params, "state": moving, "slots": slots}

    def _gathered(self, engine: Engine, slots: dict[str, Any], gradients: Arrays, step: int) -> Arrays:
        """The gradients added up since the last update, in the slots; at the next one their mean, and none are left."""
        held = {key: slots[f"{key}/{GATHERED}"] for key in gradients}
        held = engine.combined(held, 1.0, gradients, 1.0)
        if self._updates(step):
            gradients = engine.combined(engine.copies(held), 1 / self.every, held, 0.0)
            held = engine.combined(held, 0.0, held, 0.0)
        slots |= {f"{key}/{GATHERED}": value for key, value in held.items()}
        return gradients

    def _moved(
        self, engine: Engine, params: dict[str, Any], slots: dict[str, Any], gradients: Arrays, rate: float,
        updates: int,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Weights and slots after one update, those of one rate together."""
        gradients = engine.clipped(self.rule, gradients)
        for factor in dict.fromkeys(self.rates.get(key, 1.0) for key in gradients):
            chosen = {key: gradient for key, gradient in gradients.items() if self.rates.get(key, 1.0) == factor}
            params, slots = engine.update(self.rule, params, chosen, slots, updates, rate=rate * factor)
        return params, slots

    def _average(
        self, engine: Engine, params: dict[str, Any], moving: dict[str, Any], slots: dict[str, Any], updates: int
    ) -> None:
        """Bring the averages in `slots` up to these weights and statistics, and every so often those to them."""
        rule, held = self.rule, averages_in(slots)
        share = rule.ema_momentum if updates else 0.0
        held = engine.combined(held, share, {**params, **moving}, 1 - share)
        slots |= as_slots(held)
        if rule.ema_overwrite_frequency and (updates + 1) % rule.ema_overwrite_frequency == 0:
            for key, value in engine.copies(held).items():
                (moving if key in moving else params)[key] = value

    def evaluate(self, engine: Engine, state: State, batch: Batch) -> Sums:
        """The objective on a batch, with the weights that are shown, moving statistics and without noise."""
        inputs = engine.put(batch.inputs, batch.scales)
        shown = averaged(state)
        run = engine.forward(self.graph, shown["params"], shown["state"], inputs, training=False)
        return engine.measure(self.objective, run, batch)

    def graph_for(self, batch: Batch) -> Graph:
        """The network as it takes a batch that is learnt from."""
        return self.graph

    def report(self, sums: Sums) -> dict[str, float]:
        """loss, metrics, and what else was measured."""
        ratios = {name: mean(pair) for name, pair in sums.items() if name.startswith(RATIO)}
        return self.objective.report(sums) | ratios

    def directions(self) -> dict[str, int]:
        """Of each name in a report: 1 where larger is better, -1 where smaller is."""
        return self.objective.directions()


@dataclass(frozen=True)
class MultiScale(Supervised):
    """The same, each batch at the size that its pictures have."""

    def graph_for(self, batch: Batch) -> Graph:
        """The network at the size of the batch."""
        (pictures,) = batch.inputs.values()
        return resized(self.graph, tuple(pictures.shape[1:]))


def diagnosed(graph: Graph, engine: Engine, state: State, inputs: Arrays, key: Key, step: int) -> str:
    """Where the first number that is not finite appeared, and what to do."""
    place = where_not_finite(graph, engine, state, inputs, key)
    remedy = "Lower the learning rate, or check the data for extreme values."
    return f"the loss is no longer finite at step {step + 1}: {place}. {remedy}"


def where_not_finite(graph: Graph, engine: Engine, state: State, inputs: Arrays, key: Key) -> str:
    """The first weights, input or layer result of a training step that holds NaN or infinity, in words."""
    weights = first_not_finite(engine.get({**state["params"], **state["state"]}))
    if weights:
        return f"it first appeared in the weights '{weights[0]}', which the step before made infinite or NaN"
    data = first_not_finite(engine.get(inputs))
    if data:
        return f"it first appeared in the data of input '{data[0]}'"
    layers = [graph.layers[node.layer].name for node in graph.nodes]
    with np.errstate(all="ignore"):
        run = engine.forward(
            graph, state["params"], state["state"], inputs, training=True, key=key, taps=layers
        )
    taps = engine.get(run.taps)
    result = first_not_finite({name: taps[name] for name in layers})
    if result:
        return f"it first appeared in the result of layer '{result[0]}'"
    return "it first appeared in the loss itself, all layers are finite"


def update_ratios(moved: Mapping[str, tuple[float, float]]) -> Sums:
    """|update| / |weights| of each layer, under "update_ratio/<layer>", from the squares of its weights."""
    layers: dict[str, list[tuple[float, float]]] = {}
    for name, squares in moved.items():
        layers.setdefault(name.rpartition("/")[0], []).append(squares)
    totals = {layer: [sum(column) for column in zip(*rows, strict=True)] for layer, rows in layers.items()}
    return {
        RATIO + layer: ((change / before) ** 0.5 if before else 0.0, 1.0) for layer, (change, before) in totals.items()
    }
