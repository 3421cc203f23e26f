"""The rules of the house as functions: each takes a source tree and returns one sentence for every breach.

A room is a folder or module directly under pellucid/. A page is a module there that is no room: it re-exports, and
importing a page counts as importing the rooms behind it.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType

PACKAGE = "pellucid"
TASKS = f"{PACKAGE}.tasks"
FLOORS = (  # a room may import the rooms of the floors before its own
    ("errors", "keys"),
    ("settings", "words"),
    ("spec",),
    ("graph",),
    ("engines", "storage"),
    ("training",),
    ("model",),
    ("eager",),
    ("architectures",),
    ("checks", "diagnosis", "explain"),
    ("reports",),
    ("tasks",),
    ("runs",),
    ("using", "search"),
    ("serving", "jobs", "cascades"),
    ("cli",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
FLOOR["data"] = FLOOR["storage"]  # beside them, so that neither imports it; what it imports itself is in ONLY
ONLY = {"data": {"errors", "keys", "storage", "words"}}  # stricter than the floors
NEVER = {  # a part of the tree, and what it never imports
    "pellucid.spec": {"numpy", "scipy", "torch", "jax"},
    "pellucid.graph": {"numpy", "scipy", "torch", "jax"},
    "pellucid.engines.reference": {"torch", "pellucid.engines.pytorch"},
    "pellucid.engines.pytorch": {"pellucid.engines.reference"},
    "pellucid.serving": {"pellucid.training"},
}
NAMELESS = {"util", "utils", "helper", "helpers", "common", "misc"}
LONGEST_FILE, LONG_FILE, LONGEST_FUNCTION = 400, 200, 80  # lines
LARGEST_SHARE = 0.18  # of the lines of all rooms, that one of them may have
MOST_LINES = {"runs": 3_300}  # of a room that everything passes through


@dataclass(frozen=True)
class Import:
    """One name that one line imports; `typing_only` when no run of the program executes it."""

    module: str
    line: int
    typing_only: bool


@cache
def parsed(path: Path) -> ast.Module:
    """What a file says, read once."""
    return ast.parse(path.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Module:
    """One source file."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        """What the file says, read when it is asked for: whoever collects the tests only wants names."""
        return parsed(self.path)

    @property
    def room(self) -> str:
        """The part directly under the package, empty for the package itself."""
        return ".".join(self.name.split(".")[1:2])


@cache
def modules(tree: Path) -> tuple[Module, ...]:
    """Every module of the package in a source tree."""
    found = []
    for path in sorted((tree / PACKAGE).rglob("*.py")):
        parts = path.relative_to(tree).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(name, path))
    return tuple(found)


@cache
def imports(module: Module, known: frozenset[str]) -> tuple[Import, ...]:
    """Everything a module imports, inside functions too; `from a import b` is a.b where that is a module."""
    return tuple(_imports(module, known))


def _imports(module: Module, known: frozenset[str]) -> Iterator[Import]:
    for node, typing_only in _walk(module.tree, typing_only=False):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, typing_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, node)
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield Import(full if full in known or base == PACKAGE else base, node.lineno, typing_only)
        elif isinstance(node, ast.Call) and _imports_by_name(node):
            yield Import(str(node.args[0].value), node.lineno, typing_only)  # type: ignore[attr-defined]


def _walk(node: ast.AST, *, typing_only: bool) -> Iterator[tuple[ast.AST, bool]]:
    yield node, typing_only
    guard = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    for child in ast.iter_child_nodes(node):
        inside = guard and isinstance(node, ast.If) and child in node.body
        yield from _walk(child, typing_only=typing_only or inside)


def _base(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    folder = parts if module.path.name == "__init__.py" else parts[:-1]
    above = folder[: len(folder) - (node.level - 1)]
    return ".".join([*above, *([node.module] if node.module else [])])


def _imports_by_name(node: ast.Call) -> bool:
    text = node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    return bool(text) and ast.unparse(node.func).split(".")[-1] in {"import_module", "__import__"}


def arrows(tree: Path) -> Iterator[tuple[Module, Import, str]]:
    """Every import of the package with each room that it leads to, through pages too."""
    known = frozenset(module.name for module in modules(tree))
    behind = _rooms_behind_pages(tree, known)
    for module in modules(tree):
        for line in imports(module, known):
            yield from ((module, line, target) for target in sorted(_rooms(line.module, behind)))


def wrong_arrows(tree: Path) -> list[str]:
    """Imports that go up the house, sideways, or out of `data`; and anything but the command line importing it."""
    return [
        f"{module.path.relative_to(tree).as_posix()}:{line.line} imports {line.module}: "
        f"{module.room} may not import {target}"
        for module, line, target in arrows(tree) if not _may(module.room, target)
    ]  # fmt: skip


def _rooms_behind_pages(tree: Path, known: frozenset[str]) -> dict[str, set[str]]:
    """For every page, the rooms it re-exports, through other pages too."""
    pages = [module for module in modules(tree) if module.room and module.room not in FLOOR]
    behind: dict[str, set[str]] = {module.room: set() for module in pages}
    before: dict[str, set[str]] = {}
    while before != behind:
        before = {room: set(rooms) for room, rooms in behind.items()}
        for module in pages:
            for line in imports(module, known):
                behind[module.room] |= _rooms(line.module, behind)
    return behind


def _rooms(imported: str, behind: dict[str, set[str]]) -> set[str]:
    package, _, rest = imported.partition(".")
    room = rest.partition(".")[0]
    if package != PACKAGE or room == "__version__":
        return set()
    if room in FLOOR:
        return {room}
    return behind.get(room, {"the whole package"})


def _may(room: str, target: str) -> bool:
    if room not in FLOOR:  # the package itself and its pages stand beside the house, under the command line
        return target != "cli" or room == "__main__"
    if room == target:
        return True
    if room in ONLY:
        return target in ONLY[room]
    return FLOOR.get(target, FLOOR["cli"]) < FLOOR[room] if target != "the whole package" else room == "cli"


def circles(tree: Path) -> list[str]:
    """Files that import each other in a circle, in functions and for type checking too: a sentence for each knot."""
    files = {module.name: module for module in modules(tree)}
    arrows = {name: _files_imported(module, frozenset(files)) for name, module in files.items()}
    reach = {name: set(_ways_from(name, arrows)) for name in files}
    knotted = [name for name in files if name in reach[name]]
    knots = {frozenset(name for name in knotted if name in reach[start] and start in reach[name]) for start in knotted}
    found = []
    for knot in sorted(knots, key=min):
        way = _ways_from(min(knot), arrows)[min(knot)]
        told = [f"{files[name].path.relative_to(tree).as_posix()}:{arrows[name][to]} imports {to}"
                for name, to in zip(way, [*way[1:], way[0]], strict=True)]  # fmt: skip
        others = f"; {len(knot)} files hang together so" if len(knot) > len(way) else ""
        found.append(f"{', '.join(told)}: a circle{others}")
    return found


def _files_imported(module: Module, known: frozenset[str]) -> dict[str, int]:
    """Which other files a file imports, and in which line first; a name of a package is imported from its __init__."""
    found: dict[str, int] = {}
    for line in imports(module, known):
        name = line.module
        while name and name not in known:
            name = name.rpartition(".")[0]
        if name and name != module.name:
            found.setdefault(name, line.line)
    return found


def _ways_from(start: str, arrows: dict[str, dict[str, int]]) -> dict[str, tuple[str, ...]]:
    """The shortest way from a file to each that it reaches, itself too where there is a way back, without the end."""
    ways: dict[str, tuple[str, ...]] = {}
    ends = {start: (start,)}
    while ends:
        further = {}
        for name, way in ends.items():
            for to in arrows[name]:
                if to not in ways:
                    ways[to] = way
                    further[to] = (*way, to)
        ends = further
    return ways


def forbidden_packages(tree: Path) -> list[str]:
    """Imports that a part of the tree never makes; imports for type checking alone are free."""
    known = frozenset(module.name for module in modules(tree))
    found = []
    for module in modules(tree):
        for part, never in NEVER.items():
            if not _within(module.name, part):
                continue
            for line in imports(module, known):
                hit = next((name for name in sorted(never) if _within(line.module, name)), None)
                if hit and (not line.typing_only or hit.startswith(PACKAGE)):
                    where = module.path.relative_to(tree).as_posix()
                    found.append(f"{where}:{line.line} imports {line.module}, which {part} never does")
    return found


def tasks_by_name(tree: Path) -> list[str]:
    """Imports of one task's files from outside its folder: whoever needs a task asks the registry for it."""
    known = frozenset(module.name for module in modules(tree))
    tasks = {name for name in known if name.count(".") == 2 and _within(name, TASKS) and f"{name}.settings" in known}
    found = []
    for module in modules(tree):
        for line in imports(module, known):
            hit = next((task for task in sorted(tasks) if _within(line.module, task)), None)
            if hit and not _within(module.name, hit):
                where = module.path.relative_to(tree).as_posix()
                found.append(f"{where}:{line.line} imports {line.module}, which only {hit} does")
    return found


def _within(name: str, part: str) -> bool:
    return name == part or name.startswith(part + ".")


def busy_pages(tree: Path) -> list[str]:
    """Pages that hold more than a docstring, imports, plain names and the two hooks of lazy import."""
    found = []
    for module in modules(tree):
        if module.room in FLOOR or module.room == "__main__":
            continue
        for node in module.tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name not in {"__getattr__", "__dir__"}:
                where = module.path.relative_to(tree).as_posix()
                found.append(f"{where}:{node.lineno} defines {node.name}; a public page only re-exports")
    return found


def sources(tree: Path) -> list[Path]:
    """Every Python file of the repository."""
    return sorted(path for folder in (PACKAGE, "tests", "benchmarks") for path in (tree / folder).rglob("*.py"))


def nameless(tree: Path) -> list[str]:
    """Files and folders whose name does not say what is in them; one page has Keras's name."""
    parts = {parent for path in sources(tree) for parent in (path, *path.parents) if tree in parent.parents}
    return [f"{path.relative_to(tree).as_posix()} says nothing by its name" for path in sorted(parts)
            if path.stem.strip("_").lower() in NAMELESS and path != tree / PACKAGE / "utils.py"]  # fmt: skip


def long_files(tree: Path, *, most: int = LONGEST_FILE) -> list[str]:
    """Files with more than `most` lines."""
    counted = [(path, len(path.read_text(encoding="utf-8").splitlines())) for path in sources(tree)]
    return [f"{path.relative_to(tree).as_posix()} has {lines} lines" for path, lines in counted if lines > most]


def room_lines(tree: Path, room: str) -> int:
    """Lines of Python in a room."""
    files = [module.path for module in modules(tree) if module.room == room]
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)


def crowded_rooms(tree: Path) -> list[str]:
    """Rooms that have grown too large for one."""
    lines = {room: room_lines(tree, room) for room in FLOOR}
    most = {room: int(LARGEST_SHARE * sum(lines.values())) for room in lines} | MOST_LINES
    return [f"{room} has {lines[room]:,} lines, {most[room]:,} at most" for room in lines if lines[room] > most[room]]


def long_functions(tree: Path) -> list[str]:
    """Functions with more lines than a screen or two."""
    found = []
    for path in sources(tree):
        for node in ast.walk(parsed(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    where = path.relative_to(tree).as_posix()
                    found.append(f"{where}:{node.lineno} {node.name} has {lines} lines")
    return found


def undocumented(page: ModuleType) -> list[str]:
    """Public functions and classes of an imported page that have no docstring of their own or of their base."""
    found = []
    for name in getattr(page, "__all__", [name for name in vars(page) if not name.startswith("_")]):
        thing = getattr(page, name)
        if (inspect.isclass(thing) or inspect.isroutine(thing)) and thing.__module__.partition(".")[0] != "__future__":
            text = inspect.getdoc(thing) or ""
            if not text or text.startswith(f"{name}("):  # a dataclass without a docstring shows its signature
                found.append(f"{page.__name__}.{name} has no docstring")
    return found
