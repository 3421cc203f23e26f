"""learning-rate: one short run whose rate grows from step to step shows where the loss falls and where it breaks out.

The suggested rate is the first at which half of the fall is done; the limit is where the loss has risen again by half
of the fall, or is no longer finite. A large network knows the few images by heart long before the rates that it is
trained with: its loss then stays low at all of them, which says nothing against any. Then the first weights are given
a few steps at the rate itself, and that is too high where the loss multiplies.
Source: Smith 2017, section 3.3 (learning rate range test).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pellucid.checks.descent import Descent
from pellucid.checks.finding import Finding
from pellucid.checks.subject import Subject, without_noise
from pellucid.data.batches import Batch
from pellucid.graph.summary import summarize
from pellucid.spec.schedules import rate_at

LOWEST, HIGHEST = 1e-6, 10.0
STEPS = 71            # ten a decade
SMOOTHING = 0.8
BREAK_OUT = 2.0       # times the first loss: no need to go on
TOO_LOW, TOO_HIGH = 300.0, 30.0  # times below and above the suggestion
OWN_STEPS = 24        # of new weights at the rate that was given
FAR = 30.0            # times below the rate at which the loss breaks out is not too high, whatever is suggested
BATCH, FEWEST = 64, 16
LONGEST = 160         # pixels of a side, where a network takes pictures of any size
FLOPS = 5e10          # of the whole test, a second; a large network gets fewer images


@dataclass(frozen=True)
class Range:
    """rates (S,) and smoothed losses (S,) of the test; `suggested` is None when the loss never fell.

    `limit` is None where it never broke out.
    """

    rates: np.ndarray
    losses: np.ndarray
    suggested: float | None
    limit: float | None


def check_learning_rate(subject: Subject) -> Finding:
    """Value: the suggested rate."""
    subject, rate = subject.shrunk(LONGEST), rate_at(subject.rule.learning_rate, 0)
    found = range_test(subject)
    rule = type(subject.rule).__name__.lower()
    if found.suggested is None:
        meaning = f"the loss falls at no rate from {LOWEST:g} to {HIGHEST:g} with {rule}"
        return Finding("learning-rate", "failure", None, meaning, "See what tiny-subset and gradients say.")
    told = f"the rate of {rule} is {rate:g}, a rate near {found.suggested:.1g} is suggested"
    far_above = rate > found.suggested * TOO_HIGH
    if found.limit is not None:
        told += f", the loss breaks out near {found.limit:.1g}"
    elif far_above:
        return of_known_by_heart(subject, rate, found.suggested)
    remedy = f"Pass --lr {found.suggested:.1g}."
    if found.limit is not None and rate >= found.limit:
        return Finding("learning-rate", "failure", found.suggested, f"{told}: too high", remedy)
    if far_above and found.limit is not None and rate > found.limit / FAR:
        return Finding("learning-rate", "warning", found.suggested, f"{told}: very high", remedy)
    if rate * TOO_LOW < found.suggested:
        return Finding("learning-rate", "warning", found.suggested, f"{told}: very low", remedy)
    return Finding("learning-rate", "pass", found.suggested, told)


def of_known_by_heart(subject: Subject, rate: float, suggested: float) -> Finding:
    """What steps of the first weights at a high rate itself say, where the growing rates were followed all along."""
    descent, batches = descent_of(subject), batches_of(subject)
    losses = np.nan_to_num([descent.step(next(batches), rate) for _ in range(OWN_STEPS)], nan=np.inf)
    told = f"the rate of {type(subject.rule).__name__.lower()} is {rate:g}"
    if losses.max() > BREAK_OUT * abs(losses[0]):
        told += (f", a rate near {suggested:.1g} is suggested; within {OWN_STEPS} steps at {rate:g} the loss rose from "
                 f"{losses[0]:.3g} to {losses.max():.3g}: very high")  # fmt: skip
        return Finding("learning-rate", "warning", suggested, told, f"Pass --lr {suggested:.1g}.")
    told += f"; the few images of the test were known by heart near {suggested:.1g}, and {OWN_STEPS} steps"
    told += f" at {rate:g} learn them too"
    return Finding("learning-rate", "pass", suggested, told)


def descent_of(subject: Subject) -> Descent:
    """The first weights, to be trained without dropout and penalties."""
    quiet = without_noise(subject.graph, penalties=False)
    return Descent(subject, quiet, subject.rule, subject.key_of("learning-rate"))


def range_test(subject: Subject) -> Range:
    """Losses at rates that grow by a factor from step to step, without dropout and penalties."""
    descent = descent_of(subject)
    rates, losses = [], []
    average, weight, broke = 0.0, 0.0, None
    batches = batches_of(subject)
    for rate in np.geomspace(LOWEST, HIGHEST, STEPS):
        loss = descent.step(next(batches), float(rate))
        if not math.isfinite(loss):
            broke = float(rate)
            break
        average, weight = SMOOTHING * average + (1 - SMOOTHING) * loss, SMOOTHING * weight + 1 - SMOOTHING
        rates.append(float(rate))
        losses.append(average / weight)
        if losses[-1] - losses[0] > (BREAK_OUT - 1) * abs(losses[0]):
            break
    return read(np.array(rates), np.array(losses), broke)


def batches_of(subject: Subject) -> Iterator[Batch]:
    """The same few images by turns: a fall of the loss is then learning and not chance."""
    step = 3 * STEPS * max(summarize(subject.graph).flops, 1)  # forward, and twice that backward
    whole = subject.few_of_each("learning-rate", each=8, most=max(FEWEST, min(BATCH, int(FLOPS / step))))
    while True:
        yield whole


def read(rates: np.ndarray, losses: np.ndarray, broke: float | None = None) -> Range:
    """Where the loss falls and where it breaks out; `broke` is the rate at which it was no longer finite."""
    if len(losses) < 2 or losses[0] - losses.min() < 0.05 * abs(losses[0]):
        return Range(rates, losses, None, None)
    best = int(losses.argmin())
    half = (losses[0] + losses[best]) / 2
    suggested = float(rates[np.flatnonzero(losses <= half)[0]])
    risen = np.flatnonzero(losses[best:] > half)
    limit = float(rates[best + risen[0]]) if len(risen) else broke
    return Range(rates, losses, suggested, limit)
