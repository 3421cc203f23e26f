"""What labels must be before anything is learnt from them: 0..K-1, at least two classes, none of them empty.

Shapes  labels (N,) int64
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pellucid.data.images import Array
from pellucid.errors import DataError


def check_labels(source: str, labels: Mapping[str, Array], class_names: Sequence[str] | None) -> tuple[str, ...]:
    """Return the class names, from `class_names` or 0..max. Raises DataError naming `source` and the label at fault.

    `labels` maps each part to its labels (N,); the classes are those of "train", or of the only part there is.
    """
    learnt = labels.get("train", next(iter(labels.values())))
    if len(learnt) == 0:
        raise DataError(f"{source}: there is no image to learn from.")
    count = len(class_names) if class_names is not None else int(learnt.max()) + 1
    for part, values in labels.items():
        wrong = values[(values < 0) | (values >= count)]
        if len(wrong):
            raise DataError(f"{source}: labels of the {part} part must be in the range 0 to {count - 1} "
                            f"({count} classes), but one is {int(wrong[0])}. Correct that label, "
                            "or list every class in classes.txt.")
    if len(np.unique(learnt)) == 1:
        only = int(learnt[0])
        raise DataError(f"{source}: a classifier needs at least two classes, but every image is of class "
                        f"'{class_names[only] if class_names is not None else only}'. Add images of a second class.")
    names = tuple(class_names) if class_names is not None else tuple(str(k) for k in range(count))
    empty = np.flatnonzero(np.bincount(learnt, minlength=count) == 0)
    if len(empty):
        more = f" and {len(empty) - 5} more" if len(empty) > 5 else ""
        some = ", ".join(f"'{names[k]}'" for k in empty[:5]) + more
        raise DataError(f"{source}: every class from 0 to {count - 1} must have an image to learn from, but "
                        f"{len(empty)} of {count} are empty: {some}. Remove the empty classes, or correct a label "
                        "that is too large.")
    return names
