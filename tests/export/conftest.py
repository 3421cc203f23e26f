"""A terminal to type in; without the packages of the extra "export" the folder is left out."""

from __future__ import annotations

from importlib.util import find_spec

from pellucid.model.exporting import PACKAGES
from tests.cli.conftest import terminal  # noqa: F401  (the fixture)

collect_ignore_glob = [] if all(map(find_spec, PACKAGES)) else ["test_*.py"]
