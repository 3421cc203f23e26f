"""What a run that learns classes can be told beside what every run can: all of it touches the training part alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pellucid.settings import LEARNING, Meaning, check, setting


@dataclass(frozen=True)
class Settings:
    """The settings of classification."""

    owner: ClassVar[str] = "classification"
    meanings: ClassVar[Mapping[str, Meaning]] = {
        "loss": Meaning("0.1.0", "crossentropy"),
        "class_weight": Meaning("0.1.0", "none"),
        "sampler": Meaning("0.1.0", "none"),
        "mine_rounds": Meaning("0.1.0", 0),
    }

    loss: str = setting(
        "crossentropy", "crossentropy, or focal[:GAMMA[:ALPHA]]: what is known well counts for little.",
        panel=LEARNING)
    class_weight: str = setting(
        "none", "none, or balanced: rare classes count as much as common ones.",
        panel=LEARNING, choices=("none", "balanced"))
    sampler: str = setting(
        "none", "none, over: every class is shown as often as the largest, or under: as the smallest.",
        panel=LEARNING, choices=("none", "over", "under"))
    mine_rounds: int = setting(
        0, "Times, evenly spread, that training images which are wrong get double weight; 0: never.",
        panel=LEARNING, least=0)

    def __post_init__(self) -> None:
        check(self, "train")
