"""As on a plain install: PyTorch, whose import takes longer than most cases, is not there."""

from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

find = PathFinder.find_spec


def find_spec(name: str, *where: Any) -> ModuleSpec | None:
    return None if name == "torch" else find(name, *where)


PathFinder.find_spec = staticmethod(find_spec)  # type: ignore[method-assign, assignment]
