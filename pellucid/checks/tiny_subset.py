"""tiny-subset: two images a class must be learnt to a loss near zero. What cannot learn twenty will not learn more.

The run's own rule and first rate are tried first; then Adam at 0.01, which tells a fault of the rate from one of the
network or the data. A run that is on its way, below half of the chance loss, has no such fault. Dropout and penalties
are off, batches are the whole subset. Where nobody knows what chance comes to, nor that the least loss is zero, half of
the first loss is enough, and more than that is no more than a warning.
Source: CNN-book 7 (2 to 4 images a class).
"""

from __future__ import annotations

import math

from pellucid.checks.chance import chance_of
from pellucid.checks.descent import Descent
from pellucid.checks.finding import Finding, Status
from pellucid.checks.subject import Subject, without_noise
from pellucid.data.batches import Batch
from pellucid.spec.optimizers import Adam, OptimizerSpec
from pellucid.spec.schedules import rate_at

EACH, MOST = 2, 20
STEPS = 400
NEAR_ZERO = 0.05  # of the loss that chance gives
BARELY = 0.5     # of the same: learning is under way
ANOTHER_RATE = 0.01


def check_tiny_subset(subject: Subject) -> Finding:
    """Value: the least loss reached."""
    batch = subject.few_of_each("tiny-subset", each=EACH, most=MOST)
    known = chance_of(subject)
    level = known.loss if known is not None else first_loss(subject, batch)
    if not level > 0:
        return Finding("tiny-subset", "pass", None, "only tried with a loss that begins above zero")
    images = len(batch.ids)
    goal = (NEAR_ZERO if known is not None else BARELY) * level
    rate = rate_at(subject.rule.learning_rate, 0)
    own, steps = least_loss(subject, batch, subject.rule, rate, goal)
    if own < goal:
        told = f"{images} images were learnt to a loss of {own:.3f} in {steps} steps"
        return Finding("tiny-subset", "pass", own, told)
    name = type(subject.rule).__name__.lower()
    other, _ = least_loss(subject, batch, Adam(), ANOTHER_RATE, goal)
    if other < goal and own < BARELY * level:
        way = f"{name} at {rate:g} is on its way ({own:.3f})"
        told = f"{images} images were learnt with adam at {ANOTHER_RATE:g}, {way}"
        return Finding("tiny-subset", "pass", other, told)
    told = f"{images} images could not be learnt in {STEPS} steps with {name} at {rate:g}: the least loss was {own:.3f}"
    if other < goal:
        return Finding("tiny-subset", "warning", own, f"{told}; adam at {ANOTHER_RATE:g} learns them",
                       "Change --lr or --optimizer; the learning-rate check suggests a rate.")
    status: Status = "failure" if known is not None and not min(own, other) < BARELY * level else "warning"
    kind = subject.annotations.kind
    return Finding("tiny-subset", status, min(own, other), f"{told}, with adam at {ANOTHER_RATE:g} {other:.3f}",
                   f"Look for equal images with different {kind}, an activation before the loss, frozen layers, or a "
                   f"network too small for the {kind}.")


def first_loss(subject: Subject, batch: Batch) -> float:
    """The loss of the first weights on one batch."""
    graph = without_noise(subject.graph, penalties=False)
    return Descent(subject, graph, subject.rule, subject.key_of("tiny-subset")).step(batch, 0.0)


def least_loss(
    subject: Subject, batch: Batch, rule: OptimizerSpec, rate: float, goal: float
) -> tuple[float, int]:
    """The least loss on one batch, and the steps made; ends early below the goal or when it is no longer finite."""
    graph = without_noise(subject.graph, penalties=False)
    descent = Descent(subject, graph, rule, subject.key_of("tiny-subset"))
    least = math.inf
    for step in range(STEPS):
        loss = descent.step(batch, rate)
        if not math.isfinite(loss):
            return least, step
        least = min(least, loss)
        if least < goal:
            return least, step
    return least, STEPS
