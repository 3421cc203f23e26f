"""What the files of a run folder and of a search's folder hold: config.json, checks.json, metrics.json, search.json,
sections.json, predictions.jsonl."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from pellucid.storage.records.checking import LARGEST, Count, Finite, Positive, Word

Line = Annotated[str, Meta(max_length=4096)]


class Environment(Struct):
    """What a run ran on."""

    machine: Line
    processor: Line
    python: Line
    engine: Line
    precision: Line
    device: Line
    threads: Annotated[int, Meta(ge=1, le=4096)]
    libraries: dict[str, Line]
    blas: list[Line]
    processes: Annotated[int, Meta(ge=1, le=2**20)] = 1
    arithmetic: Positive = 1


class ConfigRecord(Struct):
    """config.json; the settings themselves are described by RunConfig."""

    format: Positive
    command: str
    settings: dict[str, Any]
    environment: Environment
    fingerprint: Word
    model_sha256: Word | None = None
    model: str | None = None
    epochs: Positive | None = None
    learning_rate: Finite | dict[str, Any] | None = None


class FindingRecord(Struct):
    """One check before training."""

    name: Word
    status: Word
    meaning: str
    remedy: str
    value: Finite | None = None


class ChecksRecord(Struct):
    """checks.json."""

    checks: list[FindingRecord]


class ScoreRecord(Struct):
    """What the curves of a report are of, beside the loss."""

    name: Word
    better: Literal["more", "less"]
    unit: Annotated[str, Meta(max_length=1024)] = ""


class LayerRecord(Struct):
    """A layer in the words of a report."""

    layer: str
    shape: str
    parameters: str


class NetworkRecord(Struct):
    """The table of the network and its totals."""

    rows: list[LayerRecord]
    totals: list[tuple[str, str]]


class AboutRecord(Struct, forbid_unknown_fields=True):
    """What a report says of data, settings, machine and network, in its words."""

    dataset: list[tuple[str, str]]
    notes: list[str]
    settings: list[tuple[str, str]]
    environment: list[tuple[str, str]]
    network: NetworkRecord


class SectionRecord(Struct):
    """A section, as far as all are alike."""

    kind: Literal["text", "table", "facts", "figure", "gallery"]


class SectionsRecord(Struct):
    """sections.json."""

    format: Positive
    watched: ScoreRecord
    about: AboutRecord
    sections: list[SectionRecord]


class PredictionRecord(Struct):
    """A line of predictions.jsonl that has a picture."""

    id: int
    thumbnail: str


class MetricsRecord(Struct):
    """metrics.json, as far as it is read back."""

    n: Count
    split: Word
    state: Word
    engine: Word
    loss: Finite | None = None
    parameters: Count | None = None
    seconds: Finite | None = None
    best_epoch: Positive | None = None


class IdentityRecord(Struct):
    """Of which search a folder is."""

    identity: dict[str, Any]
    format: Positive = 1


class OutcomeRecord(Struct):
    """What a trial of a search came to; its score stands beside, under its own name."""

    state: Literal["complete", "pruned", "diverged", "failed"]
    loss: Finite | None = None
    best_epoch: Count | None = None
    seconds: Annotated[float, Meta(ge=0, le=LARGEST)] | None = None
    parameters: Count | None = None
    reason: str = ""


class TrialAttributes(Struct):
    """What a search says of a trial in its study: its place in the round, the machine and process that took it."""

    place: Count | UnsetType = UNSET
    owner: tuple[Line, Annotated[int, Meta(ge=1, lt=2**31)]] | UnsetType = UNSET
    stopped: bool | UnsetType = UNSET
    came_to: OutcomeRecord | UnsetType = UNSET


StudyCurve = dict[Count, Finite]  # the score after each epoch
