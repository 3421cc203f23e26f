"""The names of a model's classes, its outputs by class, and data whose classes are numbered otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.data.annotations import Classes
from pellucid.data.dataset import Dataset, Part
from pellucid.data.naming import composed, some_names
from pellucid.errors import DataError, UsageError, describe
from pellucid.model import Model


def names_of(model: Model) -> tuple[str, ...]:
    """The names of the classes; numbers for a model that has none. Raises UsageError for several outputs."""
    shape = model.output_shape
    if isinstance(shape, dict) or isinstance(model.input_shape, dict):
        raise UsageError(f"{model.name} has several inputs or outputs; call it in Python.")
    return tuple(model.class_names or [str(number) for number in range(max(2, int(shape[-1])))])


def of_each_class(outputs: np.ndarray, names: Sequence[str], run: str) -> np.ndarray:
    """The outputs (N, K); of one output for two classes (a sigmoid), that of the second, both classes'.

    Raises DataError when there are not as many as classes.
    """
    if outputs.ndim == 2 and outputs.shape[1] == 1 and len(names) == 2:
        outputs = np.concatenate([1 - outputs, outputs], axis=1)
    if outputs.ndim != 2 or outputs.shape[1] != len(names):
        raise DataError(f"{run}: the model names {len(names)} classes, but an answer has the shape "
                        f"{outputs.shape[1:]}. Give a classifier.")
    return outputs


def with_labels_of(dataset: Dataset, part: Part, names: tuple[str, ...]) -> Part:
    """The part with its labels in the model's numbering; raises DataError for a class the model does not know."""
    if dataset.class_names == names:
        return part
    numbers = {name: number for number, name in enumerate(composed(names))}
    own = composed(dataset.class_names)
    unknown = [name for name in own if name not in numbers]
    if unknown:
        wanted = f"those of the model ({some_names(names)})"
        raise DataError(describe(dataset.name, "classes", wanted, some_names(unknown[:1]),
                                 "Rename its classes as the model's."))  # fmt: skip
    return replace(part, annotations=Classes(np.array([numbers[name] for name in own])[part.labels]))
