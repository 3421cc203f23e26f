"""The whole diagnosis of a classification as plain values, and its files in the run folder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.architectures.pretrained import KNOWN
from pellucid.data.choosing import Looks
from pellucid.data.dataset import Dataset
from pellucid.diagnosis.circumstances import Circumstances, Confused, Shift, Worse, WrongLabels
from pellucid.diagnosis.curves import read_curves
from pellucid.diagnosis.decomposition import MISMATCH, Decomposition, PartError, decompose
from pellucid.diagnosis.headline import cautions, guess_error, headline, thin_classes
from pellucid.diagnosis.next_steps import Step, agreeing, guesses, held_out_of, next_steps
from pellucid.keys import Key
from pellucid.reports.diagnosis import write_found
from pellucid.reports.sections import Account
from pellucid.spec.optimizers import OPTIMIZERS
from pellucid.tasks.classification.diagnosing.gathering import Gathered
from pellucid.tasks.classification.diagnosing.page import write_page
from pellucid.tasks.classification.diagnosing.sections import OnDev, look_at_dev, shift_between
from pellucid.tasks.classification.diagnosing.telling import told
from pellucid.tasks.classification.settings import Wishes
from pellucid.tasks.diagnosing import epochs_of
from pellucid.tasks.provided import StoredRun

FORMAT = 1
GUESSED = "it answers no better than a guess, so what it mistakes for what says nothing of classes or tags"


def diagnose(stored: StoredRun, wishes: Wishes, *, images: bool) -> Account:
    """Write diagnosis.json, diagnosis.html and its pictures; return what the JSON holds.

    What is merely missing (a part, a class, probabilities) becomes a sentence, and the rest still stands.
    """
    gathered, folder = Gathered.of(stored), stored.folder
    history, steps = folder.logged()
    split = split_of(gathered, wishes.reference_error)
    looked = look_at_dev(gathered, wishes)
    run_as_was = circumstances(gathered, split, looked, len(steps))
    if guesses(held_out_of(split), run_as_was):
        looked.told.update({name: {"absent": GUESSED} for name in ("mistakes", "slices")
                            if "absent" not in looked.told[name]})  # fmt: skip
    read = read_curves(history, steps, stored.kept_epoch, guessed_loss(stored))
    readings = agreeing(read, split, run_as_was)
    title, sentence = headline(split, run_as_was)
    found: dict[str, Any] = {
        "format": FORMAT,
        "run": folder.path.as_posix(),
        "data": stored.settings["data"],
        "epoch": stored.kept_epoch,
        "title": title,
        "sentence": sentence,
        **split.to_json(),
        "next_steps": [told_step(step, stored) for step in next_steps(split, readings, run_as_was)],
        "readings": [reading.to_json() for reading in readings],
        **looked.told,
        "notes": [*cautions(split, run_as_was), *notes_on_parts(gathered), *stored.notes],
    }
    found = write_found(folder, found)
    write_page(gathered, split, looked, found, images=images)
    return Account(found, told(found))


def guessed_loss(stored: StoredRun) -> float:
    """The training loss of a network that holds all classes for equally likely; infinity where more is in the loss."""
    settings = stored.settings
    plain = settings["loss"] == "crossentropy" and settings["class_weight"] == "none" and not (
        settings["l1"] or settings["l2"])
    return math.log(len(stored.dataset.class_names)) if plain else math.inf


def split_of(gathered: Gathered, reference: float | None) -> Decomposition:
    """The split of the error over all parts there are."""
    errors = [PartError(name, int(np.sum(found.predicted != found.labels)), found.n)
              for name, found in gathered.evaluations.items()]  # fmt: skip
    return decompose(errors, reference=reference, dev_drawn_from_train=gathered.stored.dev_drawn)


def circumstances(gathered: Gathered, split: Decomposition, looked: OnDev, steps: int) -> Circumstances:
    """The settings in force, the steps made, and what the sections found that argues for a next one."""
    stored, settings = gathered.stored, gathered.stored.settings
    usual = OPTIMIZERS.named(settings["optimizer"]).learning_rate
    rate = usual if settings["lr"] is None else settings["lr"]
    return Circumstances(
        data=settings["data"],
        epochs=epochs_of(stored),
        rate=float(rate),  # type: ignore[arg-type]
        optimizer=settings["optimizer"],
        augment="" if settings["augment"] in (None, "none") else settings["augment"],
        dropout=dropout_of(stored),
        l2=settings["l2"],
        train_images=len(stored.dataset.part("train")),
        classes=len(stored.dataset.class_names),
        parameters=stored.model.count_params(),
        image_shape=stored.dataset.image_shape,
        dev_drawn=stored.dev_drawn,
        val_fraction=settings["val_fraction"],
        notation=stored.notation,
        guess_error=guess_error({name: part.labels for name, part in stored.parts.items()}),
        confused=confused_of(looked),
        shift=shift_of(gathered, split),
        worse=worse_of(looked),
        pretrained="" if settings["weights"] or from_file(settings) else fitting(stored.dataset),
        labels=labels_of(looked),
        steps=steps,
        usual_rate=float(usual),  # type: ignore[arg-type]
        suits=suiting(stored),
        last_kept=settings["keep_epoch"] == "last",
    )


def suiting(stored: StoredRun) -> str:
    """The words of --augment auto for the data."""
    dataset, key = stored.dataset, Key.of(int(stored.settings["seed"]))
    return Looks(dataset.part("train"), dataset.channel_names, key).augmentation.words


def from_file(settings: Mapping[str, Any]) -> bool:
    """Whether a run went on from a model file, whose weights have learnt already."""
    return str(settings["model"] or "").lower().endswith(".safetensors")


def fitting(dataset: Dataset) -> str:
    """The weights known by name whose pictures are nearest in size to those of the data."""
    height = dataset.image_shape[0]
    return min(KNOWN.values(), key=lambda each: abs(math.log(each.size[0] / height))).name


def dropout_of(stored: StoredRun) -> float:
    """The largest dropout rate in the network."""
    specs = [layer.spec for layer in stored.model.graph.layers]
    return max((float(getattr(spec, "rate", 0.0)) for spec in specs if spec.prefix == "dropout"), default=0.0)


def confused_of(looked: OnDev) -> Confused | None:
    """The commonest mistake, where it is more than chance."""
    found = looked.mistakes
    if found is None or not found.pairs or not found.pairs[0].pattern:
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
    """How many training labels are probably wrong, if that was looked for; none where nobody can say."""
    if looked.suspicion is None:
        return None
    told = looked.told["labels"]
    return WrongLabels(told["named"], told["wrong"], told["judged"])


def shift_of(gathered: Gathered, split: Decomposition) -> Shift | None:
    """How the pictures on the far side of a mismatch differ from the training images."""
    gap = split.gap(MISMATCH)
    if gap is None or MISMATCH not in split.problems:
        return None
    return shift_between(gathered.stored.parts["train"], gathered.stored.parts[gap.end])


def notes_on_parts(gathered: Gathered) -> list[str]:
    """Sentences on parts that say less than they seem to: one class, too few of a class, outputs that are no
    probabilities."""
    dataset = gathered.stored.dataset
    names = dataset.class_names
    found = [note for name, part in dataset.parts.items() for note in thin_classes(name, part.labels, names)]
    unsound = next((one.answers.unsound for one in gathered.evaluations.values() if one.answers.unsound), "")
    return [*found, *([unsound] if unsound else [])]


def told_step(step: Step, stored: StoredRun) -> dict[str, Any]:
    """A step as plain values, with the command that carries it out."""
    if step.checks:
        return step.to_json() | {"command": stored.command_to_check()}
    return step.to_json() | {"command": stored.command_with(step.flags, step.without) if step.flags else ""}
