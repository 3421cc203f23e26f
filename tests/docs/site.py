"""The reference of the documentation site: a page for each public module, of what help() prints; `make docs` asks it.

A hook of MkDocs. Arguments of layers, losses and rules are data, which only the running program knows: so signatures
and texts are read off it, not off its source. Links to files outside docs/ lose their address: the site stands alone.
"""

from __future__ import annotations

import inspect
import re
import types
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGES = {
    "pellucid": "pellucid", "schedules": "pellucid.optimizers.schedules",
    **{name: f"pellucid.{name}" for name in (
        "layers", "models", "ops", "losses", "metrics", "optimizers", "callbacks", "initializers", "regularizers",
        "constraints", "activations", "architectures", "applications", "datasets", "utils",
        "preprocessing", "saving", "random",
    )},
}  # fmt: skip


def module_of(page: str) -> Any:
    """The module of a page."""
    if page == "schedules":
        return import_module("pellucid.spec.schedules")
    return import_module(PAGES[page])


def names_of(module: Any) -> list[str]:
    """Its public names, those of modules left out."""
    listed = getattr(module, "__all__", None) or [
        name for name, entry in vars(module).items()
        if inspect.isclass(entry) and entry.__module__ == module.__name__ and not name.startswith("_")
    ]  # fmt: skip
    return sorted(name for name in listed if not isinstance(getattr(module, name), types.ModuleType))


def told(page: str, name: str, entry: Any) -> str:
    """One entry: its name with the arguments, then its text."""
    try:
        arguments = str(inspect.signature(entry))
    except (TypeError, ValueError):
        arguments = ""
    arguments = re.sub(r"<[^<>]*? object at 0x[0-9a-f]+>|<function (\w+)[^>]*>", r"\1", arguments)
    text = re.sub(r"\b__\w+__", r"`\g<0>`", inspect.getdoc(entry) or "").replace("<", "&lt;")
    lines = [f"- `{line.partition(':')[0]}`:{line.partition(':')[2]}" if re.match(r"^\w+: ", line) else line
             for line in text.splitlines()]  # fmt: skip
    body = re.sub(r"\n(- `)", r"\n\n\1", "\n".join(lines), count=1)
    return f"## {name}\n\n```python\n{PAGES[page]}.{name}{arguments}\n```\n\n{body}\n"


def reference(page: str) -> str:
    """The whole page."""
    module = module_of(page)
    parts = [f"# {PAGES[page]}", (inspect.getdoc(module) or "").replace("<", "&lt;")]
    parts += [told(page, name, getattr(module, name)) for name in names_of(module)]
    return "\n\n".join(parts) + "\n"


def on_files(files: Any, config: Any) -> Any:
    """Enter the pages that are made, and the README as the first page."""
    from mkdocs.structure.files import File

    made = {f"reference/{page}.md": reference(page) for page in PAGES}
    made["index.md"] = (ROOT / "README.md").read_text(encoding="utf-8").replace("](docs/", "](")
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, **named: Any) -> str:
    """Links and pictures that lead out of docs/ become plain words."""
    outside = r"(?:\.\./|LICENSE|CONTRIBUTING|CHANGELOG|benchmarks|examples)"
    return re.sub(rf"!?\[([^\]]+)\]\({outside}[^)]*\)", r"\1", markdown)
