"""docs/house.svg and the table of docs/house.md, drawn from the imports and the files of every room.

Run with   python -m tests.structure.picture          to draw them anew after an import, a room or much text has changed
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from tests.docs.made import page_with
from tests.structure import house
from tests.structure.rows import Node, Rows, below_itself, laid_out, reduced

ROOT = Path(__file__).resolve().parents[2]
PAGE, DRAWING, MAKER = ROOT / "docs" / "house.md", ROOT / "docs" / "house.svg", "tests/structure/picture.py"
WIDTH, PITCH, BOX = 400, 74, (96, 42)  # of the drawing at the least, of a row, of a room
STYLE = (
    "text{font:600 12px system-ui,sans-serif;text-anchor:middle;fill:#1b2733}"
    ".lines{font-weight:400;font-size:10px;fill:#51606f}"
    "rect{fill:#eef3f8;stroke:#7d92a8}path{fill:none;stroke:#7d92a8;stroke-width:1.2}.page{fill:#fff;stroke:none}"
    "marker path{fill:#7d92a8;stroke:none}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.lines{fill:#9fb0c0}rect{fill:#22303d;stroke:#8aa0b6}"
    "path{stroke:#8aa0b6}.page{fill:#11181f}marker path{fill:#8aa0b6}}"
)

MARKER = (
    '<marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0 8 4 0 8z"/></marker>'
)


@cache
def below(tree: Path) -> dict[str, set[str]]:
    """Every room that imports or is imported, to the rooms that it imports."""
    found: dict[str, set[str]] = {}
    for module, _, target in house.arrows(tree):
        if module.room in house.FLOOR and target in house.FLOOR and target != module.room:
            found.setdefault(module.room, set()).add(target)
            found.setdefault(target, set())
    return found


def drawing(tree: Path) -> str:
    """The rooms as boxes, each above all that it imports; an arrow where no longer way leads there too."""
    arrows = reduced(below(tree))
    rows = laid_out(below_itself(below(tree)), arrows, width=WIDTH, box=BOX[0])
    height = PITCH * len(rows.order) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {rows.width} {height}" width="{rows.width}" role="img">',
        "<title>The rooms of Pellucid: every arrow is an import, and all of them go down.</title>",
        f"<style>{STYLE}</style>",
        MARKER,
        f'<rect class="page" width="{rows.width}" height="{height}"/>',
        *(way(rows, start, end) for start in sorted(arrows) for end in sorted(arrows[start])),
        *(box(rows, room, house.room_lines(tree, room)) for room in sorted(arrows)),
        "</svg>\n",
    ]
    return "\n".join(parts)


def box(rows: Rows, room: str, lines: int) -> str:
    """A room at its place."""
    x, y = rows.x[room], top(rows, room)
    return (f'<rect x="{x - BOX[0] / 2:.0f}" y="{y}" width="{BOX[0]}" height="{BOX[1]}" rx="5"/>'
            f'<text x="{x:.0f}" y="{y + 18}">{room}</text>'
            f'<text class="lines" x="{x:.0f}" y="{y + 33}">{lines:,} lines</text>')  # fmt: skip


def top(rows: Rows, node: Node) -> int:
    """The upper edge of a room's row."""
    return 8 + PITCH * (len(rows.order) - 1 - rows.row[node])


def way(rows: Rows, start: str, end: str) -> str:
    """An arrow from the lower edge of one room to the upper edge of another, straight through the rows between."""
    drawn = f"M{rows.x[start]:.0f} {top(rows, start) + BOX[1]}"
    x, y = rows.x[start], top(rows, start) + BOX[1]
    nodes: list[Node] = [*rows.between(start, end), end]
    for node in nodes:
        to_x, to_y, half = rows.x[node], top(rows, node), (PITCH - BOX[1]) / 2
        drawn += f"C{x:.0f} {y + half:.0f} {to_x:.0f} {to_y - half:.0f} {to_x:.0f} {to_y}"
        x, y = to_x, to_y + BOX[1]
        drawn += "" if node == end else f"V{y}"
    return f'<path d="{drawn}" marker-end="url(#end)"><title>{start} imports {end}</title></path>'


def table(tree: Path) -> str:
    """A row a room, from the top: what it is in its own words, how large it is, what it stands on."""
    imported = below(tree)
    rows = ["| Room | What it is | Lines | Stands on |", "|---|---|---|---|"]
    for room in sorted(imported, key=lambda room: (-below_itself(imported)[room], room)):
        module = next(module for module in house.modules(tree) if module.name == f"{house.PACKAGE}.{room}")
        path = module.path.parent if module.path.name == "__init__.py" else module.path
        first = (ast.get_docstring(module.tree) or "").split("\n\n")[0].replace("\n", " ").removesuffix(":")
        lines = house.room_lines(tree, room)
        rows.append(f"| [`{room}`](../{path.relative_to(tree).as_posix()}) | {first} | {lines:,} "
                    f"| {', '.join(sorted(reduced(imported)[room])) or '-'} |")  # fmt: skip
    return "\n".join(rows)


def without_numbers(text: str) -> str:
    """The drawing or the table with a star for each count of lines, which may be a little out of date."""
    return re.sub(r"(?<=\| )[\d,]+(?= \|)|[\d,]+(?= lines)", "*", text)


def counts(text: str) -> dict[str, int]:
    """The lines of each room as a drawing tells them."""
    found = re.findall(r">([a-z]+)</text><text[^>]*>([\d,]+) lines", text)
    return {room: int(lines.replace(",", "")) for room, lines in found}


if __name__ == "__main__":
    DRAWING.write_text(drawing(ROOT), encoding="utf-8")
    PAGE.write_text(page_with(PAGE, MAKER, table(ROOT)), encoding="utf-8")
