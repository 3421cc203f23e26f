"""How a run that has ended is opened again."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.errors import UsageError, describe

MOST_TRAINING_IMAGES = 10_000  # scored for the training error; its interval is then at most 1 point to each side


@dataclass(frozen=True)
class Reopening:
    """Where a run's data lie now, the engine, and how many training images are looked at, at most (0: all).

    None: where the data lay, and the run's own engine.
    """

    data: str | None = None
    data_dir: str | None = None
    engine: str | None = None
    train_sample: int = MOST_TRAINING_IMAGES

    def __post_init__(self) -> None:
        if self.train_sample < 0:
            raise UsageError(describe("diagnose", "--train-sample", "0 (all) or more", self.train_sample))
