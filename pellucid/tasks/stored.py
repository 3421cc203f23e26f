"""What stored runs say of their task, also those from before there were tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pellucid.reports.scores import Headline
from pellucid.tasks.registry import FIRST, names, task_named

if TYPE_CHECKING:
    from pellucid.tasks.protocol import Task


def headline_in(metrics: Mapping[str, Any]) -> Headline | None:
    """The headline of a metrics.json; None where it has no score."""
    told = metrics.get("headline")
    return task_named(FIRST).headline_of(metrics) if told is None else Headline.from_json(told)


def task_in(settings: Mapping[str, Any]) -> Task | None:
    """The task in the settings of a config.json; None for one that nobody has registered here."""
    name = settings.get("task", FIRST)
    return task_named(name) if name in names() else None
