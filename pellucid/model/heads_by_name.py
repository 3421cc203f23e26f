"""The head of a network to go on from, put in the order of the data's classes.

Output k of a model file is class k of its own list of names, so a head is taken over by name, never by place alone.
Names are equal when they are in Unicode's composed form (NFC): file systems give one name in two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.data.naming import composed, some_names
from pellucid.errors import UsageError
from pellucid.graph.selecting import head_of, keys_of
from pellucid.model import Model, weights

SHOWN = 6  # names that a message lists


def order_of(has: Sequence[str], wanted: Sequence[str]) -> np.ndarray | None:
    """For each of `wanted` (K,) its place in `has`; None unless both hold the same names."""
    has, wanted = composed(has), composed(wanted)
    if len(has) != len(wanted) or set(has) != set(wanted) or len(set(has)) != len(has):
        return None
    places = {name: place for place, name in enumerate(has)}
    return np.array([places[name] for name in wanted])


def reordered(model: Model, order: np.ndarray) -> bool:
    """Put output order[k] of every head at place k, those for training only included; whether anything moved.

    Raises UsageError, before any weight is replaced, for a head that has not one weight and bias an output.
    """
    if np.array_equal(order, np.arange(len(order))):
        return False
    graph, values = model.graph, model.weights_by_key()
    keys = keys_of(graph, head_of(graph, side=True))
    for key in keys:
        if key.rpartition("/")[2] not in ("kernel", "bias") or values[key].shape[-1] != len(order):
            raise UsageError(f"the head's weight '{key}' has not one entry for each of the {len(order)} classes, so it "
                             "cannot be put in the order of the data. Make the head anew with --new-head.")
    weights.take(model.built, "reordered", values | {key: values[key][..., order] for key in keys})
    return True


def differing(has: Sequence[str], wanted: Sequence[str]) -> str:
    """What the two lists of names do not share, in words."""
    ours, theirs = composed(has), composed(wanted)
    lacking = [name for name in theirs if name not in ours]
    over = [name for name in ours if name not in theirs]
    told = [f"{word} {some_names(names, SHOWN)}" for word, names in (("not", lacking), ("but", over)) if names]
    return f"its classes are {' '.join(told)}" if told else "one of its class names stands twice"
