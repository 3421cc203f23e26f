"""Pages that hold a part made by a program: what stands between the two lines that name the maker."""

from __future__ import annotations

from pathlib import Path


def page_with(page: Path, maker: str, made: str) -> str:
    """The page's text with `made` in its place; `maker` is the program's path, e.g. tests/checks/table.py."""
    begin, end = f"<!-- made by {maker}: begin -->", f"<!-- made by {maker}: end -->"
    text = page.read_text(encoding="utf-8")
    before, after = text.partition(begin)[0], text.partition(end)[2]
    return f"{before}{begin}\n\n{made}\n\n{end}{after}"
