"""shapes: the network takes these images and gives finite numbers, as many as its loss compares."""

from __future__ import annotations

import numpy as np

from pellucid.checks.finding import Finding
from pellucid.checks.subject import Subject
from pellucid.data.batches import Batch
from pellucid.errors import PellucidError


def check_shapes(subject: Subject) -> Finding:
    """Value: the entries of the output; two images are sent through to see that it is so."""
    graph = subject.graph
    batch = subject.sample("shapes", 2)
    try:
        params, state = subject.weights(subject.engine)
        key = subject.key_of("shapes")
        run = subject.engine.forward(
            graph, params, state, subject.engine.put(batch.inputs), training=True, key=key
        )
        outputs = subject.engine.get(run.outputs)
    except PellucidError as fault:
        return Finding("shapes", "failure", None, str(fault), "Build the network for these images.")
    for name, y in outputs.items():
        if not np.isfinite(y).all():
            meaning = f"output '{name}' is infinite or not a number for the first weights"
            return Finding("shapes", "failure", None, meaning,
                           "Give the layers smaller first weights, or the network smaller numbers.")
    y = next(iter(outputs.values()))
    shape = " x ".join(map(str, y.shape[1:]))
    told, wanted = asked_for(subject, batch)
    if wanted not in (None, y.shape[1:]):
        remedy = f"End it with Dense({wanted[0]})." if len(wanted) == 1 else f"Let it end in the shape {wanted}."
        return Finding("shapes", "failure", y[0].size, f"the network gives {shape} numbers an image, {told}", remedy)
    given = " x ".join(map(str, next(iter(batch.inputs.values())).shape[1:]))
    return Finding("shapes", "pass", y[0].size, f"{given} numbers in, {shape} out, all finite")


def asked_for(subject: Subject, batch: Batch) -> tuple[str, tuple[int, ...] | None]:
    """The shape (...) that one loss compares an image's output with, in words too; None for several losses."""
    if len(subject.objective.terms) > 1:
        return "", None
    term = subject.objective.terms[0]
    target = batch.targets[term.target].shape[1:]
    if term.loss.labels == "index":
        return f"the data has {len(subject.names)} classes", (*target, len(subject.names))
    target = target or (1,)
    return f"and the loss compares them with {' x '.join(map(str, target))}", target
