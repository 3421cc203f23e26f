"""Targets outside what a loss is defined for: refused before they are learnt, with the value and its place.

Shapes  target (N, ...), in the form its loss reads; samples that count nothing (masked, of weight 0) may hold anything
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pellucid.engines.protocol import Term
from pellucid.errors import ArgumentError, describe
from pellucid.spec.losses import Targets
from pellucid.spec.shapes import Shape

CHUNK = 1 << 20  # numbers looked at together, to bound the memory
TOLERANCE = 0.02  # of a row's sum: three shares written as 0.33 are meant to be one

Arrays = Mapping[str, np.ndarray]
Wrong = tuple[tuple[int, ...], float]  # where a target is wrong, and what stands there


def refuse_out_of_range(
    terms: Mapping[str, Term], shapes: Mapping[str, Shape], targets: Arrays, weights: Arrays, masks: Arrays
) -> None:
    """Raise ArgumentError for the first target that its loss is not defined for.

    A target whose shape does not fit is left to the engine, which has a sentence for that.
    """
    for name, term in terms.items():
        target, shape = targets.get(name), shapes[term.output]
        if target is None or target.dtype.kind not in "fiub" or not target.size:
            continue
        counts = counted(target, weights.get(name), masks.get(name))
        place = "y" if len(terms) == 1 else f"y['{name}']"
        if term.loss.labels == "index":
            refuse_other_classes(term, shape[-1], target, counts, place)
        elif fits(shape, target.shape[1:]):
            refuse_other_values(term, target, counts, place)


def counted(target: np.ndarray, *given: np.ndarray | None) -> np.ndarray:
    """Which targets count, over as many leading axes as weights and masks have; those that do not fit are left out."""
    fitting = [each != 0 for each in given if each is not None and each.shape == target.shape[: each.ndim]]
    axes = max((each.ndim for each in fitting), default=1)
    counts = np.ones(target.shape[:axes], bool)
    for each in fitting:
        counts &= each.reshape(each.shape + (1,) * (axes - each.ndim))
    return counts


def fits(shape: Shape, sizes: tuple[int, ...]) -> bool:
    """Whether a target of these sizes goes with an output of that shape, the last axis of one left out or not."""
    sizes = sizes if len(sizes) == len(shape) else (*sizes, 1)
    return len(sizes) == len(shape) and all(w in (None, got) for w, got in zip(shape, sizes, strict=True))


def refuse_other_classes(term: Term, classes: int | None, target: np.ndarray, counts: np.ndarray, place: str) -> None:
    """Class numbers go from 0 to K - 1; whether they are whole and of the right shape the engine says."""
    if classes is None or (target.ndim > 1 and target.shape[-1] != 1):
        return
    wrong = first_wrong(Targets(0, classes - 1), target, counts)
    if wrong is not None and float(wrong[1]).is_integer():
        where, value = wrong
        remedy = f"Widen the last layer to {int(target[counts].max()) + 1} units." if value >= classes else ""
        got = f"{value:g} at {place}{list(where[:1])}"
        raise ArgumentError(describe(f"output '{term.output}'", "labels", f"from 0 to {classes - 1}", got, remedy))


def refuse_other_values(term: Term, target: np.ndarray, counts: np.ndarray, place: str) -> None:
    """Values lie in the loss's interval, and rows of shares add up to one."""
    legal = term.loss.targets
    wrong = first_wrong(legal, target, counts)
    if wrong is None:
        return
    where, value = wrong
    at = f"{place}[{', '.join(map(str, where))}]"
    loss, named = type(term.loss).__name__, f"output '{term.output}'"
    if not np.isfinite(value):
        remedy = f"Where there is no label pass masks=~np.isnan({place})." if np.isnan(value) else ""
        raise ArgumentError(describe(named, "targets", "finite numbers", f"{value:g} at {at}", remedy))
    row = legal.row_sum is not None and len(where) < target.ndim
    got = f"{value:g}, the sum of {at}" if row else f"{value:g} at {at}"
    raise ArgumentError(describe(named, f"targets of {loss}", legal.wanted, got, remedy_for(legal, target[counts])))


def remedy_for(legal: Targets, target: np.ndarray) -> str:
    """What to type when the values tell what they were meant to be."""
    low, high = float(target.min()), float(target.max())
    if legal.row_sum is not None:
        if np.isin(target, (0, 1)).all():
            return "Where several classes are right at once use 'binary_crossentropy' after a sigmoid."
        return "Divide each row by its sum, or use 'sparse_categorical_crossentropy' with class numbers."
    if (low, high) == (-1, 1):
        return "Pass (y + 1) / 2."
    if (low, high) == (1, 2):
        return "Pass y - 1."
    if (low, high) == (0, 255):
        return "Pass y / 255."
    if low >= 0 and bool((target == np.floor(target)).all()):
        return "Class numbers go with 'sparse_categorical_crossentropy' and one unit a class."
    return "Scale them, or use a loss for values such as 'mse'."


def first_wrong(legal: Targets, target: np.ndarray, counts: np.ndarray) -> Wrong | None:
    """The first value, or row by its sum, that is not legal."""
    for at, part, held in chunks(target, counts):
        wide = held.reshape(held.shape + (1,) * (part.ndim - held.ndim))
        wrong = ~((part >= legal.low) & (part <= legal.high) & np.isfinite(part)) & wide
        if wrong.any():
            place = tuple(int(number) for number in np.argwhere(wrong)[0])
            return (at + place[0], *place[1:]), float(part[place])
        if legal.row_sum is not None and part.ndim > 1:
            sums = part.sum(axis=-1, dtype=np.float64)
            wrong = (abs(sums - legal.row_sum) > TOLERANCE) & (sums != 0) & wide[..., 0]
            if wrong.any():
                place = tuple(int(number) for number in np.argwhere(wrong)[0])
                return (at + place[0], *place[1:]), float(sums[place])
    return None


def chunks(target: np.ndarray, counts: np.ndarray) -> Iterator[tuple[int, Any, Any]]:
    """Some samples at a time: the number of the first, their targets, and which of them count."""
    rows = max(1, CHUNK * len(target) // target.size)
    for at in range(0, len(target), rows):
        yield at, target[at : at + rows], counts[at : at + rows]
