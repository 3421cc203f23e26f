"""What a run that learns classes can be told beside what every run can, and what its diagnosis can be asked for.

All settings of a run touch the training part alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pellucid.errors import UsageError, describe
from pellucid.settings import LEARNING, Meaning, check, setting

CALIBRATED = "calibrated.safetensors"  # the model with a temperature; training writes none
SMOOTHING_OF_HEAD = 0.2  # of a new head on frozen layers, which is soon sure of all that it learns from
FILES = ("confusion.png", "mistakes.png", CALIBRATED)

@dataclass(frozen=True)
class Settings:
    """The settings of classification."""

    owner: ClassVar[str] = "classification"
    meanings: ClassVar[Mapping[str, Meaning]] = {
        "loss": Meaning("0.1.0", "crossentropy"),
        "label_smoothing": Meaning("0.2.0", 0.0),
        "class_weight": Meaning("0.1.0", "none"),
        "sampler": Meaning("0.1.0", "none"),
        "mine_rounds": Meaning("0.1.0", 0),
    }

    loss: str = setting(
        "crossentropy", "crossentropy, or focal[:GAMMA[:ALPHA]]: what is known well counts for little.",
        panel=LEARNING)
    label_smoothing: float | None = setting(
        None, "Share of each target that goes to all classes alike, e.g. 0.1; with crossentropy. Default: "
        f"{SMOOTHING_OF_HEAD} for the new head of --pretrained squeezenet, else 0.", panel=LEARNING, least=0, below=1)
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


@dataclass(frozen=True)
class Wishes:
    """What the diagnosis of a classification can be asked for."""

    owner: ClassVar[str] = "classification"

    reference_error: float | None = setting(
        None, "Error of a person or of the best known method, a share such as 0.002.")
    tags: str | None = setting(
        None, "A table of tags for dev images: path or id, then tags or columns of your own.")
    calibrate: bool = setting(
        False, "Fit a temperature on dev, so that confidences are honest, and keep it in RUN/calibrated.safetensors.")
    label_errors: bool = setting(False, "Rank training labels that look wrong; trains one model a fold.")
    folds: int = setting(5, "Models that --label-errors trains.")

    def __post_init__(self) -> None:
        check(self, "diagnose")
        if self.reference_error is not None and not 0 <= self.reference_error <= 1:
            wanted = "a share from 0 to 1, e.g. 0.002 for 0.2 %"
            raise UsageError(describe("diagnose", "--reference-error", wanted, self.reference_error))
        if self.folds < 2:
            raise UsageError(describe("diagnose", "--folds", "2 or more", self.folds))
