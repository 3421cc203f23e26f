"""Cross-validation of a run: K models with its settings, each judging the fold that it did not learn from.

The training part is cut into folds, class by class and never through a group; everything else is as in the run: its
validation part chooses each model's best epoch, the preprocessing is fitted anew on what each model learns from.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np

from pellucid.data.dataset import Dataset, Part
from pellucid.data.folds import fold_numbers
from pellucid.engines.threads import limited_threads, threads_for, threads_now
from pellucid.errors import UsageError
from pellucid.keys import Key
from pellucid.runs.config import RunConfig
from pellucid.runs.learning import remembering_events
from pellucid.runs.networks import FILES
from pellucid.runs.preparation import load_data, prepare, understand
from pellucid.runs.prepared import Prepared
from pellucid.runs.scoring import score
from pellucid.tasks.evaluation import Evaluation
from pellucid.training.events import Position, Progress
from pellucid.training.loop import train
from pellucid.training.program import State, averaged, with_weights

LOG = logging.getLogger("pellucid")
FOLDS = 5


@dataclass(frozen=True, eq=False)
class CrossValidated:
    """The training part (N samples), which fold each is in (N,), and what the model without that fold gives (N, ...).

    names are those of the outputs, in their order.
    """

    part: Part
    fold: np.ndarray
    outputs: np.ndarray
    names: tuple[str, ...]


def cross_validate(config: RunConfig, *, folds: int = FOLDS, dataset: Dataset | None = None) -> CrossValidated:
    """Train `folds` models; `dataset` stands for the data that the settings name, divided already.

    Raises UsageError for a run that began from a model file, whose weights have seen every fold, ArgumentError and
    DataError for folds that cannot be made.
    """
    if (config.model or "").lower().endswith(FILES):
        raise UsageError(
            f"cross-validation: the run went on from {config.model}, whose weights may have seen these images. "
            "Give a run that began with fresh weights."
        )
    whole = load_data(config) if dataset is None else dataset
    part = whole.part("train")
    where = "cross-validation"
    numbers = fold_numbers(part, folds, key=Key.of(config.split_seed).fold(where), where=where)
    outputs: list[np.ndarray] = []
    order: list[np.ndarray] = []
    for fold in range(folds):
        held_out = np.flatnonzero(numbers == fold)
        kept = part.subset(np.flatnonzero(numbers != fold))
        found, names = answers_without(config, whole, kept, part.subset(held_out))
        outputs.append(found.outputs)
        order.append(held_out)
        LOG.info("fold %d of %d: %s %.4f on %s images not learnt from", fold + 1, folds, found.headline.name,
                 found.headline.value, f"{len(held_out):,}")  # fmt: skip
    return CrossValidated(part, numbers, np.concatenate(outputs)[np.argsort(np.concatenate(order))], names)


def answers_without(
    config: RunConfig, whole: Dataset, kept: Part, held_out: Part
) -> tuple[Evaluation, tuple[str, ...]]:
    """What a model that learnt from `kept` alone answers for the held-out images, and the names of its outputs."""
    prepared = prepare(config, understand(config), replace(whole, parts={**whole.parts, "train": kept}))
    engine = prepared.engine.name
    threads = config.threads or threads_for(prepared.summary.flops, config.batch_size, threads_now(engine), engine)
    with limited_threads(threads), np.errstate(all="ignore"):  # numbers that are not finite are caught by the program
        state = best_of(prepared)
        return score(
            prepared.model.graph, prepared.engine, state, prepared.problem, held_out,
            preprocessing=prepared.preprocessing, split="held-out fold",
        ), prepared.problem.names


def best_of(prepared: Prepared) -> State:
    """Train from the beginning, writing nothing; the state of the best epoch."""
    kept: dict[str, dict[str, np.ndarray]] = {}

    def keep(progress: Progress) -> None:
        for name in ("params", "state"):
            host = progress.engine.get(averaged(progress.state)[name])
            kept[name] = {key: np.array(value) for key, value in host.items()}  # an update may work in place

    engine, program = prepared.engine, prepared.program
    progress = train(
        program, engine, prepared.batches, [event for _, event in remembering_events(prepared, keep)],
        state=program.start(engine, prepared.key), position=Position(), epochs=prepared.epochs,
        key=prepared.key.fold("noise"), validation=prepared.validation,
    )
    return with_weights(engine, progress.state, engine.put(kept["params"]), engine.put(kept["state"]))
