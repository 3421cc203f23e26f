"""diagnosis.html: the main problem first, then what to do, then the evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pellucid.diagnosis.decomposition import Gap
from pellucid.reports.drawing import Panel, to_png, to_svg
from pellucid.reports.pages import template
from pellucid.reports.sections import Figure, Section, Table, frames
from pellucid.reports.waterfall import Measure, Split, called, waterfall_figure
from pellucid.storage.finite import finite
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.writer import remove_files, write_bytes, write_json, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

SAYS = ("Waterfall of the error: from the reference over bias, variance, mismatch and dev over-fitting to the error of "
        "the last part")  # fmt: skip
PICTURES = ("split", "mistakes")  # of an error that is walked


def render(
    name: str, found: Mapping[str, Any], *, tags: Sequence[str], split: Sequence[Section], curves: Sequence[Panel],
    evidence: Sequence[Section] = (),
) -> str:
    """The page as text; `found` has title, sentence, next_steps (action, because, command), readings and notes.

    `split` are the sections on the error and its gaps, `evidence` those after the curves.
    """
    return template("diagnosis.html").render(
        name=name, found=found, tags=tags, split=split, curves=curves, evidence=frames(evidence),
        cleaned=str,  # the drawings come from no file
    )  # fmt: skip


def write_found(folder: RunFolder, found: Mapping[str, Any]) -> dict[str, Any]:
    """Write diagnosis.json; returns what it holds: None for every number that is not finite."""
    kept = dict(finite(dict(found)))
    write_json(folder.diagnosis, kept)
    return kept


def write_walk(
    folder: RunFolder, found: Mapping[str, Any], split: Split, sections: Sequence[Section], *, measure: Measure,
    tags: Iterable[str], curves: Sequence[Panel], evidence: Sequence[Section], mistakes: bytes | None,
) -> None:
    """The page and the pictures of an error that is walked in a measure: the waterfall, then `sections` on its gaps.

    `tags` follow those of every diagnosis; mistakes: PNG of the worst samples. Raises FileError when a file cannot be
    written.
    """
    waterfall = waterfall_figure(split, measure)
    page = render(folder.path.resolve().name, found, tags=[*tags_of(found), *tags], curves=curves, evidence=evidence,
                  split=[section_of_split(waterfall), *sections])  # fmt: skip
    drawn = {"split": to_png(waterfall)} | ({} if mistakes is None else {"mistakes": mistakes})
    write(folder, page, drawn, PICTURES)


def tags_of(found: Mapping[str, Any]) -> Iterator[str]:
    """Data, and the main problem if there is one."""
    yield found["data"]
    if found["main_problem"]:
        yield f"main problem: {found['main_problem']}"


def write(folder: RunFolder, page: str, drawn: Mapping[str, bytes], stale: Iterable[str]) -> None:
    """The page and its pictures (PNG by what they show); of `stale` those that were not drawn now are removed."""
    remove_files(folder.diagnosis_picture(name) for name in stale if name not in drawn)
    for name, png in drawn.items():
        write_bytes(folder.diagnosis_picture(name), png)
    write_text(folder.diagnosis_page, page)


def section_of_split(figure: Drawn) -> Figure:
    """The waterfall of the error."""
    return Figure(SAYS, to_svg(figure, SAYS), title="The error, split")


def table_of_gaps(split: Split, size: Callable[[Gap], str]) -> Table:
    """A row a gap, with what is thought of it; `size` tells how large it is, and between what."""
    rows = [row_of(gap, split) for gap in split.gaps]
    return Table(["Gap", "Size, 95 % interval", "", "From", "To"],  # the first ones are what a narrow screen shows
                 [[row["name"], size(gap), row["verdict"], row["from"], row["to"]]
                  for gap, row in zip(split.gaps, rows, strict=True)],
                 kinds=["name", "number", "verdict", "text", "text"], place="below")  # fmt: skip


def row_of(gap: Gap, split: Split) -> dict[str, Any]:
    """A gap as its row of the table shows it."""
    verdict = "noise" if gap.noise else "no gap" if gap.high < 0 else "small" if not split.problems else ""
    if gap.name in split.problems:
        verdict = "main problem" if gap.name == split.main_problem else "problem"
    name = gap.name + (" or mismatch" if gap.undivided and gap.name == "variance" else "")
    return {"name": name, "from": called(gap.start), "to": called(gap.end), "verdict": verdict}
