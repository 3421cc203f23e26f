"""What a run that learns points can be told beside what every run can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pellucid.settings import LEARNING, NETWORK, Meaning, check, setting

FILES = ("errors.png", "mistakes.png")


@dataclass(frozen=True)
class Settings:
    """The settings of points."""

    owner: ClassVar[str] = "keypoints"
    meanings: ClassVar[Mapping[str, Meaning]] = {}

    points_codec: str = setting(
        "auto", "How points are written: coordinates, heatmaps, or simcc (rows and columns); auto: as the network "
        "likes them, which of one with a name, such as resnet18, is coordinates.", panel=NETWORK,
        choices=("auto", "coordinates", "heatmaps", "simcc"))
    points_loss: str = setting(
        "auto", "mse, mae or huber of coordinates; mse or crossentropy of heat maps; auto: mse of coordinates, "
        "crossentropy of heat maps.", panel=LEARNING, choices=("auto", "mse", "mae", "huber", "crossentropy"))
    points_read: str = setting(
        "auto", "How a heat map is read: peak, quarter (towards the higher neighbour), taylor (top of a paraboloid), "
        "mean, or window (the mean about the peak); auto: quarter of mse, window of crossentropy.", panel=NETWORK,
        choices=("auto", "peak", "quarter", "taylor", "mean", "window"))
    spread: float = setting(
        1.0, "Standard deviation of the hill around a point, in pixels of its heat map.", panel=LEARNING, above=0,
        most=32)
    normaliser: str = setting(
        "auto", "The length errors are told in: corners or pupils of the eyes, box, diagonal, torso, head, or two "
        "points A:B by name or number; auto: the first of corners, torso, pupils, box that there is.", panel=LEARNING)
    pck: float = setting(
        0.2, "Share of that length within which a point is right.", panel=LEARNING, above=0, most=10)
    spreads: str | None = setting(
        None, "The annotators' spread of each point for OKS, as shares of the square root of the area: numbers with "
        "commas, one a point, or a second table or folder that marks the same pictures, from which they are told; "
        "default: those of a known skeleton, else 0.05, which the score says.", panel=LEARNING)
    weigh: str = setting(
        "alike", "alike: every object counts the same; normaliser: by 1 over the square of that length, so that errors "
        "count as shares of it.", panel=LEARNING, choices=("alike", "normaliser"))
    label_weight: float = setting(
        0.1, "Weight of what is learnt beside the points, the columns that --label names, where a point weighs 1.",
        panel=LEARNING, above=0, most=100)
    score_every: int = setting(
        0, "Epochs between two looks at the error of the validation part, which chooses the best epoch; 0: so many "
        "that there are about 20 looks.", panel=LEARNING, least=0)

    def __post_init__(self) -> None:
        check(self, "train")


@dataclass(frozen=True)
class Wishes:
    """What the diagnosis of points can be asked for."""

    owner: ClassVar[str] = "keypoints"

    reference_nme: float | None = setting(
        None, "NME that a person or the best known method reaches, as a share of the same length.", least=0)

    def __post_init__(self) -> None:
        check(self, "diagnose")
