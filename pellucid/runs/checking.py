"""The checks of a run that has not begun: all of them for `pellucid check`, the quick ones at the start of a run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from pellucid.checks.finding import Finding
from pellucid.checks.series import check_all, check_quick
from pellucid.checks.subject import Subject
from pellucid.engines.threads import limited_threads
from pellucid.errors import TrainingError
from pellucid.runs.config import RunConfig
from pellucid.runs.deciding import task_of
from pellucid.runs.networks import FILES
from pellucid.runs.preparation import prepare, understand
from pellucid.runs.prepared import Prepared
from pellucid.runs.pretrained import shown_as_learnt
from pellucid.runs.several import alone
from pellucid.runs.weights import native_weights
from pellucid.storage.reading import read_json
from pellucid.storage.run_folder import RunFolder

LOG = logging.getLogger("pellucid")
BEARABLE = ("initial-loss",)  # failures that a network may still learn with; a task may have more
LEAKS = ("leakage", "group-leakage")  # these are let pass by --allow-leak


def subject_of(prepared: Prepared) -> Subject:
    """What the checks look at; it shares no random numbers and no weights with the run, and waits for no process."""
    prepared = alone(prepared)
    return Subject(
        dataset=prepared.dataset,
        batches=prepared.batches,
        graph=prepared.model.graph,
        objective=prepared.program.objective,
        rule=prepared.program.rule,
        engine=prepared.engine,
        weights=lambda engine: native_weights(prepared.model, engine),
        key=prepared.key,
        names=prepared.problem.names,
        own={**prepared.task.checks, **prepared.problem.checks()},
        chance=prepared.problem.chance(prepared.program.objective),
        drawn=not (prepared.config.model or "").lower().endswith(FILES),
        smaller=partial(prepared.problem.smaller, prepared.model.graph),
        by_heart=prepared.problem.by_heart,
        as_learnt=shown_as_learnt(prepared.config),
    )


def check_run(config: RunConfig) -> Iterator[Finding]:
    """Every check of the run that these settings would begin.

    Raises DataError, UsageError or ArgumentError for data that cannot be read and settings that mean nothing.
    """
    words = understand(config)
    with limited_threads(config.threads or 1):
        yield from check_all(subject_of(prepare(replace(config, allow_leak=True), words)))


def check_before(prepared: Prepared) -> list[Finding]:
    """The quick checks: what is not in order is said as it is found, and then in one line what passed.

    Raises TrainingError, after the last of them, for a failure that makes training pointless.
    """
    found = []
    for finding in check_quick(subject_of(prepared)):
        found.append(finding)
        for line in finding.lines() if finding.status != "pass" else ():
            LOG.info("check  %s", line)
    passed = [finding.name for finding in found if finding.status == "pass"]
    if passed:
        LOG.info("check  %d passed: %s", len(passed), ", ".join(passed))
    fatal = [finding for finding in found if stops(finding, prepared.config)]
    if fatal:
        first, more = fatal[0], f" (and {len(fatal) - 1} more)" if len(fatal) > 1 else ""
        way_round = "--allow-leak" if all(finding.name in LEAKS for finding in fatal) else "--no-checks"
        raise TrainingError(
            f"training was not begun, because the check {first.name} failed{more}: {first.meaning.rstrip('.')}. "
            f"{first.remedy} Train all the same with {way_round}."
        )
    return found


def stops(finding: Finding, config: RunConfig) -> bool:
    """Whether a finding makes training pointless: nothing would be learnt, or the score would mean nothing."""
    allowed = BEARABLE + task_of(config).bearable + (LEAKS if config.allow_leak else ())
    return finding.status == "failure" and finding.name not in allowed


def findings_kept(folder: RunFolder) -> list[dict[str, Any]]:
    """What checks.json holds; nothing for a run that was begun with --no-checks. Raises FileError when it is broken."""
    if not folder.checks.exists():
        return []
    from pellucid.storage.records.checking import checked
    from pellucid.storage.records.runs import ChecksRecord

    record = checked(read_json(folder.checks), ChecksRecord, folder.checks, "Remove it; the run needs it no more")
    return list(record["checks"])
