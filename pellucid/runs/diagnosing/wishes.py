"""What the user of a diagnosis asked for."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.errors import UsageError, describe

MOST_TRAINING_IMAGES = 10_000  # scored for the training error; its interval is then at most 1 point to each side


@dataclass(frozen=True)
class Wishes:
    """What the user asked for."""

    reference_error: float | None = None
    data: str | None = None
    data_dir: str | None = None
    train_sample: int = MOST_TRAINING_IMAGES
    images: bool = True  # show images of the data on the page
    tags: str | None = None  # a table of tags for dev images
    calibrate: bool = False  # fit a temperature on dev and keep it beside the model
    label_errors: bool = False  # cross-validate the training part and rank its labels
    folds: int = 5  # models trained for that
    engine: str | None = None  # to score with; None: that of the run

    def __post_init__(self) -> None:
        if self.reference_error is not None and not 0 <= self.reference_error <= 1:
            wanted = "a share from 0 to 1, e.g. 0.002 for 0.2 %"
            raise UsageError(describe("diagnose", "--reference-error", wanted, self.reference_error))
        if self.train_sample < 0:
            raise UsageError(describe("diagnose", "--train-sample", "0 (all) or more", self.train_sample))
        if self.folds < 2:
            raise UsageError(describe("diagnose", "--folds", "2 or more", self.folds))
