"""A model with a temperature: the same layers and weights, the logits divided by a number before the softmax."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from pellucid.graph.build import Built
from pellucid.graph.rebuild import homes, layers_of
from pellucid.graph.temperature import with_temperature
from pellucid.model.network import Network

N = TypeVar("N", bound=Network)


def cooled(model: N, value: float) -> N:
    """A new model with copies of the weights; raises ArgumentError when it does not end in a softmax."""
    graph = with_temperature(model.graph, value)
    layers = layers_of(graph)
    old = model.weights_by_key()
    for key, (layer, short) in homes(graph, layers).items():
        layer.held[short] = np.array(old[key])
    new = type(model).__new__(type(model))
    new._start(model.name)
    new._restore(Built(graph, layers))
    new.preprocessing, new.class_names = model.preprocessing, model.class_names
    new.input_record, new.training_record = model.input_record, model.training_record
    new.task = model.task
    if model._compiled is not None:
        new._compiled = replace(model._compiled, state=None)
    return new
