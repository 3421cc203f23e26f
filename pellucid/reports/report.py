"""report.html: one page that says what was trained, on what, how well it does, and what to type next."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.errors import FileError
from pellucid.errors import shown as shown_in_words
from pellucid.reports.drawing import Panel
from pellucid.reports.keeping import REMEDY, write_sections
from pellucid.reports.pages import template
from pellucid.reports.scores import SHARE, Headline, Score
from pellucid.reports.sections import Facts, Figure, Section, frames
from pellucid.reports.svg import cleaned
from pellucid.reports.wording import facts, facts_of_dataset, network, scores, weights_of
from pellucid.storage.reading import read_bytes

if TYPE_CHECKING:
    from pellucid.storage.run_folder import RunFolder

PNG_NAME, LARGEST_PNG = re.compile(r"[\w-][\w.-]{0,98}\.png"), 64_000_000  # bytes


@dataclass(frozen=True)
class Shown:
    """What a report shows: the curves, the score that they are of beside the loss, and what the task tells."""

    curves: Sequence[Panel]
    watched: Score
    sections: Sequence[Section]


def write_report(folder: RunFolder, *, context: Mapping[str, Any], shown: Shown | None = None) -> Path:
    """Write report.html, and sections.json for whoever draws it again; returns the page's path.

    context, each key optional: command (text), data (what to type for the data set), dataset (name, fingerprint,
    parts, class_names, channel_names, notes), settings, summary_rows (layer, output_shape, parameters), totals
    (total, trainable, not_trainable, flops, receptive_field), environment, state, best_epoch, evaluation (what
    Evaluation.to_metrics gives, and its headline; seconds and images_per_second may be added), checks (name, status,
    value, meaning, remedy). What is missing is left out of the page.
    Raises FileError when a file cannot be written, or a PNG that a section names cannot be read.
    """
    from pellucid.storage.writer import write_text

    about = about_of(context)
    if shown is not None:
        write_sections(folder.sections, shown.sections, about=about, watched=shown.watched)
    write_text(folder.report, render(context, about, path=folder.path, shown=shown))
    return Path(folder.report)


def about_of(context: Mapping[str, Any]) -> dict[str, Any]:
    """What the page says of data, settings, machine and network, in words: sections.json keeps it."""
    dataset = context.get("dataset") or {}
    return {
        "dataset": facts_of_dataset(dataset),
        "notes": [str(note) for note in dataset.get("notes") or []],
        "settings": facts(context.get("settings") or {}),
        "environment": facts(context.get("environment") or {}),
        "network": network(context),
    }


def render(context: Mapping[str, Any], about: Mapping[str, Any], *, path: Path, shown: Shown | None) -> str:
    """The page as text; path is the run folder. Raises FileError for a picture there that cannot be read."""
    evaluation = context.get("evaluation") or {}
    because = evaluation.get("best_epoch_because") or ""
    sections = () if shown is None else shown.sections
    return template("report.html").render(
        name=path.resolve().name,
        headline=headline(evaluation, last=(context.get("settings") or {}).get("keep_epoch") == "last"),
        state=str(context.get("state") or "unfinished"),
        kept="" if context.get("best_epoch") is None else weights_of(context["best_epoch"], because),
        best_epoch=context.get("best_epoch"),
        because=because,
        split=str(evaluation.get("split") or ""),
        scores=[row for one in sections if one.place == "head" and isinstance(one, Facts) for row in one.rows]
        + scores(evaluation),
        command=context.get("command"),
        beside_data=[one for one in sections if one.place == "data"],
        checks=context.get("checks") or [],
        curves=[] if shown is None else shown.curves,
        frames=frames(sections),
        picture=lambda one: address_of(one, path),
        cleaned=cleaned,
        next_steps=next_steps(context, path),
        **about,
    )


def address_of(one: Figure, path: Path) -> str:
    """The PNG of a figure in the run folder, as a data address. Raises FileError where it is none of that folder's."""
    if PNG_NAME.fullmatch(one.file) is None:
        file = shown_in_words(one.file)
        raise FileError(f"{path}: a figure of the report is no PNG of the run folder, but '{file}'. {REMEDY}.")
    content = read_bytes(path / one.file, most=LARGEST_PNG)
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")


def headline(evaluation: Mapping[str, Any], *, last: bool = False) -> dict[str, str] | None:
    """The score, how sure it is, and a caution where the part cannot speak for new images; None without a score.

    `last`: the last epoch was kept, so that no part chose one.
    """
    found, split = Headline.from_json(evaluation.get("headline")), str(evaluation.get("split") or "")
    if found is None:
        return None
    n, score = int(evaluation["n"]), found.score
    images = f"{n:,} {split + ' ' if split else ''}images"
    of = f"{round(found.value * n):,} of {images} are right" if found.unit == SHARE else f"Measured on {images}"
    cautions = {
        "train": "Measured on the images it was trained on: this says nothing about new ones.",
        "validation": "" if last else "The epoch was chosen on these images, so new ones may do a little worse.",
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
