"""Whether a checkpoint is one of the run that its folder's settings describe: position, memories, and every array."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.engines.finite import why_unfit
from pellucid.errors import FileError, shown
from pellucid.runs.learning import part_watched, watching
from pellucid.runs.prepared import Prepared
from pellucid.storage.checkpoint import Checkpoint

REMEDY = "Bring it back from a copy, or remove it to begin the run anew with the same settings"
WATCHING = ("best", "early_stopping", "plateau")  # events that remember the best score so far
CLOCK = {"step": "i", "rate_factor": "f", "slots_from": "i"}  # kinds of numbers; the last in a later stage only


def refuse_unfit(checkpoint: Checkpoint, prepared: Prepared, path: Path) -> None:
    """Raise FileError that names the first thing that cannot be of this run."""
    from pellucid.storage.records.checking import checked
    from pellucid.storage.records.models import RunCheckpoint

    told = {name: getattr(checkpoint, name) for name in ("position", "history", "events", "environment")}
    checked(told, RunCheckpoint, path, REMEDY)
    fault = of_arrays(checkpoint, prepared) or of_position(checkpoint, prepared) or of_memories(checkpoint, prepared)
    if fault:
        raise FileError(f"{path} does not fit the settings of its run: {fault}. {REMEDY}.")


def of_position(checkpoint: Checkpoint, prepared: Prepared) -> str:
    """What is wrong with where the run stands."""
    at, each = checkpoint.position, prepared.batches.steps_per_epoch
    if at["epoch"] > prepared.epochs or at["step_in_epoch"] > each:
        return (f"it stands at epoch {at['epoch']}, step {at['step_in_epoch']}, and the run has {prepared.epochs} "
                f"epochs of {each} steps")  # fmt: skip
    if not at["step"] == at["epoch"] * each + at["step_in_epoch"] == int(checkpoint.state["clock"]["step"]):
        return "its counts of steps and epochs contradict each other"
    if [row.get("epoch") for row in checkpoint.history] != list(range(1, at["epoch"] + 1)):
        return f"its history is not that of {at['epoch']} epochs"
    wanted = [f"{part_watched(prepared)}{name}" for name in (prepared.task.watched, "loss")]
    absent = [name for name in wanted for row in checkpoint.history if not isinstance(row.get(name), int | float)]
    return f"its history has no '{absent[0]}' of every epoch" if absent else ""


def of_memories(checkpoint: Checkpoint, prepared: Prepared) -> str:
    """What is wrong with the memories of the events."""
    for name, event in watching(prepared):
        if checkpoint.events.get(name) is None and event.memory():
            return f"it has no memory of '{name}'"
    scores = {score for row in checkpoint.history for score in row.values()}
    for name in WATCHING:
        best = (checkpoint.events.get(name) or {}).get("best")
        if best is not None and best not in scores:
            return f"the best score in its memory of '{name}', {shown(best)}, is in no row of its history"
    doubled = (checkpoint.events.get("mining") or {}).get("doublings")
    if doubled is not None and len(doubled) != len(prepared.dataset.part("train")):
        return f"its memory of 'mining' is of {len(doubled)} images"
    return ""


def of_arrays(checkpoint: Checkpoint, prepared: Prepared) -> str:
    """What is wrong with weights, moving statistics, slots or clock."""
    engine, program, state = prepared.engine, prepared.program, checkpoint.state
    if set(state) != {"params", "state", "slots", "clock"}:
        return f"its sections are {shown(', '.join(state))}"
    start = program.start(engine, prepared.key)
    wanted = {section: shapes_of(engine.get(start[section])) for section in ("params", "state", "slots")}
    if state["slots"].keys() != wanted["slots"].keys():  # a later stage trains all layers
        wanted["slots"] = shapes_of(engine.get(engine.slots(program.rule, start["params"])))
    faults = (of_section(section, state[section], shapes) for section, shapes in wanted.items())
    return next(filter(None, faults), "") or of_clock(state["clock"])


def shapes_of(arrays: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, tuple[int, ...]]:
    """The shape of each array."""
    return {key: value.shape for key, value in arrays.items()}


def of_section(section: str, given: Mapping[str, np.ndarray[Any, Any]], shapes: Mapping[str, tuple[int, ...]]) -> str:
    """The first array that is missing, too much, of another shape, or not of finite floats."""
    odd = sorted(given.keys() ^ shapes.keys())
    if odd:
        return f"'{section}/{shown(odd[0])}' is {'too much' if odd[0] in given else 'missing'}"
    for key, shape in shapes.items():
        if given[key].shape != shape:
            return f"'{section}/{key}' has the shape {given[key].shape} and not {shape}"
        why = why_unfit(given[key])
        if why:
            return f"'{section}/{key}' holds {why}"
    return ""


def of_clock(clock: Mapping[str, np.ndarray[Any, Any]]) -> str:
    """What is wrong with the counts of a program."""
    for name, kind in CLOCK.items():
        value = clock.get(name)
        if value is None and name != "slots_from":
            return f"its clock has no '{name}'"
        if value is not None and (value.shape != () or value.dtype.kind != kind or not np.isfinite(value) or value < 0):
            return f"'{name}' of its clock makes no sense"
    return "" if clock.keys() <= CLOCK.keys() else "its clock counts too much"
