"""docs/house.md: its picture is that of the imports, and the files and functions that it names are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.docs.made import page_with
from tests.structure import house, picture, rows

ROOT = picture.ROOT
LINK = re.compile(r"\[`?([^\]`]+)`?\]\(([^)#]+)\)")
NAME = re.compile(r"[A-Za-z_]\w*(\.(?!py$)\w+)?")
REMEDY = "Draw it anew with python -m tests.structure.picture."
SLACK, FEW = 0.1, 60  # lines by which a room may have grown or shrunk since it was drawn: a share, and at least so many


def links(page: Path, text: str | None = None) -> list[tuple[str, Path]]:
    """What a page, or a part of its text, links to within the repository, with the words that are the link."""
    found = LINK.findall(page.read_text(encoding="utf-8") if text is None else text)
    return [(words, page.parent / target) for words, target in found if "://" not in target]


def defined(path: Path) -> set[str]:
    """Functions and classes of a file, methods as Class.method."""
    named = (ast.FunctionDef, ast.ClassDef)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    outer = [node for node in tree.body if isinstance(node, named)]
    inner = {f"{node.name}.{part.name}" for node in outer if isinstance(node, ast.ClassDef)
             for part in node.body if isinstance(part, named)}  # fmt: skip
    return {node.name for node in outer} | inner


def astray(page: Path) -> list[str]:
    """Links that lead nowhere, and functions that the file behind the link does not define."""
    found = []
    for words, path in links(page):
        if not path.exists():
            found.append(f"{page.name}: {words} leads to {path}, which does not exist")
        elif path.suffix == ".py" and NAME.fullmatch(words) and words not in {path.stem, *defined(path)}:
            found.append(f"{page.name}: {path.name} defines no {words}")
    return found


def test_the_drawing_is_that_of_the_imports() -> None:
    drawn = picture.DRAWING.read_text(encoding="utf-8")
    assert picture.without_numbers(drawn) == picture.without_numbers(picture.drawing(ROOT)), REMEDY


def test_the_table_is_that_of_the_rooms() -> None:
    now = page_with(picture.PAGE, picture.MAKER, picture.table(ROOT))
    assert picture.without_numbers(picture.PAGE.read_text(encoding="utf-8")) == picture.without_numbers(now), REMEDY


def test_no_room_has_outgrown_its_drawing() -> None:
    told = picture.counts(picture.DRAWING.read_text(encoding="utf-8"))
    assert told.keys() == picture.below(ROOT).keys()
    wrong = [room for room, lines in told.items()
             if abs(house.room_lines(ROOT, room) - lines) > max(SLACK * lines, FEW)]  # fmt: skip
    assert wrong == [], REMEDY


def test_an_import_more_is_another_drawing(tmp_path: Path) -> None:
    for room, text in {"errors": "", "keys": "", "spec": "from pellucid import errors\n"}.items():
        (tmp_path / "pellucid").mkdir(exist_ok=True)
        (tmp_path / "pellucid" / f"{room}.py").write_text(f'"""{room}."""\n{text}')
    before = picture.below(tmp_path)
    assert before == {"spec": {"errors"}, "errors": set()}
    assert picture.table(tmp_path).splitlines()[2:] == [
        "| [`spec`](../pellucid/spec.py) | spec. | 2 | errors |",
        "| [`errors`](../pellucid/errors.py) | errors. | 1 | - |",
    ]
    assert picture.without_numbers("| 1,722 | x |<t>2,032 lines") == "| * | x |<t>* lines"
    assert picture.counts(picture.drawing(tmp_path)) == {"errors": 1, "spec": 2}


def test_rows_and_arrows_by_hand() -> None:
    """d -> b -> a and d -> c -> a, with d -> a besides: three rows, and d -> a is no arrow of its own."""
    arrows = {"a": set(), "b": {"a"}, "c": {"a"}, "d": {"a", "b", "c"}}
    assert rows.below_itself(arrows) == {"a": 0, "b": 1, "c": 1, "d": 2}
    assert rows.reduced(arrows) == {"a": set(), "b": {"a"}, "c": {"a"}, "d": {"b", "c"}}
    long = {"a": set(), "b": {"a"}, "c": {"b"}, "e": set(), "f": {"c", "e"}}
    laid = rows.laid_out(rows.below_itself(long), rows.reduced(long), width=10, box=50)
    assert laid.width == 2 * (50 + rows.GAP)  # of the row of a and e
    assert laid.between("f", "e") == [("f", "e", 2), ("f", "e", 1)]
    for nodes in laid.order:
        ordered = [laid.x[node] for node in nodes]
        assert ordered == sorted(ordered)
        assert all(25 <= laid.x[node] <= laid.width - 25 for node in nodes if isinstance(node, str))
    assert {node for nodes in laid.order for node in nodes} == {*"abcef", ("f", "e", 2), ("f", "e", 1)}


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))],
                         ids=lambda page: page.name)  # fmt: skip
def test_links_lead_somewhere(page: Path) -> None:
    assert astray(page) == []


def test_a_link_astray_is_told(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("class A:\n    def f(self): ...\n")
    page, gone = tmp_path / "page.md", tmp_path / "gone.md"
    fine = "[`A.f`](code.py) [`code.py`](code.py) [`in/code.py`](code.py) [`code`](code.py) [the code](code.py)"
    page.write_text(f"{fine} [`A.g`](code.py) [x](gone.md) [y](http://z)")
    assert astray(page) == [
        "page.md: code.py defines no A.g", f"page.md: x leads to {gone}, which does not exist"
    ]  # fmt: skip
