"""Which tasks there are, by name; each is imported when somebody asks for it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pellucid.errors import ArgumentError, UsageError, shown

if TYPE_CHECKING:
    from pellucid.tasks.protocol import Task

AUTO = "auto"  # the data say which
OWN = ("classification", "regression")  # rooms of this folder, each with a TASK; the first: what runs were without one
FIRST = OWN[0]
_registered: dict[str, Task] = {}


def register_task(task: Task) -> None:
    """Make a task of a program's own known: to `--task`, to the flags of the command line, to data of its annotations.

    Raises ArgumentError for a name that is taken.
    """
    if task.name in (AUTO, *names()):
        raise ArgumentError(f"register_task: there is a task called '{shown(task.name)}' already. Give yours another "
                            "name.")  # fmt: skip
    _registered[task.name] = task


def unregister_task(name: str) -> None:
    """Forget a task that a program registered."""
    _registered.pop(name, None)


def names() -> tuple[str, ...]:
    """Every task, ours first."""
    return (*OWN, *_registered)


def task_named(name: str) -> Task:
    """The task of that name. Raises UsageError that lists the names."""
    if name in _registered:
        return _registered[name]
    if name not in OWN:
        raise UsageError(f"there is no task '{shown(name)}'. The tasks are: {', '.join(names())}. One of a program's "
                         "own is registered with pellucid.register_task(...).")
    found: Task = import_module(f"pellucid.tasks.{name}.task").TASK
    return found


def task_for(kind: str) -> Task | None:
    """The task that learns from annotations of this kind; None where there is none. Ours come first."""
    return next((task for task in map(task_named, names()) if task.annotations == kind), None)


def settings_of_task(name: str) -> type:
    """The settings of a task, without all else that it needs. Raises UsageError for a task that is not known."""
    if name not in OWN:
        return task_named(name).settings
    found: type = import_module(f"pellucid.tasks.{name}.settings").Settings
    return found


def settings_kinds() -> tuple[type, ...]:
    """The settings of every task, ours first."""
    return tuple(map(settings_of_task, names()))


def wishes_of_task(name: str) -> type | None:
    """What a task's diagnosis may be asked for, without all else that it needs; None for a task without one.

    Raises UsageError for a task that is not known.
    """
    if name not in OWN:
        return task_named(name).wishes
    found: type | None = getattr(import_module(f"pellucid.tasks.{name}.settings"), "Wishes", None)
    return found


def wishes_kinds() -> tuple[type, ...]:
    """What the diagnoses of all tasks may be asked for, ours first."""
    return tuple(kind for kind in map(wishes_of_task, names()) if kind is not None)
