"""What labels must be before anything is learnt from them: 0..K-1, at least two classes, none of them empty.

Shapes  labels (N,) int64
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pellucid.data.images import Array
from pellucid.data.naming import one_form, some_names
from pellucid.errors import DataError, shown
from pellucid.storage.limits import NAME

MOST_SCORED = 100_000  # classes that numbers alone may stand for where nothing is learnt


def check_labels(source: str, labels: Mapping[str, Array], class_names: Sequence[str] | None, *,
                 learning: bool = True) -> tuple[str, ...]:
    """Return the class names, from `class_names` or 0..max. Raises DataError naming `source` and the label at fault.

    `labels` maps each part to its labels (N,); the classes are those of "train", or of the only part there is. Data
    that are only scored (`learning` False) may be of one class, and classes may have no image.
    """
    learnt = labels.get("train", next(iter(labels.values())))
    if len(learnt) == 0:
        raise DataError(f"{source}: there is no image to learn from.")
    most = learnt if learning else np.array([values.max(initial=0) for values in labels.values()])
    count = len(class_names) if class_names is not None else int(most.max()) + 1
    if class_names is None and count > (len(learnt) if learning else MOST_SCORED):
        part = next(name for name, values in labels.items() if values.max(initial=0) == count - 1)
        many = f"{len(labels[part]):,}"
        raise DataError(f"{source}: labels of the {part} part go up to {count - 1}, but there are {many} images, so "
                        "they are no numbers of classes. Correct that label, or number the classes from 0.")
    for part, values in labels.items():
        wrong = values[(values < 0) | (values >= count)]
        if len(wrong):
            raise DataError(f"{source}: labels of the {part} part must be in the range 0 to {count - 1} "
                            f"({count} classes), but one is {int(wrong[0])}. Correct that label, "
                            "or list every class in classes.txt.")
    names = tuple(class_names) if class_names is not None else tuple(str(k) for k in range(count))
    longest = max(len(name.encode("utf-8", "surrogatepass")) for name in names)
    NAME.check(longest, source, what="the name of a class")
    _refuse_doubles(source, names)
    if learning:
        _refuse_few(source, learnt, names)
    return names


def begun_at_zero(labels: Mapping[str, Array], class_names: Sequence[str] | None,
                  ) -> tuple[dict[str, Array], Sequence[str] | None, list[str]]:  # fmt: skip
    """Labels 1..K, as EMNIST's letters, MATLAB and R number classes, made 0..K-1 with a note; others as they are.

    Without names the classes keep their numbers as names: "1" to "K".
    """
    low = min((int(values.min()) for values in labels.values() if len(values)), default=0)
    high = max((int(values.max()) for values in labels.values() if len(values)), default=0)
    most = len(class_names) if class_names is not None else max(map(len, labels.values()), default=0)
    if low != 1 or high > most or (class_names is not None and high < most):
        return dict(labels), class_names, []
    names = tuple(class_names) if class_names is not None else tuple(str(k) for k in range(1, high + 1))
    note = f"labels begin with 1: 1 is read as class '{shown(names[0])}', {high} as '{shown(names[-1])}'"
    return {part: values - 1 for part, values in labels.items()}, names, [note]


def _refuse_doubles(source: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if one_form(name) in seen:
            raise DataError(f"{source}: two classes are called '{shown(name)}'. Give every class a name of its own.")
        seen.add(one_form(name))


def _refuse_few(source: str, learnt: Array, names: Sequence[str]) -> None:
    """Refuse one class alone, and classes without an image to learn from."""
    count = len(names)
    present = np.bincount(learnt, minlength=count) > 0
    if present.sum() == 1:
        raise DataError(f"{source}: a classifier needs at least two classes, but every image is of class "
                        f"'{shown(names[int(learnt[0])])}'. Add images of a second class.")
    if not present.all():
        empty = [names[int(k)] for k in np.flatnonzero(~present)]
        raise DataError(f"{source}: every class from 0 to {count - 1} must have an image to learn from, but "
                        f"{len(empty)} of {count} are empty: {some_names(empty)}. Number the classes without gaps, or "
                        "correct a label that is too large.")
