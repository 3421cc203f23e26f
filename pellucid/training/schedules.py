"""The words of --schedule: learning-rate annealing told in epochs, turned into a schedule of steps.

constant                   cosine (down to 0)         linear (down to 0)
step:N:F   times F every N epochs                     exponential:F   times F each epoch, smoothly
inverse:K  a0 / (1 + K epoch)                         sqrt   a0 / sqrt(epoch), epochs from 1
plateau:N:F   times F after N epochs without improvement of the validation loss
onecycle   up over the first 0.3 of the run, then down to 0
restarts:N:M   cosine down to 0 over N epochs, again over M times as many, and so on
piecewise:E:F:...   times F from epoch E on (counted from 0), any number of pairs
"""

from __future__ import annotations

import re

from pellucid.errors import UsageError, describe
from pellucid.spec.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseSquareRootDecay,
    InverseTimeDecay,
    OneCycle,
    PiecewiseConstantDecay,
    PolynomialDecay,
    Schedule,
    WarmUp,
)
from pellucid.training.schedule_words import ENDING, PATIENCE, WORDS

PAIRS = "piecewise"  # any number of pairs after it
LARGEST = 1e12  # of a number in them; infinite and not a number are none
ARGUMENTS = {  # numbers after each word
    "constant": 0, "cosine": 0, "linear": 0, "onecycle": 0, "restarts": 2, "step": 2, PAIRS: 2, "exponential": 1,
    "inverse": 1, "sqrt": 0, "plateau": 2,
}


def words_of(text: str) -> tuple[str, list[float]]:
    """The word and its numbers; raises UsageError for anything else."""
    word, *rest = text.lower().split(":")
    if sum(known in re.split(r"\W+", text.lower()) for known in ARGUMENTS) > 1:
        raise UsageError(describe("train", "--schedule", f"one schedule: {WORDS}", repr(text)))
    try:
        numbers = [float(part) for part in rest]
    except ValueError:
        numbers = [-1.0]
    count = len(numbers) if word == PAIRS and len(numbers) % 2 == 0 else ARGUMENTS.get(word)
    if not count == len(numbers) >= ARGUMENTS.get(word, 0) or not all(0 < number <= LARGEST for number in numbers):
        raise UsageError(describe("train", "--schedule", WORDS, repr(text)))
    epochs = numbers[::2]
    if word == PAIRS and (any(epoch != int(epoch) for epoch in epochs) or sorted(set(epochs)) != epochs):
        raise UsageError(describe("train", "--schedule", "piecewise:E:F:... with whole epochs E that rise", repr(text)))
    if word == "restarts" and (numbers[0] != int(numbers[0]) or numbers[1] < 1):
        raise UsageError(describe("train", "--schedule", "restarts:N:M with whole N and M of at least 1", repr(text)))
    if word in ("step", "plateau") and (numbers[0] != int(numbers[0]) or not numbers[1] < 1):
        raise UsageError(describe("train", "--schedule", f"{word}:N:F with whole N and F below 1", repr(text)))
    return word, numbers


def schedule_of(
    text: str, rate: float, *, steps_per_epoch: int, epochs: int, warmup: float = 0.0
) -> float | Schedule:
    """The learning rate over the steps of a run, its first `warmup` epochs a rise; raises UsageError for too many."""
    if warmup > epochs:
        raise UsageError(describe("train", "--warmup", f"at most the {epochs} epochs of the run", f"{warmup:g}"))
    plain = plain_schedule(text, rate, steps_per_epoch, epochs)
    return WarmUp(plain, max(1, round(warmup * steps_per_epoch))) if warmup else plain


def refuse_two_rises(text: str, warmup: float) -> None:
    """Raise UsageError for a warm-up of a schedule that rises by itself."""
    if warmup and words_of(text)[0] == "onecycle":
        raise UsageError("train: --warmup goes with schedules that begin at their highest rate, and onecycle rises by "
                         "itself. Leave it out.")  # fmt: skip


def patience_of(text: str, patience: int | None) -> int:
    """Epochs without improvement that end a run, 0 for none: as asked for, or what goes with the schedule."""
    word, numbers = words_of(text)
    if patience is not None or word in ENDING:
        return patience or 0
    return max(PATIENCE, 3 * int(numbers[0])) if word == "plateau" else PATIENCE


def plain_schedule(text: str, rate: float, steps_per_epoch: int, epochs: int) -> float | Schedule:
    """The learning rate over the steps of a run without a warm-up."""
    word, numbers = words_of(text)
    total = steps_per_epoch * epochs
    if word == "onecycle":
        return OneCycle(rate, max(total, 2))
    if word == "restarts":
        return CosineDecayRestarts(rate, int(numbers[0]) * steps_per_epoch, numbers[1])
    if word == PAIRS:
        ends = tuple(int(epoch) * steps_per_epoch - 1 for epoch in numbers[::2])
        return PiecewiseConstantDecay(ends, (rate, *(rate * factor for factor in numbers[1::2])))
    if word == "cosine":
        return CosineDecay(rate, total)
    if word == "linear":
        return PolynomialDecay(rate, total, 0.0)
    if word == "step":
        return ExponentialDecay(rate, int(numbers[0]) * steps_per_epoch, numbers[1], staircase=True)
    if word == "exponential":
        return ExponentialDecay(rate, steps_per_epoch, numbers[0])
    if word == "inverse":
        return InverseTimeDecay(rate, steps_per_epoch, numbers[0])
    if word == "sqrt":
        return InverseSquareRootDecay(rate, steps_per_epoch)
    return rate


def plateau_of(text: str) -> tuple[int, float] | None:
    """(patience in epochs, factor) when the schedule waits for a plateau."""
    word, numbers = words_of(text)
    return (int(numbers[0]), numbers[1]) if word == "plateau" else None
