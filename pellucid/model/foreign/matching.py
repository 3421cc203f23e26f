"""What of a file fits a model: each weight with its array in our layout, and a report of what matched and what did not.

Nothing is loaded unless every weight of the model has an array of its shape and no array is left over. Left out, and
said so, are the model's head when the file has other classes, and the file's head when the model has none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.graph.graph import Graph
from pellucid.graph.selecting import head_of, keys_of

SHOWN = 6  # names that a message lists of each kind
REMEDIES = {
    "": "Build {model} as the file's network was built, then load again.",
    "other": "The file is another network's: build that one, or give a file of {model}.",
    "keras": "The file has Keras's form: build {model} with form='keras' (--model without -torchvision), "
             "then load again.",
    "torchvision": "The file has torchvision's form: build {model} with form='torchvision' (--model NAME-torchvision), "
                   "then load again.",
}  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """The array meant for one weight: its name in the file, its shape in our layout, and how to read it so."""

    name: str
    shape: tuple[int, ...]
    read: Callable[[], np.ndarray]


@dataclass(frozen=True)
class WeightsReport:
    """What a file brought: keys of the model's weights, names in the file; str(report) is the text.

    matched      keys that have their array        missing  keys that have none
    unexpected   arrays that no weight wants        wrong_shape  key: (wanted, in the file)
    head         keys of the head left as they are, because the file's head is for other classes
    left_out     arrays of the file's head, which the model does not have
    """

    file: str
    layout: str
    matched: tuple[str, ...]
    parameters: int
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    wrong_shape: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)
    head: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether the weights may be loaded."""
        return bool(self.matched) and not (self.missing or self.unexpected or self.wrong_shape)

    def __str__(self) -> str:
        text = f"{self.file} ({self.layout}): {len(self.matched)} arrays matched, {self.parameters:,} numbers"
        if self.head:
            text += f"; the head is left as it is: {named(self.head)}"
        if self.left_out:
            text += f"; the file's head is left out: {named(self.left_out)}"
        return f"{text}; {self.faults()}" if not self.fits else text

    def faults(self) -> str:
        """What does not fit, on one line."""
        shapes = [f"{key} {wanted} here, {got} there" for key, (wanted, got) in self.wrong_shape.items()]
        told = [
            f"{len(names)} {word} ({named(names)})"
            for word, names in (("missing", self.missing), ("unexpected", self.unexpected),
                                ("of another shape", shapes))
            if names
        ]  # fmt: skip
        return ", ".join(told) or "nothing in it has a name that is known"


def named(names: Sequence[str]) -> str:
    """The names, or the first of many."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def compare(
    graph: Graph,
    found: Mapping[str, Candidate],
    names: Collection[str],
    *,
    file: str,
    layout: str,
    new_head: bool,
    head_names: Callable[[str], bool],
) -> WeightsReport:
    """The report on a file with arrays `names`, of which `found` are meant for weights.

    `new_head` leaves the model's head as it is in any case; `head_names` says which left-over arrays are a head's.
    """
    head = set(keys_of(graph, head_of(graph, side=True)))
    weights = graph.weights
    differing = {key: (weights[key].shape, one.shape) for key, one in found.items() if weights[key].shape != one.shape}
    other_classes = bool(differing) and set(differing) <= head and all(map(only_classes, differing.values()))
    skipped = head if new_head or other_classes else set()
    kept = {key: one for key, one in found.items() if key not in skipped}
    matched = [key for key in kept if key not in differing]
    used = {one.name for one in found.values()}
    over = [name for name in sorted(names) if name not in used]
    ends = [name for name in over if head_names(name)] if skipped or topless(head, found, weights) else []
    return WeightsReport(
        file, layout,
        matched=tuple(matched),
        parameters=sum(math.prod(weights[key].shape) for key in matched),
        missing=tuple(key for key in weights if key not in found and key not in skipped),
        unexpected=tuple(name for name in over if name not in ends),
        wrong_shape={key: pair for key, pair in differing.items() if key not in skipped},
        head=tuple(key for key in weights if key in skipped),
        left_out=tuple(ends),
    )  # fmt: skip


def only_classes(pair: tuple[tuple[int, ...], tuple[int, ...]]) -> bool:
    """Whether two shapes differ in the last axis alone."""
    wanted, got = pair
    return len(wanted) == len(got) and wanted[:-1] == got[:-1]


def topless(head: Collection[str], found: Mapping[str, Candidate], weights: Collection[str]) -> bool:
    """Whether every weight of the model has its array, so that what is left over lies beyond the model."""
    return bool(head) and all(key in found for key in weights)


def refuse_unless_fits(model: str, report: WeightsReport, form: str = "") -> None:
    """Raise ArgumentError that lists what does not fit; `form` is the file's, where the model has the other one."""
    if report.fits and not form:
        return
    remedy = REMEDIES[form or ("" if report.matched else "other")].format(model=model)
    faults = report.faults() if not report.fits else "the shapes are the same, the arithmetic is not"
    raise ArgumentError(
        f"{report.file}: its weights are not this model's ({report.layout}; {len(report.matched)} match): "
        f"{faults}. Nothing was loaded. {remedy}"
    )
