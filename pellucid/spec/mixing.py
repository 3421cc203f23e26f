"""Layers that mix each picture of a batch with another in training: y = a x + (1 - a) x of the other.

Called on numbers with {"images": x, "labels": y} they mix one-hot rows likewise; in a network targets stay.
Sources: Zhang et al. 2018 (MixUp), Yun et al. 2019 (CutMix); Keras 3, `layers/preprocessing/image_preprocessing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pellucid.spec.images import SEED, Factor, OfPictures
from pellucid.spec.layer import LAYERS
from pellucid.spec.legal import Real, legal
from pellucid.spec.sliding import FORMAT


@dataclass(frozen=True)
class Mixed(OfPictures):
    """What mixes two pictures of a batch."""

    noisy: ClassVar[bool] = True


@LAYERS.register()
@dataclass(frozen=True)
class MixUp(Mixed):
    """In training the mean of each picture with another, weighed by a share from Beta(alpha, alpha)."""

    prefix = "mix_up"
    alpha: float = legal(Real(0.0, open_low=True), 0.2)
    data_format: str | None = legal(FORMAT, None)
    seed: int | None = legal(SEED, None)


@LAYERS.register()
@dataclass(frozen=True)
class CutMix(Mixed):
    """In training a rectangle of each picture is that of another; its share of the area is from Beta(f, f)."""

    prefix = "cut_mix"
    factor: float | tuple[float, float] = legal(Factor(0, 1), 1.0)
    seed: int | None = legal(SEED, None)
    data_format: str | None = legal(FORMAT, None)
