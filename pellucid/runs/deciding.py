"""Which task a run is of, and the settings of that task: as typed, or as the data have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pellucid.data.dataset import Dataset
from pellucid.errors import DataError, FileError, UsageError
from pellucid.runs.config import RunConfig
from pellucid.settings import flag_of, listed, owner_of
from pellucid.tasks.registry import AUTO, FIRST, names, settings_kinds, task_for, task_named

if TYPE_CHECKING:
    from pellucid.model import Model
    from pellucid.tasks.protocol import Problem, Task


def task_of(config: RunConfig) -> Task:
    """The task of a run that has been decided."""
    return task_named(config.task)


def record_of(task: Task, problem: Problem) -> dict[str, Any]:
    """What a model file says of its task."""
    return {"name": task.name, "format": task.format, "record": problem.record()}


def problem_of(model: Model, where: str) -> Problem:
    """What a model was taught on which answers, from its file.

    Raises UsageError for a task that nobody registered, FileError for a record of a later Pellucid or a damaged one.
    """
    task, told = task_of_model(model), model.task or {"format": 1, "record": {}}
    if told["format"] > task.format:
        raise FileError(f"{where} has a record of the task {task.name} in format {told['format']}, and this Pellucid "
                        f"reads formats up to {task.format}. Use a newer one.")  # fmt: skip
    return task.recalled(model, told["record"])


def task_of_model(model: Model) -> Task:
    """What a model was taught; without a word of it in its file, what models were taught before there were tasks."""
    return task_named((model.task or {"name": FIRST})["name"])


def wanted_annotations(config: RunConfig) -> str | None:
    """The kind of annotation that the data are asked for; None where the data decide."""
    return None if config.task == AUTO else task_of(config).annotations


def decided(config: RunConfig, dataset: Dataset) -> RunConfig:
    """The settings with their task, and with that task's own settings.

    Raises UsageError for a setting of another task, DataError for data that no task, or not this one, learns from.
    """
    kind = next(iter(dataset.parts.values())).annotations.kind
    task = task_for(kind) if config.task == AUTO else task_of(config)
    if task is None or task.annotations != kind:
        able = "no task learns" if task is None else f"the task {task.name} cannot learn"
        raise DataError(f"{config.data}: its pictures have {kind}, from which {able}. The tasks are: "
                        f"{', '.join(names())}.")  # fmt: skip
    return settled(config, task)


def settled(config: RunConfig, task: Task) -> RunConfig:
    """The settings of a run of this task. Raises UsageError for a setting of another one."""
    typed = config.own
    if typed is None or isinstance(typed, Mapping):
        refuse_others("train", typed or {}, task.name, task.settings, settings_kinds(), ", or type --task {owner}")
        typed = task.settings(**(typed or {}))
    task.understand(typed)
    return config.changed(task=task.name, own=typed)


def refuse_others(
    command: str, typed: Mapping[str, Any], task: str, kind: type, kinds: Sequence[type], otherwise: str = ""
) -> None:
    """Raise UsageError for the first setting that is another task's: one of these `kinds`, and not of this `kind`."""
    own = {known.name for known in listed(kind)}
    for name in typed:
        if name not in own:
            owner = next((owner_of(other) for other in kinds if name in {known.name for known in listed(other)}),
                         "no task")  # fmt: skip
            raise UsageError(f"{command}: {flag_of(name)} is a setting of the task {owner}, and this run is one of the "
                             f"task {task}. Leave it out{otherwise.format(owner=owner)}.")


def meant_for_some(config: RunConfig) -> bool:
    """Whether what was typed for a task means something, before the data are read; where they decide, to any task.

    Raises UsageError where the task is known and does not understand it.
    """
    if config.task != AUTO:
        settled(config, task_of(config))
        return True
    for name in names() if config.own else ():
        with suppress(UsageError):
            settled(config, task_named(name))
            return True
    return not config.own
