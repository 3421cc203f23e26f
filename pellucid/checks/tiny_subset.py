"""tiny-subset: two images a class must be learnt to a loss near zero. What cannot learn twenty will not learn more.

The run's own rule and first rate are tried first; then Adam at 0.01, which tells a fault of the rate from one of the
network or the data. A run that is on its way, below half of the chance loss, has no such fault. Dropout and penalties
are off, batches are the whole subset. Where nobody knows what chance comes to, nor that the least loss is zero, half of
the first loss is enough, and more than that is no more than a warning. Where a task can say of pictures that they are
known by heart, its score decides and no loss, of as many pictures as FEW.
Source: CNN-book 7 (2 to 4 images a class).
"""

from __future__ import annotations

import math

import numpy as np

from pellucid.checks.chance import chance_of
from pellucid.checks.descent import Descent
from pellucid.checks.finding import Finding, Status
from pellucid.checks.subject import ByHeart, Subject, without_noise
from pellucid.data.batches import Batch
from pellucid.data.dataset import Part
from pellucid.spec.optimizers import Adam, OptimizerSpec
from pellucid.spec.schedules import rate_at

EACH, MOST, FEW = 2, 20, 4
STEPS = 400
LOOKS, BETWEEN = 30, 5  # at a score, and the steps between two
NEAR_ZERO = 0.05  # of the loss that chance gives
BARELY = 0.5     # of the same: learning is under way
ANOTHER_RATE = 0.01


def check_tiny_subset(subject: Subject) -> Finding:
    """Value: the least loss reached."""
    few = subject.few_of_each("tiny-subset", each=EACH, most=FEW)
    judge = subject.by_heart(part_of(subject, few))
    if judge is not None:
        return by_score(subject, few, judge)
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


def part_of(subject: Subject, batch: Batch) -> Part:
    """The part of the training images that a batch is of."""
    part = subject.batches.source
    places = np.argsort(part.ids)
    return part.subset(places[np.searchsorted(part.ids, batch.ids, sorter=places)])


def by_score(subject: Subject, batch: Batch, judge: ByHeart) -> Finding:
    """Value: the best score reached."""
    steps_of_rate = range(LOOKS * BETWEEN)  # a rate that rises first is not held to its first step
    rate = max(rate_at(subject.rule.learning_rate, step) for step in steps_of_rate)
    own, steps = best_score(subject, batch, judge, subject.rule, rate)
    images, kind = len(batch.ids), subject.annotations.kind
    if own >= judge.best:
        held = "" if judge.best == 1 else ", all that their targets can say"
        told = f"{images} images were learnt to {judge.name} {own:.3g}{held}, in {steps} steps"
        return Finding("tiny-subset", "pass", own, told)
    name = type(subject.rule).__name__.lower()
    other, steps = best_score(subject, batch, judge, Adam(), ANOTHER_RATE)
    told = f"{images} images could not be learnt in {LOOKS * BETWEEN} steps with {name} at {rate:g}: the best "
    told += f"{judge.name} was {own:.3f} of {judge.best:.3g}"
    if other >= judge.best:
        return Finding("tiny-subset", "warning", own, f"{told}; adam at {ANOTHER_RATE:g} learns them in {steps}",
                       "Change --lr or --optimizer; the learning-rate check suggests a rate.")
    status: Status = "failure" if max(own, other) < BARELY * judge.best else "warning"
    return Finding("tiny-subset", status, max(own, other), f"{told}, with adam at {ANOTHER_RATE:g} {other:.3f}",
                   f"Look for equal images with different {kind}, frozen layers, or too small a network.")


def best_score(subject: Subject, batch: Batch, judge: ByHeart, rule: OptimizerSpec, rate: float) -> tuple[float, int]:
    """The best score of one batch as it is learnt, and the steps made; ends early where there is none better."""
    descent = Descent(subject, without_noise(subject.graph, penalties=False), rule, subject.key_of("tiny-subset"))
    best = 0.0
    for step in range(1, LOOKS * BETWEEN + 1):
        if not math.isfinite(descent.step(batch, rate)):
            return best, step
        if step % BETWEEN == 0:
            best = max(best, judge.score(subject.engine.get(descent.outputs)["output"]))
            if best >= judge.best:
                return best, step
    return best, LOOKS * BETWEEN


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
