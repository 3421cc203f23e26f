"""The pages of a run folder: templates that share one style; no page needs another file.

Pictures are embedded, style is inline, nothing is fetched and nothing runs. Every value is escaped by the templates,
so class names and paths can hold any character.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.errors import FileError, describe
from pellucid.runs.drawing import DPI

if TYPE_CHECKING:
    from jinja2 import Environment, Template

Picture = dict[str, Any]  # source: a data address; width_px: how wide it was meant


def template(name: str) -> Template:
    """The template of that file name beside this module."""
    return _environment().get_template(name)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files("pellucid.runs")
    loader = FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8"))
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def embedded(path: Path) -> Picture | None:
    """A picture of a run folder for a page; None when it is not there. Raises FileError when it cannot be read."""
    try:
        return embed(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise FileError(describe("report", f"the picture {path}", "readable", f"not ({fault.strerror})")) from None


def embed(png: bytes) -> Picture:
    """A PNG of ours as a data address, as wide on the page as it was drawn (bytes 16 to 20 hold its width)."""
    width = int.from_bytes(png[16:20], "big") * 96 // DPI
    return {"source": "data:image/png;base64," + base64.b64encode(png).decode("ascii"), "width_px": width}
