"""What `runs` hands to a task that asks for more than its data: a run that trains, one that has ended, predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from pellucid.data.dataset import Dataset, Part
from pellucid.data.sampling import Sampler
from pellucid.model import Model
from pellucid.storage.run_folder import RunFolder
from pellucid.tasks.evaluation import Evaluation
from pellucid.training.events import Progress


class Bench(Protocol):
    """A run that is training, as a task's events see it."""

    @property
    def epochs(self) -> int: ...

    @property
    def sampler(self) -> Sampler | None:
        """What says how often each training sample is shown."""

    def evaluate(self, progress: Progress, part: str) -> Evaluation:
        """A part as the network of this moment answers it, not augmented."""

    def firsts(self, value: np.ndarray) -> np.ndarray:
        """Of several processes the first one's value."""


class Folds(Protocol):
    """A training part (N samples) that was cut into folds, and what models without each of them say of it."""

    @property
    def part(self) -> Part: ...

    @property
    def fold(self) -> np.ndarray:
        """Which fold a sample is in (N,)."""

    @property
    def outputs(self) -> np.ndarray:
        """What the model that did not learn from a sample gives for it (N, ...)."""

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the outputs."""


class StoredRun(Protocol):
    """A run that has ended, with its data divided as then. The folder is claimed: a task may write its files there."""

    @property
    def folder(self) -> RunFolder: ...

    @property
    def record(self) -> Mapping[str, Any]:
        """What config.json holds, with what was chosen in place of null."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings by name, those of the task among them."""

    @property
    def notation(self) -> str | None:
        """The words of the network; None for one with a name of its own."""

    @property
    def model(self) -> Model:
        """That of the epoch that was kept, with its preprocessing."""

    @property
    def kept_epoch(self) -> int | None:
        """The epoch whose weights the model has; None where the run does not tell."""

    @property
    def dataset(self) -> Dataset: ...

    @property
    def parts(self) -> Mapping[str, Part]:
        """Those of the data; of a large training part only some samples."""

    @property
    def dev_drawn(self) -> bool:
        """Whether the validation part was taken at random out of the training part."""

    @property
    def notes(self) -> Sequence[str]:
        """What makes the parts less than they seem, in sentences."""

    def answers(self, part: str) -> Evaluation:
        """One of `parts` as the model answers it, without noise and without augmentation."""

    def inputs(self, part: str) -> Iterator[np.ndarray]:
        """The pictures of one of `parts` as the network is given them, a few at a time (B, ...)."""

    def limited(self, engine: str) -> AbstractContextManager[None]:
        """As many threads as pay for passes of this network on an engine."""

    def folds(self, count: int) -> Folds:
        """Train `count` models with the run's settings, each without one fold; it writes nothing."""

    def command_with(self, flags: Sequence[str], without: Sequence[str] = ()) -> str:
        """The command that trains with the run's own settings, those in `flags` (flag, value, flag, value) changed.

        Flags in `without` are left out, and what the data choose by themselves.
        """

    def command_to_check(self) -> str:
        """The command that makes the checks before training with the run's own settings."""


class Predicted(Protocol):
    """An entry a picture, with the task's answer or an `error`, and what was noticed, in sentences."""

    @property
    def entries(self) -> Sequence[Mapping[str, Any]]: ...

    @property
    def warnings(self) -> Sequence[str]: ...


Predict = Callable[[Sequence[str]], Predicted]  # pictures by path; of answers that have an order, all are told
