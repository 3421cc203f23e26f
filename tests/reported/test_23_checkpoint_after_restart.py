"""Reported: a program started again wrote a worse model over the best one."""

from __future__ import annotations

from collections.abc import Callable


def test_a_threshold_may_be_given_and_a_mistyped_name_is_told(case: Callable[..., str]) -> None:
    said = case("23-checkpoint-after-restart")
    assert "initial_value_threshold is there" in said
    assert "it is 'val_acc'" in said and "Pass validation_data" not in said
