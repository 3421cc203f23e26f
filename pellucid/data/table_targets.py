"""Which columns of a table are learnt, and as what: classes, or numbers.

Classes    the column called so (label, class, species ...); the only other one; columns of 0 and 1, one a class
Numbers    columns called target, target2, y_1 ...; else value, score, age, x, y ...; else all that hold numbers
Undecided  classes, except in a column that is not called so and would make absurd ones: numbers with fractions, or so
           many different ones that a class has fewer than two pictures; and except for target, target2 ...
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pellucid.data.asked_columns import asked_columns, named_by
from pellucid.data.options import Options
from pellucid.data.table_looks import LOOKED_AT, are_measured, bare_name, numeric_columns
from pellucid.data.table_text import Table, listed
from pellucid.errors import DataError

LABEL = ("label", "class")
CLASSES = ("labels", "class_name", "classname", "label_name", "class_label", "category", "category_name", "species",
           "breed", "diagnosis", "dx")  # fmt: skip
OTHER_LABELS = (*CLASSES, "target")
TARGET = re.compile(r"targets?(?:[ _-]?\d+|[ _-].+)?|y[ _-]?\d+")
NUMBER = ("value", "score", "rating", "age", "angle", "x", "y", "z", "yaw", "pitch", "roll", "length", "distance",
          "weight", "temperature", "price", "count")  # fmt: skip
ORDER = ("", "index", "unnamed: 0", "row", "fold", "id", "id_code", "image_id", "imageid", "img_id")  # nothing measured
MOST_CLASSES = 10_000           # columns of 0 and 1


@dataclass(frozen=True)
class Targets:
    """Places of the columns that are learnt, and the kind of annotation that they hold."""

    kind: str
    places: tuple[int, ...]
    notes: tuple[str, ...] = ()


def choose_targets(table: Table, options: Options, taken: Collection[int | None]) -> Targets:
    """The columns that are learnt, among those not `taken`. Raises DataError with what to type."""
    left = [at for at in range(len(table.columns)) if at not in taken]
    asked, kind = asked_columns(table, options.label), options.annotations
    if kind == "numbers":
        return _as_numbers(table, asked or _number_columns(table, left), decided=False)
    classes = _class_columns(table, asked, left)
    numbers = () if kind == "classes" else _better_as_numbers(table, classes, asked, left, learning=options.learning)
    if numbers:
        return _as_numbers(table, numbers, decided=True)
    if classes:
        return _as_classes(table, classes, asked, decided=kind is None)
    raise _no_classes(table, asked, left)


def label_by_name(table: Table) -> int | None:
    """The column that is called as classes are; None when there is none, or more than one that it may be."""
    usual = table.place_of(LABEL)
    if usual is not None:
        return usual
    places = [place for place, name in enumerate(table.columns) if name.lower() in OTHER_LABELS]
    return places[0] if len(places) == 1 else None


def has_targets(table: Table, options: Options, path: int | None) -> bool:
    """Whether a table seems to hold what is wanted, beside pictures at `path`; others are lists of pictures."""
    if options.label:
        return None not in named_by(table, options.label).values()
    left = [at for at in range(len(table.columns)) if at != path]
    if options.annotations == "numbers":
        return bool(_holding_numbers(table, left))
    classes = label_by_name(table) is not None or len(table.columns) == 2
    return classes or (options.annotations is None and bool(_only_numbers(table, left, learning=options.learning)))


# --- classes ----------------------------------------------------------------------------------------------------------

def _class_columns(table: Table, asked: tuple[int, ...], left: Sequence[int]) -> tuple[int, ...]:
    """The column of classes or those of one class each; none where there are none."""
    if asked:
        return asked if len(asked) == 1 or _one_hot(table, asked) else ()
    place = label_by_name(table)
    if place is not None:
        return (place,)
    if len(left) == 1 and len(table.columns) == 2:
        return (left[0],)
    return tuple(left) if 2 <= len(left) <= MOST_CLASSES and _one_hot(table, left) else ()


def _as_classes(table: Table, places: tuple[int, ...], asked: tuple[int, ...], *, decided: bool) -> Targets:
    """`decided`: nobody said that they are classes."""
    if len(places) > 1:
        names = [table.columns[at] for at in places]
        return Targets("classes", places, (f"classes from {len(places):,} columns of 0 and 1: {listed(names, 5)}",))
    called = table.columns[places[0]]
    notes = () if asked or called.lower() in LABEL else (f"classes from column '{called}'",)
    if decided and called.lower() not in (*LABEL, *CLASSES) and _holding_numbers(table, places):
        notes = (*notes, f"numbers in column '{called}' name classes; to learn numbers, type --task regression")
    return Targets("classes", places, notes)


def _no_classes(table: Table, asked: tuple[int, ...], left: Sequence[int]) -> DataError:
    if asked:
        return DataError(f"{table.where}: each row of the columns {listed([table.columns[at] for at in asked])} must "
                         "hold one 1 and else 0 to be classes. Name one column: --label COLUMN.")
    may_be = [name for name in table.columns if name.lower() in OTHER_LABELS]
    example = may_be[0] if may_be else "COLUMN"
    numbers = " To learn numbers, type --task regression." if _holding_numbers(table, left) else ""
    return DataError(f"{table.where}: the table must have a column of labels, called {' or '.join(LABEL)}, but its "
                     f"columns are {listed(table.columns)}. Name the column of the classes: --label {example}."
                     f"{numbers}")


def _one_hot(table: Table, places: Sequence[int]) -> bool:
    """Whether the cells at these places are 0 or 1 in every row looked at, with some 1."""
    seen = False
    for _, cells in table.rows(LOOKED_AT):
        values = [cells[place].strip() if place < len(cells) else "" for place in places]
        if not {*values} <= {"0", "1", "0.0", "1.0"}:
            return False
        seen = True
    return seen


# --- numbers ----------------------------------------------------------------------------------------------------------

def _as_numbers(table: Table, places: tuple[int, ...], *, decided: bool) -> Targets:
    if not places:
        raise DataError(f"{table.where}: the table must have a column of numbers, called target or value, but its "
                        f"columns are {listed(table.columns)}. Name the columns of the numbers: --label COLUMN,COLUMN.")
    names = [f"'{table.columns[at]}'" for at in places]
    how = "; to learn classes, type --task classification" if decided else ""
    return Targets("numbers", places, (f"numbers from column{'s' * (len(names) > 1)} {listed(names, 5)}{how}",))


def _number_columns(table: Table, left: Sequence[int]) -> tuple[int, ...]:
    """The columns to learn as numbers; one of words, which is told by its cells, where none holds numbers."""
    found = _holding_numbers(table, left)
    if found:
        return found
    label = label_by_name(table)
    return (label,) if label is not None else (left[0],) if len(left) == 1 else ()


def _holding_numbers(table: Table, left: Sequence[int]) -> tuple[int, ...]:
    numeric = numeric_columns(table, left)
    names = {at: bare_name(table, at) for at in numeric}
    for wanted in (lambda name: TARGET.fullmatch(name), lambda name: name in (*LABEL, *CLASSES),
                   lambda name: name in NUMBER):  # fmt: skip
        if found := tuple(at for at in numeric if wanted(names[at])):
            return found
    return tuple(at for at in numeric if names[at] not in ORDER)


def _better_as_numbers(table: Table, classes: tuple[int, ...], asked: tuple[int, ...], left: Sequence[int], *,
                       learning: bool) -> tuple[int, ...]:  # fmt: skip
    """The columns of numbers to learn where there are no classes, or absurd ones; else none."""
    if not classes:
        return asked or _only_numbers(table, left, learning=learning)
    if len(classes) > 1 or bare_name(table, classes[0]) in (*LABEL, *CLASSES):
        return ()
    if not asked:
        targets = tuple(numeric_columns(table, [at for at in left if TARGET.fullmatch(bare_name(table, at))]))
        if classes[0] in targets and len(targets) > 1 and not _one_hot(table, targets):
            return targets
    measured = numeric_columns(table, classes) and are_measured(table, classes, learning=learning)
    return (asked or _holding_numbers(table, left)) if measured else ()


def _only_numbers(table: Table, left: Sequence[int], *, learning: bool) -> tuple[int, ...]:
    """The columns of numbers where all that may be learnt hold numbers, and they are called so or measured."""
    may_be = [at for at in left if bare_name(table, at) not in ORDER]
    if numeric_columns(table, may_be) != may_be:
        return ()
    found = _holding_numbers(table, left)
    called = all(TARGET.fullmatch(bare_name(table, at)) for at in found)
    return found if called or are_measured(table, found, learning=learning) else ()
