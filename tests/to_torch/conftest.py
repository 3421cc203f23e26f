"""Where PyTorch is not installed there is nothing to take away: the folder is left out."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = ["test_*.py"] if find_spec("torch") is None else []
