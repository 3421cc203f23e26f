"""How long a face and a person take: `model.keypoints` on one picture, from pixels to points.

Run with   OMP_NUM_THREADS=1 python -m benchmarks.keypoints_speed            (about half a minute of one core)
face      the default network on one gray picture of 96x96, 68 points
person    heatmap-coarse on one picture of 96x96 in colour, 14 joints
exported  the same network as an ONNX file in ONNX Runtime, and its maps read by the codec
together  a picture of TOGETHER that are asked about at once
larger    the same of pictures of 320x240, as given: brought to the network's size, points brought back
Medians of 30 calls after 3, in processor milliseconds of this process, for a machine that others use as well. Writes
benchmarks/results/keypoints-speed.json.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
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
SIDE, LARGER, CALLS, FIRST, TOGETHER = 96, (240, 320), 30, 3, 16


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


def milliseconds(model: Model, size: tuple[int, int], channels: int, count: int = 1) -> float:
    """Processor time of a picture of a size, of so many that are asked about together."""
    pictures = np.random.default_rng(0).integers(0, 256, (count, *size, channels)).astype(np.uint8)
    return round(median(lambda: model.keypoints(list(pictures))) / count, 2)


def median(work: Callable[[], object]) -> float:
    """The middle of the calls, in processor milliseconds."""
    took = []
    for _ in range(FIRST + CALLS):
        began = time.process_time()
        work()
        took.append(1_000 * (time.process_time() - began))
    return round(statistics.median(took[FIRST:]), 2)


def exported(model: Model, channels: int) -> float:
    """Processor time of one picture of the network's size in ONNX Runtime, with one thread, maps read by the codec."""
    import onnxruntime

    codec, options = TASK.recalled(model, (model.task or {})["record"]).codec, onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        model.export(Path(folder) / "model.onnx")
        session = onnxruntime.InferenceSession(f"{folder}/model.onnx", options, ["CPUExecutionProvider"])
    picture = np.random.default_rng(0).random((1, SIDE, SIDE, channels), np.float32)
    (asked,) = session.get_inputs()
    return median(lambda: codec.decode(session.run(None, {asked.name: picture})[0]))


def main() -> None:
    """Measure both, and write it."""
    found: dict[str, Any] = {}
    for word, (form, points, channels) in ASKED.items():
        model = network(form, points, channels)
        found[word] = {"network": form, "points": points, "parameters": model.count_params(),
                       "milliseconds": milliseconds(model, (SIDE, SIDE), channels),
                       "exported": exported(model, channels),
                       "together": milliseconds(model, (SIDE, SIDE), channels, TOGETHER),
                       "larger": milliseconds(model, LARGER, channels)}  # fmt: skip
        print(word, found[word], flush=True)
    machine = environment_of(engine_named("pytorch", "float32", None))
    RESULT.write_text(json.dumps(found | {"commit": commit(), "environment": machine, "matrix_product_ms": yardstick()},
                                 indent=1, sort_keys=True) + "\n", encoding="utf-8")  # fmt: skip


if __name__ == "__main__":
    main()
