"""Sections: what a task has to tell, as plain data that a terminal, a page and a studio can each draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of words under the names of their columns."""

    columns: list[str]
    rows: list[list[str]]


Section = Text | Table


@dataclass(frozen=True)
class Account:
    """What was found: as JSON has it, and for a reader."""

    found: dict[str, Any]
    sections: list[Section]
