"""What annotations must be before anything is learnt from them, by their kind.

Classes   0..K-1, at least two, none of them empty (labels.py);  numbers: not one and the same in a column
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pellucid.data.annotations import Annotations, Classes, Numbers
from pellucid.data.labels import begun_at_zero, check_labels
from pellucid.errors import DataError, shown


def learnable(where: str, annotations: Mapping[str, Annotations], class_names: Sequence[str] | None, *,
              learning: bool = True) -> tuple[dict[str, Annotations], tuple[str, ...], list[str]]:
    """The annotations of each part as they are learnt from, the names of the classes, and notes.

    Raises DataError naming `where` and what is at fault; data that are only scored (`learning` False) may be of one
    class, or of one number.
    """
    classes = {part: found.numbers for part, found in annotations.items() if isinstance(found, Classes)}
    if classes:
        labels, class_names, notes = begun_at_zero(classes, class_names)
        names = check_labels(where, labels, class_names, learning=learning)
        return {part: Classes(values) for part, values in labels.items()}, names, notes
    learnt = learnt_part(annotations)
    if learning and isinstance(learnt, Numbers):
        _refuse_constant(where, learnt)
    return dict(annotations), tuple(class_names or ()), []


def learnt_part(annotations: Mapping[str, Annotations]) -> Annotations:
    """Those of "train", or of the first part there is."""
    return annotations.get("train", next(iter(annotations.values())))


def _refuse_constant(where: str, learnt: Numbers) -> None:
    for name, column in zip(learnt.names, learnt.values.T, strict=True):
        if len(column) and (column == column[0]).all():
            raise DataError(f"{where}: '{shown(name)}' is {column[0]:g} in all {len(column):,} images to learn from, "
                            "so there is nothing to learn. Correct it, or add images with other values.")
