"""The site's table of contents names every page of docs/ and of the reference, and the reference tells every name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pellucid
from tests.docs import site

ROOT = Path(__file__).parents[2]
LISTED = re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2])


def test_every_page_is_listed_once() -> None:
    written = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert sorted(LISTED) == sorted({"index.md", *written, *(f"reference/{page}.md" for page in site.PAGES)})
    shown = {name for name in pellucid.__all__ if (ROOT / "pellucid" / f"{name}.py").exists()} | {"architectures"}
    assert shown <= set(site.PAGES)


@pytest.mark.parametrize("page", ["layers", "optimizers", "schedules", "constraints"])
def test_the_reference_tells_names_arguments_and_meanings(page: str) -> None:
    text = site.reference(page)
    assert all(f"\n## {name}\n" in text for name in site.names_of(site.module_of(page)))
    assert not re.search(r" object at 0x", text)
    wanted = {"layers": ["layers.Conv2D(\n    filters,\n    kernel_size,\n    strides=(1, 1),", "- `dilation_rate`: "],
              "optimizers": ["- `clipnorm`: the longest gradient"], "schedules": ["- `decay_rate`: what the rate"],
              "constraints": ["pellucid.constraints.MaxNorm(max_value=2.0, axis=0)"]}[page]  # fmt: skip
    assert all(part in text for part in wanted)


def test_methods_are_told_where_one_calls_or_overrides_them() -> None:
    assert "### Model.fit\n\n```python\nModel.fit(\n    x: Any = None," in site.reference("models")
    assert "- `class_weight`: class number" in site.reference("models")
    assert "### Optimizer.update_step" in site.reference("optimizers") and "`Refused`" not in site.reference("layers")


def test_links_that_lead_out_become_words() -> None:
    told = site.on_page_markdown("see [it](../pellucid/ops.py), [that](keras.md) and ![a](a.svg)")
    assert told == "see it, [that](keras.md) and ![a](a.svg)"
