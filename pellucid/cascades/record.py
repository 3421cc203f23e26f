"""cascade.json: what a cascade's folder holds, and the cascade read from it.

round-1/, round-2/ ...   a run folder each        round-1.h5 ...   what each was learnt from
plan.json                of which cascade the folder is, from its beginning
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from pellucid.cascades.cascade import Cascade, Stage
from pellucid.cascades.sets import BACKGROUND
from pellucid.cascades.windows import Look
from pellucid.data.images import Array
from pellucid.errors import FileError
from pellucid.model import Model
from pellucid.runs.deciding import problem_of
from pellucid.storage.identity import refuse_another
from pellucid.storage.reading import read_json, sha256_of
from pellucid.storage.records.checking import Count, Positive, Word, checked
from pellucid.storage.writer import make_folder, write_json
from pellucid.using.opening import classifier_of, engine_of
from pellucid.using.predicting import Answerer

NAME, PLAN, FORMAT = "cascade.json", "plan.json", 1
AGAIN = "Make the cascade again"
Share = Annotated[float, Meta(ge=0, le=1)]


class StageRecord(Struct):
    """One round; `mark` is the sha256 of its model's file, which the limits are for."""

    run: Word
    mark: Word
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


@dataclass(frozen=True, eq=False)
class Classifier:
    """What a round's run taught: a model with the names of its classes, and the mark of its file."""

    run: str
    model: Model
    names: Sequence[str]
    outputs: Callable[[Array], Array]
    mark: str

    def stage(self, loose: float = 1.0, most: float = 1.0) -> Stage:
        """As a stage of a cascade."""
        return Stage(self.outputs, self.names.index(BACKGROUND), loose, most)


@dataclass(frozen=True, eq=False)
class Kept:
    """The cascade of a folder, how it looks at pictures, and its last classifier, which tells the classes."""

    cascade: Cascade
    look: Look
    last: Classifier


def classifier_at(run: str, engine: str | None) -> Classifier:
    """The classifier of a round's run. Raises FileError for one without a class of background."""
    model, folder = classifier_of(run)
    names = problem_of(model, run).class_names or ()
    if BACKGROUND not in names:
        raise FileError(f"{run} is no round of a cascade: its model knows no class '{BACKGROUND}'. {AGAIN}.")
    mark = sha256_of(str(run if folder is None else folder.model))
    return Classifier(run, model, names, Answerer(model, engine_of(folder, engine), run, 1).outputs, mark)


def claim(folder: Path, identity: Mapping[str, Any]) -> None:
    """Make the folder of a cascade, or find that it is this one's. Raises FileError where it is another's."""
    make_folder(folder)
    if (folder / PLAN).exists():
        refuse_another(folder / PLAN, identity, "cascade")
    else:
        write_json(folder / PLAN, {"format": FORMAT, "identity": identity})


def read_record(place: str) -> Mapping[str, Any]:
    """cascade.json. Raises FileError for one that is damaged or of a later Pellucid."""
    path = Path(place) / NAME
    told: Mapping[str, Any] = checked(read_json(path), CascadeRecord, path, AGAIN)
    if told["format"] > FORMAT:
        raise FileError(f"{path} is of format {told['format']}, and this Pellucid reads formats up to {FORMAT}. "
                        "Use a newer one.")  # fmt: skip
    return told


def read_cascade(place: str, engine: str | None = None) -> Kept:
    """What a folder holds. Raises FileError for a record or a round that is damaged, changed, or not there."""
    told = read_record(place)
    rounds = [classifier_at(str(Path(place) / one["run"]), engine) for one in told["stages"]]
    for one, known in zip(rounds, told["stages"], strict=True):
        if one.mark != known["mark"]:
            raise FileError(f"{one.run} holds another model than the one that {Path(place) / NAME} tells of. {AGAIN}.")
    stages = [one.stage(known["loose"], known["most"]) for one, known in zip(rounds, told["stages"], strict=True)]
    look = Look((told["window"][0], told["window"][1]), told["step"], told["scales"])
    return Kept(Cascade(stages), look, rounds[-1])
