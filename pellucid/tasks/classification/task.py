"""Classification: which one of K classes a picture shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from pellucid.checks.subject import Chance
from pellucid.data.annotations import Annotations, Classes
from pellucid.data.batches import class_numbers
from pellucid.data.dataset import Dataset, Part
from pellucid.data.sampling import Sampler
from pellucid.diagnosis.costs import read_costs
from pellucid.diagnosis.intervals import interval_of
from pellucid.diagnosis.measures import refuse_unknown
from pellucid.diagnosis.scores import DEFAULT
from pellucid.engines.protocol import Measure, Objective, Term
from pellucid.graph.graph import Graph
from pellucid.model import Model
from pellucid.reports.pixels import Images
from pellucid.reports.scores import Headline
from pellucid.reports.sections import Account
from pellucid.spec.losses import SparseCategoricalAccuracy, SparseCategoricalCrossentropy
from pellucid.tasks.classification import telling
from pellucid.tasks.classification.cases import judge_cases
from pellucid.tasks.classification.checks import CHECKS, chance_among
from pellucid.tasks.classification.evaluation import ACCURACY, Evaluation, WantedScores
from pellucid.tasks.classification.imbalance import (
    ends_of_rounds,
    loss_of,
    refuse_twice,
    said_of_classes,
    sampler_of,
    weights_of,
)
from pellucid.tasks.classification.mining import Mining
from pellucid.tasks.classification.naming import names_of, of_each_class, with_labels_of
from pellucid.tasks.classification.settings import FILES, SMOOTHING_OF_HEAD, Settings, Wishes
from pellucid.tasks.protocol import TOLD, Pictures, Problem, Task
from pellucid.tasks.provided import Bench, Predict, StoredRun
from pellucid.tasks.telling import Told
from pellucid.training.compiling import Wanted, make_objective
from pellucid.training.events import Event, Progress

SCORING = Objective(
    (Term("output", SparseCategoricalCrossentropy()),),
    (Measure("output", SparseCategoricalAccuracy(), "accuracy"),),
)


@dataclass(frozen=True)
class Classification(Problem):
    """The classes of one data set, by name."""

    names: tuple[str, ...]

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.names

    def record(self) -> dict[str, Any]:
        return {}  # a model file has had the names of classes in a place of their own since before there were tasks

    def encode(self, annotations: Annotations) -> np.ndarray:
        return class_numbers(annotations)

    def objective(self, settings: Settings, graph: Graph) -> Objective:
        return replace(make_objective(graph, Wanted(loss_of(settings))), measures=SCORING.measures)

    def scoring(self) -> Objective:
        return SCORING

    def evaluation(self, outputs: np.ndarray, part: Part, *, split: str, loss: float) -> Evaluation:
        return Evaluation(split=split, labels=part.labels, probabilities=outputs, class_names=self.names,
                          names=part.names, loss=loss, ids=part.ids)

    def answers(self, outputs: np.ndarray, *, top: int, run: str) -> list[dict[str, Any]]:
        rows = of_each_class(outputs, self.names, run)
        orders = np.argsort(-rows, axis=1, kind="stable")[:, :top]
        return [{"classes": [{"class": self.names[k], "probability": float(row[k])} for k in order]}
                for row, order in zip(rows, orders, strict=True)]

    def fitted(self, dataset: Dataset, part: Part) -> Part:
        return with_labels_of(dataset, part, self.names)

    def wanted_scores(self, metrics: Sequence[str] | None, costs: str | None) -> WantedScores:
        prices = None if costs is None else read_costs(costs, self.names)
        names = list(DEFAULT if metrics is None else metrics)
        if costs is not None and metrics is None:
            names.append("weighted_error")
        refuse_unknown(names, self.names, prices)
        return WantedScores(names, prices)

    def pictures(self, evaluation: Evaluation, images: Images, training: Part) -> Pictures:
        from pellucid.tasks.classification.pictures import pictures_of  # brings the library that draws

        return pictures_of(evaluation, images, training)

    def predictions(self, evaluation: Evaluation) -> Iterator[dict[str, Any]]:
        """The true class, and the likeliest with their probabilities, to six digits."""
        best = np.argsort(-evaluation.scores, axis=1, kind="stable")[:, :TOLD]
        for true, row, order in zip(evaluation.labels, evaluation.scores, best, strict=True):
            yield {"true": self.names[int(true)],
                   "classes": [{"class": self.names[k], "probability": round(float(row[k]), 6)} for k in order]}

    def refuse_unfit(self, settings: Settings, epochs: int) -> None:
        ends_of_rounds(settings, epochs)

    def sample_weights(self, settings: Settings, part: Part) -> np.ndarray | None:
        return weights_of(settings, part.labels)

    def sampler(self, settings: Settings, part: Part) -> Sampler | None:
        return sampler_of(settings, part.labels)

    def events(self, settings: Settings, bench: Bench) -> list[tuple[str, Event]]:
        if not settings.mine_rounds:
            return []
        assert bench.sampler is not None, "a run that mines has a sampler"

        def wrong(progress: Progress) -> np.ndarray:
            return bench.firsts(bench.evaluate(progress, "train").wrong())

        return [("mining", Mining(bench.sampler, ends_of_rounds(settings, bench.epochs), wrong))]

    def chance(self, objective: Objective) -> Chance | None:
        return chance_among(len(self.names), objective)

    def said(self, settings: Settings, dataset: Dataset, *, augmented: bool) -> list[str]:
        return said_of_classes(settings, dataset, augmented=augmented)


class ClassificationTask(Told, Task):
    """Learns from `Classes`; judged by the accuracy."""

    name = "classification"
    annotations = Classes.kind
    settings, wishes, files = Settings, Wishes, FILES
    teller = telling
    watched, better, unit = ACCURACY.name, ACCURACY.better, ACCURACY.unit
    beside: ClassVar[Mapping[str, str]] = {"macro_f1": "Macro F1"}
    checks, bearable = CHECKS, ("empty-class",)

    def understand(self, settings: Settings) -> None:
        refuse_twice(settings)

    def with_new_head(self, settings: Settings) -> Settings:
        said = settings.label_smoothing is not None or settings.loss != "crossentropy"
        return settings if said else replace(settings, label_smoothing=SMOOTHING_OF_HEAD)

    def problem(self, dataset: Dataset) -> Classification:
        return Classification(dataset.class_names)

    def recalled(self, model: Model, record: Mapping[str, Any]) -> Classification:
        return Classification(names_of(model))

    def noise(self, value: float, n: int) -> float:
        """The standard error of an accuracy; one image more is right and one wrong, so that 100 % has some too.

        At least one image: of 17 that are all right, another 16 are as good.
        """
        share = (value * n + 1) / (n + 2)
        return max(math.sqrt(share * (1 - share) / n), 1.000001 / n)

    def headline_of(self, metrics: Mapping[str, Any]) -> Headline | None:
        found, interval = super().headline_of(metrics), interval_of(metrics)
        return found if found is None or interval is None else replace(found, low=interval[0], high=interval[1])

    def diagnose(self, stored: StoredRun, wishes: Wishes, *, images: bool) -> Account:
        from pellucid.tasks.classification.diagnosing.diagnosis import diagnose  # brings what draws

        return diagnose(stored, wishes, images=images)

    def judge_cases(self, file: str, predict: Predict) -> Account:
        return judge_cases(file, predict)


TASK = ClassificationTask()
