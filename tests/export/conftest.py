"""A terminal to type in; without the packages of the extra "export" the folder is left out.

The exporter makes its table of translations anew for every file, a second each: the tests share one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec

import pytest

from pellucid.model.exporting import PACKAGES
from tests.cli.conftest import terminal  # noqa: F401  (the fixture)

collect_ignore_glob = [] if all(map(find_spec, PACKAGES)) else ["test_*.py"]


@pytest.fixture(autouse=True, scope="session")
def one_table() -> Iterator[None]:
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(cache(ONNXRegistry.from_torchlib)))
        yield
