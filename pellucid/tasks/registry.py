"""Which tasks there are, by name; each is imported when somebody asks for it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError, UsageError, describe, shown

if TYPE_CHECKING:
    from pellucid.tasks.protocol import Task

AUTO = "auto"  # the data say which
# rooms of this folder, each with a TASK; the first: what runs were without one
OWN = ("classification", "regression", "detection", "keypoints", "pose")
FIRST = OWN[0]
_registered: dict[str, Task] = {}


def register_task(task: Task) -> None:
    """Make a task of a program's own known: to `--task`, to the flags of the command line, to data of its annotations.

    Raises ArgumentError for what is no task, and for a name that is taken.
    """
    from pellucid.tasks.protocol import Task  # whoever asks for help need not import it

    if not isinstance(task, Task):
        raise ArgumentError(describe("register_task", "task", "an instance of pellucid.tasks.protocol.Task",
                                     shown(repr(task), 60)))  # fmt: skip
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
    """The settings of a task. Raises UsageError for a task that is not known."""
    found: type = _at_once(name, "settings", "Settings")
    return found


def settings_kinds() -> tuple[type, ...]:
    """The settings of every task, ours first."""
    return tuple(map(settings_of_task, names()))


def wishes_kinds() -> tuple[type, ...]:
    """What the diagnoses of all tasks may be asked for, ours first."""
    found = (_at_once(name, "wishes", "Wishes") for name in names())
    return tuple(kind for kind in found if kind is not None)


def files_of_tasks() -> tuple[str, ...]:
    """Names of the files that any task writes into a run folder."""
    return tuple(dict.fromkeys(file for name in names() for file in _at_once(name, "files", "FILES") or ()))


def _at_once(name: str, attribute: str, in_settings: str) -> Any:
    """What a task says, of ours as its settings.py has it: without all else that the task needs."""
    if name not in OWN:
        return getattr(task_named(name), attribute)
    return getattr(import_module(f"pellucid.tasks.{name}.settings"), in_settings, None)
