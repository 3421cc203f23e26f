"""search.html: one page that says what was tried, what was best, and what to type next. It needs no other file."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from pellucid.reports.pages import template
from pellucid.reports.scores import SHARE
from pellucid.runs.commands import command_of
from pellucid.search.folder import SearchFolder
from pellucid.search.settings import Plan, config_of
from pellucid.search.space import as_words, spelled
from pellucid.search.trials import COMPLETE, Trial, ranked
from pellucid.storage.writer import write_text
from pellucid.tasks.stored import headline_in


def write_page(
    folder: SearchFolder,
    plan: Plan,
    trials: Sequence[Trial],
    best: Trial | None,
    metrics: dict[str, Any] | None,
    borders: Sequence[str],
    *,
    picture: str,
    command: str,
    fingerprint: str,
) -> None:
    """Write search.html; `picture` is an <svg>. Raises FileError when that cannot be done."""
    order = ranked(trials)
    rest = [trial for trial in trials if trial.state != COMPLETE]
    page = template("search.html").render(
        name=folder.path.resolve().name,
        command=command,
        plan=plan,
        space=as_words(plan.space),
        rounds=", then ".join(f"{n} of {e}" for n, e in zip(plan.shares, plan.rounds, strict=True)),
        fingerprint=fingerprint,
        best=best,
        best_values=listed(best) if best else "",
        by=plan.judged_by,
        validation=best.by.worded(best.score) if best else "",
        of="of" if plan.judged_by.unit == SHARE else f"{plan.judged_by.name} of",
        scored=None if metrics is None else scored(metrics),
        borders=borders,
        picture=picture,
        rows=[row_of(trial) for trial in [*order, *rest]],
        next_steps=next_steps(folder, plan, best if metrics is not None else None),
    )
    write_text(folder.page, page)


def scored(metrics: dict[str, Any]) -> str:
    """What the best run reached on the part that chose nothing, and how sure that is."""
    found = headline_in(metrics)
    assert found is not None, "the best run has a score"
    value = found.score.worded(found.value)
    of = f"{value} of" if found.unit == SHARE else f"{found.name} {value} on"
    sure = "" if found.interval is None else f" ({' to '.join(map(found.score.worded, found.interval))})"
    return f"{of} {metrics['n']:,} {metrics['split']} images{sure}"


def listed(trial: Trial) -> str:
    """The values of a trial, with commas between."""
    return spelled(trial.values).replace("  ", ", ")


def row_of(trial: Trial) -> dict[str, str]:
    """A trial as the table shows it."""
    return {
        "number": str(trial.number), "round": str(trial.round + 1), "epochs": str(trial.epochs),
        "score": trial.by.worded(trial.score), "loss": "" if trial.loss is None else f"{trial.loss:.4g}",
        "values": listed(trial), "state": trial.state, "reason": trial.reason,
    }  # fmt: skip


def next_steps(folder: SearchFolder, plan: Plan, best: Trial | None) -> list[tuple[str, str]]:
    """What to type next, as (what it does, command)."""
    if best is None:
        return []
    again = command_of(config_of(plan.base, best.values, best.epochs))
    run = shlex.quote(folder.best.path.as_posix())
    return [
        ("Ask the best run about pictures of your own", f"pellucid predict {run} IMAGE..."),
        ("Train with its settings again, longer or with another seed", again),
        ("See the trials side by side", f"pellucid runs {shlex.quote((folder.path / 'trials').as_posix())}"),
    ]  # fmt: skip
