"""The checkpoint: all that a run needs to continue to the same bits.

Arrays    `params/conv/kernel`, `state/norm/moving_mean`, `slots/...`: a section, then the name within it.
Record    kind "checkpoint", sections (the names of each, in their order), position, history, events, environment.
Floats keep their bits; NaN and infinity are allowed in the record.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import ArgumentError, FileError, shown
from pellucid.storage.model_file import check_extension, check_kind
from pellucid.storage.plain import restored
from pellucid.storage.tensors import COPY_AGAIN, read_tensors, write_tensors

KIND = "checkpoint"
FIELDS = ("position", "history", "events", "environment")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a checkpoint holds; `state` has the sections and the order of names it was written with."""

    state: dict[str, dict[str, np.ndarray[Any, Any]]]
    position: dict[str, Any]
    history: list[dict[str, Any]]
    events: dict[str, Any]
    environment: dict[str, Any]


def write_checkpoint(
    path: str | os.PathLike[str],
    *,
    state: Mapping[str, Mapping[str, np.ndarray[Any, Any]]],
    position: dict[str, Any],
    history: list[dict[str, Any]],
    events: dict[str, Any],
    environment: dict[str, Any],
) -> None:
    """Write a checkpoint, whole or not at all; the one before it stays until this one is whole. Tuples become lists.

    Raises FileError when the file cannot be written, ArgumentError for what JSON cannot hold or a section with a slash.
    """
    check_extension(path)
    for section in state:
        if "/" in section:
            raise ArgumentError(f"section '{section}': a slash ends the name of a section. Choose a name without one.")
    arrays = {f"{section}/{name}": array for section, named in state.items() for name, array in named.items()}
    record = {
        "kind": KIND,
        "sections": [[section, list(named)] for section, named in state.items()],  # pairs keep their order
        "position": position,
        "history": history,
        "events": events,
        "environment": environment,
    }
    write_tensors(path, arrays, record, keep_nonfinite=True)


def read_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a checkpoint. Raises FileError, which names the file and the remedy, for anything else."""
    from pellucid.storage.records.checking import checked, rebuilt
    from pellucid.storage.records.models import CheckpointRecord

    check_extension(path)
    arrays, record = read_tensors(path)
    check_kind(path, record, kind=KIND, fields=(*FIELDS, "sections"))
    with rebuilt(path, COPY_AGAIN):
        checked(record, CheckpointRecord, path, COPY_AGAIN)
        told = {name: restored(record[name]) for name in FIELDS}
    named = [f"{section}/{name}" for section, names in record["sections"] for name in names]
    odd = sorted(set(named) ^ set(arrays)) or sorted(name for name in set(named) if named.count(name) > 1)
    if odd or len(dict(record["sections"])) < len(record["sections"]):
        which = f"'{shown(odd[0])}'" if odd else "a section named twice"
        raise FileError(f"{path} is damaged: its sections and arrays differ ({which}). {COPY_AGAIN}.")
    state = {section: {name: arrays[f"{section}/{name}"] for name in names} for section, names in record["sections"]}
    return Checkpoint(state=state, **told)
