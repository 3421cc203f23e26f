"""Of which work a folder is: written where it begins, and held against what is typed when it is gone on with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pellucid.errors import FileError, escaped, shown
from pellucid.storage.reading import read_json

LONGEST = 40  # letters of a value in a sentence


def refuse_another(record: Path, identity: Mapping[str, Any], what: str) -> None:
    """Raise FileError where the record beside a folder's work is of another `what`, naming all that differs."""
    from pellucid.storage.records.checking import checked
    from pellucid.storage.records.runs import IdentityRecord

    before = checked(read_json(record), IdentityRecord, record, "Choose another --out")["identity"]
    was, now = flat(before), flat(identity)
    differing = [f"{shown(name)} was {short(was.get(name))}, is {short(now.get(name))}"
                 for name in {**was, **now} if was.get(name) != now.get(name)]  # fmt: skip
    if differing:
        raise FileError(f"{record.parent} holds another {what}: {'; '.join(differing)}. Type what was typed then to go "
                        "on with it, or choose another --out.")  # fmt: skip


def flat(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Settings and parameters beside the rest, under their own names."""
    found: dict[str, Any] = {}
    for name, value in identity.items():
        if isinstance(value, dict):
            found |= {f"{name[:-1] if name.endswith('s') else 'the range of'} {key}": inner
                      for key, inner in value.items()}  # fmt: skip
        else:
            found[name] = value
    return found


def short(value: Any) -> str:
    """A value in a sentence; a fingerprint by its first letters."""
    text = escaped("nothing" if value is None else value)
    return text if len(text) <= LONGEST else f"{text[:12]}..."
