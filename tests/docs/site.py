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
        "preprocessing", "quantizers", "saving", "random", "backend", "config",
    )},
}  # fmt: skip


METHODS = ("Model", "Layer", "Loss", "Metric", "Optimizer", "Callback")


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


def signature_of(name: str, entry: Any) -> str:
    """The call with its defaults, an argument a line where it is long."""
    try:
        found = inspect.signature(entry)
    except (TypeError, ValueError):
        return name
    if next(iter(found.parameters), "") == "self":
        found = found.replace(parameters=list(found.parameters.values())[1:])
    text = re.sub(r"<[^<>]*? object at 0x[0-9a-f]+>|<function (\w+)[^>]*>", r"\1", str(found))
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)  # annotations are kept as text
    if len(name + text) < 90:
        return name + text
    shown = [re.sub(r"(: )'([^']*)'", r"\1\2", re.sub(r"<[^<>]*? object at 0x[0-9a-f]+>|<function (\w+)[^>]*>", r"\1",
             str(parameter))) for parameter in found.parameters.values()]  # fmt: skip
    alone = next((place for place, parameter in enumerate(found.parameters.values())
                  if parameter.kind is inspect.Parameter.KEYWORD_ONLY), None)  # fmt: skip
    if alone is not None and not any(line.startswith("*") for line in shown):
        shown.insert(alone, "*")
    return f"{name}(\n" + "".join(f"    {line},\n" for line in shown) + ")"


def told(place: str, name: str, entry: Any, level: int = 2) -> str:
    """One entry: its name with the arguments, then its text."""
    text = re.sub(r"\b__\w+__", r"`\g<0>`", inspect.getdoc(entry) or "").replace("<", "&lt;")
    lines = [f"- `{line.partition(':')[0]}`:{line.partition(':')[2]}"
             if re.match(r"^[a-z]\w*: ", line) else line for line in text.splitlines()]  # fmt: skip
    body = re.sub(r"(?m)^(?!- `)(.+)\n(- `)", r"\1\n\n\2", "\n".join(lines))
    return f"{'#' * level} {name}\n\n```python\n{signature_of(place + name, entry)}\n```\n\n{body}\n"


def methods_of(name: str, entry: Any) -> list[str]:
    """The public methods of a class whose methods are what one calls: models, and what one derives from."""
    if name not in METHODS:
        return []
    found = [(word, member) for word, member in inspect.getmembers(entry, inspect.isfunction)
             if not word.startswith("_") and member.__module__.startswith("pellucid.")]  # fmt: skip
    return [told("", f"{name}.{word}", member, level=3) for word, member in found]


def reference(page: str) -> str:
    """The whole page."""
    module = module_of(page)
    parts = [f"# {PAGES[page]}", (inspect.getdoc(module) or "").replace("<", "&lt;")]
    for name in names_of(module):
        entry = getattr(module, name)
        parts += [told(f"{PAGES[page]}.", name, entry), *methods_of(name, entry)]
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
