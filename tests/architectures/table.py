"""The table of docs/architectures.md, made from the networks themselves.

Run with   python -m tests.architectures.table          to write it anew after a network has changed
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pellucid.architectures.names import EVERY, OF_POINTS, smallest
from pellucid.graph.summary import summarize
from pellucid.models import Model
from tests.docs.made import page_with

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures.md"
MAKER = "tests/architectures/table.py"


def table() -> str:
    """One row a name."""
    head = "| Name | Function | Source | Made for | Parameters | of these trained | Smallest images |"
    return "\n".join([head, "|---|---|---|---|---|---|---|", *(row_of(name, create) for name, create in EVERY.items())])


def row_of(name: str, create: Callable[..., Any]) -> str:
    """The row of a network."""
    own = create.func if isinstance(create, partial) else create
    words = [f"{word}={value!r}" for word, value in (create.keywords if isinstance(create, partial) else {}).items()]
    call = f"{own.__name__}({', '.join(words)})" if words else own.__name__
    model = create()
    size = "x".join(map(str, model.input_shape[1:]))
    summary, side = summarize(model.graph), smallest(create)
    ends = f"{model.output_shape[-1]:,} " + (ends_of_points(model) if name in OF_POINTS else "classes")
    return (f"| `{name}` | `{call}` | {source_of(own)} | {size}, {ends} | {summary.total:,} "
            f"| {summary.trainable:,} | {side}x{side} |")  # fmt: skip


def ends_of_points(model: Model) -> str:
    """What a network that answers with points ends in."""
    return "maps" if len(model.output_shape) == 4 else "numbers"


def source_of(create: Callable[..., Any]) -> str:
    """Authors and year as the header of its module tells them."""
    header = inspect.getdoc(inspect.getmodule(create)) or ""
    found = re.search(r"^Source\s+(.+?\d{4}|[^;.]+)", header, re.MULTILINE)
    assert found is not None, f"the header of {create.__module__} names no source"
    return found[1]


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE, MAKER, table()), encoding="utf-8")
