"""Too few pictures to split: the counts in the sentence are those of the user's folder."""

from __future__ import annotations

from collections.abc import Callable

from tests.reported.conftest import section


def test_counts_that_can_be_found(case: Callable[[str], str]) -> None:
    said = case("25-few-pictures")
    two, three = section(said, "two_each"), section(said, "three_each")
    assert "'ant' has 2 images, 1 in the test part and 1 to learn from" in two and "--val-fraction 0" in two, said
    assert "5 of 6 images left to learn from" in three and "--val-fraction 0.2" in three, said
