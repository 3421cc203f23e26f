"""What is learnt beside the points: attributes of an object such as glasses or a smile, each by a head of its own.

Table    the smallest maps of the network, or the features before its last dense layer | global mean | dense, softmax
Shapes   -> (N,V) probabilities of the V values of an attribute; these outputs are for training only
Mask     objects of which nobody told the attribute: they change neither loss nor gradient
Source   CNN-book 11.8 and 12.13; Zhang, Luo, Loy & Tang 2014 (auxiliary attributes of faces)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.data.batches import Encoded
from pellucid.data.points.column import Attribute, Points
from pellucid.engines.protocol import Term
from pellucid.errors import DataError
from pellucid.graph.graph import Graph
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import Dense, GlobalAveragePooling2D
from pellucid.model import Model
from pellucid.spec.losses import SparseCategoricalCrossentropy

START = "attribute_"


def head_name(number: int) -> str:
    """The output of an attribute; users' words are no names of layers."""
    return f"{START}{number}"


def is_head(output: str) -> bool:
    """Whether an output for training only is that of an attribute."""
    return output.startswith(START)


def told_attributes(points: Points) -> tuple[Attribute, ...]:
    """Those of a training part. Raises DataError for one that has less than two values there."""
    for column, attribute in enumerate(points.attributes):
        found = {attribute.values[value] for value in points.labels[:, column] if value >= 0}
        if len(found) < 2:
            has = f"only '{found.pop()}'" if found else "none"
            raise DataError(f"--label {attribute.name}: a column to learn beside the points must have two values or "
                            f"more in the training part, but it has {has}. Leave it out.")
    return points.attributes


def with_heads(model: Model, attributes: Sequence[Attribute]) -> Model:
    """The network with a head for each attribute, beside the outputs that it has."""
    if not attributes:
        return model
    features = features_of(model)
    heads = [Dense(len(one.values), activation="softmax", name=head_name(number))(features)
             for number, one in enumerate(attributes)]  # fmt: skip
    inner = [model.get_layer(name).output for name in model.graph.training_only]
    return Model(model.input, [model.output, *inner, *heads], name=model.name, training_only=[*inner, *heads])


def features_of(model: Model) -> Tensor:
    """What the heads read (D,): of a network of maps the mean of its smallest ones, else what its last layer reads."""
    weighted = [layer for layer in model.layers if layer.weights]
    maps = [layer.output for layer in weighted if len(layer.output.sizes) == 3]
    last: Tensor = weighted[-1].input
    if len(last.sizes) == 1 or not maps:
        return last
    smallest = min(maps, key=lambda one: one.sizes[0] * one.sizes[1])
    same = [one for one in maps if one.sizes[:2] == smallest.sizes[:2]]
    mean: Tensor = GlobalAveragePooling2D(name="attribute_features")(same[-1])
    return mean


def with_labels(encoded: Encoded, points: Points) -> Encoded:
    """Targets with the numbers of the attributes' values, and masks of those that are told."""
    columns = {head_name(number): points.labels[:, number] for number in range(len(points.attributes))}
    return replace(
        encoded, others={name: np.maximum(column, 0) for name, column in columns.items()},
        masks={**encoded.masks, **{name: column >= 0 for name, column in columns.items()}},
    )  # fmt: skip


def head_terms(graph: Graph, weight: float) -> list[Term]:
    """The losses of the heads."""
    return [Term(name, SparseCategoricalCrossentropy(), weight) for name in graph.training_only if is_head(name)]
