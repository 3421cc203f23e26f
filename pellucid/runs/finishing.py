"""After the last step: bring the kept epoch back, score it, write metrics, pictures, report and the final model."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pellucid.data.dataset import Dataset, Part
from pellucid.data.info import describe_dataset
from pellucid.diagnosis.wording import counted
from pellucid.graph.summary import sees
from pellucid.model import load_model
from pellucid.reports.random_beside import random_beside
from pellucid.reports.report import write_report
from pellucid.reports.wording import dataset_in_words
from pellucid.runs.checking import findings_kept
from pellucid.runs.config import FEW_VALIDATE
from pellucid.runs.learning import part_watched
from pellucid.runs.pictures import write_pictures
from pellucid.runs.preparation import settings_in_force
from pellucid.runs.prepared import Prepared
from pellucid.runs.scoring import score
from pellucid.runs.weights import native_weights, write_run_model
from pellucid.storage.finite import finite
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.tables import last_number, read_csv
from pellucid.storage.writer import write_json
from pellucid.training.events import Progress
from pellucid.training.program import State, with_weights

LOG = logging.getLogger("pellucid")


def best_state(prepared: Prepared, folder: RunFolder, progress: Progress) -> State:
    """The weights of the kept epoch; those of the last step when no epoch was finished."""
    if not folder.model.exists():
        return progress.state
    params, state = native_weights(load_model(folder.model), prepared.engine)
    return with_weights(prepared.engine, progress.state, params, state)


def finish(
    prepared: Prepared, folder: RunFolder, record: dict[str, Any], progress: Progress, best_epoch: int, seconds: float,
    *, twin: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Score, write and describe the run, beside its `twin` on parts at random; return what metrics.json holds."""
    state = best_state(prepared, folder, progress)
    split, dataset = prepared.scored, prepared.dataset
    part = dataset.part(split)
    evaluation = score(
        prepared.model.graph, prepared.engine, state, prepared.problem, part,
        preprocessing=prepared.preprocessing, split=split,
    )
    scores = evaluation.to_metrics()
    headline = {name: scores[name] for name in ("split", "n", evaluation.headline.name, "loss")}
    write_run_model(prepared, folder, prepared.engine, state, headline)
    steps = read_csv(folder.steps) if folder.steps.exists() else []
    trained = last_number(folder.steps, steps, "seconds")
    images = trained_images(prepared, progress)
    metrics = scores | {
        "task": prepared.task.name,
        "headline": evaluation.headline.to_json(),
        "engine": prepared.engine.name,
        "parameters": prepared.summary.total,
        "seconds": round(trained, 3),
        "seconds_with_validation": round(seconds, 3),
        "images_per_second": round(images / trained, 1) if trained else None,
        "run": folder.path.as_posix(),
        "state": progress.stop or "finished",
        "best_epoch": best_epoch or None,
        "best_epoch_because": why_kept(progress.history, best_epoch, prepared),
        "epochs": progress.position.epoch,
    }
    beside = None if twin is None else random_beside(metrics, twin, grouped=part.groups is not None)
    metrics |= {} if beside is None else {"at_random": beside.record}
    write_json(folder.metrics, finite(metrics))
    shown = write_pictures(
        folder, history=progress.history, steps=steps, watched=prepared.task.score(),
        draw=lambda: prepared.problem.pictures(evaluation, part.pictures, dataset.part("train")),
        predictions=told_of_each(part, prepared.problem.predictions(evaluation)),
    )
    if beside is not None:
        LOG.info("%s", beside.line)
        shown = replace(shown, sections=[beside.section, *shown.sections])
    context = context_of(prepared, record, metrics, dataset) | {"checks": findings_kept(folder)}
    write_report(folder, context=context, shown=shown)
    return metrics


def why_kept(history: Sequence[Mapping[str, Any]], kept: int, prepared: Prepared) -> str:
    """Why an epoch was kept whose score is not the best; empty where it is."""
    watched = f"{part_watched(prepared)}{prepared.task.watched}"
    rows = {int(row["epoch"]): row for row in history}
    known = [epoch for epoch, row in rows.items() if kept in rows and math.isfinite(row[watched])]
    best = max(known, key=lambda epoch: prepared.task.score().sign * rows[epoch][watched], default=kept)
    if not known or rows[best][watched] == rows[kept][watched]:
        return ""
    if prepared.config.keep_epoch == "last":
        validate = 0 if prepared.validation is None else prepared.validation.samples
        few = f", as {counted(validate, 'validation picture')} cannot tell one epoch from another"
        return f"it is the last{few if 0 < validate < FEW_VALIDATE else ''}"
    plain, loss = prepared.task.score().plain, f"{part_watched(prepared)}loss"
    return (f"its {watched} of {plain(rows[kept][watched])} is within the noise of epoch {best}'s "
            f"{plain(rows[best][watched])}, and its loss is {rows[kept][loss]:.3g} instead of {rows[best][loss]:.3g}")


def told_of_each(part: Part, said: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What a task says of each sample, with the sample's number in its data set and where it came from."""
    for number, path, row in zip(part.ids, part.names, said, strict=True):
        yield {"id": int(number), "path": str(path), **finite(dict(row))}


def trained_images(prepared: Prepared, progress: Progress) -> int:
    """How many images were learnt from, over all epochs."""
    unfinished = progress.position.step_in_epoch * prepared.batches.batch_size
    return progress.position.epoch * prepared.batches.samples + unfinished


def context_of(prepared: Prepared, record: dict[str, Any], metrics: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    """What the report says, as plain values."""
    summary = prepared.summary
    rows = [
        {"layer": f"{row.name} ({row.kind})", "output_shape": row.output_shape, "parameters": row.parameters}
        for row in summary.rows
    ]
    totals = {
        "total": summary.total, "trainable": summary.trainable, "not_trainable": summary.not_trainable,
        "flops": summary.flops, "receptive_field": sees(summary.receptive_field),
    }
    return {
        "command": record["command"],
        "data": prepared.config.data,
        "dataset": dataset_in_words(describe_dataset(dataset)),
        "settings": settings_in_force(prepared),
        "summary_rows": rows,
        "totals": totals,
        "environment": record["environment"],
        "state": metrics["state"],
        "best_epoch": metrics["best_epoch"],
        "evaluation": metrics,
    }
