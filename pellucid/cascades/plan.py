"""What decides a cascade: the objects, the backgrounds, a network a round, and how windows are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pellucid.errors import UsageError, describe
from pellucid.runs.config import RunConfig
from pellucid.runs.networks import LINEAR
from pellucid.runs.old_settings import deciding

ROUNDS, MOST_ROUNDS = 3, 20
OF_DATA = ("val_fraction", "join_validation", "group", "group_pattern", "train_dev_fraction", "label", "where",
           "copies", "wells", "parts", "resize", "fit", "crop", "box_noise", "channels", "require_all_channels",
           "alpha", "skip_broken", "max_pixels", "data_dir", "limit", "allow_leak")  # of the objects: a store has them


@dataclass(frozen=True)
class Plan:
    """Everything that decides a cascade.

    models: of each round, as --model names it or `linear`; None the one chosen by image size. recall: the share of the
    validation part's objects that the last stage keeps; negatives: a round, as a share of the objects; crops: windows
    looked at a round.
    """

    base: RunConfig
    background: str
    models: tuple[str | None, ...]
    recall: float = 0.99
    negatives: float = 1.0
    crops: int = 100_000
    step: int = 4
    scales: int = 1

    def __post_init__(self) -> None:
        for flag, value, fits, wanted in (
            ("--recall", self.recall, 0.5 <= self.recall <= 1, "from 0.5 to 1"),
            ("--negatives", self.negatives, 0 < self.negatives <= 100, "above 0 and at most 100"),
            ("--crops", self.crops, 1 <= self.crops <= 10**9, "from 1 to 1,000,000,000"),
            ("--step", self.step, 1 <= self.step <= 10_000, "from 1 to 10,000 pixels"),
            ("--scales", self.scales, 1 <= self.scales <= 50, "from 1 to 50"),
        ):
            if not fits:
                raise UsageError(describe("cascade", flag, wanted, value))

    @property
    def loosely(self) -> float:
        """The share that a stage keeps where others come after it: a tenth of what the last may lose."""
        return 1 - (1 - self.recall) / 10

    def identity(self, data: str, background: str) -> dict[str, Any]:
        """What must be the same for rounds to be of one cascade, as plain values; both are fingerprints."""
        settings = deciding(self.base.to_json(), {"model"})
        numbers = {name: value for name, value in vars(self).items() if isinstance(value, int | float)}
        return {"data": data, "background": background, "models": list(self.models), **numbers, "settings": settings}

    def config(self, number: int, data: str) -> RunConfig:
        """The settings of one round's run, which reads its store as it lies."""
        plain, model = RunConfig(), self.models[number]
        return self.base.changed(data=data, task="classification", model="" if model == LINEAR else model,
                                 **{name: getattr(plain, name) for name in OF_DATA})  # fmt: skip


def models_of(words: str | None, rounds: int | None, model: str | None) -> tuple[str | None, ...]:
    """A network a round: those of --models, or --model again and again. Raises UsageError."""
    found: tuple[str | None, ...] = ()
    if words is not None:
        found = tuple(word.strip() for word in words.split("|"))
        if model is not None or not all(found):
            raise UsageError(describe("cascade", "--models", "networks with | between them, such as 'linear|lenet5', "
                                      "and then no --model", repr(words)))
        if rounds not in (None, len(found)):
            raise UsageError(describe("cascade", "--rounds", f"{len(found)}, one a network of --models", rounds,
                                      "Leave it out."))  # fmt: skip
    count = len(found) or (ROUNDS if rounds is None else rounds)
    if not 1 <= count <= MOST_ROUNDS:
        raise UsageError(describe("cascade", "--rounds", f"from 1 to {MOST_ROUNDS}", count))
    return found or (model,) * count
