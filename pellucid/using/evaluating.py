"""Scoring a run or a model file on a part of a data set, and timing it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.preprocessing import assumed_pipeline
from pellucid.data.renaming import renamed
from pellucid.data.shrunk import ShrunkImages
from pellucid.engines.threads import limited_threads
from pellucid.errors import TrainingError, UsageError, describe, shown
from pellucid.runs.config import blamed
from pellucid.runs.deciding import problem_of, task_of_model
from pellucid.runs.room import refuse_large_scoring
from pellucid.runs.scoring import refuse_tta, score
from pellucid.runs.weights import native_weights
from pellucid.training.session import engine_named
from pellucid.using.data import data_of
from pellucid.using.latency import measure_latency, refuse_limit
from pellucid.using.opening import all_or_one, classifier_of, engine_of


def choose_split(dataset: Dataset, split: str | None) -> str:
    """The part asked for, else the one that is scored of itself."""
    if split is not None:
        if dataset.undivided and split not in dataset.parts:
            raise UsageError(f"{dataset.name} is not divided into parts, so there is no part '{shown(split)}'. Leave "
                             "--split out to score all of it.")
        dataset.part(split)
        return split
    return dataset.scored


def evaluate_on(
    run: str,
    data: str | None,
    *,
    split: str | None,
    batch_size: int,
    data_dir: str | None,
    limit: int | None,
    skip_broken: str | None = None,
    max_pixels: int | None = None,
    box_noise: float = 0.0,
    metrics: Sequence[str] | None = None,
    costs: str | None = None,
    max_latency: float | None = None,
    engine: str | None = None,
    class_map: str | None = None,
    tta: bool = False,
    verify: bool = False,
    shrink: Sequence[int] = (),
) -> dict[str, Any]:
    """Scores of a run or model on a part; with `max_latency` (milliseconds) also whether the model keeps it.

    shrink: sides to which the same pictures are shrunk, and enlarged again, to be scored once more.

    `split` of the answer is "all", and `part` says of what, for data that are not divided. Raises DataError when
    classes or images do not fit, UsageError for a score that is not there, TrainingError for answers not finite.
    """
    refuse_limit(max_latency)
    model, folder = classifier_of(run)
    found = data_of(folder, model, data, data_dir, limit, skip_broken=skip_broken, max_pixels=max_pixels,
                    box_noise=box_noise)
    dataset = found.dataset
    problem = problem_of(model, run)
    if tta:
        refuse_tta(problem, "evaluate")
    wanted = problem.wanted_scores(metrics, costs)
    chosen = choose_split(dataset, split)
    if class_map is not None:
        dataset = renamed(dataset, class_map)
    with nullcontext() if folder is None or data is not None else blamed(folder.model):
        part = problem.fitted(dataset, dataset.part(chosen))
    refuse_larger(shrink, part.images.shape[1:3])
    refuse_large_scoring(model.graph, min(batch_size, len(part)), "evaluate")
    if not found.own:
        found.holder.look(part)
    chosen_engine = engine_of(folder, engine)
    if verify and chosen_engine.name != "packed":
        raise UsageError("evaluate: --verify compares words of bits with floats. Pass --engine packed with it.")
    params, state = native_weights(model, chosen_engine)
    preprocessing = model.preprocessing or assumed_pipeline(dataset.dtype)

    def predict(x: np.ndarray) -> object:
        inputs = chosen_engine.put({"input": preprocessing.apply(x)})
        return chosen_engine.get(chosen_engine.forward(model.graph, params, state, inputs, training=False).outputs)

    began = time.perf_counter()
    scored = partial(score, model.graph, problem=problem, part=part, preprocessing=preprocessing, split=chosen,
                     batch_size=batch_size, tta=tta)  # fmt: skip
    with limited_threads(all_or_one(model, chosen_engine, batch_size)), np.errstate(all="ignore"):
        evaluation = scored(chosen_engine, {"params": params, "state": state})
        seconds = time.perf_counter() - began
        refuse_not_finite(run, evaluation.outputs)
        if verify:
            emulated = scored(engine_named("reference", "float32", None), {"params": params, "state": state})
            verified = differing(evaluation.outputs, emulated.outputs)
        small = [(side, scored(chosen_engine, {"params": params, "state": state},
                               part=replace(part, images=ShrunkImages(part.images, side)))) for side in shrink]
        latency = None if max_latency is None else measure_latency(predict, part.images, max_latency)
    return evaluation.to_metrics(wanted) | evaluation.large() | {
        "task": task_of_model(model).name, "headline": evaluation.headline.to_json(),
        "split": "all" if dataset.undivided else chosen, "part": found.named(chosen),
        "engine": chosen_engine.name, "parameters": model.count_params(), "run": run, "data": dataset.name,
        "seconds": round(seconds, 3), "images_per_second": round(len(part) / max(seconds, 1e-9), 1),
        "warnings": found.holder.warnings, **({"tta": True} if tta else {}),
        **({} if latency is None else {"latency": latency.to_json()}),
        **({"verified": verified} if verify else {}),
        **({"shrunk": [{"side": side, **one.headline.to_json()} for side, one in small]} if small else {}),
    }


def refuse_larger(sides: Sequence[int], size: tuple[int, ...]) -> None:
    """Raise UsageError for a side to shrink to that is none."""
    for side in sides:
        if not 1 <= side < min(size):
            raise UsageError(describe("evaluate", "--shrink", f"from 1 to below {min(size)}, the shorter side of the "
                                      "pictures as the model sees them", side))


def differing(ours: np.ndarray, theirs: np.ndarray) -> dict[str, int]:
    """How many numbers (N, ...) float32 there are, and how many differ in any bit."""
    return {"numbers": ours.size, "different": int((ours.view(np.uint32) != theirs.view(np.uint32)).sum())}


def refuse_not_finite(run: str, outputs: np.ndarray) -> None:
    """Raise TrainingError when a model answered with NaN or infinity: that is no answer."""
    if not np.isfinite(outputs).all():
        raise TrainingError(f"{run}: the model answers with numbers that are not finite, so its weights are of no use. "
                            "Train it anew, with a lower learning rate.")


