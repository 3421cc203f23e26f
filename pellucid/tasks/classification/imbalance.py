"""What a run does about classes of very different sizes; all of it touches the training part alone.

--loss crossentropy | focal[:GAMMA[:ALPHA]]   --class-weight balanced   --sampler over | under   --mine-rounds R
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.sampling import Sampler, by_class, evenly
from pellucid.errors import ArgumentError, UsageError, describe
from pellucid.spec.losses import LossSpec, SparseCategoricalCrossentropy, SparseCategoricalFocalCrossentropy
from pellucid.tasks.classification.checks import IMBALANCE
from pellucid.tasks.classification.settings import Settings

LOSSES = "crossentropy or focal[:GAMMA[:ALPHA]], e.g. focal:2"
MOST_COPIES = 20  # of one image an epoch, beyond which it is learnt by heart


def loss_of(settings: Settings) -> LossSpec:
    """The loss that --loss names, with --label-smoothing; raises UsageError for anything else."""
    text, smoothing = settings.loss, settings.label_smoothing or 0.0
    word, *rest = text.lower().split(":")
    if word == "crossentropy" and not rest:
        return SparseCategoricalCrossentropy(label_smoothing=smoothing)
    if smoothing:
        raise UsageError(f"train: --label-smoothing goes with --loss crossentropy, not with {text}. Leave one out.")
    focal = SparseCategoricalFocalCrossentropy()
    try:
        gamma, alpha = [*map(float, rest), *(focal.gamma, focal.alpha)[len(rest) :]]
        if word == "focal":
            return replace(focal, gamma=gamma, alpha=alpha)
    except (ValueError, ArgumentError):  # no number, one below zero, or too many
        pass
    raise UsageError(describe("train", "--loss", LOSSES, repr(text)))


def sampler_of(settings: Settings, labels: np.ndarray) -> Sampler | None:
    """How often each training image (labels (N,)) is shown; None when every one is, once."""
    if settings.sampler in ("over", "under"):
        return by_class(labels, settings.sampler)
    return evenly(labels) if settings.mine_rounds else None


def weights_of(settings: Settings, labels: np.ndarray) -> np.ndarray | None:
    """A weight for each training image (N,), N / (K n_k), so that every class counts the same in all."""
    if settings.class_weight == "none":
        return None
    counts = np.bincount(labels)
    present = np.count_nonzero(counts)
    return np.asarray(len(labels) / (present * counts[labels]), np.float32)


def ends_of_rounds(settings: Settings, epochs: int) -> list[int]:
    """The epochs after which hard images are looked for; raises UsageError when there are too few epochs."""
    rounds = settings.mine_rounds
    if rounds >= epochs:
        wanted = f"below the number of epochs, {epochs}"
        raise UsageError(describe("train", "--mine-rounds", wanted, rounds, "Pass more --epochs."))
    return [round(epochs * number / (rounds + 1)) for number in range(1, rounds + 1)]


def refuse_twice(settings: Settings) -> None:
    """Raise UsageError for words that mean nothing, and for two remedies that would count rare classes twice."""
    loss_of(settings)
    if settings.sampler != "none" and settings.class_weight != "none":
        raise UsageError(f"train: --sampler {settings.sampler} and --class-weight {settings.class_weight} both make up "
                         "for rare classes, which would then count twice. Leave one out.")


def said_of_classes(settings: Settings, dataset: Dataset, *, augmented: bool) -> list[str]:
    """Lines on classes of very different sizes, and on what is done about them; none when they are alike."""
    labels = dataset.part("train").labels
    counts = np.bincount(labels)
    least, most = int(counts[counts > 0].min()), int(counts.max())
    ratio = most / least
    lines = []
    if ratio >= IMBALANCE:
        remedies = in_force(settings) or ("nothing is done about it (see --class-weight, --sampler, --loss, "
                                          "--mine-rounds)")  # fmt: skip
        lines.append(f"classes have {least:,} to {most:,} training images, 1 to {ratio:.0f}: {remedies}")
    if settings.sampler == "over" and ratio > MOST_COPIES:
        lines.append(f"over-sampling shows images of the rarest class {ratio:.0f} times an epoch; beyond {MOST_COPIES} "
                     f"they are learnt by heart{'' if augmented else ', more so without --augment'}")
    return lines


def in_force(settings: Settings) -> str:
    """The flags that answer to rare classes, as they were typed."""
    given = {"--class-weight": settings.class_weight, "--sampler": settings.sampler, "--loss": settings.loss,
             "--mine-rounds": settings.mine_rounds}  # fmt: skip
    return ", ".join(f"{flag} {value}" for flag, value in given.items() if value not in ("none", "crossentropy", 0))
