"""The diagnosis of a task that is judged by a precision (AP50, OKS-AP): what it lacks of 1, split and told.

Error     1 - the precision; its 95 % interval is that of the precision, a bootstrap over pictures
Worth     a gap of more than two points is spoken of
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pellucid.diagnosis.curves import read_curves
from pellucid.diagnosis.decomposition import ORDER, Gap
from pellucid.diagnosis.walk import NOTHING, Measured, Walk, walk
from pellucid.diagnosis.wording import spanned as with_ends
from pellucid.reports.curves import curve_panels
from pellucid.reports.diagnosis import table_of_gaps, write_walk
from pellucid.reports.scores import Score
from pellucid.reports.sections import Column, Section, Table, Text
from pellucid.reports.waterfall import Measure, called
from pellucid.tasks.evaluation import Evaluation
from pellucid.tasks.provided import StoredRun

WORTH, HOPELESS = 0.02, 0.05  # of the precision: a gap that is spoken of; a training score that is next to nothing
NUMBER: Column = "number"

TITLES = {
    NOTHING: "Next to nothing was learnt", "bias": "Bias", "variance": "Variance", "mismatch": "Mismatch",
    "dev over-fitting": "Over-fitting of the validation part", "": "No main problem",
}  # fmt: skip
MEANS = {
    "variance": "It does better on the pictures it learnt from than on others like them.",
    "mismatch": "It does better on pictures from where the training pictures come from.",
    "dev over-fitting": "Settings and epoch were chosen by the validation part, and new pictures do worse.",
}


def split_of(judged: Mapping[str, Evaluation], reference: float | None) -> Walk:
    """From the reference (a precision; None: 1) over the parts."""
    errors = [error_of(name, judged[name]) for name in ORDER if name in judged]
    level = 0.0 if reference is None else 1 - reference
    return walk(errors, level, given=reference is not None, worth=WORTH, hopeless=1 - HOPELESS)


def error_of(part: str, evaluation: Evaluation) -> Measured:
    """What the precision of a part lacks; without an interval as if it were sure."""
    headline = evaluation.headline
    low, high = headline.interval or (headline.value, headline.value)
    return Measured(part, 1 - headline.value, (1 - high, 1 - low), (high - low) / 2, evaluation.n)


def found_of(
    stored: StoredRun, judged: Mapping[str, Evaluation], split: Walk, score: Score, *, task: str,
    means: Mapping[str, str], steps: Iterable[dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """What diagnosis.json holds of every such task; `means` as `sentence_of` has it, `steps` are the next ones."""
    history, logged = stored.folder.logged()
    return {
        "run": stored.folder.path.as_posix(), "data": stored.settings["data"], "task": task,
        "title": TITLES[split.problem], "sentence": sentence_of(split, score, means),
        "reference": {score.name.lower(): 1 - split.reference, "given": split.reference_given},
        "parts": [part_of(name, one) for name, one in judged.items()], **split.to_json(),
        "next_steps": list(steps),
        "readings": [reading.to_json() for reading in read_curves(history, logged, stored.kept_epoch)],
        "notes": list(stored.notes),
    }  # fmt: skip


def write_page(
    stored: StoredRun, split: Walk, found: Mapping[str, Any], score: Score, evidence: list[Section],
    mistakes: bytes | None,
) -> None:
    """Write diagnosis.html and its pictures; raises FileError when a file cannot be written."""
    given, value = found["reference"]["given"], found["reference"][score.name.lower()]
    write_walk(
        stored.folder, found, split, [table_of_gaps(split, spanned), table_of_parts(found, score)],
        measure=measure_of(score), curves=curve_panels(*stored.folder.logged(), score), evidence=evidence,
        mistakes=mistakes, tags=[f"reference {score.name} {value:g}" if given else f"no reference {score.name}"],
    )  # fmt: skip


def part_of(name: str, evaluation: Evaluation) -> dict[str, Any]:
    """The precision of a part under its own name, with its interval."""
    headline = evaluation.headline
    return {"part": name, "n": evaluation.n, headline.name: headline.value,
            "interval": None if headline.interval is None else list(headline.interval)}  # fmt: skip


def sentence_of(split: Walk, score: Score, means: Mapping[str, str]) -> str:
    """What the verdict rests on, in numbers; `means` says of each verdict what it means, MEANS of those it leaves."""
    main, gap = split.problem, split.gap(split.problem)
    says = {**MEANS, **means, "": f"No gap between the parts is both sure and worth more than two points of "
                                  f"{score.name}."}[main]  # fmt: skip
    if gap is None:
        return f"{says} {score.name} on train is {1 - split.errors[0].error:.3f}."
    return f"{says} From {gap.start} to {gap.end} {score.name} falls by {spanned(gap)}."


def told_first(found: Mapping[str, Any], score: Score) -> list[Section]:
    """Verdict, parts and gaps for a terminal."""
    gaps = [[gap["name"], f"{gap['from']} to {gap['to']}", points(gap["value"]), "noise" if gap["noise"] else ""]
            for gap in found["gaps"]]  # fmt: skip
    return [
        Text(f"{found['title']}. {found['sentence']}"), Text(""),
        Table(["part", score.name, "95 % interval", "n"], [row_of(part, score, part["part"])
                                                           for part in found["parts"]]), Text(""),
        Table(["gap", "between", f"points of {score.name}", ""], gaps), Text(""),
    ]  # fmt: skip


def table_of_parts(found: Mapping[str, Any], score: Score) -> Table:
    """The precision of each part, for a page."""
    return Table(["Part", score.name, "95 % interval", "Pictures"],
                 [row_of(part, score, called(part["part"])) for part in found["parts"]], title="The parts",
                 place="below", kinds=["name", NUMBER, NUMBER, NUMBER], faint=f"Gaps are in points of {score.name}.")


def row_of(part: Mapping[str, Any], score: Score, name: str) -> list[str]:
    """A part's precision, interval and pictures."""
    interval = part["interval"] or ()
    return [name, f"{part[score.name]:.4f}", " to ".join(f"{end:.4f}" for end in interval), f"{part['n']:,}"]


def measure_of(score: Score) -> Measure:
    """What a waterfall counts in."""
    return Measure(f"what {score.name} lacks of 1", lambda size: f"{size:.3f}", points, lambda size: f"{size:.2g}")


def spanned(gap: Gap) -> str:
    """A gap in points, with its interval."""
    return with_ends(gap.value, gap.low, gap.high)


def points(size: float) -> str:
    """Hundredths."""
    return f"{100 * size:.1f}"
