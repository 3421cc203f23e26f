"""Each property is tried with the whole batch in the cache, and with one image and one row at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pellucid.engines.reference import patches, rows


@pytest.fixture(scope="module", autouse=True, params=[None, 1], ids=["batch", "image"])
def cache_bytes(request: pytest.FixtureRequest) -> Iterator[None]:
    """How much of a batch the engine takes at once; None leaves its own choice."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param is not None:
            patch.setattr(patches, "CACHE_BYTES", request.param)
            patch.setattr(rows, "PART_BYTES", request.param)
        yield
