"""What a run that learns the poses of many people can be told beside what every run can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pellucid.settings import LEARNING, NETWORK, Meaning, check, setting

FILES = ("mistakes.png",)


@dataclass(frozen=True)
class Settings:
    """The settings of poses."""

    owner: ClassVar[str] = "pose"
    meanings: ClassVar[Mapping[str, Meaning]] = {}

    hill: float = setting(
        1.5, "Pixels of a map from a joint to where its hill has fallen to 0.37.", panel=LEARNING, above=0, most=32)
    limb: float = setting(
        1.0, "Pixels of a map from the middle line of a limb to the side of its field.", panel=LEARNING, above=0,
        most=32)
    stages: int = setting(
        2, "Times that maps and fields are made, each from those before; all but the last teach only.", panel=NETWORK,
        least=1, most=8)
    matching: str = setting(
        "hungarian", "Which joints a limb joins: hungarian, the best sum of all pairs; greedy, the best pair first.",
        panel=NETWORK, choices=("hungarian", "greedy"))
    least_peak: float = setting(
        0.1, "Height in its map from which a joint is looked at.", panel=NETWORK, above=0, below=1)
    least_joints: int = setting(
        3, "Joints of a person, below which it is not told.", panel=NETWORK, least=1, most=1000)
    score_every: int = setting(
        0, "Epochs between two looks at the OKS-AP of the validation part, which chooses the best epoch; 0: so many "
        "that there are about 20 looks.", panel=LEARNING, least=0)

    def __post_init__(self) -> None:
        check(self, "train")


@dataclass(frozen=True)
class Wishes:
    """What the diagnosis of poses can be asked for."""

    owner: ClassVar[str] = "pose"

    reference_oks_ap: float | None = setting(
        None, "OKS-AP that a person or the best known method reaches, from 0 to 1; default: 1.", least=0, most=1)

    def __post_init__(self) -> None:
        check(self, "diagnose")
