"""What docs/pytorch.md and README.md say of `fit` as typed is the committed measurement."""

from __future__ import annotations

from tests.docs.made import page_with
from tests.parity_engines.table import MAKER, made


def test_the_pages_are_made_from_the_measurement() -> None:
    for page, text in made().items():
        told = "Type: python -m tests.parity_engines.table"
        assert page_with(page, MAKER, text) == page.read_text(encoding="utf-8"), f"{page.name}. {told}"
