"""Reading the learning curves: what the way the loss went says about the learning rate and the number of epochs.

Rows      history and steps as in history.csv and steps.csv (see series.py)
Course    the training loss, averaged in 20 windows of equal length over the whole run: of the steps, in fewer windows
          where there are fewer than 100, or of the epochs where steps are not known or hardly fill four windows
Readings  loss-rises, fast-then-flat, falls-slowly, not-finished, over-fitting, update-ratio; settled, or one-epoch,
          few-steps or rate-fell, when none of them. Fewer than 100 steps show of the rate only that it is far too high;
          however fast or slowly the loss fell in them, the reading is few-steps
Source    Karpathy, CS231n notes, part 3 (curves of rates too high and too low; update ratio about 1e-3); Goodfellow,
          Bengio & Courville 2016, section 7.8 (where over-fitting begins).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.diagnosis.series import Rows, above, column, layer_ratios
from pellucid.diagnosis.wording import counted

WINDOWS = 20
STEPS_A_WINDOW = 5
FEWEST = 4  # windows, below which there is no course
FEW_STEPS = WINDOWS * STEPS_A_WINDOW
HEALTHY = (3e-4, 3e-3)  # of the update ratio: half a decade to each side of 1e-3
BEARABLE = (1e-4, 1e-2)  # a decade to each side: beyond, the rate does not suit the layer
FAR = (1e-5, 1e-1)  # two decades: beyond, it does not whatever the loss does
SAYS_LOW, SAYS_HIGH = ("falls-slowly", "not-finished"), ("loss-rises", "fast-then-flat")  # of the rate
NOTICED = 0.05  # smaller changes, as a share of what they change, are not spoken of
PLAIN = 0.5  # the same of single values, whose noise nobody knows
HIGH = 0.3  # a loss of more of the first one than this is still high
LEARNT = 0.05  # of the first loss: what is left of one below that is not worth more epochs
LONGER = "Train for more epochs."
SURE = 4.0  # standard errors; the lowest of 20 windows lies two below its mean by chance


@dataclass(frozen=True)
class Reading:
    """One thing that the curves say, with its number, what that means, and what to do (empty when nothing)."""

    name: str
    value: float | None
    meaning: str
    remedy: str = ""
    epoch: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Course:
    """Mean training loss of each window (W,), its standard error (W,), and the loss of the first weights.

    `guess`: whether that is the loss of a guess, as the first weights were worse: to fall to it is not yet to learn.
    """

    mean: np.ndarray
    error: np.ndarray
    first: float
    guess: bool = False

    @property
    def quarter(self) -> int:
        """Windows in a quarter of the run."""
        return max(1, len(self.mean) // 4)

    @property
    def low(self) -> float:
        """The lowest window."""
        return float(self.mean.min())

    @property
    def fall(self) -> float:
        """How much of the first loss was lost at best."""
        return self.first - self.low

    @property
    def last_quarters(self) -> tuple[float, float, float]:
        """Mean of the third quarter, of the last, and the standard error of their difference."""
        q = self.quarter
        third, last = self.mean[-2 * q : -q], self.mean[-q:]
        error = float(np.sqrt(np.sum(self.error[-2 * q :] ** 2)) / q)
        return float(third.mean()), float(last.mean()), error


def read_curves(
    history: Rows, steps: Rows, kept: int | None = None, guess: float = math.inf, least: float = 0.0
) -> tuple[Reading, ...]:
    """Everything the curves say, the gravest first; one reading, "settled", when there is nothing to object to.

    `kept`: the epoch whose weights the model has, where that is known; `guess`: the loss of a guess, where it is known;
    `least`: that of perfect answers, which soft targets leave above 0: losses are read from there on.
    """
    if least:
        history, steps = above(history, least), above(steps, least)
    course = course_of(history, steps, guess)
    if course is None:
        short = f"{counted(len(steps), 'step')} and {counted(len(history), 'epoch')} are too few to read the curves"
        return (Reading("too-short", float(len(steps)), short, LONGER),)
    over = over_fitting(history, kept)
    fall = rises(course) or few_steps(course, steps) or fast_then_flat(course) or falls_slowly(course) or (
        not_finished(course, over))
    found = [fall, over, update_ratio(steps, fall)]
    told = tuple(reading for reading in found if reading is not None)
    return told or (settled(course, len(history), steps),)


def course_of(history: Rows, steps: Rows, guess: float = math.inf) -> Course | None:
    """The windows of a run; None when there are fewer than four."""
    loss = column(steps, "loss")
    loss = loss[np.isfinite(loss)]
    first = float(loss[:3].mean()) if len(loss) else np.nan
    each = STEPS_A_WINDOW
    if len(loss) < FEWEST * each:
        loss, each = column(history, "loss"), 1
        loss = loss[np.isfinite(loss)]
        first = float(loss[0]) if len(loss) and not np.isfinite(first) else first
    if len(loss) < FEWEST:
        return None
    windows = np.array_split(loss, min(WINDOWS, len(loss) // each))
    error = [window.std(ddof=1) / np.sqrt(len(window)) if len(window) > 1 else 0.0 for window in windows]
    means = np.array([window.mean() for window in windows])
    return Course(means, np.array(error), min(first, guess), first > guess)


def rises(course: Course) -> Reading | None:
    """The loss ends above its lowest by more than the noise: the rate is too high."""
    at = int(course.mean.argmin())
    last = float(course.mean[-1])
    rise = last - course.low
    since_first = last - float(course.mean[0])
    noticed = NOTICED if course.error.any() else PLAIN
    if last > course.first * (1 + noticed) and since_first > SURE * float(np.hypot(course.error[0], course.error[-1])):
        meaning = f"the training loss rose from {course.first:.3g} to {last:.3g}"
    elif rise > noticed * course.fall and rise > SURE * float(np.hypot(course.error[at], course.error[-1])):
        meaning = f"the training loss rose again from {course.low:.3g} to {last:.3g}"
    else:
        return None
    value = last / max(min(course.low, course.first), 1e-12)
    return Reading("loss-rises", value, meaning, "The learning rate is too high: take a third of it.")


def few_steps(course: Course, steps: Rows) -> Reading | None:
    """So few steps that a slow fall, a fast one or none says nothing of the rate."""
    if not 0 < len(steps) < FEW_STEPS:
        return None
    return Reading("few-steps", float(course.mean[-1]),
                   f"{went(course)} in {len(steps)} steps, too few to show where it settles", LONGER)  # fmt: skip


def went(course: Course) -> str:
    """From where to where the loss went."""
    last = float(course.mean[-1])
    if abs(last - course.first) < 0.01 * course.first:
        return f"the training loss stayed at {last:.3g}"
    began = f"that of a guess, {course.first:.3g}," if course.guess else f"{course.first:.3g}"
    return f"the training loss {'fell' if last < course.first else 'rose'} from {began} to {last:.3g}"


def fast_then_flat(course: Course) -> Reading | None:
    """Nearly all of the fall is made in the first fifth, and what is left is high: the rate is rather high."""
    if course.fall < NOTICED * course.first:
        return None
    there = int(np.argmax(course.mean <= course.first - 0.9 * course.fall))
    third, last, _ = course.last_quarters
    flat = abs(third - last) < NOTICED * third
    if there >= len(course.mean) / 5 or course.low < HIGH * course.first or not flat:
        return None
    share, first = (there + 1) / len(course.mean), "that of a guess" if course.guess else "the first"
    meaning = (f"the training loss made nine tenths of its fall in the first {share:.0%} of the run and then stayed at "
               f"{last:.3g}, {last / course.first:.0%} of {first}")  # fmt: skip
    return Reading("fast-then-flat", last, meaning,
                   "The learning rate is rather high: take a third of it, or let it fall (--schedule cosine) where it "
                   "does not. If that changes nothing, the network is too small.")  # fmt: skip


def falls_slowly(course: Course) -> Reading | None:
    """More than half of the loss is left, and the fall goes on evenly: the rate is too low."""
    third, last, error = course.last_quarters
    gone = course.fall / course.first
    falling = third - last > SURE * error and third - last > 0.15 * course.fall
    hardly = gone < NOTICED
    if not hardly and (last < 0.5 * course.first or not falling):
        return None
    of = "the loss of a guess," if course.guess else "its first value"
    meaning = f"the training loss has lost {max(gone, 0):.0%} of {of} {course.first:.3g}"
    meaning += "" if hardly else ", evenly to the end"
    remedy = "The learning rate is too low: take three times as much." if not hardly else (
        "It hardly learns at all: pellucid check names a rate and looks for what hinders it."
    )  # fmt: skip
    return Reading("falls-slowly", max(gone, 0.0), meaning, remedy)


def not_finished(course: Course, over: Reading | None) -> Reading | None:
    """The loss still falls in the last quarter, and the validation loss does not rise."""
    third, last, error = course.last_quarters
    least = max(NOTICED * third, SURE * error, 0.01 * course.first)
    if over is not None or last < LEARNT * course.first or third - last < least:
        return None
    value = (third - last) / third
    meaning = f"the training loss still fell by {value:.0%} in the last quarter of the run, to {last:.3g}"
    return Reading("not-finished", value, meaning, LONGER)


def over_fitting(history: Rows, kept: int | None = None) -> Reading | None:
    """The validation loss has its lowest at an epoch and rises after it, while the training loss falls on."""
    epoch, train, dev = (column(history, name) for name in ("epoch", "loss", "val_loss"))
    if np.isfinite(dev).sum() < 3:
        return None
    best = int(np.nanargmin(dev))
    tail = dev[-max(1, len(dev) // 10) :]
    last = float(np.nanmean(tail)) if np.isfinite(tail).any() else np.nan
    value = last / float(dev[best])
    noise = SURE * unevenness(dev[best:])
    if not (value > 1 + NOTICED and last - dev[best] > noise and train[-1] < train[best]):
        return None
    begins = int(epoch[best]) if np.isfinite(epoch[best]) else best + 1
    meaning = (f"over-fitting begins at epoch {begins}: from there the validation loss rose from {dev[best]:.3g} to "
               f"{last:.3g} while the training loss fell from {train[best]:.3g} to {train[-1]:.3g}")  # fmt: skip
    model = "" if kept is None else (
        f"The model is that of epoch {kept}, {'before the rise' if kept <= begins else 'in the rise'}. ")
    return Reading("over-fitting", value, meaning,
                   f"{model}More data, augmentation, dropout or a penalty move that point.", epoch=begins)  # fmt: skip


def unevenness(values: np.ndarray) -> float:
    """The standard deviation (of one value) about a line; 0 for fewer than four."""
    steps = np.diff(values[np.isfinite(values)])
    return float(steps.std(ddof=1) / np.sqrt(2)) if len(steps) > 2 else 0.0


def update_ratio(steps: Rows, fall: Reading | None) -> Reading | None:
    """The layer whose updates are farthest from a thousandth of its weights, if that is more than tenfold.

    Looked at while the rate is high: a schedule that lets it fall makes small updates on purpose. Small updates of a
    loss that settled low, and large ones of one that fell, did no harm: they are told only where the fall, too, says
    that the rate is off, or where they are a hundredfold off.
    """
    middle = {layer: float(np.nanmedian(values)) for layer, values in layer_ratios(while_high(steps)).items()}
    off = {layer: value for layer, value in middle.items() if not BEARABLE[0] <= value <= BEARABLE[1]}
    if not off:
        return None
    layer = max(off, key=lambda name: abs(np.log10(off[name] / 1e-3)))
    small = off[layer] < 1e-3
    agrees = fall is not None and fall.name in (SAYS_LOW if small else SAYS_HIGH)
    if not agrees and FAR[0] <= off[layer] <= FAR[1]:
        return None
    meaning = (f"the updates of '{layer}' are {off[layer]:.1g} of its weights at the median, healthy is about 0.001; "
               f"{len(off)} of {len(middle)} layers are more than tenfold off")  # fmt: skip
    remedy = "Raise the learning rate, if the loss allows it." if small else "Lower the learning rate."
    return Reading("update-ratio", off[layer], meaning, remedy)


def while_high(steps: Rows) -> Rows:
    """The steps whose learning rate is at least half of the highest; all of them where it is not known."""
    rate = column(steps, "learning_rate")
    if not np.isfinite(rate).any():
        return steps
    return [row for row, one in zip(steps, rate >= 0.5 * np.nanmax(rate), strict=True) if one]


def settled(course: Course, epochs: int, steps: Rows) -> Reading:
    """Nothing to object to; whether it would have gone on falling, one epoch and a fallen rate do not show."""
    last = float(course.mean[-1])
    meaning = went(course)
    if epochs == 1:
        return Reading("one-epoch", last, f"{meaning} in one epoch, which does not show where it settles")
    rate = column(steps, "learning_rate")
    if last > HIGH * course.first and np.isfinite(rate).any() and rate[-1] < 0.5 * np.nanmax(rate):
        return Reading("rate-fell", last, f"{meaning}; the falling rate, not the network, may have stopped it", LONGER)
    return Reading("settled", last, f"{meaning} and settled there")
