"""Scores and answers of points in words and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.reports.sections import Section, Table, Text
from pellucid.tasks.wording import between, percent, pixels, value

LENGTHS = {
    "corners": "the outer corners of the eyes", "pupils": "the middles of the eyes", "box": "the box, sqrt(w h)",
    "diagonal": "the box's diagonal", "torso": "left shoulder to right hip", "head": "0.6 of the head's diagonal",
}  # fmt: skip
MOST, FEW = 30, 5  # points and groups that a terminal lists


def length_in_words(normaliser: str) -> str:
    """What errors are told in."""
    return LENGTHS.get(normaliser) or "from {} to {}".format(*normaliser.split(":"))


def told(found: Mapping[str, Any]) -> list[Section]:
    """The headline, failures and area, right points, pixels, OKS, and the points, the worst first."""
    of = f"{found['part']}:" if found["split"] == "all" else found["part"]
    headline = (f"{of} nme {percent(found['nme'])} of {length_in_words(found['normaliser'])} "
                f"({between(found['nme_interval'], percent)}{found['nme_n']:,} objects)  pck@{found['pck_at']:g} "
                f"{percent(found['pck'])}  median {pixels(found['error_px_median'])} px")  # fmt: skip
    groups = [table_of_groups(found["groups"][:FEW])] if found["groups"] else []
    return [Text(headline), *map(Text, lines_of(found)), table_of(worst_first(found["points"]), MOST), *groups]


def lines_of(found: Mapping[str, Any]) -> list[str]:
    """The other scores, a line each."""
    failures = "; ".join(f"{percent(one['share'])} beyond {100 * one['beyond']:g} % "
                         f"({between(one['interval'], percent)}n {found['nme_n']:,})"
                         for one in found["failures"])  # fmt: skip
    area, oks, pckh = found["area"], found["oks"], found["pckh"]
    lines = [
        (f"failures {failures}; area to {100 * area['until']:g} % {value(area['value'])} "
        f"({between(area['interval'], value)}n {found['nme_n']:,})"),
        (f"pck@{found['pck_at']:g} {percent(found['pck'])} ({between(found['pck_interval'], percent)}"
        f"{found['pck_n']:,} points); nme of the box {percent(found['nme_box'])}; boxes {found['boxes']}"),
        (f"pixels: half within {pixels(found['error_px_median'])} ({between(found['error_px_median_interval'], pixels)}"
        f"{found['points_n']:,} points), 90 % within {pixels(found['error_px_90'])} "
        f"({between(found['error_px_90_interval'], pixels)}n {found['points_n']:,})"),
    ]
    if pckh is not None:
        lines.append(f"pckh@{pckh['at']:g} {percent(pckh['value'])} ({between(pckh['interval'], percent)}"
                     f"{pckh['n']:,} points{'' if not pckh['heads'] else ', heads by boxes of the data'})")
    sure = (", with spreads that are assumed: trust pck more (--spreads S0,S1,...)" if oks["assumed"] else "")
    lines.append(f"oks {value(oks['mean'])}, its AP {value(oks['ap'])} ({between(oks['interval'], value)}"
                 f"{found['n']:,} objects), AP50 {value(oks['ap50'])}, AP75 {value(oks['ap75'])}{sure}")
    return lines


def table_of(points: Sequence[Mapping[str, Any]], most: int | None = None) -> Table:
    """Each point with its errors, or the first `most` of them."""
    first = "point" if most is None or len(points) <= most else f"worst {most} of {len(points)} points"
    rows = [[one["name"], f"{one['n']:,}", percent(one["nme"]), pixels(one["error_px_median"]), percent(one["pck"])]
            for one in points[:most]]  # fmt: skip
    return Table([first, "marked", "nme", "median px", "pck"], rows,
                 kinds=["name", "number", "number", "number", "number"])  # fmt: skip


def table_of_groups(groups: Sequence[Mapping[str, Any]]) -> Table:
    """The groups that are found worst."""
    rows = [[one["name"], f"{one['n']:,}", percent(one["nme"])] for one in groups]
    return Table(["worst groups", "objects", "nme"], rows, kinds=["name", "number", "number"])


def worst_first(points: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """By their NME, or where that is not known by their pixels."""
    return sorted(points, key=lambda one: -(one["nme"] or one["error_px_median"] or 0))


def words(entry: Mapping[str, Any]) -> list[str]:
    """How many points, how sure, and the first ones."""
    points = entry["points"]
    least = min(points, key=lambda point: point["score"])
    told = [f"{len(points)} points", f"least sure {least['name']} {least['score']:.2f}"]
    return [*told, *(f"{point['name']} {point['x']:.1f},{point['y']:.1f}" for point in points[:3]),
            *[""] * (3 - len(points[:3]))]  # fmt: skip


def row(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Three columns a point."""
    return {f"{point['name']}_{what}": point[axis] for point in entry["points"]
            for what, axis in (("x", "x"), ("y", "y"), ("score", "score"))}  # fmt: skip
