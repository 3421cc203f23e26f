"""What a task is: the questions that a run asks whoever knows what is learnt, and nothing else.

    Task      what is known before any data are read: its name, its settings, the annotations it learns from
    Problem   a task on the answers of one data set (class names, names and units of numbers): the end of its network,
              what is minimised, what a part's outputs come to, what a prediction says; a model file holds enough of it
              to be asked again

Training and stored runs are `runs`' business: what a task needs of them comes through what `provided` lists.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pellucid.checks.subject import ByHeart, Chance, Check, Smaller
from pellucid.data.annotations import Annotations
from pellucid.data.batches import Encoded
from pellucid.data.dataset import Dataset, Part
from pellucid.data.sampling import Sampler
from pellucid.engines.protocol import Objective
from pellucid.errors import ArgumentError, UsageError, describe
from pellucid.graph.graph import Graph
from pellucid.keys import Key
from pellucid.model import Model
from pellucid.reports.pixels import Images
from pellucid.reports.scores import Headline, Score, number
from pellucid.reports.sections import Account, Section
from pellucid.spec.layer import LayerSpec
from pellucid.tasks.evaluation import Evaluation
from pellucid.tasks.provided import Bench, Predict, StoredRun
from pellucid.training.events import Event

TOLD = 3  # answers of a sample in predictions.jsonl, where a task orders them


@dataclass(frozen=True)
class Pictures:
    """Files of a run folder by name, and what its report shows; a figure there may be a PNG among the files."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    sections: Sequence[Section] = ()


class Problem(ABC):
    """A task on given answers. `names` are those of the network's outputs, in their order."""

    names: tuple[str, ...]

    @property
    def ending(self) -> tuple[LayerSpec, ...] | None:
        """What follows the last layer with weights; None: a softmax, as networks come."""
        return None

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names where each output stands for a class; None for other outputs."""
        return None

    @property
    def mirrors(self) -> bool:
        """Whether a mirror image's outputs tell of the picture: --tta takes the mean of both."""
        return self.class_names is not None and self.ending is None

    def unmirrored(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs (N, ...) for mirror images as they would be for the pictures."""
        return outputs

    @property
    def outputs(self) -> int:
        """Units of the last layer: one a name, where nothing else is said."""
        return len(self.names)

    def network(self, model: str | None, settings: Any, shape: tuple[int, ...]) -> tuple[Model, str] | None:
        """The network for inputs of `shape` that --model names (None: the usual one), and its name, not yet drawn.

        None where any network with another end serves. Raises UsageError for a name that is none of the task's.
        """
        return None

    def trunk(self, model: Model) -> Model | None:
        """The part of its network that is another network's, with the same layers; None: no part.

        --weights fills it, --freeze all-but-head keeps it, --trunk-rate is its share of the rate.
        """
        return None

    @abstractmethod
    def record(self) -> dict[str, Any]:
        """What a model file keeps of it, as JSON; `Task.recalled` reads it."""

    @abstractmethod
    def encode(self, annotations: Annotations) -> np.ndarray | Encoded:
        """What the loss reads (B, ...), of the annotations of B samples, with weights and masks where it has parts."""

    @abstractmethod
    def objective(self, settings: Any, graph: Graph) -> Objective:
        """What is minimised, outputs for training only included, and watched."""

    @abstractmethod
    def scoring(self) -> Objective:
        """What every part is measured with, whatever a run was trained on."""

    @abstractmethod
    def evaluation(self, outputs: np.ndarray, part: Part, *, split: str, loss: float) -> Evaluation:
        """What the outputs (N, ...) for a part come to."""

    @abstractmethod
    def answers(self, outputs: np.ndarray, *, top: int, run: str) -> list[dict[str, Any]]:
        """What predictions say of pictures, as JSON an entry, from the network's outputs (N, ...) for them.

        Raises DataError for outputs that are none of this task; `run` is what the message names.
        """

    def located(
        self, outputs: np.ndarray, sizes: Sequence[tuple[int, int]], *, top: int, run: str
    ) -> list[dict[str, Any]]:
        """The same of pictures that were of `sizes` (height, width) before they were fitted to the network's input."""
        return self.answers(outputs, top=top, run=run)

    def moved(self, answer: Mapping[str, Any], across: int, down: int) -> dict[str, Any]:
        """An answer about a window of a picture, in pixels of the picture, in which the window lies so far off."""
        raise NotImplementedError  # of tasks whose objects a box can cut out

    @abstractmethod
    def fitted(self, dataset: Dataset, part: Part) -> Part:
        """The part with its annotations as this problem numbers or orders them; raises DataError where they differ."""

    def wanted_scores(self, metrics: Sequence[str] | None, costs: str | None) -> Any:
        """What --metrics and --costs ask for, as `to_metrics` takes it. Raises UsageError for what is not there."""
        for flag, given in (("--metrics", metrics), ("--costs", costs)):
            if given is not None:
                raise UsageError(f"evaluate: {flag} means nothing for this model: its task has one list of scores. "
                                 "Leave it out.")
        return None

    def pictures(self, evaluation: Any, images: Images, training: Part) -> Pictures:
        """What is drawn of an evaluation; images(indices) gives the raw pixels (n,H,W,C) of its part."""
        return Pictures()

    def predictions(self, evaluation: Any) -> Iterable[Mapping[str, Any]]:
        """What predictions.jsonl says of each sample (N) of an evaluation, as JSON, beside its id, path and picture."""
        return self.answers(evaluation.outputs, top=TOLD, run=f"the {evaluation.split} part")

    def encodes(self, settings: Any, graph: Graph) -> Mapping[tuple[int, int], Callable[[Any], np.ndarray | Encoded]]:
        """`encode` for each size (height, width) that a step may have; none where all have the network's own.

        Raises UsageError where the network takes one size alone.
        """
        return {}

    def refuse_unfit(self, settings: Any, epochs: int) -> None:  # noqa: B027  (most tasks refuse nothing here)
        """Raise UsageError for settings that these data or so many epochs cannot serve."""

    def sample_weights(self, settings: Any, part: Part) -> np.ndarray | None:
        """How much each training sample counts (N,); None: alike."""
        return None

    def sampler(self, settings: Any, part: Part) -> Sampler | None:
        """How often each training sample is shown; None: once an epoch."""
        return None

    def events(self, settings: Any, bench: Bench) -> list[tuple[str, Event]]:
        """What watches a run and changes how it learns, by name; their memories are kept in the checkpoint.

        They come before whatever chooses the best epoch, and may add scores to the row of an epoch.
        """
        return []

    def chance(self, objective: Objective) -> Chance | None:
        """What a run begins with, as the checks before it ask; None: what the best constant number comes to."""
        return None

    def smaller(self, graph: Graph, longest: int) -> Smaller | None:
        """How the checks show the network pictures of at most `longest` pixels a side; None: as they are."""
        return None

    def by_heart(self, part: Part) -> ByHeart | None:
        """What the checks know by that all of a small part was learnt; None: by the loss."""
        return None

    def checks(self) -> Mapping[str, Check]:
        """Checks of how this problem writes its targets, made with those of its task."""
        return {}

    def said(self, settings: Any, dataset: Dataset, *, augmented: bool) -> list[str]:
        """Lines on the data that are worth knowing before training begins."""
        return []


class Task(ABC):
    """What is learnt. `settings` is a frozen dataclass made with `pellucid.settings.setting`."""

    name: ClassVar[str]
    format: ClassVar[int] = 1                # of its record in a model file
    annotations: ClassVar[str]               # the kind of column that it learns from
    settings: ClassVar[type]
    watched: ClassVar[str]                   # the score that chooses the best epoch, as a row of the history names it
    better: ClassVar[str]                    # "more" or "less"
    unit: ClassVar[str] = ""                 # of its values, as `reports.scores.Score` says
    beside: ClassVar[Mapping[str, str]] = {}        # scores next to the headline where runs are compared: titles
    rank: ClassVar[int] = 1                  # axes of an answer, the batch's left out
    wishes: ClassVar[type | None] = None     # what a diagnosis may be asked for, made as the settings are
    files: ClassVar[tuple[str, ...]] = ()           # names of those that it writes into a run folder
    checks: ClassVar[Mapping[str, Check]] = {}      # of its annotations, made before training, by name
    bearable: ClassVar[tuple[str, ...]] = ()        # those of them whose failure does not keep a run from learning

    def understand(self, settings: Any) -> None:  # noqa: B027  (words may need no more than their legal values)
        """Raise UsageError for words that mean nothing, before any data are read."""

    def with_new_head(self, settings: Any) -> Any:
        """The settings with what a new head on frozen layers is best taught with, where nobody says it."""
        return settings

    def recipe(self, settings: Any, part: Part, key: Key) -> Mapping[str, Any]:
        """Settings of every run that its usual network learns this part with, where none of them is said."""
        return {}

    @abstractmethod
    def problem(self, dataset: Dataset) -> Problem:
        """The task on a data set. Raises DataError for data that it cannot learn from."""

    def settled(self, problem: Problem, settings: Any, model: str | None, dataset: Dataset) -> Problem:
        """The problem as these settings, and what --model names (None: the usual network), have it.

        Raises UsageError for a name that is none of the task's, and for data that the network does not take.
        """
        return problem

    @abstractmethod
    def recalled(self, model: Model, record: Mapping[str, Any]) -> Problem:
        """The problem that a model was trained on, from what its file keeps. Raises FileError for a damaged record."""

    @abstractmethod
    def told(self, found: Mapping[str, Any]) -> list[Section]:
        """An evaluation for a reader, from what `evaluate --json` tells; the first is its one line."""

    @abstractmethod
    def words(self, entry: Mapping[str, Any]) -> list[str]:
        """An answer for a reader, as columns of words."""

    @abstractmethod
    def row(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """An answer as columns of a table."""

    def drawn(self, pixels: np.ndarray, entry: Mapping[str, Any]) -> np.ndarray | None:
        """A picture (H,W,3) uint8 with the answer to it drawn in; None where answers have no place in pictures."""
        return None

    def marked(self, pixels: np.ndarray, annotations: Annotations) -> np.ndarray:
        """A picture (H,W,3) uint8 with what its one entry of annotations marks in it, in the same size."""
        return pixels

    def boxed(self, boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
        """The answer to a picture of which windows (N,4) were taken for objects; a task of boxes tells one an object.

        Raises ArgumentError where answers are no boxes.
        """
        raise ArgumentError(describe("boxed", "task", "one of boxes", self.name))

    def detect(self, model: Model, images: Any, *, score: float | None) -> list[list[dict[str, Any]]]:
        """For each picture its boxes, as `pellucid.detect` tells them. Raises ArgumentError where there are none."""
        raise ArgumentError(describe("detect", "model", "one that was trained on boxes", f"one of task {self.name}"))

    def keypoints(self, model: Model, images: Any, boxes: Any = None) -> list[list[dict[str, Any]]]:
        """For each picture its points, as `Model.keypoints` tells them. Raises ArgumentError where there are none."""
        raise ArgumentError(describe("keypoints", "model", "one that was trained on points",
                                     f"one of task {self.name}"))  # fmt: skip

    def score(self) -> Score:
        """The watched score."""
        return Score(self.watched, self.better, self.unit)

    def noise(self, value: float, n: int) -> float:
        """By how much the watched score of n samples may differ by chance, where that is known; else 0."""
        return 0.0

    def headline_of(self, metrics: Mapping[str, Any]) -> Headline | None:
        """The headline of scores that tell none: of a trial, which knows the watched one alone, and of older runs."""
        value, score = number(metrics.get(self.watched)), self.score()
        return None if value is None or not score.has(value) else score.headline(value, None)

    def diagnose(self, stored: StoredRun, wishes: Any, *, images: bool) -> Account:
        """What is wrong with a run and what to do next, its files written; `images`: those of the data may be shown.

        Raises UsageError where the task has no diagnosis, DataError and FileError for what cannot be read.
        """
        raise UsageError(f"diagnose: the task {self.name} has no diagnosis. Score the run with: pellucid evaluate.")

    def judge_cases(self, file: str, predict: Predict) -> Account:
        """How many core cases of a table are kept; `kept`, `n` and `lost` are told of every task's.

        Raises UsageError where the task has none, FileError and DataError for a table that is wrong.
        """
        raise UsageError(f"evaluate: --cases means nothing for this model: the task {self.name} has no core cases. "
                         "Leave it out.")
