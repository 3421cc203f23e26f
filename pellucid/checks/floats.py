"""A network of bits with smooth functions in their place: a sign's slope is no derivative, so none can be measured.

Signs become tanh, layers of bits the same ones of floats, on the same weights; what remains is derivative throughout.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, cast

from pellucid.graph.bits import is_sign
from pellucid.graph.graph import Graph, LayerEntry, Nested
from pellucid.spec.activations import FUNCTIONS, Activation, Tanh
from pellucid.spec.convolution import Conv2D, DepthwiseConv2D
from pellucid.spec.dense import Dense
from pellucid.spec.quantized import OfBits


def in_floats(graph: Graph) -> Graph:
    """The network without bits; itself where there are none."""
    layers = tuple(smooth(entry) for entry in graph.layers)
    return graph if layers == graph.layers else replace(graph, layers=layers)


def smooth(entry: LayerEntry) -> LayerEntry:
    """The layer without bits."""
    spec: Any = entry.spec
    if isinstance(spec, Nested):
        inner = in_floats(spec.graph)
        return entry if inner is spec.graph else replace(entry, spec=Nested(inner))
    if isinstance(spec, OfBits):
        base = next(kind for kind in (Dense, Conv2D, DepthwiseConv2D) if isinstance(spec, kind))
        spec = base(**{one.name: getattr(spec, one.name) for one in fields(cast(Any, base))})
    if is_sign(spec) or (isinstance(spec, Activation) and is_sign(named(spec.activation))):
        return replace(entry, spec=Tanh())
    if is_sign(named(getattr(spec, "activation", None))):
        spec = replace(spec, activation="tanh")
    return entry if spec is entry.spec else replace(entry, spec=spec)


def named(activation: Any) -> Any:
    """The description that an activation's word stands for."""
    return FUNCTIONS.get(activation) if isinstance(activation, str) else activation
