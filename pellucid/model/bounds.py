"""How large a network may be, asked before any of it is made: layers, calls, weights, names (storage/limits.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.errors import ArgumentError, FileError, PellucidError
from pellucid.graph.footprint import weight_count
from pellucid.graph.graph import Graph, Nested
from pellucid.graph.layer import Layer
from pellucid.graph.notation import parse, repeats_of
from pellucid.storage.limits import LAYERS, NAME, WEIGHTS


def refuse_huge(graph: Graph, where: object, error: type[PellucidError] = ArgumentError) -> None:
    """Raise `error` for a network with too many weights, or whose sub-models call each other too often."""
    WEIGHTS.check(weight_count(graph), where, what="a network", error=error)
    LAYERS.check(calls_of(graph), where, what="a network with its sub-models", error=error)
    for entry in graph.layers:
        NAME.check(len(entry.name.encode("utf-8", "surrogatepass")), where, what="the name of a layer", error=error)


def layers_in_words(notation: str, **given: Any) -> list[Layer]:
    """The layers of a network in words; raises ArgumentError before any is made when they are too many."""
    LAYERS.check(sum(times for _, times in repeats_of(notation)), "network notation", what="a network",
                 error=ArgumentError)  # fmt: skip
    return parse(notation, **given)


def calls_of(graph: Graph) -> int:
    """How many layers run for one image: a sub-model of a sub-model may be called a few times on every level."""
    inner = {number: calls_of(entry.spec.graph) for number, entry in enumerate(graph.layers)
             if isinstance(entry.spec, Nested)}  # fmt: skip
    return sum(inner.get(node.layer, 1) for node in graph.nodes)


def refuse_long(graph: Mapping[str, Any], where: object) -> None:
    """Raise FileError for a graph in a file with too many layers or calls, before its layers are made."""
    count, pending = 0, [graph]
    while pending:
        found = pending.pop()
        layers, nodes = (part if isinstance(part, list) else [] for part in map(found.get, ("layers", "nodes")))
        count += max(len(layers), len(nodes))
        LAYERS.check(count, where, what="a network", error=FileError)
        specs = [entry.get("spec") for entry in layers if isinstance(entry, Mapping)]
        pending += [spec["graph"] for spec in specs
                    if isinstance(spec, Mapping) and isinstance(spec.get("graph"), Mapping)]  # fmt: skip
