"""initial-loss: a network that knows nothing is about as good as an answer that does not look at the picture.

Source: ten classes, -log(1 / 10) = 2.302 (CNN-book 7). Measured in training mode without dropout and penalties.
"""

from __future__ import annotations

from pellucid.checks.chance import chance_of
from pellucid.checks.finding import Finding, graded
from pellucid.checks.subject import Subject, without_noise
from pellucid.engines.protocol import mean

SAMPLE = 256
WARN, FAIL = 2.5, 5.0  # units above chance, of classes nats; Glorot weights on numbers near 1 come to 2 at most
BELOW = 0.5            # share of the chance loss that random weights cannot fall under


def check_initial_loss(subject: Subject) -> Finding:
    """Value: the first weights' loss on training images."""
    chance = chance_of(subject)
    if chance is None:
        return Finding("initial-loss", "pass", None, "nobody knows what this loss begins with")
    engine, term = subject.engine, subject.objective.terms[0]
    graph = without_noise(subject.graph, penalties=False)
    params, state = subject.weights(engine)
    batch = subject.sample("initial-loss", SAMPLE)
    run = engine.forward(
        graph, params, state, engine.put(batch.inputs), training=True, key=subject.key_of("initial-loss")
    )
    loss = mean(engine.measure(subject.objective, run, batch)[f"loss:{term.name}"])
    told = f"the first loss is {loss:.3f}, {chance.told}"
    if loss < BELOW * chance.loss:
        if not subject.drawn:
            return Finding("initial-loss", "pass", loss, told + ": this model has learnt already")
        return Finding("initial-loss", "warning", loss, told + ", and random weights cannot know better",
                       "See whether the labels can be read from the images, and whether the loss is the one you want.")
    status = graded(loss - chance.loss, warn=WARN * chance.unit, fail=FAIL * chance.unit)
    if status == "pass":
        return Finding("initial-loss", status, loss, told)
    targets = ", or the targets to numbers near 0" if term.loss.labels == "values" else ""
    return Finding("initial-loss", status, loss, told + ": the network begins sure of wrong answers",
                   "Make the first weights of the last layer smaller, or scale the input (--preprocess standardize)"
                   f"{targets}.")
