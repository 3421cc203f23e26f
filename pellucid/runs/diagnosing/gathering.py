"""What a diagnosis is made from: a finished run, its data divided as then, and its answers on every part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.data.apportion import stratified_sample
from pellucid.data.dataset import Dataset, Part
from pellucid.data.preprocessing import assumed_pipeline
from pellucid.data.splits import leaking_groups
from pellucid.engines.protocol import Engine
from pellucid.errors import DataError, UsageError
from pellucid.keys import Key
from pellucid.model import Model
from pellucid.runs.begun import settings_of
from pellucid.runs.config import RunConfig, read_record
from pellucid.runs.deciding import problem_of
from pellucid.runs.environment import limited_threads
from pellucid.runs.held import Holder
from pellucid.runs.preparation import divide
from pellucid.runs.reading import read_data
from pellucid.runs.scoring import BATCH_SIZE, score
from pellucid.runs.using import all_or_one, classifier_of, engine_of
from pellucid.runs.weights import native_weights
from pellucid.storage.run_folder import RunFolder
from pellucid.tasks.classification.evaluation import Evaluation
from pellucid.tasks.protocol import Problem


@dataclass(frozen=True, eq=False)
class Gathered:
    """A run with its answers: `parts` and `evaluations` by name; of a large training part only some images."""

    folder: RunFolder
    record: Mapping[str, Any]
    config: RunConfig
    model: Model
    dataset: Dataset
    parts: Mapping[str, Part]
    evaluations: Mapping[str, Evaluation]
    dev_drawn: bool  # the validation part was taken at random out of the training part
    notes: tuple[str, ...]

    @property
    def dev(self) -> Evaluation | None:
        """The answers on the validation part, if there is one."""
        return self.evaluations.get("validation")


def gather(
    run: str, *, data: str | None, data_dir: str | None, most: int, engine: str | None = None
) -> Gathered:
    """Answers of the best epoch's model on all parts; of the training part at most `most` images (0: all of them).

    `engine`: another than that of the run.

    Raises FileError when `run` is no run folder, UsageError when its data are not here, DataError when they changed.
    """
    folder = RunFolder.open(run)
    model, record = classifier_of(run)[0], read_record(folder)
    config = settings_of(record, str(folder.config))
    found = opened(replace(config, data=data or config.data, data_dir=data_dir or config.data_dir), moved=data is None)
    dataset = divide(found, config)
    if dataset.fingerprint != record.get("fingerprint"):
        raise DataError(
            f"diagnose: {found.name} is not what {run} was trained on (its fingerprint differs). "
            f"Give the run's own data with --data, or score it on these with: pellucid evaluate {run} DATA"
        )
    dataset = Holder.of(model, f"the model of {run}").hold(dataset, own=True)
    if model.preprocessing is None:  # a model that was put in the place of the run's own
        model.preprocessing = assumed_pipeline(dataset.dtype)
    parts, notes = dict(dataset.parts), list(remarks(dataset))
    if most and len(parts["train"]) > most:
        whole = parts["train"]
        parts["train"] = whole.subset(stratified_sample(whole.labels, most, key=Key.of(0).fold("diagnosis")))
        notes.append(f"the training error is that of {most:,} of {len(whole):,} training images")
    drawn = "validation" not in found.parts and found.part("train").groups is None
    chosen = engine_of(folder, engine)
    evaluations = dict(answers(model, chosen, config.threads, problem_of(model, run), parts))
    return Gathered(folder, record, config, model, dataset, parts, evaluations, drawn, tuple(notes))


def opened(config: RunConfig, *, moved: bool) -> Dataset:
    """The data with the parts they come with; where they are not found, the message says what to type."""
    try:
        return read_data(config)
    except UsageError as fault:
        if not moved:
            raise
        raise UsageError(f"{fault} If the run's data lie elsewhere now, say where with --data.") from fault


def remarks(dataset: Dataset) -> Iterator[str]:
    """What makes the parts less than they seem."""
    leaking = leaking_groups(dataset)
    if leaking:
        yield (f"{len(leaking):,} groups are in several parts, e.g. '{next(iter(leaking))}': the gaps look smaller "
               "than they are")  # fmt: skip


def answers(
    model: Model, engine: Engine, threads: int | None, problem: Problem, parts: Mapping[str, Part]
) -> Iterator[tuple[str, Evaluation]]:
    """The evaluation of each part, without noise and without augmentation."""
    params, state = native_weights(model, engine)
    with (
        limited_threads(threads or all_or_one(model, engine, BATCH_SIZE)),
        np.errstate(all="ignore"),  # numbers that are not finite are spoken of later
    ):
        for name, part in parts.items():
            judged = score(
                model.graph, engine, {"params": params, "state": state}, problem, part,
                preprocessing=model.preprocessing, split=name,
            )
            assert isinstance(judged, Evaluation)
            yield name, judged
