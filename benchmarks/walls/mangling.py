"""Ways to spoil bytes and JSON, drawn from a seeded generator."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

LONG = "x" * 5_000
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**31,
    2**63,
    10**30,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "a",
    LONG,
    "\x1b[31m",
    "../../victims/notes.txt",
    "a\nb",
    [],
    [None],
    {},
    {"a": 1},
    [[[[]]]],
)


def spoiled(data: bytes, draw: random.Random) -> tuple[str, bytes]:
    """(what was done, the bytes): flips, cuts, doubled and swapped stretches, large numbers written over the header."""
    kind = draw.choice(("flip", "flips", "header flip", "cut", "zeros", "double", "number", "noise", "tail", "empty"))
    changed = bytearray(data)
    if not changed or kind == "empty":
        return "empty", b""
    at = draw.randrange(len(changed))
    if kind == "flip":
        changed[at] ^= 1 << draw.randrange(8)
    elif kind == "flips":
        for _ in range(20):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
    elif kind == "header flip":
        for _ in range(3):
            changed[draw.randrange(min(len(changed), 64))] = draw.choice((0, 1, 127, 128, 255))
    elif kind == "cut":
        del changed[at:]
    elif kind == "zeros":
        changed[at : at + 16] = bytes(16)
    elif kind == "double":
        changed[at:at] = changed[max(0, at - 40) : at]
    elif kind == "number":
        place = draw.randrange(min(len(changed), 128))
        changed[place : place + 4] = draw.choice(
            (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f")
        )
    elif kind == "noise":
        changed[at : at + 64] = draw.randbytes(64)
    else:
        changed += draw.randbytes(200)
    return f"{kind} at {at}", bytes(changed)


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value in a JSON tree, the root left out."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*above, key)
        yield from paths(inner, (*above, key))


def spoiled_json(value: Any, draw: random.Random) -> tuple[str, Any]:
    """(what was done, a copy of `value` with one place dropped, renamed, doubled or replaced)."""
    changed = copy.deepcopy(value)
    place = draw.choice(list(paths(changed)))
    holder = changed
    for key in place[:-1]:
        holder = holder[key]
    kind = draw.choice(("drop", "value", "value", "value", "rename", "unlike"))
    if kind == "drop":
        del holder[place[-1]]
    elif kind == "rename" and isinstance(holder, dict):
        holder[f"{place[-1]}_x"] = holder.pop(place[-1])
    elif kind == "unlike":
        old = holder[place[-1]]
        holder[place[-1]] = str(old) if isinstance(old, int | float) else [old]
    else:
        holder[place[-1]] = draw.choice(VALUES)
    return f"{kind} {'/'.join(map(str, place))}", changed
