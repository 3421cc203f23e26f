"""A terminal to type in; without PyTorch and Keras only what needs neither is tested here."""

from __future__ import annotations

from importlib.util import find_spec

from tests.cli.conftest import terminal  # noqa: F401  (the fixture)

NEEDS = {"test_keras.py": ("torch", "keras"), "test_learning.py": ("torch",), "test_command.py": ("torch",)}
collect_ignore = [name for name, packages in NEEDS.items() if not all(map(find_spec, packages))]
