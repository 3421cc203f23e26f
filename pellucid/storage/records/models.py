"""What a model file and a checkpoint say beside their arrays.

Layers, losses, update rules and schedules are described by their specs (`spec`), preprocessing by its steps; here
stands what holds them together.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from pellucid.storage.records.checking import LARGEST, Count, Finite, Positive, Word
from pellucid.storage.records.runs import Environment


class LayerRecord(Struct):
    """A layer of a graph; `spec` is revived by the table of layers."""

    name: Word
    trainable: bool
    spec: dict[str, Any]


class NodeRecord(Struct):
    """A call of a layer on (node, output) pairs."""

    layer: Count
    inputs: list[tuple[Count, Count]]


class GraphRecord(Struct):
    """A network as data."""

    layers: list[LayerRecord]
    nodes: list[NodeRecord]
    inputs: list[tuple[Word, Count]]
    outputs: list[tuple[Word, tuple[Count, Count]]]
    training_only: list[str] = []


class StatisticsRecord(Struct):
    """How the training images look; `data.typical` knows which lengths belong together."""

    n: Positive
    far: Finite
    some: Finite
    mean: list[Finite]
    deviation: list[Finite]
    precision: list[Finite]
    plain: list[tuple[Finite, Finite]]


class InputRecord(Struct):
    """The images a model was trained on."""

    height: Positive
    width: Positive
    channels: Positive
    channel_names: list[str] | None = None
    dtype: Word | None = None
    range: tuple[Finite, Finite] | None = None
    prepared: tuple[Finite, Finite] | None = None
    statistics: StatisticsRecord | None = None


class StepRecord(Struct):
    """A step of preprocessing; each kind has some of these fields beside its arrays."""

    name: Word
    divisor: Annotated[float, Meta(gt=0, le=LARGEST)] | None = None
    per: Word = "channel"
    low: Finite = 0.0
    high: Finite = 0.0
    variance: Finite = 1.0
    components: Positive | None = None
    samples: Count = 0
    epsilon: Annotated[float, Meta(ge=0, le=LARGEST)] = 0.0


class PreprocessingRecord(Struct):
    """The steps in their order."""

    steps: list[StepRecord]
    fitted_on: Count = 0


class Made(Struct):
    """Which kind of model it was."""

    kind: Word = "model"
    name: Word = "model"
    keys: dict[str, str] = {}
    output_keys: list[str] = []


class MeasureRecord(Struct, array_like=True, forbid_unknown_fields=True):
    """A metric: its output, its spec, its name, and whether samples count by their weights."""

    output: str
    metric: dict[str, Any]
    name: str
    weighted: bool = False


class CompiledRecord(Struct):
    """How a model was compiled: specs by their outputs."""

    optimizer: dict[str, Any]
    losses: list[Annotated[list[Any], Meta(min_length=3, max_length=4)]]
    metrics: list[MeasureRecord]
    rate_factors: list[tuple[Any, Finite]] = []


class TrainingRecord(Struct):
    """Where a model comes from."""

    model: Made | None = None
    compiled: CompiledRecord | None = None
    data: str | None = None
    fingerprint: str | None = None
    seed: Count | None = None
    versions: dict[str, str] | None = None
    metrics: dict[str, Any] | None = None


class TaskRecord(Struct):
    """What a network was taught; the task of that name reads the rest."""

    name: Word
    format: Positive
    record: dict[str, Any]


class ModelRecord(Struct):
    """The record of a model file: what its parts are made of is described apart, for whoever makes them."""

    graph: dict[str, Any]
    input: dict[str, Any] | None
    preprocessing: dict[str, Any] | None
    class_names: list[Word] | None
    training: dict[str, Any] | None
    task: TaskRecord | None = None
    packed: Positive | None = None


class PositionRecord(Struct):
    """How far a run has come."""

    epoch: Count
    step_in_epoch: Count
    step: Count
    sums: dict[str, tuple[float, Annotated[float, Meta(ge=0)]]]


class BestMemory(Struct):
    """What keeping the best epoch remembers."""

    best: float | None
    best_epoch: Count
    wait: Count
    best_loss: float
    kept: float | None = None  # the score of the epoch that is kept, where it is not the best one


class StoppingMemory(Struct):
    """What early stopping remembers."""

    best: float | None
    best_epoch: Count
    wait: Count


class PlateauMemory(Struct):
    """What the plateau remembers."""

    best: float | None
    best_epoch: Count
    wait: Count
    cooling: Count


class MiningMemory(Struct):
    """How often the weight of each training image was doubled, a digit an image."""

    doublings: Annotated[str, Meta(pattern="^[0-4]*$")]


class EventsRecord(Struct):
    """The memories of a run's events."""

    best: BestMemory
    stop: Annotated[str, Meta(pattern=r"\A(stopped early[^\n]{0,200})?\Z")] = ""
    early_stopping: StoppingMemory | None = None
    plateau: PlateauMemory | None = None
    mining: MiningMemory | None = None
    stage: dict[str, Any] | None = None


class CheckpointRecord(Struct):
    """The record of a checkpoint of a run; a program of one's own keeps other events."""

    sections: list[tuple[Word, list[Word]]]
    position: dict[str, Any]
    history: list[dict[str, Any]]
    events: dict[str, Any]
    environment: dict[str, Any]


class RunCheckpoint(Struct):
    """What the checkpoint of a run folder holds besides."""

    position: PositionRecord
    history: list[dict[str, float | None]]
    events: EventsRecord
    environment: Environment
