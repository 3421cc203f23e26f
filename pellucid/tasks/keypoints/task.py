"""Keypoints: the K named points of one object a picture.

The network ends in numbers a point (codecs/): coordinates, a heat map, or a distribution over columns and one over
rows. Points move with the pixels; answers are in pixels of the pictures as given.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from pellucid.checks.subject import ByHeart, Chance, Check
from pellucid.data.annotations import Annotations
from pellucid.data.batches import Encoded
from pellucid.data.dataset import Dataset, Part
from pellucid.data.fitting import affine_of
from pellucid.data.points.column import Attribute, Points
from pellucid.data.points.skeleton import Skeleton
from pellucid.data.points.usual import usual
from pellucid.diagnosis.oks import ASSUMED
from pellucid.engines.protocol import Objective
from pellucid.errors import DataError, FileError, UsageError, describe, shown
from pellucid.graph.graph import Graph
from pellucid.keys import Key
from pellucid.model import Model
from pellucid.reports.pixels import Images
from pellucid.reports.sections import Account
from pellucid.spec.losses import CategoricalCrossentropy
from pellucid.storage.model_file import read_model
from pellucid.storage.records.checking import checked, rebuilt
from pellucid.tasks.asking import asked
from pellucid.tasks.keypoints import telling
from pellucid.tasks.keypoints.answering import as_json, located, shifted
from pellucid.tasks.keypoints.attributes import head_terms, is_head, told_attributes, with_heads, with_labels
from pellucid.tasks.keypoints.checks import CHECKS, checks_of
from pellucid.tasks.keypoints.codecs.encoded import Codec
from pellucid.tasks.keypoints.codecs.heatmaps import HeatMaps
from pellucid.tasks.keypoints.cutting import cut_out
from pellucid.tasks.keypoints.evaluation import NME, Evaluation, Yardsticks
from pellucid.tasks.keypoints.kinds import KINDS, USUAL, Kind, codec_for, kind_of, refuse_size
from pellucid.tasks.keypoints.networks import maps_below
from pellucid.tasks.keypoints.recipe import recipe_for
from pellucid.tasks.keypoints.record import KeypointsRecord, codec_of
from pellucid.tasks.keypoints.scores.lengths import lengths_of, settled
from pellucid.tasks.keypoints.settings import FILES, Settings, Wishes
from pellucid.tasks.keypoints.spreads import spreads_from
from pellucid.tasks.looking import Looks
from pellucid.tasks.names import order_of, refuse_other_points
from pellucid.tasks.protocol import Pictures, Problem, Task
from pellucid.tasks.provided import Bench, StoredRun
from pellucid.tasks.telling import Told
from pellucid.training.events import Event
from pellucid.words import decimal, user_path

AGAIN = "Train the model again"
LEARNT = 0.1       # of the box, within which points of a few pictures lie that are known by heart


@dataclass(frozen=True)
class Keypoints(Problem):
    """The skeleton of one data set, and how its points are written and judged.

    unit: where objects weigh by their length, the one that weighs 1, in pixels of the input; attributes: what is learnt
    beside the points, by heads for training only.
    """

    skeleton: Skeleton
    codec: Codec
    by: Yardsticks
    fit: str = "stretch"
    form: str = USUAL
    unit: float | None = None
    validated: bool = False
    attributes: tuple[Attribute, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.skeleton.names

    @property
    def outputs(self) -> int:
        return self.codec.numbers

    def network(self, model: str | None, settings: Settings, shape: tuple[int, ...]) -> tuple[Model, str]:
        if len(shape) != 3:
            raise UsageError("train: a network for points reads pictures; leave out pca and whiten of --preprocess.")
        name, kind = self.kind
        return with_heads(kind.network((shape[0], shape[1], shape[2]), self.codec), self.attributes), name

    @property
    def kind(self) -> tuple[str, Kind]:
        """The network's name and form."""
        return kind_of(self.form, self.codec.record()["name"])

    def trunk(self, model: Model) -> Model | None:
        if self.form.lower() in KINDS or not isinstance(self.codec, HeatMaps):
            return None
        ends = [one.call.layer.name for one in maps_below(self.form, model.input_shape[1:]).outputs]
        return Model(model.input, [model.get_layer(end).output for end in ends], name=self.form)

    def record(self) -> dict[str, Any]:
        by = self.by
        return {"skeleton": self.skeleton.to_config(), "codec": self.codec.record(), "form": self.form,
                "normaliser": by.normaliser, "pck": by.pck, "spreads": list(by.spreads), "known": by.known,
                "unit": self.unit}

    def encode(self, annotations: Annotations) -> Encoded:
        assert isinstance(annotations, Points), "a task asks for the annotations that it learns from"
        placed = annotations.placed()
        weights = None
        if self.unit is not None:
            own = lengths_of(self.by.normaliser, self.skeleton, placed.xy, placed.boxes, placed.heads)
            weights = np.where(np.isfinite(own), (self.unit / np.where(own > 0, own, 1)) ** 2, 0)
        return with_labels(self.codec.encode(placed.xy, placed.inside, weights), annotations)

    def objective(self, settings: Settings, graph: Graph) -> Objective:
        terms = self.codec.terms()
        inner = [replace(term, output=name, shares="output", part=term.part and f"{name}_{term.part}")
                 for name in graph.training_only if not is_head(name) for term in terms]
        return Objective((*terms, *inner, *head_terms(graph, settings.label_weight)))

    def scoring(self) -> Objective:
        return Objective(self.codec.terms())

    def events(self, settings: Settings, bench: Bench) -> list[tuple[str, Event]]:
        return [("looks", Looks(bench, NME, settings.score_every, validated=self.validated))]

    def by_heart(self, part: Part) -> ByHeart | None:
        def score(outputs: np.ndarray) -> float:
            return self.evaluation(outputs, part, split="train", loss=0.0).within_box(LEARNT)

        best = score(self.codec.sure(self.encode(part.annotations).targets))
        return ByHeart(f"PCK@{LEARNT:g} of the box", best, score) if best > 0 else None

    def chance(self, objective: Objective) -> Chance | None:
        term = objective.terms[0]
        if not isinstance(term.loss, CategoricalCrossentropy):
            return None
        first, last = term.columns or (0, self.codec.numbers)
        even = math.log(last - first)
        return Chance(even, 1.0, f"the same for all {last - first:,} places gives {even:.3f}")

    def evaluation(self, outputs: np.ndarray, part: Part, *, split: str, loss: float) -> Evaluation:
        truth = part.annotated(Points)
        xy, sure = located(self.codec, outputs, truth.affines)
        return Evaluation(split, truth, xy, sure, self.by, loss, part.names, part.ids, part.groups)

    def answers(self, outputs: np.ndarray, *, top: int, run: str) -> list[dict[str, Any]]:
        return self.located(outputs, [self.codec.size] * len(outputs), top=top, run=run)

    def located(self, outputs: np.ndarray, sizes: Sequence[tuple[int, int]], *, top: int, run: str,
                ) -> list[dict[str, Any]]:  # fmt: skip
        if outputs.shape[1:] != (self.codec.points, self.codec.numbers):
            raise DataError(f"{run}: the model says that it gives {self.codec.numbers} numbers for each of "
                            f"{self.codec.points} points, but an answer has the shape {outputs.shape[1:]}. {AGAIN}.")
        edges = [] if usual(self.names).edges == self.skeleton.edges else [list(edge) for edge in self.skeleton.edges]
        return [{"points": points} | ({"edges": edges} if edges else {}) for points in self.found(outputs, sizes)]

    def moved(self, answer: Mapping[str, Any], across: int, down: int) -> dict[str, Any]:
        return {**answer, "points": shifted(answer["points"], across, down)}

    def found(self, outputs: np.ndarray, sizes: Sequence[tuple[int, int]]) -> list[list[dict[str, object]]]:
        """The points of pictures of these sizes (height, width)."""
        affines = [affine_of(size, self.codec.size, self.fit) for size in sizes]
        xy, sure = located(self.codec, outputs, np.array(affines).reshape(-1, 2, 3))
        return [as_json(points, scores, self.names) for points, scores in zip(xy, sure, strict=True)]

    def predictions(self, evaluation: Evaluation) -> Iterable[Mapping[str, Any]]:
        truth = evaluation.truth
        for points, sure, true, visible, nme in zip(evaluation.found, evaluation.sure, truth.xy, truth.visible,
                                                    evaluation.each, strict=True):  # fmt: skip
            yield {"points": as_json(points, sure, self.names), "nme": float(nme), "true": [
                {"name": name, "x": round(float(x), 3), "y": round(float(y), 3), "visible": int(flag)}
                for name, (x, y), flag in zip(self.names, true, visible, strict=True) if flag]}

    def fitted(self, dataset: Dataset, part: Part) -> Part:
        points = part.annotated(Points)
        order = order_of(dataset.name, "points", points.skeleton.names, self.names,
                         "Name the columns as the model does.")
        return replace(part, annotations=replace(points, xy=points.xy[:, order], visible=points.visible[:, order],
                                                 skeleton=self.skeleton))

    @property
    def mirrors(self) -> bool:
        return bool(self.skeleton.pairs)

    def unmirrored(self, outputs: np.ndarray) -> np.ndarray:
        return self.codec.mirrored(outputs, self.skeleton.mirrored())

    def checks(self) -> Mapping[str, Check]:
        return checks_of(self.codec)

    def pictures(self, evaluation: Evaluation, images: Images, training: Part) -> Pictures:
        from pellucid.tasks.keypoints.pictures import pictures_of  # brings the library that draws

        return pictures_of(evaluation, images)


class KeypointsTask(Told, Task):
    """Learns from `Points`; judged by the mean error in a named length."""

    name = "keypoints"
    annotations = Points.kind
    settings = Settings
    teller = telling
    wishes, files = Wishes, FILES
    rank = 2
    watched, better = NME.name, NME.better
    checks = CHECKS
    beside: ClassVar[Mapping[str, str]] = {"pck": "PCK", "error_px_median": "pixels"}

    def recipe(self, settings: Settings, part: Part, key: Key) -> Mapping[str, Any]:
        return recipe_for(part, key)

    def problem(self, dataset: Dataset) -> Keypoints:
        points = dataset.part("train").annotated(Points)
        height, width, _ = dataset.image_shape
        name, kind = kind_of(None)
        codec = codec_for(name, kind, (height, width), len(points.skeleton), Settings())
        return Keypoints(points.skeleton, codec, yardsticks(points.skeleton, Settings()),
                         validated="validation" in dataset.parts, attributes=told_attributes(points))

    def settled(self, problem: Problem, settings: Settings, model: str | None, dataset: Dataset) -> Keypoints:
        assert isinstance(problem, Keypoints), "a run's problem is its task's"
        train = dataset.part("train").annotated(Points)
        by = yardsticks(problem.skeleton, settings, dataset.parts.values())
        problem = replace(problem, by=by, unit=unit_of(train, by) if settings.weigh == "normaliser" else None)
        if model is not None and model.lower().endswith(".safetensors"):
            return self.of_file(problem, model)
        name, kind = kind_of(model, settings.points_codec)
        refuse_size(name, kind, problem.codec.size)
        codec = codec_for(name, kind, problem.codec.size, len(problem.skeleton), settings)
        return replace(problem, codec=codec, form=name)

    def of_file(self, problem: Keypoints, path: str) -> Keypoints:
        """The problem of a model file to go on from, for the same points."""
        told = read_model(path).task
        if told is None or told["name"] != self.name:
            return problem  # whoever reads the network says that it is of another task
        found = self.read(told["record"], problem.fit)
        refuse_other_points(path, found.names, problem.names)
        return replace(problem, codec=found.codec, form=found.form)

    def recalled(self, model: Model, record: Mapping[str, Any]) -> Keypoints:
        return self.read(record, (model.input_record or {}).get("fit", "stretch"))

    def read(self, record: Mapping[str, Any], fit: str) -> Keypoints:
        """The problem that a record describes. Raises FileError for a damaged one."""
        told = checked(dict(record), KeypointsRecord, "the model's record of its task", AGAIN)
        with rebuilt("the model's record of its task", AGAIN):
            skeleton = Skeleton.from_config(told["skeleton"])
            normaliser = settled(told["normaliser"], skeleton)
        codec = codec_of(told["codec"])
        if not len(skeleton) == codec.points == len(told["spreads"]):
            raise FileError(f"the model's record of its task is damaged: it has {len(skeleton)} names and "
                            f"{codec.points} points in its codec. {AGAIN}.")
        by = Yardsticks(normaliser, told["pck"], tuple(told["spreads"]), told["known"])
        return Keypoints(skeleton, codec, by, fit, told["form"], told["unit"])

    def diagnose(self, stored: StoredRun, wishes: Any, *, images: bool) -> Account:
        from pellucid.tasks.keypoints.diagnosing.diagnosis import diagnose  # not needed to train or to ask

        return diagnose(stored, wishes, images=images)

    def marked(self, pixels: np.ndarray, annotations: Annotations) -> np.ndarray:
        from pellucid.tasks.keypoints.drawing import draw_true  # brings the library that draws

        assert isinstance(annotations, Points), "a task is shown the annotations that it learns from"
        return draw_true(pixels, annotations)

    def drawn(self, pixels: np.ndarray, entry: Mapping[str, Any]) -> np.ndarray:
        from pellucid.tasks.keypoints.drawing import draw_answer  # brings the library that draws

        return draw_answer(pixels, entry["points"], entry.get("edges"))

    def keypoints(self, model: Model, images: Any, boxes: Any = None) -> list[list[dict[str, Any]]]:
        problem = self.recalled(model, (model.task or {})["record"])
        shown, corners = (images, None) if boxes is None else cut_out(model, images, boxes, problem.codec.size)
        every = [points for outputs, sizes in asked("keypoints", model, shown, problem.codec.size, problem.fit)
                 for points in problem.found(outputs, sizes)]
        return every if corners is None else [shifted(points, *corner) for points, corner in
                                              zip(every, corners, strict=True)]  # fmt: skip


def yardsticks(skeleton: Skeleton, settings: Settings, parts: Iterable[Part] = ()) -> Yardsticks:
    """What errors are told in. Raises UsageError for a length or spreads that this skeleton has not."""
    given = skeleton.sigmas or ()
    if settings.spreads is not None:
        numbers = [decimal(word.strip()) for word in settings.spreads.split(",")]
        if None in numbers and user_path(settings.spreads).exists():
            given = spreads_from(settings.spreads, parts, skeleton.names)
        else:
            given = tuple(one for one in numbers if one is not None and one > 0)
            if not len(numbers) == len(given) == len(skeleton):
                raise UsageError(describe("train", "--spreads", f"{len(skeleton)} numbers above 0 with commas, one a "
                                          "point, or a second table of marks", repr(shown(settings.spreads))))
    spreads = given or (ASSUMED,) * len(skeleton)
    return Yardsticks(settled(settings.normaliser, skeleton), settings.pck, spreads, bool(given))


def unit_of(points: Points, by: Yardsticks) -> float:
    """The middle length of the training objects, in pixels of the input. Raises UsageError where none has one."""
    placed = points.placed()
    own = lengths_of(by.normaliser, points.skeleton, placed.xy, placed.boxes, placed.heads)
    if not np.isfinite(own).any():
        raise UsageError(f"train: --weigh normaliser weighs by {by.normaliser}, which no training object has marked. "
                         "Leave it out, or name another --normaliser.")
    return float(np.nanmedian(own))


TASK = KeypointsTask()
