"""Weights as an engine gets them: in the network's order, whatever the process hashes names with."""

from __future__ import annotations

from pellucid.engines.reference import ReferenceEngine
from pellucid.layers import BatchNormalization, Input
from pellucid.model.weights import native
from pellucid.models import Sequential


def test_moving_statistics_come_in_the_order_of_the_layers() -> None:
    """A set of 24 names has had this order by chance once in 24! processes; checkpoints keep the order."""
    model = Sequential([Input((2, 2, 1)), *(BatchNormalization() for _ in range(12))])
    params, state = native(model.built, ReferenceEngine())
    assert len(state) == 24 and list(state) == [key for key in model.graph.weights if "/moving_" in key]
    assert list(params) == [key for key in model.graph.weights if "/moving_" not in key]
