"""The checks of a run that has not begun: from its settings to a subject, and the findings one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pellucid.checks.finding import Finding
from pellucid.checks.series import check_all
from pellucid.checks.subject import Subject
from pellucid.runs.config import RunConfig
from pellucid.runs.environment import limited_threads
from pellucid.runs.networks import FILES
from pellucid.runs.preparation import Prepared, prepare, understand
from pellucid.runs.weights import native_weights


def subject_of(prepared: Prepared) -> Subject:
    """What the checks look at; it shares no random numbers and no weights with the run."""
    return Subject(
        dataset=prepared.dataset,
        batches=prepared.batches,
        graph=prepared.model.graph,
        objective=prepared.program.objective,
        rule=prepared.program.rule,
        engine=prepared.engine,
        weights=lambda engine: native_weights(prepared.model, engine),
        key=prepared.key,
        drawn=not (prepared.config.model or "").lower().endswith(FILES),
    )


def check_run(config: RunConfig) -> Iterator[Finding]:
    """Every check of the run that these settings would begin.

    Raises DataError, UsageError or ArgumentError for data that cannot be read and settings that mean nothing.
    """
    words = understand(config)
    with limited_threads(config.threads or 1):
        yield from check_all(subject_of(prepare(replace(config, allow_leak=True), words)))
