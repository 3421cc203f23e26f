"""From what a user passes as x, y and weights to arrays by name: one array, a list, or a mapping.

Names are the graph's: "input" and "output" where there is one of them; then the layer's own name is understood too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import ArgumentError, ShapeError, describe, shown
from pellucid.graph.graph import Graph
from pellucid.words import nearest

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Names:
    """The inputs or outputs of a graph in order, and further words for them."""

    listed: tuple[str, ...]
    others: Mapping[str, str]
    loose: bool = False  # one array may stand for all: only code of the user's reads it

    @classmethod
    def of_inputs(cls, graph: Graph) -> Names:
        """The graph's inputs."""
        return cls.of(graph, dict(graph.inputs))

    @classmethod
    def of_outputs(cls, graph: Graph) -> Names:
        """The graph's outputs."""
        return cls.of(graph, {name: number for name, (number, _) in graph.outputs})

    @classmethod
    def of_targets(cls, graph: Graph) -> Names:
        """The outputs that have targets of their own: those for training only share the one lasting output's."""
        shared = len(graph.lasting) == 1
        return cls.of(graph, {n: number for n, (number, _) in graph.outputs if n in graph.lasting or not shared})

    @classmethod
    def of(cls, graph: Graph, nodes: Mapping[str, int]) -> Names:
        """Names and the layers at those nodes."""
        others = {graph.layers[graph.nodes[number].layer].name: name for name, number in nodes.items()}
        return cls(tuple(nodes), others | {name: name for name in nodes})

    def also(self, keys: Mapping[str, str]) -> Names:
        """With further words for those of its names that `keys` leads to."""
        more = {word: name for word, name in keys.items() if name in self.listed}
        return Names(self.listed, {**self.others, **more})

    def keyed(self, where: str, what: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """A user's mapping under the graph's names; raises ArgumentError for a name it does not know."""
        for name in given:
            if name not in self.others:
                remedy = nearest(name, self.others) if isinstance(name, str) else ""
                wanted = f"keyed by {', '.join(self.listed)}"
                raise ArgumentError(describe(where, what, wanted, shown(repr(name)), remedy))
        return {self.others[name]: value for name, value in given.items()}


def named(what: str, given: Any, names: Names, *, where: str = "fit") -> Arrays:
    """Arrays by name, from one array, a list in the graph's order, or a mapping; 1-D x becomes (N, 1)."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        pairs = names.keyed(where, what, given)
    elif len(names.listed) == 1:
        alone = isinstance(given, (list, tuple)) and len(given) == 1 and isinstance(given[0], np.ndarray)
        pairs = {names.listed[0]: given[0] if alone else given}
    elif isinstance(given, (list, tuple)) and len(given) == len(names.listed):
        pairs = dict(zip(names.listed, given, strict=True))
    elif names.loose:
        pairs = {names.listed[0]: given}
    else:
        wanted = f"a list or mapping of {', '.join(names.listed)}"
        raise ArgumentError(describe(where, what, wanted, kind_of(given)))
    return {name: numbers(what, value, where) for name, value in pairs.items() if value is not None}


def kind_of(given: Any) -> str:
    """What came, in words."""
    return f"a {type(given).__name__} of {len(given)}" if isinstance(given, (list, tuple)) else type(given).__name__


def numbers(what: str, value: Any, where: str = "fit") -> np.ndarray:
    """One array; raises ArgumentError for anything that is not numbers."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # a tensor of PyTorch, wherever it lies
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except (ValueError, TypeError):
        remedy = "Bring all samples to one shape."
        raise ArgumentError(describe(where, what, "an array of numbers", "a list of unequal lengths", remedy)) from None
    if array.dtype.kind not in "fiub":
        remedy = "Turn class names into numbers first." if array.dtype.kind in "UO" and what == "y" else ""
        raise ArgumentError(describe(where, what, "numbers", f"an array of {array.dtype}", remedy))
    if array.ndim == 0:
        raise ArgumentError(describe(where, what, "an array with one entry a sample", f"the number {array}"))
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    return array[:, None] if array.ndim == 1 and what == "x" else array


def sample_weights(
    targets: Arrays, names: Names, sample_weight: Any, class_weight: Mapping[int, float] | None
) -> Arrays:
    """What each sample's loss is multiplied with: its own weight times its class's."""
    weights: Arrays = {}
    if sample_weight is not None:
        given = dict.fromkeys(names.listed, sample_weight) if one_a_sample(sample_weight) else sample_weight
        weights = named("sample_weight", given, names)
    for name, weight in weights.items():
        shape = targets.get(name, weight).shape
        if weight.size == shape[0]:
            weight = weight.reshape(shape[0])
        if weight.shape != shape[: weight.ndim] or not np.isfinite(weight).all():
            wanted = f"{shape[0]} finite numbers, one for each sample" + (f" or place of {shape}" if shape[1:] else "")
            raise ArgumentError(describe("fit", "sample_weight", wanted, f"of shape {weight.shape}"))
        weights[name] = weight
    return weights if class_weight is None else {**weights, **of_classes(targets, names, weights, class_weight)}


def one_a_sample(given: Any) -> bool:
    """Whether this is one array of a number a sample or place, rather than such an array for each output."""
    if isinstance(given, (Mapping, np.ndarray)):
        return isinstance(given, np.ndarray)
    try:
        return np.ndim(given) == 1
    except ValueError:  # lists of unequal lengths
        return False


def of_classes(targets: Arrays, names: Names, weights: Arrays, class_weight: Mapping[int, float]) -> Arrays:
    """Each sample's weight times its class's; a class that is not named counts 1, as in Keras."""
    if len(names.listed) > 1:
        wanted = "used with one output"
        raise ArgumentError(describe("fit", "class_weight", wanted, f"given for {len(names.listed)}"))
    wanted = "a mapping from class numbers to weights >= 0"
    if not isinstance(class_weight, Mapping):
        raise ArgumentError(describe("fit", "class_weight", wanted, shown(repr(class_weight))))
    real = (int, float, np.integer, np.floating)
    for label, weight in class_weight.items():
        numeric = isinstance(label, real) and isinstance(weight, real) and int(label) == label
        if not numeric or not np.isfinite(weight) or weight < 0:
            raise ArgumentError(describe("fit", "class_weight", wanted, shown(f"{{{label!r}: {weight!r}}}")))
    name = names.listed[0]
    target = targets[name]
    labels = target.argmax(axis=-1) if target.ndim > 1 and target.shape[-1] > 1 else target.reshape(-1)
    if labels.shape != (len(target),):
        raise ArgumentError(describe("fit", "class_weight", "used with one label a sample", f"y of {target.shape}"))
    present, places = np.unique(labels, return_inverse=True)
    factors = np.array([float(class_weight.get(label, 1.0)) for label in present.tolist()], np.float64)
    return {name: weights.get(name, np.ones(len(labels))) * factors[places]}


def split_off(share: float, arrays: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Cut the last part of every array off, before any shuffling, as Keras does."""
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise ArgumentError(describe("fit", "validation_split", "between 0 and 1", shown(repr(share))))

    def cut(name: str, value: Any, first: bool) -> Any:
        if isinstance(value, Mapping):
            return {key: cut(name, part, first) for key, part in value.items()}
        if isinstance(value, (list, tuple)) and value and isinstance(value[0], np.ndarray):
            return [cut(name, part, first) for part in value]
        array = numbers(name, value)
        at = int(len(array) * (1 - share))
        if at in (0, len(array)):
            raise ShapeError(f"fit: validation_split={share:g} of {len(array)} samples leaves a part empty.")
        return array[:at] if first else array[at:]

    given = {name: value for name, value in arrays.items() if value is not None}
    return {n: cut(n, v, True) for n, v in given.items()}, {n: cut(n, v, False) for n, v in given.items()}


def require_targets(targets: Mapping[str, Any], needed: Sequence[str], where: str = "fit") -> None:
    """Raise ArgumentError when an output that a loss reads has no target."""
    for name in needed:
        if name not in targets:
            which = f"y for output '{name}'" if len(needed) > 1 else "y"
            raise ArgumentError(describe(where, which, "given", "missing", "Pass the labels as y."))
