"""Events: what else happens while a loop runs. Four moments, and a memory that a checkpoint keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.engines.protocol import Engine, Sums
from pellucid.errors import ArgumentError, describe
from pellucid.training.program import Program, State


@dataclass
class Position:
    """How far a run has come; `sums` are those of the unfinished epoch."""

    epoch: int = 0
    step_in_epoch: int = 0
    step: int = 0
    sums: Sums = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As a checkpoint keeps it."""
        sums = {name: list(pair) for name, pair in self.sums.items()}
        return {"epoch": self.epoch, "step_in_epoch": self.step_in_epoch, "step": self.step, "sums": sums}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Position:
        """As `to_json` wrote it."""
        sums = {name: (float(value), float(count)) for name, (value, count) in data["sums"].items()}
        return cls(int(data["epoch"]), int(data["step_in_epoch"]), int(data["step"]), sums)


@dataclass
class Progress:
    """What events see and may change: `stop` with its reason, and the factor on the learning rate."""

    program: Program
    engine: Engine
    state: State
    position: Position
    epochs: int
    steps_per_epoch: int | None
    history: list[dict[str, Any]] = field(default_factory=list)
    stop: str = ""  # why to stop; empty to go on
    samples: int = 0  # in the batch just learnt
    validates: bool = False  # whether validation has its turn in some epochs

    @property
    def rate(self) -> float:
        """The learning rate of the next update."""
        return self.program.rate(self.state)

    def set_rate(self, rate: float) -> None:
        """Make the learning rate of the next update this one; a schedule goes on in proportion.

        Raises ArgumentError where the schedule itself is at zero, for nothing can be in proportion to that.
        """
        plain = self.program.rate({**self.state, "clock": {**self.state["clock"], "rate_factor": np.ones(())}})
        if plain <= 0:
            raise ArgumentError(describe("learning rate", "the optimizer's own rate", "above 0", f"{plain:g}"))
        self.state["clock"] = {**self.state["clock"], "rate_factor": np.asarray(rate / plain, np.float64)}

    def scale_rate(self, factor: float) -> None:
        """Multiply the learning rate from now on."""
        clock = self.state["clock"]
        self.state["clock"] = {**clock, "rate_factor": np.asarray(float(clock["rate_factor"]) * factor, np.float64)}


class Event:
    """Something that happens beside learning; override the moments you need."""

    def begin(self, progress: Progress) -> None:
        """Before the first step of this call."""

    def epoch_begin(self, progress: Progress) -> None:
        """Before the first step of an epoch."""

    def step(self, progress: Progress, sums: Sums) -> None:
        """After each update, with the sums of its batch."""

    def epoch(self, progress: Progress, row: dict[str, Any]) -> None:
        """After each epoch, with its row of the history, which is appended already."""

    def end(self, progress: Progress) -> None:
        """After the last step, also when the run was stopped."""

    def memory(self) -> dict[str, Any]:
        """JSON-ready data that a resume needs."""
        return {}

    def recall(self, memory: dict[str, Any]) -> None:
        """Take back what `memory` gave."""
