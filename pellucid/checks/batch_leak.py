"""batch-leak: what the network says of one image must not depend on the others in the batch.

d(output of image 0) / d(image j) is 0 for j > 0. Batch norm in training is the one exception that is meant: its mean
and variance are those of the batch. Its predictions use the moving statistics and must not leak.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pellucid.checks.finding import Finding
from pellucid.checks.subject import Subject, batch_norms
from pellucid.graph.selecting import head_of, keys_of

IMAGES = 4
ROUNDING = 1e-6  # share of image 0's own gradient


def check_batch_leak(subject: Subject) -> Finding:
    """Value: the largest gradient that reaches another image, over that of the image itself."""
    norms = batch_norms(subject.graph)
    training = not norms
    worst = leak(subject, training=training)
    if worst is None:
        return Finding("batch-leak", "warning", None, "the output does not depend on the image at all",
                       "See dead-units: nothing gets through the network at its first weights.")
    if not worst <= ROUNDING:
        meaning = f"the output of one image depends on the others of its batch (gradient {worst:.1e} of its own)"
        return Finding("batch-leak", "failure", worst, meaning,
                       "Look for a reshape, transpose or mean that runs over the first axis, which counts the images.")
    told = "the gradient of one image's output is zero for the others of its batch"
    if norms:
        told += f", in prediction; in training {norms} batch norm layers share mean and variance, as they are meant to"
    return Finding("batch-leak", "pass", worst, told)


def heads_that_begin_at_zero(subject: Subject, params: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Kernels of such heads, drawn: while they are zero no output depends on any image."""
    key = subject.key_of("batch-leak")
    kernels = [name for name in keys_of(subject.graph, head_of(subject.graph)) if params[name].ndim > 1]
    return {name: key.fold("head", name).generator().standard_normal(params[name].shape).astype(params[name].dtype)
            for name in kernels if not params[name].any()}  # fmt: skip


def leak(subject: Subject, *, training: bool) -> float | None:
    """The largest |gradient| at another image over the largest at the first; None when the first has none."""
    engine, key = subject.engine, subject.key_of("batch-leak")
    params, state = subject.weights(engine)
    params = {**params, **engine.put(heads_that_begin_at_zero(subject, engine.get(params)))}
    batch = subject.sample("batch-leak", IMAGES)
    inputs = engine.put(batch.inputs)
    run = engine.forward(subject.graph, params, state, inputs, training=training, key=key)
    cotangents = {}
    for name, y in engine.get(run.outputs).items():
        seed = np.zeros_like(y)
        seed[0] = key.fold("cotangent", name).generator().standard_normal(y.shape[1:])
        cotangents[name] = seed
    found = engine.get(engine.vjp(run, engine.put(cotangents), wrt=("inputs",)).inputs)
    own = max((float(np.abs(dx[0]).max()) for dx in found.values()), default=0.0)
    others = max((float(np.abs(dx[1:]).max()) for dx in found.values() if len(dx) > 1), default=0.0)
    return others / own if own else None
