"""What a run has before its first step: all that it learns with, and the state it goes on from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pellucid.data.batches import Batches
from pellucid.data.dataset import Dataset
from pellucid.data.preprocessing import Pipeline
from pellucid.engines.protocol import Engine
from pellucid.graph.summary import Summary, summarize
from pellucid.keys import Key
from pellucid.model import Model
from pellucid.model.input.typical import looks_of
from pellucid.runs.config import RunConfig
from pellucid.runs.deciding import task_of
from pellucid.tasks.protocol import Problem, Task
from pellucid.training.events import Position
from pellucid.training.program import State, Supervised

if TYPE_CHECKING:
    from pellucid.engines.pytorch.processes import Processes


@dataclass(frozen=True)
class Prepared:
    """Everything a run needs before its first step."""

    config: RunConfig
    dataset: Dataset
    preprocessing: Pipeline
    model: Model
    model_name: str
    problem: Problem
    engine: Engine
    program: Supervised
    batches: Batches
    validation: Batches | None
    epochs: int
    key: Key
    processes: Processes | None = None
    augment_told: str = ""  # the line that says what was chosen

    @property
    def task(self) -> Task:
        """What is learnt."""
        return task_of(self.config)

    @property
    def summary(self) -> Summary:
        """The network's table."""
        return summarize(self.model.graph)

    @property
    def trunk(self) -> Model | None:
        """The part of the model that is another network's."""
        return self.problem.trunk(self.model)

    @cached_property
    def looks(self) -> dict[str, Any]:
        """What the training images look like, for the model file: the range of their values, and statistics if any."""
        return looks_of(self.dataset.part("train"), self.preprocessing, self.key)

    @property
    def scored(self) -> str:
        """The part whose score is reported."""
        return self.dataset.scored


@dataclass
class Beginning:
    """State, position, history and stop reason to go on from."""

    state: State
    position: Position = field(default_factory=Position)
    history: list[dict[str, Any]] = field(default_factory=list)
    stop: str = ""
