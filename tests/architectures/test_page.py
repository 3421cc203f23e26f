"""docs/architectures.md tells the networks as they are."""

from __future__ import annotations

from pellucid import architectures
from pellucid.architectures.names import EVERY
from tests.architectures.table import MAKER, PAGE, table
from tests.docs.made import page_with


def test_the_table_is_that_of_the_networks() -> None:
    made = table()
    assert page_with(PAGE, MAKER, made) == PAGE.read_text(encoding="utf-8"), "Type: python -m tests.architectures.table"


def test_every_architecture_has_a_name_on_the_command_line() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in architectures.__all__ if f"`{name}`" not in text and f"`{name}(" not in text] == []
    assert len(EVERY) >= len(architectures.__all__)
