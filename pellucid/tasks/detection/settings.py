"""What a run that learns boxes can be told beside what every run can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pellucid.settings import LEARNING, NETWORK, Meaning, check, setting


@dataclass(frozen=True)
class Settings:
    """The settings of detection."""

    owner: ClassVar[str] = "detection"
    meanings: ClassVar[Mapping[str, Meaning]] = {
        "backbone": Meaning("0.2.0", None), "multi_scale": Meaning("0.2.0", 0.0), "snip": Meaning("0.2.0", None),
        "suppression": Meaning("0.2.0", "hard")}

    least_visible: float = setting(
        0.3, "Share of a box that must stay in the picture when it is moved, else the object is left out.",
        panel=LEARNING, above=0, most=1)
    multi_scale: float = setting(
        0.0, "Pictures of each step are brought to another size: both sides up to so much smaller or larger, 0.25 say.",
        panel=LEARNING, least=0, most=0.5)
    snip: str | None = setting(
        None, "Read pictures at several sizes, and learn and tell objects at those that suit them: "
        "0.5:30-,1:16-80,2:-40 is half, whole and twice the size, each with the sides of its objects in pixels there.",
        panel=LEARNING)
    nms: float = setting(
        0.5, "IoU above which the less sure one of two boxes of a class is dropped, or made less sure.",
        panel=LEARNING, above=0, most=1)
    suppression: str = setting(
        "auto", "What becomes of the less sure one: hard, it is dropped; linear or gaussian, its score is lowered "
        "(Soft-NMS); auto: linear with --snip, else hard.", panel=LEARNING,
        choices=("auto", "hard", "linear", "gaussian"))
    anchors: int = setting(5, "Anchors a cell of --model anchors, by k-means.", panel=NETWORK, least=1, most=32)
    match: str = setting(
        "best", "best: every object has the anchor nearest in shape; book: only one of IoU above 0.5, others above it "
        "are left out.", panel=NETWORK, choices=("best", "book"))
    backbone: str | None = setting(
        None, "Put the heads on the layers of this network, such as resnet18; --weights, --freeze all-but-head and "
        "--trunk-rate mean those layers.", panel=NETWORK)
    score_every: int = setting(
        0, "Epochs between two looks at the AP50 of the validation part, which chooses the best epoch; 0: so many that "
        "there are about 20 looks.", panel=LEARNING, least=0)

    def __post_init__(self) -> None:
        check(self, "train")


@dataclass(frozen=True)
class Wishes:
    """What the diagnosis of a detection can be asked for."""

    owner: ClassVar[str] = "detection"

    reference_ap50: float | None = setting(
        None, "AP50 that a person or the best known method reaches, from 0 to 1; default: 1.", least=0, most=1)

    def __post_init__(self) -> None:
        check(self, "diagnose")
