"""The trials as lines, as rows of trials.csv and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pellucid.search.settings import Plan
from pellucid.search.space import Space, as_words, spelled
from pellucid.search.trials import COMPLETE, PRUNED, Trial
from pellucid.storage.tables import write_csv

LONGEST = 100  # letters of a reason in a line


def line_of(trial: Trial) -> str:
    """`trial   7  0.9444  lr 0.00123  dropout 0.21`, or why there is no score."""
    if trial.state == COMPLETE:
        score = trial.told
    elif trial.state == PRUNED:
        score = f"{trial.reason} at {trial.told}"
    else:
        score = trial.state
    told = "" if trial.state in (COMPLETE, PRUNED) else f"  ({trial.reason[:LONGEST]})"
    return f"trial {trial.number:>3}  {score}  {spelled(trial.values)}{told}"


def round_line(plan: Plan, number: int, space: Space) -> str:
    """Which round begins, and over what."""
    epochs, trials = plan.rounds[number], plan.shares[number]
    size = f"{trials} trial{'s' if trials > 1 else ''} of {epochs} epoch{'s' if epochs > 1 else ''}"
    return f"round {number + 1} of {len(plan.rounds)}: {size}" + (f", {as_words(space)}" if number else "")


def as_json(trial: Trial) -> dict[str, Any]:
    """A trial as plain values."""
    return {
        "trial": trial.number, "round": trial.round + 1, "epochs": trial.epochs, "state": trial.state,
        trial.by.name: trial.score, "loss": trial.loss, "best_epoch": trial.best_epoch, "seconds": trial.seconds,
        "parameters": trial.parameters, "values": dict(trial.values), "reason": trial.reason,
    }  # fmt: skip


def write_table(path: Path, plan: Plan, trials: list[Trial]) -> None:
    """trials.csv: a row a trial, a column for each parameter."""
    rows = []
    for trial in trials:
        row = as_json(trial)
        values, reason = row.pop("values"), row.pop("reason")
        named = {parameter.name: values.get(parameter.name) for parameter in plan.space}
        rows.append({**{name: value for name, value in row.items() if name not in named}, **named, "reason": reason})
    write_csv(path, rows)
