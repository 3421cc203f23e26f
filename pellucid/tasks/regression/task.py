"""Regression: one or several numbers a picture, in their own units.

The network ends in a rescaling to the training numbers' mean and spread, so that its outputs are in their units while
the loss is in standard deviations: numbers of several units weigh alike, and a learning rate fits any unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from pellucid.data.annotations import Annotations, Numbers
from pellucid.data.dataset import Dataset, Part
from pellucid.data.naming import composed
from pellucid.engines.protocol import Measure, Objective, Term
from pellucid.errors import ArgumentError, DataError, FileError, UsageError, describe
from pellucid.graph.graph import Graph
from pellucid.model import Model
from pellucid.reports.pixels import Images
from pellucid.reports.sections import Account
from pellucid.spec.layer import LayerSpec
from pellucid.spec.losses import AbsoluteError, Huber, LossSpec, MeanAbsoluteError, MeanSquaredError
from pellucid.spec.reshaping import Rescaling
from pellucid.storage.records.checking import checked
from pellucid.tasks.names import order_of
from pellucid.tasks.protocol import Pictures, Problem, Task
from pellucid.tasks.provided import StoredRun
from pellucid.tasks.regression import telling
from pellucid.tasks.regression.evaluation import MAE, Evaluation
from pellucid.tasks.regression.record import RegressionRecord
from pellucid.tasks.regression.settings import FILES, Settings, Wishes
from pellucid.tasks.telling import Told
from pellucid.training.compiling import Wanted, make_objective

LOSSES = "mse, mae, or huber[:DELTA] with a delta above 0, e.g. huber:1"
AGAIN = "Train the model again"
MOST = 1e30  # of a number's size: sums of such still fit into 32 bits


def loss_of(text: str) -> LossSpec:
    """The loss that --loss names; raises UsageError for anything else."""
    word, *rest = text.lower().split(":")
    plain: dict[str, LossSpec] = {"mse": MeanSquaredError(), "mae": MeanAbsoluteError(), "huber": Huber()}
    try:
        if word == "huber" and len(rest) == 1:
            return Huber(float(rest[0]))
        if word in plain and not rest:
            return plain[word]
    except (ValueError, ArgumentError):  # no number, or none that is legal
        pass
    raise UsageError(describe("train", "--loss", LOSSES, repr(text)))


def refuse_gigantic(numbers: Numbers, where: str) -> None:
    """Raise DataError for numbers whose sums 32 bits cannot hold, so that every score would be infinite."""
    for name, size in zip(numbers.names, np.abs(numbers.values).max(axis=0, initial=0), strict=True):
        if size > MOST:
            raise DataError(f"{where}: '{name}' reaches {size:.3g}, and sizes up to {MOST:.0e} can be learnt. Correct "
                            "that value, or give the numbers in another unit.")  # fmt: skip


@dataclass(frozen=True)
class Regression(Problem):
    """The numbers of one data set: names, units, mean and standard deviation over the training part."""

    names: tuple[str, ...]
    units: tuple[str, ...]
    offset: tuple[float, ...]
    scale: tuple[float, ...]

    @property
    def ending(self) -> tuple[LayerSpec, ...]:
        return (Rescaling(self.scale, self.offset),)

    def record(self) -> dict[str, Any]:
        return {name: list(value) for name, value in vars(self).items()}

    def encode(self, annotations: Annotations) -> np.ndarray:
        assert isinstance(annotations, Numbers), "a task asks for the annotations that it learns from"
        return annotations.values.astype(np.float32)

    def objective(self, settings: Settings, graph: Graph) -> Objective:
        made = make_objective(graph, Wanted(loss_of(settings.loss)))
        return Objective(tuple(replace(term, scales=self.scale) for term in made.terms), self._measures)

    def scoring(self) -> Objective:
        return Objective((Term("output", MeanSquaredError(), scales=self.scale),), self._measures)

    @property
    def _measures(self) -> tuple[Measure, ...]:
        return (Measure("output", AbsoluteError(), "mae"),)

    def evaluation(self, outputs: np.ndarray, part: Part, *, split: str, loss: float) -> Evaluation:
        return Evaluation(split, part.annotated(Numbers).values, outputs.reshape(len(part), -1), self.names, self.units,
                          np.array(self.scale), part.names, loss, part.ids)

    def answers(self, outputs: np.ndarray, *, top: int, run: str) -> list[dict[str, Any]]:
        if outputs.ndim != 2 or outputs.shape[1] != len(self.names):
            raise DataError(f"{run}: the model names {len(self.names)} numbers, but an answer has the shape "
                            f"{outputs.shape[1:]}. Give a model that was trained on numbers.")
        told = list(zip(self.names, self.units, strict=True))
        return [{"numbers": [{"name": name, "value": float(value), "unit": unit}
                             for (name, unit), value in zip(told, row, strict=True)]} for row in outputs]  # fmt: skip

    def fitted(self, dataset: Dataset, part: Part) -> Part:
        numbers = part.annotated(Numbers)
        order = order_of(dataset.name, "numbers", composed(numbers.names), composed(self.names),
                         "Name the columns as the model does, or pick them with --label.")
        return replace(part, annotations=Numbers(numbers.values[:, order], self.names, self.units))

    def pictures(self, evaluation: Evaluation, images: Images, training: Part) -> Pictures:
        from pellucid.tasks.regression.pictures import pictures_of  # brings the library that draws

        return pictures_of(evaluation, images)


class RegressionTask(Told, Task):
    """Learns from `Numbers`; judged by the mean absolute error."""

    name = "regression"
    annotations = Numbers.kind
    settings = Settings
    teller = telling
    wishes, files = Wishes, FILES
    watched, better = MAE.name, MAE.better
    beside: ClassVar[Mapping[str, str]] = {"rmse": "RMSE", "r2": "R2"}

    def understand(self, settings: Settings) -> None:
        loss_of(settings.loss)

    def problem(self, dataset: Dataset) -> Regression:
        for part in dataset.parts.values():
            refuse_gigantic(part.annotated(Numbers), dataset.name)
        numbers = dataset.part("train").annotated(Numbers)
        scale = numbers.values.std(axis=0)
        for name, spread in zip(numbers.names, scale, strict=True):
            if not spread > 0:
                raise DataError(f"{dataset.name}: '{name}' is the same in all images to learn from, so there is "
                                "nothing to learn. Add images with other values.")
        offset = numbers.values.mean(axis=0)
        return Regression(numbers.names, numbers.units, tuple(map(float, offset)), tuple(map(float, scale)))

    def recalled(self, model: Model, record: Mapping[str, Any]) -> Regression:
        told = checked(dict(record), RegressionRecord, "the model's record of its task", AGAIN)
        found = Regression(*(tuple(told[name]) for name in ("names", "units", "offset", "scale")))
        if len({len(value) for value in vars(found).values()}) != 1:
            raise FileError(f"the model's record of its task is damaged: its lists are not alike in length. {AGAIN}.")
        return found

    def diagnose(self, stored: StoredRun, wishes: Any, *, images: bool) -> Account:
        from pellucid.tasks.regression.diagnosing.diagnosis import diagnose  # not needed to train or to ask

        return diagnose(stored, wishes, images=images)


TASK = RegressionTask()
