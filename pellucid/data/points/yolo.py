"""YOLO pose: a text a picture, a line an object: class, centre x, centre y, width, height, then each point, in shares.

data.yaml  kpt_shape: [K, 2] for x, y or [K, 3] for x, y, visibility; flip_idx: the place of each point in a mirror;
           kpt_names, skeleton (counted from 0) and sigmas where somebody put them
Not marked a visibility of 0; without one, a point at 0 0
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pellucid.data.boxes.found import Places, part_of, stem_of
from pellucid.data.boxes.yolo import label_path, lines_of, yaml_of
from pellucid.data.points.found import NOWHERE, Found, Marked, Point, seen_of
from pellucid.data.points.skeleton import Skeleton, twos
from pellucid.data.points.usual import usual
from pellucid.data.sources import Source, Tree
from pellucid.errors import DataError, shown
from pellucid.words import decimal, whole

MOST_POINTS = 10_000


@dataclass(frozen=True)
class Form:
    """What a data.yaml says of points: the skeleton, and whether there is a visibility beside x and y."""

    source: Source
    skeleton: Skeleton
    numbers: int


def read_yolo(tree: Tree, places: Places) -> Found | None:
    """What the texts beside pictures say; None where no data.yaml has a kpt_shape. Raises FileError and DataError."""
    form = next((form for source in sorted(tree.sources, key=lambda one: (one.path.count("/"), one.path))
                 if source.path.lower().endswith((".yaml", ".yml")) and (form := form_of(source)) is not None), None)
    if form is None:
        return None
    texts = {source.path: source for source in tree.sources if source.path.lower().endswith(".txt")}
    found = Found("YOLO pose", form.skeleton, [], [form.source], shares=True)
    kinds: set[str] = set()
    for picture in places.pictures:
        text = texts.get(label_path(picture.path)) or texts.get(stem_of(picture.path) + ".txt")
        if text is None:
            continue
        part = part_of(picture.path) if "/" in picture.path else None
        found.files.append(text)
        objects = [(line, words) for line, words in enumerate(map(str.split, lines_of(text)), 1) if words]
        found.marked += [replace(marked_of(f"{text.where}: line {line}", words, form, picture), part=part)
                         for line, words in objects]  # fmt: skip
        kinds.update(words[0] for _, words in objects)
    found.notes += [f"objects of {len(kinds)} classes, which are learnt as one kind"] if len(kinds) > 1 else []
    return found


def form_of(source: Source) -> Form | None:
    """What a YAML says of points; None for one that says nothing. Raises DataError for what cannot be."""
    told = yaml_of(source)
    if not isinstance(told, dict) or "kpt_shape" not in told:
        return None
    shape = told["kpt_shape"]
    if not (isinstance(shape, list) and len(shape) == 2 and all(type(one) is int for one in shape)
            and 0 < shape[0] <= MOST_POINTS and shape[1] in (2, 3)):  # fmt: skip
        raise DataError(f"{source.where}: kpt_shape must be [how many points, 2 or 3], at most {MOST_POINTS:,} points, "
                        f"but it is {shown(shape)}. Correct it.")
    count, numbers = shape
    try:
        known = usual(names_of(told, count))
        edges = known.edges if told.get("skeleton") is None else twos(told["skeleton"])
        sigmas = known.sigmas if told.get("sigmas") is None else tuple(map(float, told["sigmas"]))
        pairs = known.pairs if told.get("flip_idx") is None else pairs_of(source.where, told["flip_idx"], count)
        return Form(source, replace(known, edges=edges, pairs=pairs, sigmas=sigmas), numbers)
    except DataError as fault:
        where = "" if str(fault).startswith(source.where) else f"{source.where}: "
        raise DataError(f"{where}{fault}") from None
    except (TypeError, ValueError, IndexError, KeyError):
        raise DataError(f"{source.where}: skeleton must be a list of [from, to] and sigmas a list of numbers. Correct "
                        "them.") from None


def names_of(told: Mapping[str, Any], count: int) -> tuple[str, ...]:
    """The names of the points, by kpt_names (a list, or a list a class); else their numbers."""
    names = told.get("kpt_names")
    names = next(iter(names.values()), None) if isinstance(names, dict) else names
    if names is None:
        return tuple(map(str, range(count)))
    if not isinstance(names, list) or len(names) != count:
        raise DataError(f"kpt_names must be {count} names, as kpt_shape says, but it is {shown(names)}. Correct it.")
    return tuple(map(str, names))


def pairs_of(where: str, order: Any, count: int) -> tuple[tuple[int, int], ...]:
    """The pairs that flip_idx tells. Raises DataError for what is no exchange of places."""
    if (not isinstance(order, list) or any(type(one) is not int for one in order) or sorted(order) != list(range(count))
            or any(order[order[k]] != k for k in range(count))):  # fmt: skip
        raise DataError(f"{where}: flip_idx must hold the numbers 0 to {count - 1} once each, and exchange points two "
                        f"by two, but it is {shown(order, 60)}. Correct it.")
    return tuple((k, order[k]) for k in range(count) if k < order[k])


def marked_of(where: str, words: Sequence[str], form: Form, picture: Source) -> Marked:
    """The object of a line. Raises DataError for a line that does not fit."""
    count = len(form.skeleton)
    wanted = 5 + count * form.numbers
    values = [decimal(word) for word in words]
    if len(words) != wanted or None in values or whole(words[0], 0) is None:
        raise DataError(f"{where}: an object must be a class number, four numbers of its box and {form.numbers} of "
                        f"each of {count} points, {wanted} in all, but the line has {len(words)}: "
                        f"'{shown(' '.join(words), 60)}'. Correct it, or kpt_shape in data.yaml.")
    _, x, y, width, height, *rest = [value for value in values if value is not None]
    points = [point_of(where, name, rest[k * form.numbers : (k + 1) * form.numbers])
              for k, name in enumerate(form.skeleton.names)]  # fmt: skip
    return Marked(picture, points, where, box=(x - width / 2, y - height / 2, x + width / 2, y + height / 2))


def point_of(where: str, name: str, told: Sequence[float]) -> Point:
    """One point. Raises DataError for a visibility beyond 2."""
    x, y, *flags = told
    if not flags:
        return (x, y, 2) if x or y else NOWHERE
    seen = seen_of(where, name, flags[0])
    return (x, y, seen) if seen else NOWHERE
