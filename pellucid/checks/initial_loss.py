"""initial-loss: a network that knows nothing is about as good as an answer that does not look at the picture.

A net of many layers without normalization multiplies what one draw happens to favour, so a loss that is far above is
held against the network only if other draws of its weights begin as far above at the median.
Source: ten classes, -log(1 / 10) = 2.302 (CNN-book 7). Measured in training mode without dropout and penalties.
"""

from __future__ import annotations

import statistics
from typing import Any

from pellucid.checks.chance import chance_of
from pellucid.checks.finding import Finding, graded
from pellucid.checks.subject import Subject, without_noise
from pellucid.data.batches import Batch
from pellucid.engines.protocol import mean

SAMPLE = 256
WARN, FAIL = 2.5, 5.0  # units above chance, of classes nats; Glorot weights on numbers near 1 come to 2 at most
DRAWS = 7              # other ones, where the first is far above
BELOW = 0.5            # share of the chance loss that random weights cannot fall under


def check_initial_loss(subject: Subject) -> Finding:
    """Value: the first weights' loss on training images."""
    chance = chance_of(subject)
    if chance is None:
        return Finding("initial-loss", "pass", None, "nobody knows what this loss begins with")
    term = subject.objective.terms[0]
    batch = subject.sample("initial-loss", SAMPLE)
    loss = loss_of_weights(subject, batch, *subject.weights(subject.engine))
    told = f"the first loss is {loss:.3f}, {chance.told}"
    if loss < BELOW * chance.loss:
        if not subject.drawn:
            return Finding("initial-loss", "pass", loss, told + ": this model has learnt already")
        return Finding("initial-loss", "warning", loss, told + ", and random weights cannot know better",
                       "See whether the labels can be read from the images, and whether the loss is the one you want.")
    status = graded(loss - chance.loss, warn=WARN * chance.unit, fail=FAIL * chance.unit)
    if status == "pass":
        return Finding("initial-loss", status, loss, told)
    if subject.drawn:
        usual = loss_of_other_draws(subject, batch)
        if usual - chance.loss < WARN * chance.unit:
            told += f": an unlucky draw of weights, others begin at {usual:.3f} at the median"
            return Finding("initial-loss", "pass", loss, told)
    targets = ", or the targets to numbers near 0" if term.loss.labels == "values" else ""
    return Finding("initial-loss", status, loss, told + ": the network begins sure of wrong answers",
                   "Make the first weights of the last layer smaller, or scale the input (--preprocess standardize)"
                   f"{targets}.")


def loss_of_weights(subject: Subject, batch: Batch, params: dict[str, Any], state: dict[str, Any]) -> float:
    """The loss of these weights on a batch, without dropout and penalties."""
    engine, key = subject.engine, subject.key_of("initial-loss")
    graph = without_noise(subject.graph, penalties=False)
    run = engine.forward(graph, params, state, engine.put(batch.inputs), training=True, key=key)
    return mean(engine.measure(subject.objective, run, batch)[f"loss:{subject.objective.terms[0].name}"])


def loss_of_other_draws(subject: Subject, batch: Batch) -> float:
    """The median loss of weights that are drawn as the first ones were, but from other keys."""
    key = subject.key_of("initial-loss").fold("another draw")
    draws = (subject.engine.init(subject.graph, key.fold(number)) for number in range(DRAWS))
    return statistics.median(loss_of_weights(subject, batch, params, state) for params, state in draws)
