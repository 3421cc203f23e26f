"""A folder train, valid or test that holds pictures itself, beside others that do, is a class."""

from __future__ import annotations

from collections.abc import Callable

from tests.reported.conftest import section


def test_classes_called_like_parts(case: Callable[[str], str]) -> None:
    said = case("10-class-called-like-a-part")
    for name, images in (("vehicles", "24"), ("stamps", "16"), ("trial", "16")):
        assert section(said, name).split() == ["all", images], said
