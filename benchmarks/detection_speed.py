"""How quick detection is: scoring beside pycocotools, one picture from pixels to boxes, a training step beside PyTorch.

Run with   OMP_NUM_THREADS=1 python -m benchmarks.detection_speed            (about half a minute of one core)
scoring   1,000 pictures with 18,000 boxes and as many answers, drawn from a seed: from boxes to COCO's twelve numbers
picture   the default network on one picture of 320x240, batch 1: preprocessing, network, decoding, suppression
step      forward, loss, backward and update of 8 pictures of 320x240 beside the same network and losses by hand
Each pair is measured by turns; the ratio is the median of the pairs' ratios, in CPU seconds of this process, for a
machine that others use as well. Writes benchmarks/results/detection-speed.json.
"""

from __future__ import annotations

import contextlib
import io
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.published import ROOT, commit
from pellucid.data.batches import Batch
from pellucid.data.boxes.column import Boxes, Placed
from pellucid.engines.protocol import Objective
from pellucid.keys import Key
from pellucid.runs.environment import environment_of
from pellucid.spec.optimizers import Adam
from pellucid.tasks.detection.answering import Detected, detected
from pellucid.tasks.detection.codecs.center import CenterCodec
from pellucid.tasks.detection.networks import center_net
from pellucid.tasks.detection.scoring import coco_scores, found_as_coco, truth_as_coco
from pellucid.training.program import Supervised
from pellucid.training.session import engine_named

RESULT = ROOT / "benchmarks" / "results" / "detection-speed.json"
PICTURES, EACH, CLASSES = 1000, 18, 3
SIZE = (240, 320)


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def paired(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> dict[str, Any]:
    """Median CPU seconds of both, and of theirs over ours in each round."""
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    return {"ours": statistics.median(a for a, _ in pairs), "theirs": statistics.median(b for _, b in pairs),
            "ratio": statistics.median(b / a for a, b in pairs), "ratios": [round(b / a, 3) for a, b in pairs]}


def drawn(random: np.random.Generator, count: int) -> np.ndarray:
    """Boxes (count, 4) in 640 x 480 pixels."""
    low = random.uniform(0, (540, 380), (count, 2))
    return np.concatenate([low, low + random.uniform(10, 100, (count, 2))], axis=1)


def scoring(rounds: int) -> dict[str, Any]:
    """Ours beside pycocotools on the same boxes."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    random = np.random.default_rng(0)
    corners = drawn(random, PICTURES * EACH)
    none = np.zeros(len(corners), bool)
    truth = Boxes(corners, random.integers(0, CLASSES, len(corners)), none, none,
                  np.prod(corners[:, 2:] - corners[:, :2], axis=1), np.arange(PICTURES + 1) * EACH,
                  np.full((PICTURES, 2), (480, 640)), np.broadcast_to(np.eye(2, 3), (PICTURES, 2, 3)), ("a", "b", "c"))
    found = []
    for number in range(PICTURES):
        boxes = corners[number * EACH : (number + 1) * EACH] + random.normal(0, 4, (EACH, 4))
        found.append(Detected(boxes, np.sort(random.random(EACH))[::-1], random.integers(0, CLASSES, EACH)))
    theirs_objects, theirs_answers = truth_as_coco(truth), found_as_coco(found)

    def theirs() -> list[float]:
        with contextlib.redirect_stdout(io.StringIO()):
            objects = COCO()
            objects.dataset = theirs_objects
            objects.createIndex()
            evaluator = COCOeval(objects, objects.loadRes(theirs_answers), "bbox")
            evaluator.evaluate()
            evaluator.accumulate()
            evaluator.summarize()
        return list(evaluator.stats)

    far = max(abs((a or 0) - b) for a, b in zip(coco_scores(truth, found).values(), theirs(), strict=True) if b != -1)
    return paired(lambda: coco_scores(truth, found), theirs, rounds) | {"largest_difference": far}


def picture(rounds: int) -> dict[str, Any]:
    """CPU milliseconds from the pixels of one picture to its boxes."""
    codec = CenterCodec(SIZE, CLASSES)
    graph = center_net((*SIZE, 3), CLASSES).graph
    engine = engine_named("pytorch", "float32", None)
    params, state = engine.init(graph, Key.of(0))
    pixels = np.random.default_rng(0).integers(0, 256, (1, *SIZE, 3), dtype=np.uint8)
    affine, size = np.eye(2, 3)[np.newaxis], np.array([SIZE])

    def ask() -> None:
        inputs = engine.put({"input": pixels.astype(np.float32) / np.float32(255)})
        outputs = engine.get(engine.forward(graph, params, state, inputs, training=False).outputs)["output"]
        detected(codec, outputs, affine, size, threshold=0.5)

    ask()
    times = [1000 * seconds(ask) for _ in range(rounds)]
    return {"median_ms": statistics.median(times), "least_ms": min(times), "times": len(times)}


def step(rounds: int) -> dict[str, Any]:
    """A training step beside the same by hand."""
    import torch

    from pellucid.engines.pytorch.box_losses import edge_iou, heatmap_focal

    codec, random = CenterCodec(SIZE, CLASSES), np.random.default_rng(0)
    of_class, of_box = codec.terms()
    model = center_net((*SIZE, 3), CLASSES)
    boxes = np.clip(drawn(random, 80) / 2, 0, (320, 240, 320, 240))
    placed = Placed(boxes, random.integers(0, CLASSES, 80), np.zeros(80, bool), np.repeat(np.arange(8), 10),
                    np.arange(80))
    made = codec.encode(placed, 8)
    x = random.random((8, *SIZE, 3), dtype=np.float32)
    batch = Batch({"input": x}, {"output": made.targets}, dict(made.weights), dict(made.masks), np.arange(8))
    engine = engine_named("pytorch", "float32", None)
    program = Supervised(model.graph, Objective(codec.terms()), Adam(), ratio_every=10**9)
    state = program.start(engine, Key.of(0))

    def ours() -> None:
        nonlocal state
        state, _ = program.step(engine, state, batch, Key.of(1))

    module = model.to_torch().to(memory_format=torch.channels_last).train()
    rule = torch.optim.Adam(module.parameters(), 1e-3, eps=1e-7)
    target = torch.from_numpy(made.targets)
    weight = {name: torch.from_numpy(np.broadcast_to(np.asarray(w).reshape(8, -1), made.masks[name].shape).copy())
              for name, w in made.weights.items()}  # fmt: skip
    mask = {name: torch.from_numpy(m) for name, m in made.masks.items()}

    def theirs() -> None:
        y = module(torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last))
        kind = heatmap_focal(of_class.loss, y[..., :CLASSES], target[..., :CLASSES], True)
        edge = edge_iou(of_box.loss, y[..., CLASSES:], target[..., CLASSES:], True)
        loss = sum(term.weight * (one * weight[term.part] * mask[term.part]).sum() / mask[term.part].sum()
                   for term, one in ((of_class, kind), (of_box, edge)))  # fmt: skip
        rule.zero_grad(set_to_none=True)
        loss.backward()
        rule.step()

    ours(), theirs()
    return paired(ours, theirs, rounds)


def main() -> None:
    """Measure, write, print."""
    import torch

    torch.set_num_threads(1)
    found = {"scoring": scoring(3), "picture": picture(20), "step": step(11)}
    result = found | {"environment": environment_of(engine_named("pytorch", "float32", None)), "commit": commit(),
                      "date": time.strftime("%Y-%m-%d"), "command": "python -m benchmarks.detection_speed"}
    RESULT.write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
