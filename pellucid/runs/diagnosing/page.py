"""diagnosis.html and its pictures: the main problem first, then what to do, then the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pellucid.diagnosis.decomposition import Decomposition, Gap
from pellucid.diagnosis.headline import between
from pellucid.diagnosis.wording import percent
from pellucid.runs.diagnosing.gathering import Gathered
from pellucid.runs.diagnosing.waterfall import called, waterfall_png
from pellucid.runs.mistakes import mistakes_png
from pellucid.runs.pages import Picture, embed, embedded, template
from pellucid.storage.writer import write_bytes, write_text


def write_page(gathered: Gathered, split: Decomposition, found: Mapping[str, Any], *, images: bool) -> None:
    """Draw what there is to draw and write diagnosis.html; raises FileError when a file cannot be written.

    `images`: whether pictures of the data may be on the page.
    """
    folder = gathered.folder
    pictures: dict[str, Picture | None] = {"curves": embedded(folder.curves)}
    drawn = {"split": waterfall_png(split, "Where the error comes from")}
    dev = gathered.dev
    if dev is not None and images:
        part = gathered.parts[dev.split]
        drawn["mistakes"] = mistakes_png(dev, part.images.take)
    for name, png in drawn.items():
        write_bytes(folder.diagnosis_picture(name), png)
        pictures[name] = embed(png)
    write_text(folder.diagnosis_page, render(gathered.folder.path.resolve().name, split, found, pictures))


def render(
    name: str, split: Decomposition, found: Mapping[str, Any], pictures: Mapping[str, Picture | None]
) -> str:
    """The page as text."""
    return template("diagnosis.html").render(
        name=name,
        found=found,
        problem=split.main_problem is not None,
        parts=[
            {"part": called(error.part), "error": percent(error.error, 2), "low": percent(error.interval[0], 2),
             "high": percent(error.interval[1], 2), "wrong": f"{error.wrong:,}", "n": f"{error.n:,}"}
            for error in split.errors
        ],
        gaps=[row_of(gap, split) for gap in split.gaps],
        pairs=[pair | {"cap": percent(pair["cap"])} for pair in found["mistakes"].get("pairs", [])],
        pictures={name: picture for name, picture in pictures.items() if picture is not None},
    )


def row_of(gap: Gap, split: Decomposition) -> dict[str, Any]:
    """A gap as its row of the table shows it."""
    verdict = "noise" if gap.noise else "no gap" if gap.high < 0 else ""
    if gap.name in split.problems:
        verdict = "main problem" if gap.name == split.main_problem else "problem"
    name = gap.name + (" or mismatch" if gap.undivided and gap.name == "variance" else "")
    return {"name": name, "from": called(gap.start), "to": called(gap.end), "size": between(gap), "verdict": verdict}
