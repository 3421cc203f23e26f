"""A list of settings that no part of Pellucid knows, as a task of a user's own would have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pellucid.settings import LEARNING, Meaning, check, setting


@dataclass(frozen=True)
class Toy:
    """One setting of each kind."""

    owner: ClassVar[str] = "toy"
    meanings: ClassVar[Mapping[str, Meaning]] = {"delta": Meaning("0.3.0", 0.0)}

    delta: float = setting(1.0, "Where the curve turns straight.", panel=LEARNING, least=0, below=8)
    rings: int | None = setting(None, "Rings to draw; default: as many as fit.", panel="The toy", least=1, most=9)
    colour: str = setting("red", "Its colour.", panel="The toy", choices=("red", "green", "blue"))
    upside_down: bool = setting(False, "Stand it on its head.", panel="The toy", flag="--turned")
    weight: float = setting(2.0, "In grams.", panel="The toy", above=0)
    made: str = setting("here", "Where it was made.", flag=None)

    def __post_init__(self) -> None:
        check(self, "train")
