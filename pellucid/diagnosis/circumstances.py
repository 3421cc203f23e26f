"""What a diagnosis knows of a run besides its errors: the settings that a next step may change, and other evidence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Confused:
    """The commonest mistake: `count` of `wrong` mistakes take class `true` for class `said`."""

    true: str
    said: str
    count: int
    wrong: int


@dataclass(frozen=True)
class Worse:
    """The images with a tag in which the network is surely worse: `mistakes` of `wrong` mistakes, both errors."""

    tag: str
    mistakes: int
    wrong: int
    error: float
    rest_error: float
    cap: float  # points of the whole error that mending all of them gains


@dataclass(frozen=True)
class WrongLabels:
    """How many of n training labels are named, and how many are surely wrong (0 where nobody can say)."""

    named: int
    wrong: float
    n: int


@dataclass(frozen=True)
class Shift:
    """How a property of the pictures differs: its mean in the training part, in dev, and the latter's distance from
    the former in standard deviations of the training part."""

    name: str
    train: float
    dev: float
    deviations: float


@dataclass(frozen=True)
class Circumstances:
    """Settings in force and evidence; None where it is not known or does not apply.

    rate: the learning rate at the start; notation: the words of the network, None for one with a name of its own;
    image_shape (H,W,C); dev_drawn: whether the validation part was taken out of the training part, by --val-fraction;
    val_fraction: the share that it takes;
    pretrained: weights known by name that fit the pictures; empty for a run that began with some;
    guess_error: the error of always naming the commonest class of the held-out part;
    steps: how many were made (0: not known); usual_rate: the learning rate that the optimizer has of itself (0: none);
    suits: the changes of training pictures that suit them, as --augment auto has it (empty: none is known to);
    last_kept: whether the model is that of the last epoch, whatever its score.
    """

    data: str
    epochs: int
    rate: float
    optimizer: str
    augment: str
    dropout: float
    l2: float
    train_images: int
    classes: int
    parameters: int
    image_shape: tuple[int, int, int]
    dev_drawn: bool = True
    val_fraction: float = 0.1
    notation: str | None = None
    guess_error: float | None = None
    confused: Confused | None = None
    shift: Shift | None = None
    worse: Worse | None = None
    pretrained: str = ""
    labels: WrongLabels | None = None
    steps: int = 0
    usual_rate: float = 0.0
    suits: str = ""
    last_kept: bool = False
