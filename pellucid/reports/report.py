"""report.html: one page that says what was trained, on what, how well it does, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.reports.pages import template
from pellucid.reports.scores import SHARE, Headline
from pellucid.reports.wording import MANY_CLASSES, facts, facts_of_dataset, network, per_class, scores

if TYPE_CHECKING:
    from pellucid.storage.run_folder import RunFolder

WEAKEST = 10
MOST_CONFUSED = 6


def write_report(folder: RunFolder, *, context: Mapping[str, Any], shown: Mapping[str, Any] | None = None) -> Path:
    """Write report.html from plain values and what `write_pictures` gave; returns its path.

    context, each key optional: command (text), data (what to type for the data set), dataset (name, fingerprint,
    parts, class_names, channel_names, notes), settings, summary_rows (layer, output_shape, parameters), totals
    (total, trainable, not_trainable, flops, receptive_field), environment, state, best_epoch, evaluation (what
    Evaluation.to_metrics gives, and its headline; seconds and images_per_second may be added), checks (name, status,
    value, meaning, remedy). shown, each optional too: curves (panels), confusion (<svg>), mistakes, right and sample
    (cards). What is missing is left out of the page. Raises FileError when the page cannot be written.
    """
    from pellucid.storage.writer import write_text

    page = render(context, path=folder.path, shown=shown or {})
    write_text(folder.report, page)
    return Path(folder.report)


def render(context: Mapping[str, Any], *, path: Path, shown: Mapping[str, Any]) -> str:
    """The page as text; path is the run folder."""
    evaluation = context.get("evaluation") or {}
    dataset = context.get("dataset") or {}
    return template("report.html").render(
        name=path.resolve().name,
        headline=headline(evaluation),
        state=str(context.get("state") or "unfinished"),
        best_epoch=context.get("best_epoch"),
        split=str(evaluation.get("split") or ""),
        most_confused=(evaluation.get("most_confused") or [])[:MOST_CONFUSED],
        scores=scores(evaluation),
        per_class=per_class(evaluation.get("per_class") or []),
        many_classes=MANY_CLASSES,
        weakest=WEAKEST,
        command=context.get("command"),
        dataset=facts_of_dataset(dataset),
        notes=[str(note) for note in dataset.get("notes") or []],
        checks=context.get("checks") or [],
        curves=shown.get("curves") or [],
        confusion=shown.get("confusion"),
        mistakes=shown.get("mistakes"),
        right=shown.get("right") or [],
        sample=shown.get("sample") or [],
        network=network(context),
        settings=facts(context.get("settings") or {}),
        environment=facts(context.get("environment") or {}),
        next_steps=next_steps(context, path),
    )


def headline(evaluation: Mapping[str, Any]) -> dict[str, str] | None:
    """The score, how sure it is, and a caution where the part cannot speak for new images; None without a score."""
    found, split = Headline.from_json(evaluation.get("headline")), str(evaluation.get("split") or "")
    if found is None:
        return None
    n, score = int(evaluation["n"]), found.score
    images = f"{n:,} {split + ' ' if split else ''}images"
    of = f"{round(found.value * n):,} of {images} are right" if found.unit == SHARE else f"Measured on {images}"
    cautions = {
        "train": "Measured on the images it was trained on: this says nothing about new ones.",
        "validation": "The best epoch was chosen on these images, so new ones may do a little worse.",
    }
    return {
        "name": found.name,
        "value": score.worded(found.value),
        "of": of,
        "low": "" if found.low is None else score.worded(found.low),
        "high": "" if found.high is None else score.worded(found.high),
        "caution": cautions.get(split, ""),
    }


def next_steps(context: Mapping[str, Any], path: Path) -> list[tuple[str, str]]:
    """What to type next, as (what it does, command); a run that stopped midway starts with going on."""
    evaluation, state = context.get("evaluation") or {}, str(context.get("state") or "")
    run = shlex.quote(path.as_posix())
    data = shlex.quote(str(context.get("data") or (context.get("dataset") or {}).get("name") or "DATA"))
    split = shlex.quote(str(evaluation.get("split") or "test"))
    use = [
        ("See what is wrong with it and what to try next", f"pellucid diagnose {run}"),
        ("Ask it about pictures of your own", f"pellucid predict {run} IMAGE..."),
        ("Measure it again, or on other data", f"pellucid evaluate {run} {data} --split {split}"),
    ]
    beside = shlex.quote(path.parent.as_posix())
    compare = ("See the runs beside it; pellucid compare shows several in one page", f"pellucid runs {beside}")
    finished = state.startswith("finished") or "early" in state
    meaning = "Had it been interrupted, this would have gone on with it" if finished else "Go on where it stopped"
    resume = (meaning, f"pellucid train --resume {run}")
    usable = use if evaluation else []
    return [*usable, compare, resume] if finished else [resume, *usable, compare]
