"""What an answer comes to that does not look at the picture. First weights should be near it, and learning well below.

A task may know it (1 / K for each of K classes). Of a loss that compares numbers it is measured: every image is given
the targets' mean, or their median where that is nearer.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pellucid.checks.subject import Chance, Subject
from pellucid.data.batches import Batch
from pellucid.engines.protocol import Objective
from pellucid.layers import Input, Reshape
from pellucid.model import Sequential

SAMPLE = 1024  # training images whose targets are looked at
UNIT = 4.0     # random weights on numbers near 1 answer with numbers near 1, so that the loss is a few times as large


def chance_of(subject: Subject) -> Chance | None:
    """What the task knows, else what is measured; None where neither says it."""
    return subject.chance or constant_answer(subject)


def constant_answer(subject: Subject) -> Chance | None:
    """The loss of the targets' mean or median, the smaller one; None for several losses, and for one of classes."""
    terms = subject.objective.terms
    if len(terms) > 1 or terms[0].loss.labels != "values" or terms[0].loss.fuses:
        return None
    rows = subject.key_of("chance").generator().permutation(len(subject.annotations))[:SAMPLE]
    targets = subject.targets_of(rows).astype(np.float64)
    if targets.ndim == 1:
        targets = targets[:, None]
    loss = min(loss_of(subject, targets, answer) for answer in (targets.mean(axis=0), np.median(targets, axis=0)))
    return Chance(loss, UNIT * loss, f"the best answer without looking gives {loss:.3g}")


def loss_of(subject: Subject, targets: np.ndarray, answer: np.ndarray) -> float:
    """The loss of one answer (...) to every target (N, ...)."""
    engine, term = subject.engine, subject.objective.terms[0]
    handed_on = Sequential([Input(answer.shape), Reshape(answer.shape)]).graph
    answers = np.broadcast_to(answer, targets.shape).astype(np.float32)
    run = engine.forward(handed_on, {}, {}, engine.put({"input": answers}), training=False)
    batch = Batch({}, {"output": targets.astype(np.float32)}, ids=np.arange(len(targets)))
    alone = Objective((replace(term, output="output", shares=None, weight=1.0),))
    return alone.report(engine.measure(alone, run, batch))["loss"]
