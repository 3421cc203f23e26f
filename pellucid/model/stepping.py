"""A train_step of a user's own: one batch as Keras writes it, with the engine's forward, gradients and update.

    def train_step(self, data):
        x, y = data
        loss = self.compute_loss(y=y, y_pred=self(x, training=True))
        self.optimizer.apply(self.gradients(loss), self.trainable_variables)
        return {"loss": loss}

What the model gives is a tensor with numbers: other losses are made of it and of compute_loss with pellucid.ops.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import CodeType
from typing import Any

import numpy as np

from pellucid.engines.protocol import Array, Batch, Engine, Objective, Run, Sums, mean
from pellucid.errors import ArgumentError, TrainingError, UsageError, describe, shown
from pellucid.graph.layer import Tensor
from pellucid.graph.ops.elementwise import multiply
from pellucid.graph.ops.reducing import mean as mean_of
from pellucid.keys import Key
from pellucid.model.known import Known, Tape
from pellucid.training.callback import Callback
from pellucid.training.program import State, Supervised, averaged

STILL = Key(0)  # nothing is drawn in an evaluation
LOSS = "own_loss"  # the loss that a compute_loss of a user's own gave
OWN = "own_step"  # marks the sums of such a step; what they hold is told by the step itself
ELSEWHERE = {
    "GradientTape": "TensorFlow's tape", "value_and_grad": "JAX's gradients", "stateless_call": "JAX's calls",
    "backward": "PyTorch's gradients", "zero_grad": "PyTorch's gradients",
}  # fmt: skip


class Predicted(np.ndarray):
    """What the model gave in a train_step, with the pass that it came from."""

    run: Run | None = None


class Passed(Known):
    """The same while the step learns: a tensor, of which losses are made."""

    run: Run
    output: str


class Compiled(Known):
    """The compiled loss of a pass."""

    run: Run
    batch: Batch
    objective: Objective


@dataclass
class Stepping:
    """One train_step at work."""

    program: OwnStep
    engine: Engine
    state: State
    batch: Batch
    key: Key
    tape: Tape
    runs: int = 0
    run: Run | None = None  # the last
    sums: Sums = field(default_factory=dict)  # of the compiled loss and metrics

    def forward(self, inputs: Any, *, training: bool) -> Any:
        """The model on arrays, with the weights of this moment."""
        graph = self.program.graph
        names, found = list(graph.input_shapes), list[Any]()
        given = list(inputs.values()) if isinstance(inputs, Mapping) else inputs
        arrays = list(given) if isinstance(given, (list, tuple)) else [given]
        if len(arrays) != len(names):
            raise ArgumentError(describe("train_step", "inputs of the model", f"{len(names)}", f"{len(arrays)}"))
        same = all(x is mine for x, mine in zip(arrays, self.batch.inputs.values(), strict=True))
        plain = dict(zip(names, [np.asarray(x) for x in arrays], strict=True))
        given_in = self.engine.put(plain, self.batch.scales if same else {})
        key = self.key if not self.runs else self.key.fold("again", self.runs)
        params, moving = self.state["params"], self.state["state"]
        run = self.engine.forward(graph, params, moving, given_in, training=training, key=key)
        self.runs, self.run = self.runs + 1, run
        if training:
            self.state["state"] = dict(run.state)
        values = self.engine.get(run.outputs)
        if training:
            found = [self.tape.enter(value, Passed, run=run, output=name) for name, value in values.items()]
        else:
            found = [value.view(Predicted) for value in values.values()]
            for output in found:
                output.run = run
        return found[0] if len(found) == 1 else found

    def loss(self, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        """The compiled loss of a pass, with its penalties."""
        first = y_pred[0] if isinstance(y_pred, (list, tuple)) else y_pred
        run = getattr(first, "run", None)
        if run is None:
            remedy = "Pass it on as it is, or calculate another loss with pellucid.ops."
            raise ArgumentError(describe("compute_loss", "y_pred", "what self(x, training=True) gave", "other numbers",
                                         remedy))  # fmt: skip
        batch = self._with(y, sample_weight)
        sums = self.engine.measure(self.program.objective, run, batch)
        value = np.float32(self.program.objective.report(sums)["loss"])
        if isinstance(first, Predicted):
            return value
        return self.tape.enter(value, Compiled, run=run, batch=batch, objective=self.program.objective)

    def penalties(self) -> list[Any]:
        """The sum of the penalties on weights, where there are any, after a pass."""
        if self.run is None or not any(weight.regularizer for weight in self.program.graph.weights.values()):
            return []
        plain = Objective(())
        value = np.float32(plain.report(self.engine.measure(plain, self.run, self.batch))["loss"])
        return [self.tape.enter(value, Compiled, run=self.run, batch=self.batch, objective=plain)]

    def _with(self, y: Any, sample_weight: Any) -> Batch:
        """The batch with other targets or weights, where they are others."""
        names = list(self.batch.targets)
        listed = list(y.values()) if isinstance(y, Mapping) else list(y) if isinstance(y, (list, tuple)) else [y]
        targets = dict(self.batch.targets)
        if y is not None and len(listed) == len(names):
            targets = {name: np.asarray(value).reshape(targets[name].shape) for name, value in
                       zip(names, listed, strict=True)}  # fmt: skip
        weights = dict(self.batch.weights)
        if sample_weight is not None:
            weights = {name: np.asarray(sample_weight, np.float32) for name in names}
        return replace(self.batch, targets=targets, weights=weights)  # type: ignore[type-var]

    def measured(self, y: Any, y_pred: Any) -> dict[str, float]:
        """The compiled metrics of a pass."""
        first = y_pred[0] if isinstance(y_pred, (list, tuple)) else y_pred
        self.sums = self.engine.measure(self.program.objective, first.run, self._with(y, None))
        return self.program.objective.report(self.sums)

    def gradients(self, loss: Any) -> list[Array]:
        """Those of the trained weights, in the order of trainable_variables."""
        if not isinstance(loss, Tensor):
            remedy = "Make it of self(x, training=True) with compute_loss and pellucid.ops; NumPy has no gradients."
            raise ArgumentError(describe("gradients", "loss", "a tensor", type(loss).__name__, remedy))
        if np.size(self.tape.numbers(loss)) != 1:
            shape, remedy = str(tuple(self.tape.numbers(loss).shape)), "End it with pellucid.ops.mean."
            raise ArgumentError(describe("gradients", "loss", "one number", f"of shape {shape}", remedy))
        total: dict[str, Array] = {}
        seeds: dict[int, tuple[Run, dict[str, Array]]] = {}
        for source, value in self.tape.gradients(loss):
            if isinstance(source, Passed):
                seeds.setdefault(id(source.run), (source.run, {}))[1][source.output] = value
            elif isinstance(source, Compiled):
                _, found = self.engine.grad(source.objective, source.run, source.batch, wrt=("parameters",))
                self._gather(total, found.parameters, float(value))
        for run, given in seeds.values():
            self._gather(total, self.engine.vjp(run, self.engine.put(given), wrt=("parameters",)).parameters, 1.0)
        return [total.get(name, np.zeros(self.program.graph.weights[name].shape, np.float32)) for name in self.trained]

    def _gather(self, total: dict[str, Array], more: Mapping[str, Array], share: float) -> None:
        for name, value in self.engine.get(more).items():
            total[name] = share * value + total.get(name, np.zeros((), value.dtype))

    @property
    def trained(self) -> list[str]:
        """The keys of the trained weights."""
        return [name for name, weight in self.program.graph.weights.items() if weight.trainable]

    def apply(self, gradients: Sequence[Any], variables: Any = None) -> None:
        """One update of the compiled rule."""
        names = self.trained
        if len(gradients) != len(names):
            raise ArgumentError(describe("optimizer.apply", "grads", f"{len(names)}, one a trained weight",
                                         f"{len(gradients)}"))  # fmt: skip
        given = {name: np.asarray(value, np.float32) for name, value in zip(names, gradients, strict=True)}
        with self.tape.at_rest():
            self.state |= self.program._update(self.engine, self.state, self.engine.put(given))
        clock = self.state["clock"]
        self.state["clock"] = {**clock, "step": np.asarray(int(clock["step"]) + 1, np.int64)}


class FreshMetrics(Callback):
    """Metrics that a model of the user's own holds begin anew with each epoch and each evaluation."""

    def __init__(self, own: Any) -> None:
        self.own = own

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if not type(self.own).reset_metrics.__module__.startswith("pellucid."):
            self.own.reset_metrics()
            return
        listed = isinstance(getattr(type(self.own), "metrics", None), property)
        for metric in self.own.metrics if listed else vars(self.own).values():
            if hasattr(metric, "reset_state") and hasattr(metric, "update_state"):
                metric.reset_state()

    def on_test_begin(self, logs: Any = None) -> None:
        self.on_epoch_begin(0)


@dataclass(frozen=True)
class OwnStep(Supervised):
    """Learning and evaluation by steps of a user's own; what the user did not write is done as ever."""

    model: Any = None
    latest: dict[str, float] = field(default_factory=dict)

    @staticmethod
    def unjudged(y_true: Any, y_pred: Any) -> Any:
        """In place of a compiled loss, where there is none."""
        return multiply(mean_of(y_pred, -1), 0.0)

    def _writes(self, *names: str) -> bool:
        return any(not getattr(type(self.model), name).__module__.startswith("pellucid.") for name in names)

    def evaluate(self, engine: Engine, state: State, batch: Batch) -> Sums:
        """The sums of a batch that is not learnt from; with a test_step what it says, with a compute_loss its loss."""
        if not self.model._compiled.judged and not self._writes("test_step", "compute_loss"):
            remedy = "Write test_step beside train_step, or compute_loss, or pass compile a loss."
            raise UsageError(f"{self.model.name}: there is no loss to evaluate. {remedy}")
        plain = {} if self._writes("test_step") else super().evaluate(engine, state, batch)
        if plain and not self._writes("compute_loss"):
            return plain
        stepping = self.model._stepping = Stepping(self, engine, dict(averaged(state)), batch, STILL, Tape(engine))
        try:
            with stepping.tape.at_work():
                found = numbers_of("test_step", self.model.test_step(parts(batch)))
        finally:
            self.model._stepping = None
        if plain:
            count = len(next(iter(batch.inputs.values())))
            return plain | {LOSS: (found["loss"] * count, count)}
        self.latest.clear()
        self.latest.update(found)
        return {OWN: (1.0, 1.0)}

    def step(self, engine: Engine, state: State, batch: Batch, key: Key) -> tuple[State, Sums]:
        """One batch. Raises TrainingError before the state is taken when the loss is not finite."""
        if not self._writes("train_step", "compute_loss"):
            return super().step(engine, state, batch, key)
        stepping = Stepping(self, engine, dict(state), batch, key, Tape(engine))
        before = int(state["clock"]["step"])
        self.model._stepping = stepping
        try:
            with stepping.tape.at_work():
                found = numbers_of("train_step", self.model.train_step(parts(batch)))
        finally:
            self.model._stepping = None
        if int(stepping.state["clock"]["step"]) == before:
            remedy = "Call self.optimizer.apply(self.gradients(loss), self.trainable_variables)."
            raise UsageError(f"train_step learnt nothing: it did not call the optimizer. {remedy}")
        count = len(next(iter(batch.inputs.values())))
        if not np.isfinite(found.get("loss", 0.0)):
            raise TrainingError(f"the loss is no longer finite at step {before + 1}. Lower the learning rate.")
        if not self._writes("train_step"):
            return stepping.state, stepping.sums | {LOSS: (found["loss"] * count, count)}
        self.latest.clear()
        self.latest.update(found)
        return stepping.state, {OWN: (1.0, 1.0)}

    def report(self, sums: Sums) -> dict[str, float]:
        """What the step returned last, as in Keras; of an evaluation as ever the means."""
        if OWN in sums:
            return dict(self.latest)
        return super().report(sums) | ({"loss": mean(sums[LOSS])} if LOSS in sums else {})


def numbers_of(where: str, logs: Any) -> dict[str, float]:
    """What a step returns, as numbers by name; raises ArgumentError."""
    if not isinstance(logs, Mapping) or not all(is_number(value) for value in logs.values()):
        remedy = 'End it with return {"loss": loss}.'
        raise ArgumentError(describe(where, "what it returns", "a mapping of numbers", shown(repr(logs)), remedy))
    return {str(name): float(np.asarray(value).reshape(())) for name, value in logs.items()}


def is_number(value: Any) -> bool:
    """Whether it is one number, in whatever form."""
    return not isinstance(value, (list, tuple, Mapping, str, type(None))) and np.size(value) == 1


def parts(batch: Batch) -> tuple[Any, ...]:
    """(x, y) or (x, y, sample_weight) as train_step is handed it."""
    x, y, w = (list(part.values()) for part in (batch.inputs, batch.targets, batch.weights))
    found = [part[0] if len(part) == 1 else part for part in (x, y, w) if part]
    return tuple(found)


def refuse_others(step: Callable[..., Any]) -> None:
    """Raise ArgumentError for a train_step written for another framework."""
    for name in names_in(step.__code__):
        if name in ELSEWHERE:
            remedy = "Write gradients = self.gradients(loss), then self.optimizer.apply(gradients, ...)."
            raise ArgumentError(f"train_step uses {name}, {ELSEWHERE[name]}, which Pellucid's engines do not have. "
                                f"{remedy}")  # fmt: skip


def names_in(code: CodeType) -> set[str]:
    """The names that a function looks up, those of functions inside it too."""
    inner = [entry for entry in code.co_consts if isinstance(entry, CodeType)]
    return {*code.co_names, *(name for entry in inner for name in names_in(entry))}
