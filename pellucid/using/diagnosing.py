"""Diagnosing a run: it is opened again, and whoever knows what was learnt looks at it and writes what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pellucid.reports.sections import Account
from pellucid.runs.deciding import refuse_others, task_of_model
from pellucid.storage.run_folder import RunFolder
from pellucid.tasks.protocol import Task
from pellucid.tasks.registry import wishes_kinds
from pellucid.using.reopening import Reopening
from pellucid.using.stored import Stored


def diagnose_run(
    run: str, reopening: Reopening = Reopening(), *, images: bool = True,  # noqa: B008  (frozen)
    before_training: Callable[[], object] = lambda: None, **wishes: Any,
) -> Account:
    """What a run's task finds wrong with it, its files written into the folder; `wishes` are those of the task.

    `images`: those of the data may be shown on the page. Raises UsageError, DataError and FileError for a run or data
    that cannot be read, and for wishes of another task; what is merely missing (a part, a class, probabilities) becomes
    a sentence and the rest still stands. FileError too when another process is writing into the folder, or it holds
    links.
    """
    with RunFolder.open(run).claimed():
        stored = Stored.open(run, reopening, before_training)
        task = task_of_model(stored.model)
        return task.diagnose(stored, wishes_of(task, wishes), images=images)


def wishes_of(task: Task, typed: Mapping[str, Any]) -> Any:
    """What a task's diagnosis is asked for; None for a task without one. Raises UsageError for another's wish."""
    if task.wishes is None:
        return None
    refuse_others("diagnose", typed, task.name, task.wishes, wishes_kinds())
    return task.wishes(**typed)
