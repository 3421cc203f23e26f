"""Freezing: which layers are trained. A frozen layer keeps its weights; nothing is copied.

Backward stops at the deepest layer that is trained. A frozen batch norm normalises by its moving statistics and leaves
them as they are, as in Keras.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.errors import ArgumentError, describe, shown
from pellucid.graph.build import Built
from pellucid.graph.graph import Nested
from pellucid.graph.layer import Layer
from pellucid.graph.selecting import Selection, keys_of, select
from pellucid.training.arguments import real


def set_trained(built: Built, name: str, selection: Selection, trained: bool) -> list[str]:
    """Set the flags of the chosen layers; return the paths of those with weights. Raises ArgumentError for none.

    A sub-model takes all its layers along; a layer inside one that is to be trained opens the sub-model for it.
    """
    chosen = select(built.graph, selection, name)
    by_path = layers_by_path(built)
    for path in chosen:
        layer = by_path[path]
        for one in (layer, *descendants(layer)):
            one.trainable = trained
        if trained:
            for above in ancestors(path):
                by_path[above].trainable = True
    changed = keys_of(built.graph, chosen)
    return list(dict.fromkeys(key.rpartition("/")[0] for key in changed))


def layers_by_path(built: Built) -> dict[str, Layer]:
    """Every layer by its path, those inside sub-models too."""
    found: dict[str, Layer] = {}
    pending = [("", built.graph, built.layers)]
    while pending:
        prefix, graph, layers = pending.pop()
        for entry, layer in zip(graph.layers, layers, strict=True):
            found[prefix + entry.name] = layer
            if isinstance(entry.spec, Nested):
                pending.append((f"{prefix}{entry.name}/", entry.spec.graph, layer.inner))
    return found


def descendants(layer: Layer) -> list[Layer]:
    """The layers inside a sub-model, at any depth."""
    return [deep for inner in layer.inner for deep in (inner, *descendants(inner))]


def ancestors(path: str) -> list[str]:
    """The paths of the sub-models around a layer."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def factors_by_key(built: Built, factors: Mapping[Selection, float], name: str) -> dict[str, float]:
    """The factor on the learning rate of each weight that is not at the full rate; later selections win."""
    found: dict[str, float] = {}
    for selection, factor in factors.items():
        chosen = select(built.graph, selection, name, "rate_factors")
        found |= dict.fromkeys(keys_of(built.graph, chosen), float(factor))
    return {key: factor for key, factor in found.items() if factor != 1.0}


def checked_factors(factors: Any) -> dict[Selection, float]:
    """The factors as given, none for None; raises ArgumentError for one that is not above 0."""
    if factors is None:
        return {}
    if not isinstance(factors, Mapping):
        wanted = "a mapping from layers to factors"
        raise ArgumentError(describe("compile", "rate_factors", wanted, shown(repr(factors))))
    for selection, factor in factors.items():
        try:
            legal = real("compile", "rate_factors", factor) > 0
        except ArgumentError:
            legal = False
        if not legal:
            remedy, which = "To keep layers as they are, freeze them.", f"rate_factors['{shown(selection)}']"
            raise ArgumentError(describe("compile", which, "above 0", shown(repr(factor)), remedy)) from None
    return dict(factors)
