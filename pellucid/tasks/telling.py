"""A task whose words are in a file of their own: evaluations and answers told by its `telling`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pellucid.reports.sections import Section


class Telling(Protocol):
    """What such a file has, as `Task` describes it."""

    def told(self, found: Mapping[str, Any]) -> list[Section]: ...

    def words(self, entry: Mapping[str, Any]) -> list[str]: ...

    def row(self, entry: Mapping[str, Any]) -> dict[str, Any]: ...


class Told:
    """To be put before `Task`: what it tells is told by `teller`."""

    teller: Telling

    def told(self, found: Mapping[str, Any]) -> list[Section]:
        return self.teller.told(found)

    def words(self, entry: Mapping[str, Any]) -> list[str]:
        return self.teller.words(entry)

    def row(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        return self.teller.row(entry)
