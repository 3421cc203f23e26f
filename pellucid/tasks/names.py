"""Names of a model's answers against those of data: the same in another order will do, others are refused."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.data.naming import some_names
from pellucid.errors import DataError, UsageError, describe


def order_of(dataset: str, what: str, own: Sequence[str], wanted: Sequence[str], way_out: str) -> list[int]:
    """Where each name of the model stands among those of the data; raises DataError where these are others."""
    if sorted(own) != sorted(wanted):
        raise DataError(describe(dataset, what, f"those of the model ({some_names(wanted)})", some_names(own), way_out))
    return [own.index(name) for name in wanted]


def refuse_other_points(path: str, found: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise UsageError where the model file to go on from is for other points than the data."""
    if found != wanted:
        raise UsageError(f"--model {path} is for other points than the data, or in another order: it has "
                         f"{some_names(found)}. Give data with its points, or begin with a network by name.")
