"""Update rules on numbers: `apply` moves variables by their gradients, as a training step of the reference engine does.

Clipping, decay, gathering of gradients and averages are those of fit: the program of training does them here too.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pellucid.eager.variables import Variable
from pellucid.engines.reference.engine import ReferenceEngine
from pellucid.errors import ArgumentError, ShapeError, UsageError, describe
from pellucid.spec.optimizers import AVERAGE, OptimizerSpec
from pellucid.training.program import State, Supervised, as_slots, new_clock

ENGINE = ReferenceEngine("float32")


class AtWork:
    """What a rule remembers of the variables that it moves: Variables, or arrays, which it writes into."""

    def __init__(self, rule: OptimizerSpec) -> None:
        self.program = Supervised(None, None, rule)  # type: ignore[arg-type]  # of a network nothing is asked here
        self.keys: dict[int, str] = {}
        self.moved: list[Any] = []
        self.state: State = {"params": {}, "state": {}, "slots": {}, "clock": new_clock()}

    def build(self, variables: Iterable[Any]) -> None:
        """Slots for these variables, at rest."""
        self.moved = list(variables)
        self.keys = {id(entry): f"{place}/{path(entry)}" for place, entry in enumerate(self.moved)}
        params = {self.keys[id(entry)]: numbers(entry) for entry in self.moved}
        slots = ENGINE.slots(self.program.rule, params)
        if self.program.rule.use_ema:
            slots |= as_slots(ENGINE.copies(params))
        self.state["slots"] = slots

    def apply(self, grads: Sequence[Any], variables: Sequence[Any] | None = None) -> None:
        """One step of the rule."""
        where = type(self.program.rule).__name__
        listed = self.moved if variables is None else list(variables)
        if not listed:
            raise UsageError(f"{where}.apply: pass trainable_variables, or call build(variables) first.")
        if len(grads) != len(listed):
            raise ArgumentError(describe(f"{where}.apply", "grads", f"{len(listed)} gradients", f"{len(grads)}"))
        if all(gradient is None for gradient in grads):
            raise ArgumentError(f"{where}.apply: No gradients provided for any variable. Differentiate a loss of them.")
        if any(gradient is None for gradient in grads):
            left = [path(entry) for entry, gradient in zip(listed, grads, strict=True) if gradient is None]
            warnings.warn(f"{where}.apply: there is no gradient for {', '.join(left)}.", stacklevel=3)
        if not self.keys:
            self.build(listed)
        strange = [path(entry) for entry in listed if id(entry) not in self.keys]
        if strange:
            remedy = "Make a second optimizer for others."
            raise ArgumentError(describe(f"{where}.apply", "variables", "those it began with", strange[0], remedy))
        pairs = {self.keys[id(v)]: (v, g) for v, g in zip(listed, grads, strict=True) if g is not None}
        gradients = {key: gradient_for(where, entry, gradient) for key, (entry, gradient) in pairs.items()}
        params = {self.keys[id(entry)]: numbers(entry) for entry in self.moved}
        state = {**self.state, "params": params}
        moved = self.program._update(ENGINE, state, gradients)
        params, self.state["slots"] = moved["params"], moved["slots"]
        step = int(self.state["clock"]["step"])
        self.state["clock"] = {**self.state["clock"], "step": np.asarray(step + 1, np.int64)}
        for key, (entry, _) in pairs.items():
            put(entry, params[key])

    def averages(self, variables: Iterable[Any]) -> None:
        """Let variables be their moving averages."""
        for entry in variables:
            kept = self.state["slots"].get(f"{self.keys.get(id(entry))}/{AVERAGE}")
            if kept is not None:
                put(entry, kept, constrained=False)

    @property
    def variables(self) -> list[Variable]:
        """Updates made, the rate where it is a number, then the slots."""
        done = Variable(np.asarray(int(self.state["clock"]["step"]) // self.program.every, np.int32), name="iterations")
        rate = self.program.rule.learning_rate
        rates = [Variable(np.float32(rate), name="learning_rate")] if isinstance(rate, float) else []
        return [done, *rates, *(Variable(value, name=key) for key, value in self.state["slots"].items())]


def path(entry: Any) -> str:
    """What a variable is called."""
    return str(getattr(entry, "path", None) or getattr(entry, "name", None) or "variable")


def numbers(entry: Any) -> np.ndarray:
    """The numbers of a variable, apart from it; one number as a row of one."""
    return np.atleast_1d(np.array(getattr(entry, "value", entry)))


def gradient_for(where: str, entry: Any, gradient: Any) -> np.ndarray:
    """A gradient like its variable; raises ShapeError."""
    held, found = numbers(entry), np.asarray(getattr(gradient, "value", gradient))
    if found.size != held.size:
        raise ShapeError(describe(f"{where}.apply", f"the gradient of {path(entry)}", f"of shape {np.shape(entry)}",
                                  f"of shape {found.shape}"))  # fmt: skip
    return found.reshape(held.shape).astype(held.dtype)


def put(entry: Any, value: np.ndarray, *, constrained: bool = True) -> None:
    """Write new numbers into a variable or an array, within its constraint."""
    value = value.reshape(np.shape(entry))
    bound = getattr(entry, "constraint", None)
    value = bound(value) if constrained and bound is not None else value
    if hasattr(entry, "assign"):
        entry.assign(value)
    else:
        entry[...] = value


def at_work(rule: OptimizerSpec) -> AtWork:
    """What a rule remembers on numbers."""
    found: AtWork = vars(rule).setdefault("_moving", AtWork(rule))
    return found
