"""A label far beyond the number of images is refused in little memory."""

from __future__ import annotations

import re
from collections.abc import Callable


def test_one_large_label(case: Callable[..., str]) -> None:
    said = case("15-one-large-label", measured=True)
    assert "labels of the train part go up to 20000000, but there are 60 images" in said
    used = re.search(r"(\d+) KB", said)
    if used is not None:  # GNU time is not everywhere
        assert int(used[1]) < 300_000, said
