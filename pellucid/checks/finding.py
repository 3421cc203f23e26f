"""Finding: what one check says, in the form of `pellucid check --json`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["pass", "warning", "failure"]
ORDER: tuple[Status, ...] = ("pass", "warning", "failure")


@dataclass(frozen=True)
class Finding:
    """One check's result: its number, what that means, and what to do about it (empty for a pass)."""

    name: str
    status: Status
    value: float | None
    meaning: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """As --json shows it."""
        return asdict(self)

    def lines(self) -> list[str]:
        """As a terminal shows it: status, name and meaning; the remedy below."""
        found = [f"{self.status:<7}  {self.name:<17}  {self.meaning}"]
        return [*found, f"{'':<7}  {'':<17}  {self.remedy}"] if self.remedy else found


def graded(value: float, *, warn: float, fail: float = float("inf")) -> Status:
    """failure at `fail` or more and for NaN, warning at `warn` or more, else pass."""
    if not value < fail:
        return "failure"
    return "warning" if value >= warn else "pass"


def verdict(findings: Iterable[Finding]) -> Status:
    """The worst status there is."""
    return max((finding.status for finding in findings), key=ORDER.index, default="pass")


def record_of(findings: Sequence[Finding]) -> dict[str, Any]:
    """As `pellucid check --json` prints them and checks.json keeps them."""
    return {"verdict": verdict(findings), "checks": [finding.to_json() for finding in findings]}
