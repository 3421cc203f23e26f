"""Sections: what a task has to tell, as plain data that a terminal, a page and a studio can each draw.

A list of them is drawn in its order. Each has a title, a faint line that explains it (either may be empty) and a place:

    own     a frame of its own         below   in the frame of the one before, its title smaller
    head    beside the headline        data    where the data are described
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pellucid.errors import ShapeError, describe
from pellucid.reports.gallery import Card

Place = Literal["own", "below", "head", "data"]
Column = Literal["name", "text", "number", "bar", "mark", "verdict"]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What every section has."""

    kind: ClassVar[str]
    title: str = ""
    faint: str = ""
    place: Place = "own"


@dataclass(frozen=True)
class Text(Told):
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True)
class Table(Told):
    """Rows of words under the names of their columns; a page may fold it up under its title.

    kinds are those of the columns, on a page: "name" heads its row, "number" stands at the right, "bar" is a percentage
    (0 to 100) drawn as one, whose column has no room on a phone, a "mark" is a warning that colours the row's bar, and
    a "verdict" is one where it speaks of a problem, else a faint word.
    Without kinds the first column is a name and the others are text.
    """

    kind: ClassVar[str] = "table"
    columns: list[str]
    rows: list[list[str]]
    kinds: list[Column] = field(default_factory=list, kw_only=True)
    folded: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        count = len(self.columns)
        if any(len(row) != count for row in self.rows) or len(self.kinds) not in (0, count):
            raise ShapeError(describe("table", "rows and kinds", f"{count} long, as columns", "another length"))


@dataclass(frozen=True)
class Facts(Told):
    """A few numbers in words, each under what it is."""

    kind: ClassVar[str] = "facts"
    rows: list[tuple[str, str]]


@dataclass(frozen=True)
class Figure(Told):
    """A drawing: an <svg> of `reports.drawing.to_svg`, or a PNG file of the run folder; `alt` says what it shows.

    Where both are given, the file stands in for an <svg> too large to keep.
    """

    kind: ClassVar[str] = "figure"
    alt: str
    svg: str = ""
    file: str = ""


@dataclass(frozen=True)
class Gallery(Told):
    """Pictures of the data; `small` ones stand closer."""

    kind: ClassVar[str] = "gallery"
    cards: Sequence[Card]
    small: bool = False


Section = Text | Table | Facts | Figure | Gallery
KINDS: dict[str, type[Text | Table | Facts | Figure | Gallery]] = {
    one.kind: one for one in (Text, Table, Facts, Figure, Gallery)
}


@dataclass(frozen=True)
class Account:
    """What was found: as JSON has it, and for a reader."""

    found: dict[str, Any]
    sections: list[Section]


def frames(sections: Sequence[Section]) -> list[list[Section]]:
    """Those with frames of their own, each with what stands below it."""
    found: list[list[Section]] = []
    for one in sections:
        if one.place == "own" or (one.place == "below" and not found):
            found.append([one])
        elif one.place == "below":
            found[-1].append(one)
    return found
