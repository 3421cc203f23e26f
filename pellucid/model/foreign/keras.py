"""Keras's names: a .weights.h5 of Keras 3, and the older layout of the files that keras.applications brought.

Keras 3   layers/conv2d_1/vars/0: the second Conv2D in the order of model.layers, its first weight in the layer's order;
          the layer's own name is an attribute, and no help: automatic names go on counting through a process
older     layer_names and weight_names in order; block1_conv1/block1_conv1_W_1:0 or block1_conv1/kernel
Source    Keras 3, keras/src/saving/saving_lib.py (_save_container_state) and legacy/legacy_h5_format.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pellucid.graph.graph import Graph, Nested
from pellucid.graph.selecting import head_of
from pellucid.model.foreign.matching import Candidate
from pellucid.model.foreign.places import Place, places_of
from pellucid.spec.base import snake
from pellucid.storage.foreign import ForeignFile, Stored

SUB_MODELS = ("sequential", "functional")
DENSE = re.compile(r"(^|/)(dense(_\d+)?|fc\d*|predictions|logits|head\w*|top\w*|classifier\w*)(/|$)")


def candidates(graph: Graph, file: ForeignFile) -> dict[str, Candidate]:
    """The array of each weight, by place or by name, whichever finds more that fits."""
    if file.order:
        ways = [older(graph, file, by_name=True), older(graph, file, by_name=False)]
    else:
        by_path = {place.path: place for place in places_of(graph)}
        own = dict(located(graph, file, "", ""))
        names = {name: place for place, name in own_names(file).items()}
        ways = [keras3(by_path, file, own), keras3(by_path, file, {path: names.get(path, "") for path in by_path})]
    return max(ways, key=lambda way: fitting(graph, way))


def fitting(graph: Graph, found: Mapping[str, Candidate]) -> int:
    """How many arrays have the shape of their weight; the first of equals is taken."""
    return sum(graph.weights[key].shape == one.shape for key, one in found.items())


def located(graph: Graph, file: ForeignFile, prefix: str, group: str) -> Iterator[tuple[str, str]]:
    """(path of a layer, its group in the file), counted by class in the order of the layers."""
    counts: dict[str, int] = {}
    for entry in graph.layers:
        if isinstance(entry.spec, Nested):
            inside = sub_model(file, f"{group}layers/", entry.name, counts)
            yield from located(entry.spec.graph, file, f"{prefix}{entry.name}/", f"{inside}/")
            continue
        word = snake(type(entry.spec).__name__)
        number = counts[word] = counts.get(word, -1) + 1
        yield prefix + entry.name, f"{group}layers/{word}" + (f"_{number}" if number else "")


def sub_model(file: ForeignFile, group: str, name: str, counts: dict[str, int]) -> str:
    """The group of a sub-model: the one of its name, else the next of its kind that is there."""
    for place, own in file.names.items():
        if own == name and place.startswith(group) and "/" not in place.removeprefix(group):
            return place
    for word in SUB_MODELS:
        number = counts.get(word, 0)
        place = f"{group}{word}" + (f"_{number}" if number else "")
        if any(stored.startswith(place + "/") for stored in file.arrays):
            counts[word] = number + 1
            return place
    return f"{group}{SUB_MODELS[0]}"


def own_names(file: ForeignFile) -> dict[str, str]:
    """The path that a layer's own names make, by its group."""
    return {
        place: "/".join(file.names.get("/".join(parts[:end]), "") for end in range(2, len(parts) + 1, 2))
        for place in file.names
        for parts in [place.split("/")]
        if parts[0] == "layers" and len(parts) % 2 == 0
    }


def keras3(places: Mapping[str, Place], file: ForeignFile, groups: Mapping[str, str]) -> dict[str, Candidate]:
    """The weights of each layer that has a group: numbers in the layer's own order."""
    found = {}
    for path, place in places.items():
        for number, short in enumerate(place.weights):
            name = f"{groups.get(path, '')}/vars/{number}"
            if name in file.arrays:
                found[place.key(short)] = as_it_is(name, file.arrays[name])
    return found


def older(graph: Graph, file: ForeignFile, *, by_name: bool) -> dict[str, Candidate]:
    """The weights of the older layout; `by_name`, or the layers with weights one after another."""
    stored = [(layer, names) for layer, names in file.order if names]
    own = [entry.name for entry in graph.layers if keys_in_order(graph, entry.name)]
    pairs = [(layer, layer) for layer, _ in stored] if by_name else zip(own, dict(stored), strict=False)
    names_of, found = dict(stored), {}
    for ours, theirs in pairs:
        for key, name in zip(keys_in_order(graph, ours), names_of[theirs], strict=False):
            full = f"{theirs}/{name}"
            if full in file.arrays:
                found[key] = as_it_is(full, file.arrays[full])
    return found


def keys_in_order(graph: Graph, layer: str) -> list[str]:
    """The weights of a layer, or of all layers of a sub-model: those that are learnt first, as that layout has them."""
    own = [key for key in graph.weights if key.startswith(layer + "/")]
    return sorted(own, key=lambda key: key.rpartition("/")[2].startswith("moving_"))


def as_it_is(name: str, stored: Stored) -> Candidate:
    """Keras's layout is ours."""
    return Candidate(name, stored.shape, stored.read)


def is_head(name: str, graph: Graph) -> bool:
    """Whether an array beyond the model is that of dense layers at a network's end."""
    return DENSE.search(name) is not None or name.partition("/")[0] in head_of(graph)
