"""The ablations of CNN-book 12 on the default's small backbone: each idea with it and without it, on the same data.

Run with   OMP_NUM_THREADS=1 python -m benchmarks.detection DATA [--epochs 20] [--seeds 3] [--only focal] [--limit N]
           DATA: blood cells ($PELLUCID_DATA/bccd/bccd.tar), or fields of digits:
           python benchmarks/published/fields.py --digits 2-5 --fields 2000 --out fields --draw-only
           python -m benchmarks.detection fields --epochs 5 --resize 64x64 --augment none
pyramid    one map of 8 pixels against maps of 8, 16, 32, the codec the same; the smallest class apart
soft-nms   one model, answers by NMS at 0.5 against Soft-NMS (linear, 0.3), also on pictures with crowded neighbours
focal      anchors learnt by focal loss against cross-entropy on all places
dilated    the last stage at 16 pixels with gaps against one at 32 pixels that is enlarged
branches   the last blocks at one width against three (dilations 1, 2, 3), the middle one predicting
anchors    centres with distances against cells with anchors
Compared   AP50 of the test part, a seed after a seed, the same draws for both; the difference with its 95 % interval
           over seeds (Student), and whether the book's direction came out. Six networks a seed, each trained once for
           all ablations that need it; about 4 CPU minutes a network on blood cells.
Writes benchmarks/results/detection-DATA.json after each ablation; what was not asked for stays in it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.published import ROOT, commit
from pellucid.data.annotations import Annotations
from pellucid.data.batches import Batches, Encoded
from pellucid.data.boxes.column import Boxes, inverted, mapped
from pellucid.data.dataset import Dataset, Part
from pellucid.data.preprocessing import Pipeline
from pellucid.data.steps import Scale
from pellucid.engines.protocol import Engine, Objective, Term
from pellucid.graph.layer import Tensor
from pellucid.graph.vocabulary import Activation, Add, BatchNormalization, Conv2D, Input, UpSampling2D
from pellucid.keys import Key
from pellucid.model import Model
from pellucid.runs.config import RunConfig
from pellucid.runs.environment import environment_of
from pellucid.runs.preparation import augmentation_of, load_data
from pellucid.spec.losses import BinaryCrossentropy
from pellucid.spec.optimizers import AdamW
from pellucid.spec.schedules import CosineDecay
from pellucid.tasks.blocks import block, convolved
from pellucid.tasks.detection.answering import CANDIDATES, LEAST, MOST, Detected, detected, surest
from pellucid.tasks.detection.codecs.encoded import Codec, also, beside_name
from pellucid.tasks.detection.judging import Judged, judge
from pellucid.tasks.detection.kinds import KINDS
from pellucid.tasks.detection.networks import WIDTH, heads
from pellucid.tasks.detection.overlap import iou
from pellucid.tasks.detection.settings import Settings
from pellucid.tasks.detection.suppression import soft_nms
from pellucid.training.program import Supervised
from pellucid.training.session import engine_named, predict_each

RATE, DECAY, CLIP, BATCH = 2e-3, 0.01, 10.0, 8
STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}     # of 95 %, by the number of seeds
CROWDED = 0.2       # IoU of two objects of a picture from which it counts as crowded
Size = tuple[int, int, int]


@dataclass(frozen=True)
class Variant:
    """A network for pictures and classes, its codec, and the parts of its loss."""

    model: Model
    codec: Codec
    terms: tuple[Term, ...]
    beside: tuple[str, ...] = ()

    def encode(self, annotations: Annotations) -> Encoded:
        assert isinstance(annotations, Boxes), "the data are boxes"
        return also(self.codec.encode(annotations.placed(), len(annotations)), self.beside)


def of_kind(name: str, dataset: Dataset) -> Variant:
    """A detector by name."""
    height, width, channels = dataset.image_shape
    boxes = dataset.part("train").annotated(Boxes)
    codec = KINDS[name].codec((height, width), len(boxes.names), boxes.placed(), Settings())
    model = KINDS[name].network((height, width, channels), len(boxes.names), codec)
    return Variant(model, codec, codec.terms())


def plain_loss(dataset: Dataset) -> Variant:
    """Anchors whose object's part is cross-entropy on all places."""
    made = of_kind("anchors", dataset)
    first, *others = made.terms
    return replace(made, terms=(replace(first, loss=BinaryCrossentropy(from_logits=True)), *others))


def stages(shape: Size) -> tuple[Tensor, Tensor, Tensor]:
    """The picture, the map of 8 pixels and that of 16 of the default network."""
    image = Input(shape)
    x = convolved(image, WIDTH // 2, "stem1", stride=2)
    x = block(convolved(x, WIDTH, "stem2", stride=2), WIDTH, "stem3")
    fine = block(convolved(x, 2 * WIDTH, "down8", stride=2), 2 * WIDTH, "at8")
    return image, fine, block(convolved(fine, 3 * WIDTH, "down16", stride=2), 3 * WIDTH, "at16a")


def ended(fine: Tensor, x: Tensor, factor: int, classes: int) -> Tensor:
    """The default's way back and heads, from a map `factor` times as coarse as the fine one."""
    x = UpSampling2D(factor, name="up8")(convolved(x, 2 * WIDTH, "narrow", kernel=1))
    return heads(block(Add(name="join8")([fine, x]), 2 * WIDTH, "join"), 2 * WIDTH, classes)


def strided(dataset: Dataset) -> Variant:
    """The default with a last stage of 32 pixels in place of the dilated one."""
    made, classes = of_kind("center", dataset), len(dataset.part("train").annotated(Boxes).names)
    image, fine, x = stages(dataset.image_shape)
    x = block(convolved(x, 3 * WIDTH, "down32", stride=2), 3 * WIDTH, "at32")
    return replace(made, model=Model(image, ended(fine, x, 4, classes)))


def branched(dataset: Dataset) -> Variant:
    """The default with its last block at dilations 2, 1 and 3 by the same kernels, and all after it.

    Batch norm is each branch's own, so that the one that predicts knows its statistics.
    """
    made, classes = of_kind("center", dataset), len(dataset.part("train").annotated(Boxes).names)
    image, fine, x = stages(dataset.image_shape)
    convs = [Conv2D(3 * WIDTH, 3, padding="same", dilation_rate=2, use_bias=False, kernel_initializer="he_normal",
                    name=f"shared{k}") for k in (1, 2)]  # fmt: skip
    found = []
    for gaps in (2, 1, 3):
        y = x
        for conv in convs:
            norm = BatchNormalization(momentum=0.9, name=f"{conv.name}_bn{gaps}")
            y = Activation("relu")(norm(conv(y) if gaps == 2 else conv(y, dilation_rate=gaps)))
        found.append(Add()([x, y]))
    entries = [Input(fine.sizes), Input(x.sizes)]
    after = Model(entries, ended(*entries, 2, classes), name="after")     # one set of weights for the three
    outputs = [after([fine, one]) for one in found]
    model = Model(image, outputs, training_only=outputs[1:])
    names = model.graph.training_only
    terms = [replace(term, output=name, shares="output", part=beside_name(name, term.part))
             for name in names for term in made.terms]  # fmt: skip
    return Variant(model, made.codec, (*made.terms, *terms), names)


def trained(variant: Variant, dataset: Dataset, engine: Engine, epochs: int, augment: str, seed: int) -> dict[str, Any]:
    """The state after `epochs`."""
    train, key = dataset.part("train"), Key.of(seed)
    batches = Batches(train, batch_size=BATCH, key=key.fold("batches"), preprocessing=Pipeline((Scale(255.0),)),
                      augmentation=augmentation_of(augment), encode=variant.encode, scale_later=True)  # fmt: skip
    steps = epochs * -(-len(train) // BATCH)
    warm = min(steps // epochs, steps // 2)      # one epoch; where there is no other, half of it
    rule = AdamW(CosineDecay(0.0, steps - warm, warmup_target=RATE, warmup_steps=warm), weight_decay=DECAY,
                 global_clipnorm=CLIP)  # fmt: skip
    program = Supervised(variant.model.graph, Objective(variant.terms), rule, ratio_every=0)
    state = program.start(engine, key)
    for epoch in range(epochs):
        for step, batch in enumerate(batches.epoch(epoch)):
            state, _ = program.step(engine, state, batch, key.fold("step", epoch, step))
    return state


def answers(variant: Variant, part: Part, engine: Engine, state: dict[str, Any]) -> np.ndarray:
    """What the network gives (N, P, K) for a part."""
    rows = np.arange(len(part))
    some = [part.images.take(rows[start : start + 32]) for start in range(0, len(rows), 32)]
    inputs = ({"input": x.astype(np.float32) / np.float32(255)} for x in some)
    told = predict_each(variant.model.graph, engine, state["params"], state["state"], inputs)
    return np.concatenate([one["output"] for one in told])


def softly(codec: Codec, outputs: np.ndarray, boxes: Boxes) -> list[Detected]:
    """The answers by Soft-NMS in place of NMS."""
    back, found = inverted(boxes.affines), []
    for number, row in enumerate(outputs):
        told = surest(codec.decode(row, LEAST), CANDIDATES)
        kept, scores = soft_nms(told.boxes, told.scores, told.classes, least=LEAST, most=MOST)
        moved = mapped(told.boxes[kept], np.broadcast_to(back[number], (len(kept), 2, 3)))
        found.append(Detected(moved, scores, told.classes[kept]))
    return found


def hard(codec: Codec, outputs: np.ndarray, boxes: Boxes) -> list[Detected]:
    """The answers by NMS."""
    return detected(codec, outputs, boxes.affines, boxes.sizes, threshold=0.5)


def crowded(boxes: Boxes) -> np.ndarray:
    """Which pictures have two objects that overlap."""
    spans = [boxes.corners[boxes.offsets[k] : boxes.offsets[k + 1]] for k in range(len(boxes))]
    return np.array([bool((np.triu(iou(own, own), 1) > CROWDED).any()) for own in spans])


BETTER, NOT_WORSE, LITTLE = "better", "not worse", 0.005     # what the book says; AP50 by which nothing is worse
Make = Callable[[Dataset], Variant]
Answer = Callable[[Codec, np.ndarray, Boxes], list[Detected]]
VARIANTS: dict[str, Make] = {
    **{name: partial(of_kind, name) for name in ("center", "pyramid", "anchors")},
    "cross-entropy": plain_loss, "strided": strided, "branched": branched,
}  # fmt: skip
ABLATIONS: dict[str, tuple[tuple[str, str, Answer], tuple[str, str, Answer], str, str]] = {
    "pyramid": (("maps of 8, 16, 32", "pyramid", hard), ("one map of 8", "center", hard), BETTER, "smallest_class"),
    "soft-nms": (("Soft-NMS", "center", softly), ("NMS", "center", hard), NOT_WORSE, "AP50"),
    "focal": (("focal loss", "anchors", hard), ("cross-entropy", "cross-entropy", hard), BETTER, "AP50"),
    "dilated": (("dilated", "center", hard), ("strided", "strided", hard), BETTER, "AP50"),
    "branches": (("three branches", "branched", hard), ("one branch", "center", hard), BETTER, "AP50"),
    "anchors": (("anchors", "anchors", hard), ("no anchors", "center", hard), "-", "AP50"),
}  # fmt: skip
Trained = dict[tuple[str, int], tuple[Variant, np.ndarray]]


def scores(judged: Judged, boxes: Boxes) -> dict[str, float | None]:
    """AP50 in all, of the class with the smallest boxes, and of crowded pictures, None where there are none."""
    sizes = np.prod(boxes.corners[:, 2:] - boxes.corners[:, :2], axis=1)
    smallest = min(np.unique(boxes.classes).tolist(), key=lambda k: float(np.median(sizes[boxes.classes == k])))
    among = crowded(boxes)
    return {"AP50": judged.mean_average_precision(), "smallest_class": judged.average_precision(smallest),
            "crowded": judged.mean_average_precision(among.astype(np.float64)) if among.any() else None}


def compared(name: str, dataset: Dataset, engine: Engine, epochs: int, augment: str, seeds: Sequence[int],
             kept: Trained) -> Any:  # fmt: skip
    """Both sides over seeds, and their difference; `kept` has what was trained for others already."""
    runs, part = [], dataset.part("test")
    boxes, (*sides, book, by) = part.annotated(Boxes), ABLATIONS[name]
    for word, variant_name, answer in sides:
        for seed in seeds:
            began = time.process_time()
            if (variant_name, seed) not in kept:
                variant = VARIANTS[variant_name](dataset)
                outputs = answers(variant, part, engine, trained(variant, dataset, engine, epochs, augment, seed))
                kept[variant_name, seed] = variant, outputs
            variant, outputs = kept[variant_name, seed]
            found = scores(judge(boxes, answer(variant.codec, outputs, boxes)), boxes)
            runs.append({"variant": word, "seed": seed, **found, "cpu_seconds": round(time.process_time() - began, 1)})
            print(name, runs[-1], flush=True)
    count = len(seeds)
    differences = {score: told([runs[k][score] - runs[k + count][score] for k in range(count)])
                   for score in ("AP50", "smallest_class", "crowded") if runs[0][score] is not None}  # fmt: skip
    return {"runs": runs, "book": book, "by": by, "difference": differences,
            "came_out": came_out(book, differences[by])}  # fmt: skip


def came_out(book: str, difference: dict[str, Any]) -> str:
    """Whether the book's direction came out: yes, no, or not sure where the interval does not tell."""
    low, high = difference["low"], difference["high"]
    if book not in (BETTER, NOT_WORSE) or low is None:
        return "-"
    if high < 0:
        return "no"
    return "yes" if low > (0.0 if book == BETTER else -LITTLE) else "not sure"


def told(values: Sequence[float]) -> dict[str, Any]:
    """Mean of differences and, of several seeds, its 95 % interval."""
    mean, count = statistics.mean(values), len(values)
    if count not in STUDENT:
        return {"mean": mean, "low": None, "high": None}
    reach = STUDENT[count] * statistics.stdev(values) / count**0.5
    return {"mean": mean, "low": mean - reach, "high": mean + reach}


def main() -> None:
    """Measure what was asked for, write, print."""
    import torch

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--resize", default="256x320", help="multiples of 32, which all networks take")
    parser.add_argument("--augment", default="flip,flip_vertical,zoom=0.3,shift=16,brightness=0.2")
    parser.add_argument("--only", nargs="*", default=list(ABLATIONS), choices=list(ABLATIONS))
    parser.add_argument("--limit", type=int, default=None)
    given = parser.parse_args()
    dataset = load_data(RunConfig(data=given.data, limit=given.limit, resize=given.resize))
    engine = engine_named("pytorch", "float32", None)
    kept: Trained = {}
    for name in given.only:
        one = compared(name, dataset, engine, given.epochs, given.augment, range(given.seeds), kept)
        print(f"{name}: {one['by']} {one['difference'][one['by']]}, book: {one['book']}, came out: {one['came_out']}")
        how = {word: getattr(given, word) for word in ("epochs", "limit", "resize", "augment")}
        how |= {"commit": commit(), "date": time.strftime("%Y-%m-%d"), "environment": environment_of(engine)}
        keep(Path(given.data).name.partition(".")[0], name, one | how)


def keep(data: str, name: str, found: dict[str, Any]) -> None:
    """Write one ablation beside those that are there."""
    place = ROOT / "benchmarks" / "results" / f"detection-{data}.json"
    before = json.loads(place.read_text(encoding="utf-8")) if place.exists() else {}
    place.write_text(json.dumps(before | {name: found}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
