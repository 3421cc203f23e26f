"""What a run that learns numbers can be told beside what every run can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pellucid.settings import LEARNING, Meaning, check, setting

FILES = ("scatter.png", "mistakes.png")

@dataclass(frozen=True)
class Settings:
    """The settings of regression."""

    owner: ClassVar[str] = "regression"
    meanings: ClassVar[Mapping[str, Meaning]] = {"loss": Meaning("0.2.0", "mse")}

    loss: str = setting(
        "mse", "mse, mae, or huber[:DELTA], all in standard deviations of the training numbers.", panel=LEARNING)

    def __post_init__(self) -> None:
        check(self, "train")


@dataclass(frozen=True)
class Wishes:
    """What the diagnosis of a regression can be asked for."""

    owner: ClassVar[str] = "regression"

    reference_mae: float | None = setting(
        None, "Mean absolute error of a person or of the best known method, in the numbers' unit.", least=0)

    def __post_init__(self) -> None:
        check(self, "diagnose")
