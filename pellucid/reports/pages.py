"""The pages of a run folder: templates that share one style; no page needs another file.

Charts are inline SVG, pictures data addresses, style is inline, nothing is fetched and nothing runs. Every value is
escaped by the templates, so class names and paths can hold any character.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from pellucid.diagnosis.wording import as_sentence

if TYPE_CHECKING:
    from jinja2 import Environment, Template


def template(name: str) -> Template:
    """The template of that file name beside this module."""
    return _environment().get_template(name)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = files("pellucid.reports")
    loader = FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8"))
    found = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    found.filters["sentence"] = as_sentence
    return found
