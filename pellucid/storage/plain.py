"""Plain values: what JSON can hold and give back unchanged.

A float keeps its bits (JSON writes the shortest text that reads back to the same float). NaN and infinity have no
word in JSON: a file for people refuses them, a checkpoint keeps them as `{"$float": "nan"}`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pellucid.errors import ArgumentError

TAG = "$float"


def plain(value: Any, *, where: str, keep_nonfinite: bool = False) -> Any:
    """`value` as dictionaries with text keys, lists, text, numbers, true, false and none.

    NumPy scalars become Python's, tuples become lists. `where` names the file in messages. Raises ArgumentError for
    a key that is no text, for a value JSON has no word for, and for NaN or infinity unless `keep_nonfinite`.
    """
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return _plain_float(value, where, keep_nonfinite)
    if isinstance(value, (list, tuple)):
        return [plain(item, where=f"{where}[{i}]", keep_nonfinite=keep_nonfinite) for i, item in enumerate(value)]
    if isinstance(value, Mapping):
        _check_keys(value, where)
        return {key: plain(item, where=f"{where}: {key}", keep_nonfinite=keep_nonfinite) for key, item in value.items()}
    raise ArgumentError(
        f"{where}: JSON holds text, numbers, lists and dictionaries, but this is a {type(value).__name__}. "
        "Turn it into one of these first."
    )


def restored(value: Any) -> Any:
    """A value that `plain(..., keep_nonfinite=True)` made, with NaN and infinity as floats again."""
    if isinstance(value, list):
        return [restored(item) for item in value]
    if isinstance(value, dict):
        if set(value) == {TAG}:
            return float(value[TAG])
        return {key: restored(item) for key, item in value.items()}
    return value


def _plain_float(value: float, where: str, keep_nonfinite: bool) -> Any:
    if math.isfinite(value):
        return float(value)
    if keep_nonfinite:
        return {TAG: repr(float(value))}
    raise ArgumentError(f"{where}: the value is {float(value)!r}, which JSON cannot hold. Write None in its place.")


def _check_keys(value: Mapping[Any, Any], where: str) -> None:
    for key in value:
        if not isinstance(key, str) or key == TAG:
            raise ArgumentError(f"{where}: a key must be text other than {TAG!r}, but it is {key!r}. Pass str(key).")
