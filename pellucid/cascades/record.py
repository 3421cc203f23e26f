"""cascade.json: what a cascade's folder holds, and the cascade read from it.

round-1/, round-2/ ...   a run folder each        round-1.h5 ...   what each was learnt from
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from pellucid.cascades.cascade import Cascade, Stage
from pellucid.cascades.sets import BACKGROUND
from pellucid.cascades.windows import Look
from pellucid.errors import FileError
from pellucid.runs.deciding import problem_of
from pellucid.storage.reading import read_json
from pellucid.storage.records.checking import Count, Positive, Word, checked
from pellucid.using.opening import classifier_of, engine_of
from pellucid.using.predicting import Answerer

NAME, FORMAT = "cascade.json", 1
AGAIN = "Make the cascade again"
Share = Annotated[float, Meta(ge=0, le=1)]


class StageRecord(Struct):
    """One round."""

    run: Word
    loose: Share
    most: Share
    negatives: Count
    looked: Count


class CascadeRecord(Struct):
    """cascade.json; `measured` has what each round came to, alone and with those before it."""

    format: Positive
    command: str
    window: Annotated[list[Positive], Meta(min_length=2, max_length=2)]
    step: Positive
    scales: Positive
    stages: Annotated[list[StageRecord], Meta(min_length=1)]
    measured: list[dict[str, Any]]


def is_cascade(place: str) -> bool:
    """Whether a folder holds a cascade."""
    return (Path(place) / NAME).is_file()


def stage_of(run: str, engine: str | None, loose: float = 1.0, most: float = 1.0) -> Stage:
    """The classifier of a round's run. Raises FileError for one without a class of background."""
    model, folder = classifier_of(run)
    names = problem_of(model, run).class_names or ()
    if BACKGROUND not in names:
        raise FileError(f"{run} is no round of a cascade: its model knows no class '{BACKGROUND}'. {AGAIN}.")
    answerer = Answerer(model, engine_of(folder, engine), run, 1)
    return Stage(answerer.outputs, names.index(BACKGROUND), loose, most)


def read_record(place: str) -> Mapping[str, Any]:
    """cascade.json. Raises FileError for one that is damaged."""
    path = Path(place) / NAME
    told: Mapping[str, Any] = checked(read_json(path), CascadeRecord, path, AGAIN)
    return told


def read_cascade(place: str, engine: str | None = None) -> tuple[Cascade, Look]:
    """The cascade of a folder, and how it looks at pictures."""
    told = read_record(place)
    stages = [stage_of(str(Path(place) / one["run"]), engine, one["loose"], one["most"]) for one in told["stages"]]
    return Cascade(stages), Look((told["window"][0], told["window"][1]), told["step"], told["scales"])
