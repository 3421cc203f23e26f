"""How long a face and a person take: `model.keypoints` on one picture, from pixels to points.

Run with   OMP_NUM_THREADS=1 python -m benchmarks.keypoints_speed            (about two minutes of one core)
face      the default network on one gray picture of 96x96, 68 points
person    heatmap-coarse on one picture of 96x96 in colour, 14 joints
exported  the same network as an ONNX file in ONNX Runtime, and its maps read by the codec
together  a picture of TOGETHER that are asked about at once
larger    the same of pictures of 320x240, as given: brought to the network's size, points brought back
Processor milliseconds of this process, for a machine that others use as well: each is asked in turn, ROUNDS times, with
CALLS calls after FIRST; the middle round's median is told, and beside it those of the fastest and the slowest round.
Writes benchmarks/results/keypoints-speed.json.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.published import ROOT, commit, yardstick
from pellucid.data.points.usual import usual
from pellucid.models import Model
from pellucid.runs.environment import environment_of
from pellucid.tasks.keypoints.kinds import codec_for, kind_of
from pellucid.tasks.keypoints.settings import Settings
from pellucid.tasks.keypoints.task import TASK, Keypoints, yardsticks
from pellucid.training.session import engine_named

RESULT = ROOT / "benchmarks" / "results" / "keypoints-speed.json"
ASKED = {"face": ("heatmap", 68, 1), "person": ("heatmap-coarse", 14, 3)}
SIDE, LARGER, CALLS, FIRST, TOGETHER, ROUNDS = 96, (240, 320), 30, 3, 16, 10


def network(form: str, points: int, channels: int) -> Model:
    """A network with the record of its task, its weights drawn."""
    skeleton, settings = usual(tuple(str(number) for number in range(points))), Settings(normaliser="box")
    codec = codec_for(form, kind_of(form)[1], (SIDE, SIDE), points, settings)
    problem = Keypoints(skeleton, codec, yardsticks(skeleton, settings), form=form)
    model, _ = problem.network(form, settings, (SIDE, SIDE, channels))
    model.task = {"name": TASK.name, "format": TASK.format, "record": problem.record()}
    model.input_record = {"height": SIDE, "width": SIDE, "channels": channels, "dtype": "uint8"}
    model.compile("sgd", "mse", engine="pytorch")
    return model


def asked(model: Model, size: tuple[int, int], channels: int, count: int = 1) -> Callable[[], object]:
    """Pictures of a size, asked about together."""
    pictures = np.random.default_rng(0).integers(0, 256, (count, *size, channels)).astype(np.uint8)
    return lambda: model.keypoints(list(pictures))


def exported(model: Model, channels: int) -> Callable[[], object]:
    """One picture of the network's size in ONNX Runtime, with one thread, maps read by the codec."""
    import onnxruntime

    codec, options = TASK.recalled(model, (model.task or {})["record"]).codec, onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        model.export(Path(folder) / "model.onnx")
        session = onnxruntime.InferenceSession(f"{folder}/model.onnx", options, ["CPUExecutionProvider"])
    picture = np.random.default_rng(0).random((1, SIDE, SIDE, channels), np.float32)
    (entry,) = session.get_inputs()
    return lambda: codec.decode(session.run(None, {entry.name: picture})[0])


def median(work: Callable[[], object]) -> float:
    """The middle of the calls, in processor milliseconds."""
    took = []
    for _ in range(FIRST + CALLS):
        began = time.process_time()
        work()
        took.append(1_000 * (time.process_time() - began))
    return statistics.median(took[FIRST:])


def in_turn(works: Mapping[str, tuple[Callable[[], object], int]]) -> dict[str, Any]:
    """Of each work, and what it is divided by, the middle, the fastest and the slowest round."""
    rounds: dict[str, list[float]] = {word: [] for word in works}
    for _ in range(ROUNDS):
        for word, (work, count) in works.items():
            rounds[word].append(median(work) / count)
    return {word: {"milliseconds": round(statistics.median(took), 2), "fastest": round(min(took), 2),
                   "slowest": round(max(took), 2)} for word, took in rounds.items()}  # fmt: skip


def main() -> None:
    """Measure both, and write it."""
    found: dict[str, Any] = {}
    for word, (form, points, channels) in ASKED.items():
        model = network(form, points, channels)
        found[word] = {"network": form, "points": points, "parameters": model.count_params()} | in_turn({
            "alone": (asked(model, (SIDE, SIDE), channels), 1),
            "exported": (exported(model, channels), 1),
            "together": (asked(model, (SIDE, SIDE), channels, TOGETHER), TOGETHER),
            "larger": (asked(model, LARGER, channels), 1)})  # fmt: skip
        print(word, found[word], flush=True)
    machine = environment_of(engine_named("pytorch", "float32", None))
    RESULT.write_text(json.dumps(found | {"commit": commit(), "environment": machine, "matrix_product_ms": yardstick()},
                                 indent=1, sort_keys=True) + "\n", encoding="utf-8")  # fmt: skip


if __name__ == "__main__":
    main()
