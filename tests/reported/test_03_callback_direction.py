"""Reported: an output called vaccine was maximised because its name holds "acc"."""

from __future__ import annotations

import re
from collections.abc import Callable


def test_auto_asks_the_loss_or_metric(case: Callable[..., str]) -> None:
    said = case("03-callback-direction")
    losses = [float(number) for number in re.findall(r"\d\.\d+", said.splitlines()[0].partition("|")[0])]
    assert len(losses) == 12 and f"kept {losses[-1]}" in said.splitlines()[0] and min(losses) == losses[-1]
    hits = re.findall(r"\d\.\d+", said.splitlines()[1])
    assert hits[-1] == max(hits)
    assert "1, 'val_" not in said.replace("-1", "") and "'val_accident_loss': 1" not in said
