"""diagnose_run: the whole diagnosis of a run as plain values, and its files in the run folder."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.diagnosis.circumstances import Circumstances, Confused, Shift, Worse, WrongLabels
from pellucid.diagnosis.curves import read_curves
from pellucid.diagnosis.decomposition import MISMATCH, Decomposition, PartError, decompose
from pellucid.diagnosis.headline import cautions, guess_error, headline, thin_classes
from pellucid.diagnosis.next_steps import Step, next_steps
from pellucid.runs.config import RunConfig
from pellucid.runs.diagnosing.gathering import Gathered, gather
from pellucid.runs.diagnosing.page import write_page
from pellucid.runs.diagnosing.sections import OnDev, look_at_dev, shift_between
from pellucid.runs.diagnosing.wishes import Wishes
from pellucid.runs.finite import finite
from pellucid.runs.networks import in_words
from pellucid.settings import flag_of
from pellucid.spec.optimizers import OPTIMIZERS
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.tables import read_csv
from pellucid.storage.writer import write_json

FORMAT = 1


def diagnose_run(run: str, wishes: Wishes) -> dict[str, Any]:
    """Diagnose a run folder; write diagnosis.json, diagnosis.html and its pictures; return what the JSON holds.

    Raises UsageError, DataError and FileError for a run or data that cannot be read; what is merely missing (a part, a
    class, probabilities) becomes a sentence and the rest still stands. FileError too when another process is writing
    into the folder, or it holds links.
    """
    with RunFolder.open(run).claimed():
        return diagnosed(run, wishes)


def diagnosed(run: str, wishes: Wishes) -> dict[str, Any]:
    """The same, in a folder that is ours meanwhile."""
    gathered = gather(run, data=wishes.data, data_dir=wishes.data_dir, most=wishes.train_sample,
                      engine=wishes.engine)  # fmt: skip
    history, steps = (read_csv(path) if path.exists() else [] for path in (gathered.folder.history,
                                                                           gathered.folder.steps))  # fmt: skip
    split = split_of(gathered, wishes.reference_error)
    readings = read_curves(history, steps)
    looked = look_at_dev(gathered, wishes)
    run_as_was = circumstances(gathered, split, looked)
    title, sentence = headline(split, run_as_was)
    found: dict[str, Any] = {
        "format": FORMAT,
        "run": gathered.folder.path.as_posix(),
        "data": gathered.config.data,
        "title": title,
        "sentence": sentence,
        **split.to_json(),
        "next_steps": [told_step(step, gathered.config) for step in next_steps(split, readings, run_as_was)],
        "readings": [reading.to_json() for reading in readings],
        **looked.told,
        "notes": [*cautions(split, run_as_was), *notes_on_parts(gathered), *gathered.notes],
    }
    found = dict(finite(found))
    write_json(gathered.folder.diagnosis, found)
    write_page(gathered, split, looked, found, images=wishes.images)
    return found


def split_of(gathered: Gathered, reference: float | None) -> Decomposition:
    """The split of the error over all parts there are."""
    errors = [PartError(name, int(np.sum(found.predicted != found.labels)), found.n)
              for name, found in gathered.evaluations.items()]  # fmt: skip
    return decompose(errors, reference=reference, dev_drawn_from_train=gathered.dev_drawn)


def circumstances(gathered: Gathered, split: Decomposition, looked: OnDev) -> Circumstances:
    """The settings in force, and what the sections found that argues for a step."""
    record, config = gathered.record, gathered.config
    network = str(record.get("model") or config.model or "")
    rate = OPTIMIZERS.named(config.optimizer).learning_rate if config.lr is None else config.lr
    return Circumstances(
        data=config.data,
        epochs=int(record.get("epochs") or config.epochs or 1),
        rate=float(rate),  # type: ignore[arg-type]
        optimizer=config.optimizer,
        augment=config.augment,
        dropout=dropout_of(gathered),
        l2=config.l2,
        train_images=len(gathered.dataset.part("train")),
        classes=len(gathered.dataset.class_names),
        parameters=gathered.model.count_params(),
        image_shape=gathered.dataset.image_shape,
        dev_drawn=gathered.dev_drawn,
        notation=network if network and in_words(network) else None,
        guess_error=guess_error({name: part.labels for name, part in gathered.parts.items()}),
        confused=confused_of(looked),
        shift=shift_of(gathered, split),
        worse=worse_of(looked),
        labels=labels_of(looked),
    )


def dropout_of(gathered: Gathered) -> float:
    """The largest dropout rate in the network."""
    specs = [layer.spec for layer in gathered.model.graph.layers]
    return max((float(getattr(spec, "rate", 0.0)) for spec in specs if spec.prefix == "dropout"), default=0.0)


def confused_of(looked: OnDev) -> Confused | None:
    """The commonest mistake."""
    found = looked.mistakes
    if found is None or not found.pairs:
        return None
    pair = found.pairs[0]
    return Confused(pair.true, pair.predicted, pair.mistakes, found.mistakes)


def worse_of(looked: OnDev) -> Worse | None:
    """The slice that is worse by most for sure."""
    if looked.slices is None or looked.mistakes is None or not looked.slices.worse:
        return None
    one, total = looked.slices.worse[0], looked.mistakes
    return Worse(one.tag, one.mistakes, total.mistakes, one.error, one.rest_error, one.mistakes / total.n)


def labels_of(looked: OnDev) -> WrongLabels | None:
    """How many training labels are probably wrong, if that was looked for."""
    if looked.suspicion is None:
        return None
    found = looked.suspicion.found
    return WrongLabels(int(found.flagged.sum()), found.estimated, int(found.judged.sum()))


def shift_of(gathered: Gathered, split: Decomposition) -> Shift | None:
    """How the pictures on the far side of a mismatch differ from the training images."""
    gap = split.gap(MISMATCH)
    if gap is None or MISMATCH not in split.problems:
        return None
    return shift_between(gathered.parts["train"], gathered.parts[gap.end])


def notes_on_parts(gathered: Gathered) -> list[str]:
    """Sentences on parts that say less than they seem to: one class, too few of a class, outputs that are no
    probabilities."""
    names = gathered.dataset.class_names
    found = [note for name, part in gathered.dataset.parts.items() for note in thin_classes(name, part.labels, names)]
    unsound = next((one.answers.unsound for one in gathered.evaluations.values() if one.answers.unsound), "")
    return [*found, *([unsound] if unsound else [])]


def told_step(step: Step, config: RunConfig) -> dict[str, Any]:
    """A step as plain values, with the command that carries it out."""
    return step.to_json() | {"command": command_with(config, step.flags) if step.flags else ""}


def command_with(config: RunConfig, flags: Sequence[str]) -> str:
    """pellucid train with the run's own settings, those in `flags` changed."""
    changed = dict(zip(flags[::2], flags[1::2], strict=True))
    words = ["pellucid", "train", config.data]
    for name, value in given(config).items():
        if name in changed:
            continue
        words += [name] if value is True else [name, str(value)]
    return shlex.join([*words, *flags])


def given(config: RunConfig) -> Mapping[str, Any]:
    """The settings that differ from the defaults, by flag; the engine is chosen anew."""
    return {flag_of(name): value for name, value in config.typed().items() if name != "engine" and value is not False}
