"""The words of --schedule: learning-rate annealing told in epochs, turned into a schedule of steps.

constant                   cosine (down to 0)         linear (down to 0)
step:N:F   times F every N epochs                     exponential:F   times F each epoch, smoothly
inverse:K  a0 / (1 + K epoch)                         sqrt   a0 / sqrt(epoch), epochs from 1
plateau:N:F   times F after N epochs without improvement of the validation loss
"""

from __future__ import annotations

from pellucid.errors import UsageError, describe
from pellucid.spec.schedules import (
    CosineDecay,
    ExponentialDecay,
    InverseSquareRootDecay,
    InverseTimeDecay,
    PolynomialDecay,
    Schedule,
)

WORDS = "constant, cosine, linear, step:N:F, exponential:F, inverse:K, sqrt or plateau:N:F"
LARGEST = 1e12  # of a number in them; infinite and not a number are none
ARGUMENTS = {  # numbers after each word
    "constant": 0, "cosine": 0, "linear": 0, "step": 2, "exponential": 1, "inverse": 1, "sqrt": 0, "plateau": 2,
}


def words_of(text: str) -> tuple[str, list[float]]:
    """The word and its numbers; raises UsageError for anything else."""
    word, *rest = text.lower().split(":")
    try:
        numbers = [float(part) for part in rest]
    except ValueError:
        numbers = [-1.0]
    if ARGUMENTS.get(word) != len(numbers) or not all(0 < number <= LARGEST for number in numbers):
        raise UsageError(describe("train", "--schedule", WORDS, repr(text)))
    if word in ("step", "plateau") and (numbers[0] != int(numbers[0]) or not numbers[1] < 1):
        raise UsageError(describe("train", "--schedule", f"{word}:N:F with whole N and F below 1", repr(text)))
    return word, numbers


def schedule_of(text: str, rate: float, *, steps_per_epoch: int, epochs: int) -> float | Schedule:
    """The learning rate over the steps of a run."""
    word, numbers = words_of(text)
    total = steps_per_epoch * epochs
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
