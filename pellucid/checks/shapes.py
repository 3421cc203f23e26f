"""shapes: the network takes these images and gives one finite number a class."""

from __future__ import annotations

import numpy as np

from pellucid.checks.finding import Finding
from pellucid.checks.subject import Subject
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
    if subject.chance is not None and y.shape[1:] != (subject.classes,):
        meaning = f"the network gives {shape} numbers an image, the data has {subject.classes} classes"
        return Finding("shapes", "failure", y[0].size, meaning, f"End it with Dense({subject.classes}).")
    given = " x ".join(map(str, next(iter(batch.inputs.values())).shape[1:]))
    return Finding("shapes", "pass", y[0].size, f"{given} numbers in, {shape} out, all finite")
