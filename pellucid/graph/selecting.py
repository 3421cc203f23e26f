"""Which layers a few words mean: patterns of names, a depth, the head or all but the head.

A selection is
    "conv1*,bn1"      layers whose path fits one of the shell patterns, commas between; "model/conv*" inside a sub-model
    "all-but-head"    every layer but the head; "head" the head alone
    3 or "3"          the first three layers of the summary; -2 all but the last two
The head is, for each output, the last layer with weights on the way to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from pellucid.errors import ArgumentError, describe
from pellucid.graph.graph import Graph, LayerEntry, Nested
from pellucid.words import LARGEST, whole

Selection = str | int
HEAD, ALL_BUT_HEAD, EVERY = "head", "all-but-head", "*"
SHOWN = 12  # names that a message lists


def paths(graph: Graph, prefix: str = "") -> Iterator[tuple[str, LayerEntry]]:
    """Every layer by its path; a sub-model comes before the layers inside."""
    for entry in graph.layers:
        yield prefix + entry.name, entry
        if isinstance(entry.spec, Nested):
            yield from paths(entry.spec.graph, f"{prefix}{entry.name}/")


def head_of(graph: Graph, *, side: bool = False) -> tuple[str, ...]:
    """The paths of the head: the last layer with weights before each output that predictions have.

    With `side` also those before outputs that only training looks at.
    """
    kept = [name for name, _ in graph.outputs if side or name not in graph.training_only]
    found: dict[str, None] = {}
    for name in kept:
        found |= dict.fromkeys(ends(graph, name))
    return tuple(found)


def ends(graph: Graph, output: str, prefix: str = "") -> list[str]:
    """The last layers with weights on the ways to one output."""
    weighted = {key.partition("/")[0] for key in graph.weights}
    pending, seen, found = [dict(graph.outputs)[output]], set(), []
    while pending:
        source = pending.pop()
        if source in seen:
            continue
        seen.add(source)
        node = graph.nodes[source[0]]
        entry = graph.layers[node.layer]
        if entry.name not in weighted:
            pending += node.inputs
        elif isinstance(entry.spec, Nested):
            inner = entry.spec.graph
            found += ends(inner, inner.outputs[source[1]][0], f"{prefix}{entry.name}/")
        else:
            found.append(prefix + entry.name)
    return found


def select(graph: Graph, selection: Selection, where: str, argument: str = "layers") -> tuple[str, ...]:
    """The paths that a selection means, in the graph's order; raises ArgumentError when it means none."""
    every = [path for path, _ in paths(graph)]
    if isinstance(selection, bool) or not isinstance(selection, (str, int)):
        raise ArgumentError(describe(where, argument, "names, a number or 'all-but-head'", repr(selection)))
    number = selection if isinstance(selection, int) else whole(selection, -LARGEST)
    if number is not None:
        return by_depth(graph, number, where, argument)
    assert isinstance(selection, str)
    words = [word.strip() for word in selection.split(",") if word.strip()]
    if not words:
        raise ArgumentError(describe(where, argument, "names, a number or 'all-but-head'", repr(selection)))
    chosen: set[str] = set()
    for word in words:
        fitting = of_word(graph, word, every)
        if not fitting:
            raise ArgumentError(describe(where, argument, f"names of layers such as {listed(every)}", repr(word)))
        chosen |= fitting
    return tuple(path for path in every if path in chosen)


def of_word(graph: Graph, word: str, every: Sequence[str]) -> set[str]:
    """The paths of one word; what holds the layer of a head is no part of all but the head."""
    if word in (HEAD, ALL_BUT_HEAD):
        head = set(head_of(graph))
        if word == HEAD:
            return head
        return {path for path in every if not any(one == path or one.startswith(path + "/") for one in head)}
    return {path for path in every if fnmatchcase(path, word)}


def by_depth(graph: Graph, number: int, where: str, argument: str) -> tuple[str, ...]:
    """The first `number` layers, or all but the last -number."""
    names = [entry.name for entry in graph.layers]
    if not 0 < abs(number) <= len(names):
        remedy = "Count the lines of the summary."
        raise ArgumentError(describe(where, argument, f"from 1 to {len(names)} layers", str(number), remedy))
    return tuple(names[:number])


def listed(names: Sequence[str]) -> str:
    """The names, or the first and last of many."""
    if len(names) <= SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[: SHOWN - 2])} ... {', '.join(names[-2:])}"


def keys_of(graph: Graph, chosen: Sequence[str]) -> list[str]:
    """The keys of the weights of the chosen layers, those inside a chosen sub-model too."""
    return [key for key in graph.weights if any(key.startswith(path + "/") for path in chosen)]
