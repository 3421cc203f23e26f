"""What a model file keeps of a regression: names and units of its numbers, their mean and spread in training."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from pellucid.storage.records.checking import LARGEST, Finite, Word


class RegressionRecord(Struct):
    """One entry a number in each list."""

    names: Annotated[list[Word], Meta(min_length=1)]
    units: list[str]
    offset: list[Finite]
    scale: list[Annotated[float, Meta(gt=0, le=LARGEST)]]
