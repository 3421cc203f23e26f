"""initial-loss: a network that knows nothing gives every class the same probability, a loss of -log(1 / classes).

Source: ten classes, 2.302 (CNN-book 7). Measured in training mode without dropout and penalties.
"""

from __future__ import annotations

import math

from pellucid.checks.finding import Finding, graded
from pellucid.checks.subject import Subject, without_noise
from pellucid.engines.protocol import mean

SAMPLE = 256
WARN, FAIL = 2.5, 5.0  # nats above what chance gives; Glorot weights on numbers near 1 come to 2 at most
BELOW = 0.5            # share of the chance loss that random weights cannot fall under


def check_initial_loss(subject: Subject) -> Finding:
    """Value: the first weights' loss on training images."""
    chance = subject.chance
    if chance is None:
        return Finding("initial-loss", "pass", None, "only cross-entropy and focal loss have a known first value")
    engine, term = subject.engine, subject.objective.terms[0]
    graph = without_noise(subject.graph, penalties=False)
    params, state = subject.weights(engine)
    batch = subject.sample("initial-loss", SAMPLE)
    run = engine.forward(
        graph, params, state, engine.put(batch.inputs), training=True, key=subject.key_of("initial-loss")
    )
    loss = mean(engine.measure(subject.objective, run, batch)[f"loss:{term.output}"])
    told = f"the first loss is {loss:.3f}, chance among {subject.classes} classes gives {chance:.3f}"
    if loss < BELOW * chance:
        if not subject.drawn:
            return Finding("initial-loss", "pass", loss, told + ": this model has learnt already")
        return Finding("initial-loss", "warning", loss, told + ", and random weights cannot know better",
                       "See whether the labels can be read from the images, and whether the loss is the one you want.")
    share = chance / math.log(subject.classes) if chance else 1.0  # 1, or what focal loss counts an unsure answer for
    status = graded(loss - chance, warn=WARN * share, fail=FAIL * share)
    if status == "pass":
        return Finding("initial-loss", status, loss, told)
    return Finding("initial-loss", status, loss, told + ": the network begins sure of wrong answers",
                   "Make the first weights of the last layer smaller, or scale the input (--preprocess standardize).")
