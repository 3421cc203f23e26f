"""Class folders that are links are read as linked files are."""

from __future__ import annotations

from collections.abc import Callable

from tests.reported.conftest import section


def test_linked_folders_are_followed(case: Callable[[str], str]) -> None:
    said = case("06-linked-folders")
    assert "pellucid:" not in said
    wanted = {"links_files": ["12"], "links": ["12"], "links_part": ["12", "4"], "links_inside": ["20"]}
    for name, ant in wanted.items():
        line = next(line for line in section(said, name).splitlines() if line.startswith("ant"))
        assert line.split()[1:] == ant, said
