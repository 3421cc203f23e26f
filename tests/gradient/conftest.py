"""The small batches of the gradient check are cut as large ones are: one image and one row at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pellucid.engines.reference import patches, rows


@pytest.fixture(scope="module", autouse=True)
def one_at_a_time() -> Iterator[None]:
    """Parts that would fill the cache hold a single image here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patches, "CACHE_BYTES", 1)
        patch.setattr(rows, "PART_BYTES", 1)
        yield
