"""model.optimizer: the update rule of a compiled model, with the learning rate as it is at this moment.

The rule itself is data and does not change; what plateaus, schedules and programs do to the rate is in the clock of the
state, which lasts from one fit to the next. A rate that is set replaces the rule's own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.errors import ArgumentError, shown
from pellucid.model.network import Network
from pellucid.spec.base import rules
from pellucid.spec.optimizers import OptimizerSpec
from pellucid.spec.schedules import LearningRateSchedule, rate_at
from pellucid.training.program import Supervised, new_clock
from pellucid.words import nearest


class Rate(float):
    """A learning rate: a number that, as Keras's variable, may be assigned to."""

    rule: RunningRule

    def assign(self, value: Any) -> None:
        """Set the rate of the optimizer it was read from."""
        self.rule.learning_rate = value

    @property
    def value(self) -> float:
        """The number."""
        return float(self)

    def numpy(self) -> np.ndarray:
        """The number as an array without axes."""
        return np.asarray(float(self))


class RunningRule:
    """The rule and its rate at this moment; everything else about it is read from the rule."""

    _model: Network
    spec: OptimizerSpec

    def __init__(self, model: Network, spec: OptimizerSpec) -> None:
        self.__dict__.update(_model=model, spec=spec)

    def _state(self) -> dict[str, Any]:
        """The state of the fit that runs, else of the last one, else none."""
        live, compiled = self._model._live, self._model._compiled
        if live is not None:
            return live.state
        return (compiled.state if compiled is not None else None) or {"clock": new_clock()}

    @property
    def learning_rate(self) -> Rate:
        """The learning rate of the next update."""
        live, clock = self._model._live, self._state()["clock"]
        planned = rate_at(self._spec().learning_rate, int(clock["step"])) * float(clock["rate_factor"])
        rate = Rate(planned if live is None else live.rate)
        rate.rule = self
        return rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        spec = self._spec()
        if isinstance(spec.learning_rate, LearningRateSchedule) and not isinstance(value, LearningRateSchedule):
            schedule = type(spec.learning_rate).__name__
            raise ArgumentError(
                f"{type(spec).__name__}: learning_rate follows the schedule {schedule}, so it cannot be set. "
                "Compile with a number to be able to set it."
            )
        fields = {name: getattr(spec, name) for name in rules(type(spec))}
        made = type(spec)(**fields | {"learning_rate": value})
        vars(made).update({word: vars(spec)[word] for word in ("_excluded", "_owner", "_met") if word in vars(spec)})
        self._take(made)

    lr = learning_rate  # Keras's older name

    def _spec(self) -> OptimizerSpec:
        compiled = self._model._compiled
        return self.spec if compiled is None else compiled.optimizer

    def _take(self, spec: OptimizerSpec) -> None:
        live, compiled = self._model._live, self._model._compiled
        stage = 1.0
        if live is not None:
            assert isinstance(live.program, Supervised), "fit runs nothing else"
            stage = live.program.stage[1]
            live.program = replace(live.program, rule=spec)
        state = self._state()
        state["clock"] = {**state["clock"], "rate_factor": np.asarray(1 / stage, np.float64)}
        self.__dict__["spec"] = spec
        if compiled is not None:
            compiled.optimizer = spec

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """One update inside a train_step; elsewhere on numbers."""
        stepping = self._model._stepping
        if stepping is None:
            self._spec().apply(grads, trainable_variables)
        else:
            stepping.apply(list(grads), trainable_variables)

    def apply_gradients(self, grads_and_vars: Any) -> None:
        """The same, of pairs of gradient and variable."""
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])

    @property
    def iterations(self) -> int:
        """Updates made so far."""
        return int(self._state()["clock"]["step"])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "spec" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self._spec(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("learning_rate", "lr"):
            object.__setattr__(self, name, value)
            return
        kind = type(self.spec).__name__
        raise ArgumentError(
            f"{kind}: {shown(name)} cannot be changed; only learning_rate can. "
            f"{nearest(name, ['learning_rate']) or f'Compile again with {kind}(...).'}"
        )

    def __eq__(self, other: object) -> bool:
        return self._spec() == (other._spec() if isinstance(other, RunningRule) else other)

    def __hash__(self) -> int:
        return hash(self._spec())

    def __repr__(self) -> str:
        return repr(self._spec())
