"""One class is enough for a model to be scored."""

from __future__ import annotations

from collections.abc import Callable

from tests.reported.conftest import section


def test_a_model_is_scored_on_fewer_classes(case: Callable[[str], str]) -> None:
    said = case("14-scoring-needs-two-classes")
    assert "10 images" in section(said, "evaluate cats") and "pellucid:" not in said, said
    assert "f.h5" in section(said, "features cats") and "16 images" in section(said, "evaluate two.npz"), said
