"""What a job may say: a JSON object with `kind` and what that kind takes, held against its description."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pellucid.errors import DataError, FileError, shown
from pellucid.jobs.spool import ID
from pellucid.storage.reading import parse_json
from pellucid.storage.records.checking import Word

MOST_IMAGES = 1_000  # that one job may name
Size = Annotated[int, Meta(ge=1, le=1_000_000)]


class Predict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model says of pictures."""

    images: Annotated[list[Word], Meta(min_length=1, max_length=MOST_IMAGES)]
    top: Size = 5
    tta: bool = False


class Evaluate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How well the model does on a part of data; without `data` on those it was trained on."""

    data: Word | None = None
    split: Word | None = None
    metrics: list[Word] | None = None
    limit: Size | None = None
    batch_size: Size = 256
    tta: bool = False


class Train(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run of its own; `settings` are those of `pellucid train`, by name: {"epochs": 2, "model": "conv_8,pool"}."""

    data: Word
    settings: dict[Word, Any] = {}


Job = Predict | Evaluate | Train
KINDS: dict[str, type[Job]] = {"predict": Predict, "evaluate": Evaluate, "train": Train}


def parsed(content: bytes) -> dict[str, Any]:
    """A job as JSON. Raises DataError for what is no object, FileError beyond the limits of JSON."""
    try:
        value = parse_json(content.decode("utf-8-sig"), "the job")
    except FileError:
        raise
    except (ValueError, RecursionError) as fault:
        raise DataError(f"the job is not valid JSON ({shown(fault, 160).rstrip('.')}). Write it again, under another "
                        "id.") from None
    if not isinstance(value, dict):
        raise DataError(f"the job must be a JSON object, but it is {shown(type(value).__name__)}. Write "
                        '{"kind": "predict", "images": ["a.png"]}.')
    return value


def refuse_other_id(value: dict[str, Any], name: str) -> None:
    """Raise DataError for a job that says another id than the one it came under."""
    if value.get("id", name) != name:
        raise DataError(f"the job's id must be the name of its file, {name}, but it is {shown(repr(value['id']))}. "
                        "Leave it out.")


def id_of(value: dict[str, Any]) -> str:
    """The id that a job brings along. Raises DataError for none, and for one that no file may have."""
    name = value.get("id")
    if not isinstance(name, str) or not ID.fullmatch(name):
        raise DataError("the job's id must be letters, digits, dots, dashes and underscores, at most 100, but it is "
                        f"{shown(repr(name))}.")
    return name


def job_of(value: dict[str, Any]) -> Job:
    """The job that a JSON object describes. Raises DataError, which names the field, for anything else."""
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise DataError(f"the job's kind must be predict, evaluate or train, but it is {shown(repr(kind))}.")
    described = {key: entry for key, entry in value.items() if key not in ("kind", "id")}
    try:
        job: Job = msgspec.convert(described, KINDS[kind])
    except (msgspec.ValidationError, RecursionError) as fault:
        wanted, _, place = str(fault).partition(" - at ")
        where = f" ({shown(place.strip('`').removeprefix('$.'))})" if place else ""
        fields = ", ".join(KINDS[kind].__struct_fields__)
        raise DataError(f"the job, a {kind}, cannot be understood: {shown(wanted, 160).rstrip('.')}{where}. It may "
                        f"have: {fields}.") from None
    return job
