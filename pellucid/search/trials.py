"""What is known of a trial, and which of several is the best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pellucid.reports.scores import Score
from pellucid.search.space import Value

COMPLETE, PRUNED, DIVERGED, FAILED = "complete", "pruned", "diverged", "failed"
LOST = "lost"


@dataclass(frozen=True)
class Trial:
    """One set of values and what it came to; score and loss are of the validation part, at the best epoch.

    `by` is what the score is a value of.
    """

    number: int
    round: int  # from 0
    epochs: int
    values: Mapping[str, Value]
    state: str
    score: float | None = None
    loss: float | None = None
    best_epoch: int | None = None
    seconds: float | None = None
    parameters: int | None = None
    reason: str = ""
    curve: tuple[tuple[int, float], ...] = ()  # (epoch, validation score then)
    by: Score = field(kw_only=True)

    @property
    def told(self) -> str:
        """The score for a terminal; a dash without one."""
        return "-" if self.score is None else self.by.plain(self.score)


def ranked(trials: Iterable[Trial]) -> list[Trial]:
    """The complete trials, the best first: by score; among equals a later round, which trains longer; then by loss.

    The loss holds the penalty, so it tells trials with different penalties apart only where nothing else does.
    """
    complete = [trial for trial in trials if trial.state == COMPLETE and trial.score is not None]
    return sorted(complete, key=lambda trial: (-trial.by.sign * (trial.score or 0.0), -trial.round, _loss(trial),
                                               trial.number))  # fmt: skip


def _loss(trial: Trial) -> float:
    return float("inf") if trial.loss is None else trial.loss
