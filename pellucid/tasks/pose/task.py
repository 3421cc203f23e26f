"""Pose: the joints of all people of a picture at once, and whose they are.

The network ends in maps of joints and fields of limbs (codec.py), made in stages of which all but the last are for
training only. People move with the pixels; answers are in pixels of the pictures as given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from pellucid.checks.subject import ByHeart, Check
from pellucid.data.annotations import Annotations
from pellucid.data.batches import Encoded
from pellucid.data.dataset import Dataset, Part
from pellucid.data.fitting import affine_of
from pellucid.data.people.column import People
from pellucid.data.points.skeleton import Skeleton
from pellucid.data.points.usual import usual
from pellucid.engines.protocol import Objective
from pellucid.errors import ArgumentError, DataError, FileError, UsageError, describe
from pellucid.graph.graph import Graph
from pellucid.keys import Key
from pellucid.model import Model
from pellucid.reports.pixels import Images
from pellucid.reports.sections import Account
from pellucid.storage.model_file import read_model
from pellucid.storage.records.checking import checked, rebuilt
from pellucid.tasks.asking import asked
from pellucid.tasks.looking import Looks
from pellucid.tasks.names import order_of, refuse_other_points
from pellucid.tasks.pose import telling
from pellucid.tasks.pose.answering import as_json, located
from pellucid.tasks.pose.checks import CHECKS, checks_of
from pellucid.tasks.pose.codec import FieldsCodec
from pellucid.tasks.pose.evaluation import OKS_AP, Evaluation
from pellucid.tasks.pose.grouping import Grouped, Rules
from pellucid.tasks.pose.kinds import USUAL, Kind, kind_of, refuse_size
from pellucid.tasks.pose.recipe import recipe_for
from pellucid.tasks.pose.record import PoseRecord, codec_of
from pellucid.tasks.pose.settings import FILES, Settings, Wishes
from pellucid.tasks.protocol import Pictures, Problem, Task
from pellucid.tasks.provided import Bench, StoredRun
from pellucid.tasks.telling import Told
from pellucid.training.events import Event

AGAIN = "Train the model again"
ASSUMED = 0.05      # spread of every joint where nobody knows it
LEARNT = 0.9        # OKS-AP of a few pictures that are known by heart


@dataclass(frozen=True)
class Pose(Problem):
    """The skeleton of one data set, and how its people are written as maps and fields."""

    skeleton: Skeleton
    codec: FieldsCodec
    fit: str = "stretch"
    form: str = USUAL
    stages: int = 2
    validated: bool = False

    @property
    def names(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.skeleton.names

    @property
    def outputs(self) -> int:
        return self.codec.numbers

    @property
    def sigmas(self) -> tuple[float, ...]:
        """The spreads of OKS."""
        return self.skeleton.sigmas or (ASSUMED,) * len(self.skeleton)

    def network(self, model: str | None, settings: Settings, shape: tuple[int, ...]) -> tuple[Model, str]:
        if len(shape) != 3:
            raise UsageError("train: a network for poses reads pictures; leave out pca and whiten of --preprocess.")
        name, kind = kind_of(self.form)
        return kind.network((shape[0], shape[1], shape[2]), self.codec, self.stages), name

    def record(self) -> dict[str, Any]:
        return {"skeleton": self.skeleton.to_config(), "codec": self.codec.record(), "form": self.form,
                "stages": self.stages}

    def encode(self, annotations: Annotations) -> Encoded:
        assert isinstance(annotations, People), "a task asks for the annotations that it learns from"
        return self.codec.encode(annotations)

    def objective(self, settings: Settings, graph: Graph) -> Objective:
        (last,) = self.codec.terms()
        inner = (replace(last, output=name, shares=last.output) for name in graph.training_only)
        return Objective((last, *inner))

    def scoring(self) -> Objective:
        return Objective(self.codec.terms())

    def events(self, settings: Settings, bench: Bench) -> list[tuple[str, Event]]:
        return [("looks", Looks(bench, OKS_AP, settings.score_every, validated=self.validated))]

    def by_heart(self, part: Part) -> ByHeart | None:
        def score(outputs: np.ndarray) -> float:
            return self.evaluation(outputs, part, split="train", loss=0.0).oks_ap

        best = score(self.codec.encode(part.annotated(People)).targets)
        return ByHeart("OKS-AP", LEARNT * best, score) if best > 0 else None

    def checks(self) -> Mapping[str, Check]:
        return checks_of(self.codec)

    def evaluation(self, outputs: np.ndarray, part: Part, *, split: str, loss: float) -> Evaluation:
        people = part.annotated(People)
        found = located(self.codec, outputs, people.affines)
        return Evaluation(split, people, found, self.sigmas, self.skeleton.sigmas is not None, loss, part.names,
                          part.ids)  # fmt: skip

    def answers(self, outputs: np.ndarray, *, top: int, run: str) -> list[dict[str, Any]]:
        return self.located(outputs, [self.codec.size] * len(outputs), top=top, run=run)

    def located(self, outputs: np.ndarray, sizes: Sequence[tuple[int, int]], *, top: int, run: str,
                ) -> list[dict[str, Any]]:  # fmt: skip
        wanted = (*self.codec.shape, self.codec.numbers)
        if outputs.shape[1:] != wanted:
            raise DataError(f"{run}: the model says that it gives maps and fields of shape {wanted}, but an answer has "
                            f"the shape {outputs.shape[1:]}. {AGAIN}.")
        own = usual(self.names).edges == self.skeleton.edges
        edges = {} if own else {"edges": [list(edge) for edge in self.skeleton.edges]}
        return [{"people": as_json(one, self.names), "names": list(self.names)} | edges
                for one in self.found(outputs, sizes)]  # fmt: skip

    def found(self, outputs: np.ndarray, sizes: Sequence[tuple[int, int]]) -> list[Grouped]:
        """The people of pictures of these sizes (height, width)."""
        affines = [affine_of(size, self.codec.size, self.fit) for size in sizes]
        return located(self.codec, outputs, np.array(affines).reshape(-1, 2, 3))

    def predictions(self, evaluation: Evaluation) -> Iterable[Mapping[str, Any]]:
        truth = evaluation.truth
        for number, one in enumerate(evaluation.found):
            objects = truth.take(np.array([number])).objects
            true = [[{"name": name, "x": round(float(x), 3), "y": round(float(y), 3), "visible": int(flag)}
                     for name, (x, y), flag in zip(self.names, xy, visible, strict=True) if flag]
                    for xy, visible in zip(objects.xy, objects.visible, strict=True)]  # fmt: skip
            yield {"people": as_json(one, self.names), "true": true}

    def fitted(self, dataset: Dataset, part: Part) -> Part:
        people = part.annotated(People)
        objects = people.objects
        order = order_of(dataset.name, "points", people.skeleton.names, self.names, "Name them as the model does.")
        ordered = replace(objects, xy=objects.xy[:, order], visible=objects.visible[:, order], skeleton=self.skeleton)
        return replace(part, annotations=replace(people, objects=ordered))

    @property
    def mirrors(self) -> bool:
        return self.codec.mirrors(self.skeleton.mirrored())

    def unmirrored(self, outputs: np.ndarray) -> np.ndarray:
        return self.codec.mirrored(outputs, self.skeleton.mirrored())

    def pictures(self, evaluation: Evaluation, images: Images, training: Part) -> Pictures:
        from pellucid.tasks.pose.pictures import pictures_of  # brings the library that draws

        return pictures_of(evaluation, images)


class PoseTask(Told, Task):
    """Learns from `People`; judged by OKS-AP."""

    name = "pose"
    annotations = People.kind
    settings = Settings
    teller = telling
    wishes, files = Wishes, FILES
    rank = 3
    watched, better = OKS_AP.name, OKS_AP.better
    checks = CHECKS
    beside: ClassVar[Mapping[str, str]] = {"oks_ap50": "AP50", "pck": "PCK"}

    def recipe(self, settings: Settings, part: Part, key: Key) -> Mapping[str, Any]:
        return recipe_for(part, key)

    def problem(self, dataset: Dataset) -> Pose:
        people = dataset.part("train").annotated(People)
        if not people.counted.any():
            raise DataError(f"{dataset.name}: there is nobody in the images to learn from.")
        if not people.skeleton.edges:
            raise DataError(f"{dataset.name}: the skeleton has no edges, so joints cannot be joined to people. Add "
                            "them to the file: COCO has them as skeleton.")
        height, width, _ = dataset.image_shape
        fit = dataset.reading.get("fit", "stretch")
        _, kind = kind_of(None)
        codec = codec_for(kind, (height, width), people.skeleton, Settings())
        return Pose(people.skeleton, codec, fit, validated="validation" in dataset.parts)

    def settled(self, problem: Problem, settings: Settings, model: str | None, dataset: Dataset) -> Pose:
        assert isinstance(problem, Pose), "a run's problem is its task's"
        if model is not None and model.lower().endswith(".safetensors"):
            return self.of_file(problem, model)
        name, kind = kind_of(model)
        refuse_size(name, kind, problem.codec.size)
        codec = codec_for(kind, problem.codec.size, problem.skeleton, settings)
        return replace(problem, codec=codec, form=name, stages=settings.stages)

    def of_file(self, problem: Pose, path: str) -> Pose:
        """The problem of a model file to go on from, for the same joints."""
        told = read_model(path).task
        if told is None or told["name"] != self.name:
            return problem  # whoever reads the network says that it is of another task
        found = self.read(told["record"], problem.fit)
        refuse_other_points(path, found.names, problem.names)
        return replace(found, validated=problem.validated)

    def recalled(self, model: Model, record: Mapping[str, Any]) -> Pose:
        return self.read(record, (model.input_record or {}).get("fit", "stretch"))

    def read(self, record: Mapping[str, Any], fit: str) -> Pose:
        """The problem that a record describes. Raises FileError for a damaged one."""
        told = checked(dict(record), PoseRecord, "the model's record of its task", AGAIN)
        with rebuilt("the model's record of its task", AGAIN):
            skeleton = Skeleton.from_config(told["skeleton"])
        codec = codec_of(told["codec"])
        if codec.joints != len(skeleton):
            raise FileError(f"the model's record of its task is damaged: it has {len(skeleton)} names and "
                            f"{codec.joints} joints in its codec. {AGAIN}.")
        return Pose(skeleton, codec, fit, told["form"], told["stages"])

    def diagnose(self, stored: StoredRun, wishes: Any, *, images: bool) -> Account:
        from pellucid.tasks.pose.diagnosing.diagnosis import diagnose  # not needed to train or to ask

        return diagnose(stored, wishes, images=images)

    def marked(self, pixels: np.ndarray, annotations: Annotations) -> np.ndarray:
        from pellucid.tasks.pose.drawing import draw_people  # brings the library that draws

        assert isinstance(annotations, People), "a task is shown the annotations that it learns from"
        placed = annotations.placed()
        return draw_people(pixels, placed.xy, annotations.skeleton, hollow=placed.visible == 1, least=1)

    def drawn(self, pixels: np.ndarray, entry: Mapping[str, Any]) -> np.ndarray:
        from pellucid.tasks.pose.drawing import draw_answer  # brings the library that draws

        known = usual(entry["names"])
        edges = tuple((a, b) for a, b in entry.get("edges", known.edges))
        return draw_answer(pixels, entry["people"], Skeleton(known.names, edges, known.pairs))

    def keypoints(self, model: Model, images: Any, boxes: Any = None) -> list[list[dict[str, Any]]]:
        if boxes is not None:
            raise ArgumentError(describe("keypoints", "boxes", "left out: the model finds people by itself", "given"))
        problem = self.recalled(model, (model.task or {})["record"])
        return [as_json(one, problem.names) for outputs, sizes in
                asked("keypoints", model, images, problem.codec.size, problem.fit)
                for one in problem.found(outputs, sizes)]  # fmt: skip


def codec_for(kind: Kind, size: tuple[int, int], skeleton: Skeleton, settings: Settings) -> FieldsCodec:
    """How people of this skeleton are written for this network."""
    rules = Rules(settings.matching, settings.least_joints)
    return FieldsCodec(size, len(skeleton), skeleton.edges, kind.stride, settings.hill, settings.limb,
                       settings.least_peak, rules)


TASK = PoseTask()
