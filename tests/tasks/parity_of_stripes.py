"""A task of a program's own: whether a picture is an even or an odd one, told by one output; asked of class numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pellucid.data.annotations import Classes
from pellucid.engines.protocol import Measure, Objective, Term
from pellucid.reports.scores import Headline
from pellucid.reports.sections import Text
from pellucid.settings import LEARNING, check, setting
from pellucid.spec.activations import Sigmoid
from pellucid.spec.losses import BinaryAccuracy, BinaryCrossentropy
from pellucid.tasks.protocol import Problem, Task


@dataclass(frozen=True)
class Settings:
    owner: ClassVar[str] = "parity"
    swap: bool = setting(False, "Call odd ones even.", panel=LEARNING)

    def __post_init__(self) -> None:
        check(self, "train")


@dataclass(frozen=True)
class Scored:
    split: str
    outputs: np.ndarray
    odd: np.ndarray
    loss: float

    @property
    def n(self) -> int:
        return len(self.odd)

    @property
    def headline(self) -> Headline:
        error = float(self.wrong().mean())
        return Headline("error", error, max(0.0, error - 0.05), min(1.0, error + 0.05), "less")

    def wrong(self) -> np.ndarray:
        return (self.outputs[:, 0] > 0.5) != self.odd

    def to_metrics(self, wanted: Any = None) -> dict[str, Any]:
        return {"split": self.split, "n": self.n, "loss": self.loss, "error": self.headline.value}

    def large(self) -> dict[str, Any]:
        return {}


class Parity(Problem):
    names = ("odd",)
    ending = (Sigmoid(),)  # type: ignore[assignment]

    def record(self) -> dict[str, Any]:
        return {}

    def encode(self, annotations: Any) -> np.ndarray:
        return (annotations.numbers % 2).astype(np.float32)[:, np.newaxis]

    def objective(self, settings: Settings, graph: Any) -> Objective:
        return self.scoring()

    def scoring(self) -> Objective:
        return Objective((Term("output", BinaryCrossentropy()),), (Measure("output", BinaryAccuracy(), "accuracy"),))

    def evaluation(self, outputs: np.ndarray, part: Any, *, split: str, loss: float) -> Scored:
        return Scored(split, outputs, part.labels % 2 == 1, loss)

    def answers(self, outputs: np.ndarray, *, top: int, run: str) -> list[dict[str, Any]]:
        return [{"odd": float(row[0])} for row in outputs]

    def fitted(self, dataset: Any, part: Any) -> Any:
        return part


class ParityTask(Task):
    name, annotations, settings = "parity", Classes.kind, Settings
    watched, better = "accuracy", "more"

    def problem(self, dataset: Any) -> Parity:
        return Parity()

    def recalled(self, model: Any, record: Any) -> Parity:
        return Parity()

    def told(self, found: Any) -> list[Any]:
        return [Text(f"{found['part']} error {found['error']:.4f}")]

    def words(self, entry: Any) -> list[str]:
        return ["odd" if entry["odd"] > 0.5 else "even"]

    def row(self, entry: Any) -> dict[str, Any]:
        return entry
