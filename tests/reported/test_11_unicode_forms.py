"""Names that differ only in their Unicode form are one name."""

from __future__ import annotations

from collections.abc import Callable

from tests.reported.conftest import section


def test_two_forms_of_a_name_are_one(case: Callable[[str], str]) -> None:
    said = case("11-unicode-forms")
    assert "pellucid:" not in said
    counts = {name: [line.split()[1:] for line in section(said, name).splitlines() if line.startswith(("caf", "bee"))]
              for name in ("parts", "both", "table")}  # fmt: skip
    assert counts == {"parts": [["12", "5"], ["12", "5"]], "both": [["12"], ["24"]], "table": [["8"]]}, said
