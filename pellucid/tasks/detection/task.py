"""Detection: any number of objects a picture, each with a class and an upright box.

The network ends in a vector a place (codecs/), which says whether an object has its centre there, of which class, and
how far its edges are. Boxes move with the pixels; answers are in pixels of the pictures as given.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from pellucid.checks.subject import ByHeart, Chance, Check, Smaller
from pellucid.data.annotations import Annotations
from pellucid.data.batches import Encode, Encoded
from pellucid.data.boxes.column import Boxes
from pellucid.data.dataset import Dataset, Part
from pellucid.data.fitting import affine_of
from pellucid.data.naming import composed, some_names
from pellucid.data.scales import sizes_around
from pellucid.engines.protocol import Objective
from pellucid.errors import DataError, FileError, ShapeError, UsageError, describe, shown
from pellucid.graph.graph import Graph
from pellucid.graph.resizing import resized, same_weights
from pellucid.keys import Key
from pellucid.model import Model
from pellucid.reports.pixels import Images
from pellucid.reports.sections import Account
from pellucid.spec.box_losses import BinaryFocalCrossentropy
from pellucid.spec.shapes import Shape
from pellucid.storage.model_file import read_model
from pellucid.storage.records.checking import checked
from pellucid.tasks.backbones import is_network
from pellucid.tasks.detection import telling
from pellucid.tasks.detection.answering import HARD, Detected, as_json, detected
from pellucid.tasks.detection.checks import CHECKS, checks_of
from pellucid.tasks.detection.codecs.center import CenterCodec
from pellucid.tasks.detection.codecs.encoded import Codec, also, beside_name
from pellucid.tasks.detection.codecs.snip import SnipCodec
from pellucid.tasks.detection.evaluation import AP50, Evaluation
from pellucid.tasks.detection.kind import Kind
from pellucid.tasks.detection.kinds import KINDS, USUAL
from pellucid.tasks.detection.networks import RARE
from pellucid.tasks.detection.pyramids import at_sizes, snip_codec, words_of
from pellucid.tasks.detection.recipe import recipe_for
from pellucid.tasks.detection.record import DetectionRecord, codec_of
from pellucid.tasks.detection.settings import Settings, Wishes
from pellucid.tasks.detection.suppression import nms
from pellucid.tasks.detection.watching import Looks
from pellucid.tasks.protocol import Pictures, Problem, Task
from pellucid.tasks.provided import Bench, StoredRun
from pellucid.tasks.telling import Told
from pellucid.training.events import Event

AGAIN = "Train the model again"
WINDOWS = 0.3   # IoU above which the less sure of two windows is of the same object, whatever its class


@dataclass(frozen=True)
class Detection(Problem):
    """The classes of one data set, and how boxes are written at the places of a network's maps.

    chosen["operating"] is the score from which boxes are told, once a validation part was looked at.
    """

    names: tuple[str, ...]
    ids: tuple[int, ...]
    codec: Codec
    fit: str = "stretch"
    form: str = USUAL
    backbone: str | None = None
    nms: float = 0.5
    suppression: str = HARD
    least_visible: float = 0.3
    validated: bool = False
    chosen: dict[str, float] = field(default_factory=dict, compare=False)

    @property
    def outputs(self) -> int:
        return self.codec.numbers

    def network(self, model: str | None, settings: Settings, shape: tuple[int, ...]) -> tuple[Model, str]:
        if len(shape) != 3:
            raise UsageError("train: a network for boxes reads pictures; leave out pca and whiten of --preprocess.")
        kind, size = KINDS[self.form], (shape[0], shape[1], shape[2])
        if isinstance(self.codec, SnipCodec):
            made = at_sizes(kind.network(size, len(self.names), self.codec.base, self.backbone), self.codec, self.form)
        else:
            made = kind.network(size, len(self.names), self.codec, self.backbone)
        return made, self.form if settings.backbone or self.backbone is None else self.backbone  # as --model names it

    def trunk(self, model: Model) -> Model | None:
        below = KINDS[self.form].below(model.input_shape[1:], self.backbone) if self.form in KINDS else None
        if below is None:
            return None
        ends = [one.call.layer.name for one in below.outputs]
        return Model(model.input, [model.get_layer(end).output for end in ends], name=below.name)

    def record(self) -> dict[str, Any]:
        return {"names": list(self.names), "ids": list(self.ids), "form": self.form, "codec": self.codec.record(),
                "nms": self.nms, "operating": self.chosen.get("operating"), "least_visible": self.least_visible,
                "suppression": self.suppression}

    def encode(self, annotations: Annotations) -> Encoded:
        assert isinstance(annotations, Boxes), "a task asks for the annotations that it learns from"
        made = self.codec.encode(annotations.placed(self.least_visible), len(annotations))
        beside = KINDS[self.form].beside if self.form in KINDS else ()
        return also(made, beside)

    def encodes(self, settings: Settings, graph: Graph) -> Mapping[tuple[int, int], Encode]:
        if not settings.multi_scale:
            return {}
        if isinstance(self.codec, SnipCodec):
            raise UsageError("train: --multi-scale does not go with --snip, which reads each picture at several sizes. "
                             "Leave one out.")
        (shape,) = graph.input_shapes.values()
        multiple = KINDS[self.form].multiple_on(self.backbone)
        sizes = sizes_around(self.codec.size, settings.multi_scale, multiple)
        refuse_one_size(graph, self.form, [(*size, shape[-1]) for size in sizes], multiple, settings.multi_scale)
        return {size: replace(self, codec=self.codec.at(size)).encode for size in sizes}

    def objective(self, settings: Settings, graph: Graph) -> Objective:
        terms = self.codec.terms()
        beside = [replace(term, output=name, shares="output", part=beside_name(name, term.part))
                  for name in graph.training_only for term in terms]  # fmt: skip
        return Objective((*terms, *beside))

    def scoring(self) -> Objective:
        return Objective(self.codec.terms())

    def events(self, settings: Settings, bench: Bench) -> list[tuple[str, Event]]:
        return [("looks", Looks(self, bench, settings.score_every))]

    def smaller(self, graph: Graph, longest: int) -> Smaller | None:
        if isinstance(self.codec, SnipCodec):
            return None         # its sizes are layers of the network
        multiple, share = KINDS[self.form].multiple_on(self.backbone), longest / max(self.codec.size)
        height, width = (max(2, round(side * share / multiple)) * multiple for side in self.codec.size)
        (shape,) = graph.input_shapes.values()
        if share >= 1 or not takes(graph, (height, width, shape[-1])):
            return None
        return Smaller((height, width), replace(self, codec=self.codec.at((height, width))).encode)

    def by_heart(self, part: Part) -> ByHeart | None:
        def score(outputs: np.ndarray) -> float:
            return self.evaluation(outputs, part, split="train", loss=0.0).judged.mean_average_precision()

        best = score(self.codec.sure(self.encode(part.annotations).targets))
        return ByHeart("AP50", best, score) if best > 0 else None  # without an object that counts there is no number

    def checks(self) -> Mapping[str, Check]:
        return checks_of(self.codec)

    def chance(self, objective: Objective) -> Chance:
        loss = objective.terms[0].loss
        alpha = loss.alpha if isinstance(loss, BinaryFocalCrossentropy) else 1.0
        found = -math.log(RARE) * (1 - RARE) ** 2 * alpha
        return Chance(found, found, f"a start at {RARE:g} everywhere gives {found:.3f} for each object")

    def evaluation(self, outputs: np.ndarray, part: Part, *, split: str, loss: float) -> Evaluation:
        boxes = part.annotated(Boxes)
        found = detected(self.codec, outputs, boxes.affines, boxes.sizes, threshold=self.nms, form=self.suppression)
        return Evaluation(split, boxes, found, self.chosen.get("operating"), loss, part.names, part.ids)

    def answers(self, outputs: np.ndarray, *, top: int, run: str) -> list[dict[str, Any]]:
        return self.located(outputs, [self.codec.size] * len(outputs), top=top, run=run)

    def located(self, outputs: np.ndarray, sizes: Sequence[tuple[int, int]], *, top: int, run: str,
                ) -> list[dict[str, Any]]:  # fmt: skip
        if outputs.shape[1:] != (self.codec.places, self.codec.numbers):
            raise DataError(f"{run}: the model says that it gives {self.codec.numbers} numbers at {self.codec.places} "
                            f"places, but an answer has the shape {outputs.shape[1:]}. {AGAIN}.")
        return [{"boxes": as_json(one.above(self.threshold), self.names)} for one in self.found(outputs, sizes)]

    @property
    def threshold(self) -> float:
        """The score from which boxes are told."""
        return self.chosen.get("operating", 0.5)

    def found(self, outputs: np.ndarray, sizes: Sequence[tuple[int, int]]) -> list[Detected]:
        """All boxes in pictures of these sizes (height, width)."""
        affines = [affine_of(size, self.codec.size, self.fit) for size in sizes]
        return detected(self.codec, outputs, np.array(affines).reshape(-1, 2, 3), np.array(sizes).reshape(-1, 2),
                        threshold=self.nms, form=self.suppression)

    def predictions(self, evaluation: Evaluation) -> Iterable[Mapping[str, Any]]:
        for number, one in enumerate(evaluation.found):
            span = slice(evaluation.truth.offsets[number], evaluation.truth.offsets[number + 1])
            true = [{"class": self.names[kind], "box": [round(float(v), 3) for v in box]} for kind, box in
                    zip(evaluation.truth.classes[span], evaluation.truth.corners[span], strict=True)]  # fmt: skip
            yield {"boxes": as_json(one.above(min(0.05, evaluation.threshold)), self.names), "true": true}

    def fitted(self, dataset: Dataset, part: Part) -> Part:
        boxes = part.annotated(Boxes)
        own, wanted = composed(boxes.names), composed(self.names)
        strange = [name for name in own if name not in wanted]
        has = np.bincount(boxes.classes, minlength=len(own)) > 0
        if any(has[own.index(name)] for name in strange):
            raise DataError(describe(dataset.name, "classes", f"those of the model ({some_names(wanted)})",
                                     some_names(own), "Rename them with --class-map FILE."))
        numbers = np.array([wanted.index(name) if name in wanted else -1 for name in own])
        return replace(part, annotations=replace(boxes, names=self.names, ids=self.ids, classes=numbers[boxes.classes]))

    def pictures(self, evaluation: Evaluation, images: Images, training: Part) -> Pictures:
        from pellucid.tasks.detection.pictures import pictures_of  # brings the library that draws

        return pictures_of(evaluation, images, training.annotated(Boxes))


class DetectionTask(Told, Task):
    """Learns from `Boxes`; judged by AP at IoU 0.5."""

    name = "detection"
    annotations = Boxes.kind
    settings = Settings
    teller = telling
    wishes = Wishes
    rank = 2
    watched, better = AP50.name, AP50.better
    checks = CHECKS
    beside: ClassVar[Mapping[str, str]] = {"AP": "AP", "AP75": "AP75"}

    def understand(self, settings: Settings) -> None:
        if settings.snip is not None:
            words_of(settings.snip)

    def recipe(self, settings: Settings, part: Part, key: Key) -> Mapping[str, Any]:
        return {} if settings.backbone or settings.snip else recipe_for(part, key)

    def problem(self, dataset: Dataset) -> Detection:
        train = dataset.part("train").annotated(Boxes)
        if not len(train.corners):
            raise DataError(f"{dataset.name}: there is no box in the images to learn from.")
        height, width, _ = dataset.image_shape
        return Detection(train.names, train.ids, CenterCodec((height, width), len(train.names)),
                         validated="validation" in dataset.parts)

    def settled(self, problem: Problem, settings: Settings, model: str | None, dataset: Dataset) -> Detection:
        assert isinstance(problem, Detection), "a run's problem is its task's"
        if model is not None and model.lower().endswith(".safetensors"):
            if settings.snip is not None:
                raise UsageError("train: --snip goes with a network by name; a model file has its sizes. Leave it out.")
            return self.of_file(problem, model)
        name, trunk = form_of(model, settings.backbone)
        kind, size = KINDS[name], problem.codec.size
        refuse_unfit_network(name, kind, trunk, size)
        refuse_words_of_others(name, settings)
        placed = dataset.part("train").annotated(Boxes).placed(settings.least_visible)
        codec = snip_codec(kind, size, len(problem.names), placed, settings, kind.multiple_on(trunk))
        soft = "linear" if settings.snip is not None else HARD
        form = soft if settings.suppression == "auto" else settings.suppression
        return replace(problem, codec=codec, form=name, backbone=trunk, nms=settings.nms, suppression=form,
                       least_visible=settings.least_visible)

    def of_file(self, problem: Detection, path: str) -> Detection:
        """The problem of a model file to go on from, for the same classes."""
        told = read_model(path).task
        if told is None or told["name"] != self.name:
            return problem  # whoever reads the network says that it is of another task
        found = self.read(told["record"], problem.fit)
        if composed(found.names) != composed(problem.names):
            raise UsageError(f"--model {path} is for other classes than the data, or in another order: it has "
                             f"{some_names(found.names)}. Give data with its classes, or begin with a network by name.")
        return replace(found, validated=problem.validated, chosen={})

    def recalled(self, model: Model, record: Mapping[str, Any]) -> Detection:
        return self.read(record, (model.input_record or {}).get("fit", "stretch"))

    def read(self, record: Mapping[str, Any], fit: str) -> Detection:
        """The problem that a record describes. Raises FileError for a damaged one."""
        told = checked(dict(record), DetectionRecord, "the model's record of its task", AGAIN)
        codec = codec_of(told["codec"])
        if not len(told["names"]) == len(told["ids"]) == codec.classes:
            raise FileError(f"the model's record of its task is damaged: it has {len(told['names'])} classes and "
                            f"{codec.classes} in its codec. {AGAIN}.")
        chosen = {} if told["operating"] is None else {"operating": float(told["operating"])}
        return Detection(tuple(told["names"]), tuple(told["ids"]), codec, fit, told["form"], nms=told["nms"],
                         suppression=told.get("suppression", HARD), least_visible=told["least_visible"], chosen=chosen)

    def diagnose(self, stored: StoredRun, wishes: Any, *, images: bool) -> Account:
        from pellucid.tasks.detection.diagnosing.diagnosis import diagnose  # not needed to train or to ask

        return diagnose(stored, wishes, images=images)

    def marked(self, pixels: np.ndarray, annotations: Annotations) -> np.ndarray:
        from pellucid.tasks.detection.drawing import Mark, class_colour, draw_marks  # brings the library that draws

        assert isinstance(annotations, Boxes), "a task is shown the annotations that it learns from"
        placed = annotations.placed()
        marks = [Mark(box.tolist(), class_colour(int(kind))) for box, kind in
                 zip(placed.corners, placed.classes, strict=True)]  # fmt: skip
        return draw_marks(pixels, marks, least=1)

    def boxed(self, boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
        kept = nms(boxes, scores, threshold=WINDOWS)
        return {"boxes": as_json(Detected(boxes[kept], scores[kept], classes[kept]), names)}

    def detect(self, model: Model, images: Any, *, score: float | None) -> list[list[dict[str, Any]]]:
        from pellucid.tasks.detection.detecting import detect  # not needed to train

        return detect(self.recalled(model, (model.task or {})["record"]), model, images, score=score)

    def drawn(self, pixels: np.ndarray, entry: Mapping[str, Any]) -> np.ndarray:
        from pellucid.tasks.detection.drawing import draw_answer  # brings the library that draws

        return draw_answer(pixels, entry["boxes"])


def form_of(model: str | None, trunk: str | None) -> tuple[str, str | None]:
    """The form of a network and its backbone: --model names the form, or a network on which the usual one stands."""
    name = USUAL if model is None else model.lower()
    if name in KINDS:
        return name, trunk
    if trunk is None and is_network(name):
        return USUAL, name
    raise UsageError(describe("train", "--model", f"one of {', '.join(KINDS)} for boxes, a network with a name to put "
                              "heads on, or a model file", repr(shown(model))))


def refuse_unfit_network(name: str, kind: Kind, trunk: str | None, size: tuple[int, int]) -> None:
    """Raise UsageError for a form without a place for a backbone, and for sides that are not halved evenly."""
    if trunk is not None and not kind.open:
        fitting = ", ".join(known for known, one in KINDS.items() if one.open)
        raise UsageError(f"train: --backbone goes with --model {fitting}, not with {name}, whose layers are all its "
                         "own. Leave one out.")
    multiple, whose = kind.multiple_on(trunk), f"the network {name}" + (f" on {trunk}" if trunk else "")
    fitting_size = "x".join(str(-(-side // multiple) * multiple) for side in size)
    for side, flag in zip(size, ("height", "width"), strict=True):
        if side % multiple:
            raise UsageError(describe("train", f"the {flag} of --resize", f"a multiple of {multiple} for {whose}", side,
                                      f"The next size that fits is --resize {fitting_size}."))


def refuse_one_size(graph: Graph, form: str, shapes: Sequence[Shape], multiple: int, share: float) -> None:
    """Raise UsageError where --multi-scale finds no other size, or a network that does not take it."""
    if len(shapes) == 1:
        height, width, _ = shapes[0]
        wanted = f"a share of {height}x{width} pixels that reaches the next multiple of {multiple} of the longer side"
        raise UsageError(describe("train", "--multi-scale", wanted, share))
    if not all(takes(graph, shape) for shape in shapes):
        raise UsageError(f"train: --multi-scale goes with networks of convolutions alone, and {form} reads pictures of "
                         "one size. Leave it out, or choose another --model.")


def takes(graph: Graph, shape: Shape) -> bool:
    """Whether the same weights serve pictures of another shape."""
    try:
        return same_weights(graph, resized(graph, shape))
    except ShapeError:
        return False


def refuse_words_of_others(name: str, settings: Settings) -> None:
    """Raise UsageError for settings that other forms alone read."""
    for word in sorted({word for kind in KINDS.values() for word in kind.words} - set(KINDS[name].words)):
        if getattr(settings, word) != getattr(Settings, word):
            fitting = ", ".join(known for known, kind in KINDS.items() if word in kind.words)
            raise UsageError(f"train: --{word} goes with --model {fitting}; {name} has no use for it. Leave it out.")


TASK = DetectionTask()
