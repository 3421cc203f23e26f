"""The diagnosis in a title and a sentence, and what makes it less sure than it looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pellucid.diagnosis.circumstances import Circumstances
from pellucid.diagnosis.decomposition import BIAS, DEV, MISMATCH, VARIANCE, Decomposition, Gap
from pellucid.diagnosis.next_steps import HELD_OUT, guesses, held_out_of
from pellucid.diagnosis.wording import counted, points, spanned
from pellucid.diagnosis.wording import small_percent as percent

FEWEST = 2  # images of a class that a part must have for its error to say anything about the class
NAMED = 5


def headline(split: Decomposition, run: Circumstances) -> tuple[str, str]:
    """Title and sentence."""
    train, dev = split.errors[0], held_out_of(split)
    if guesses(dev, run) and dev is not None and run.guess_error is not None:
        title = "No better than a guess"
        heart = "" if guesses(train, run) else ": it learnt them by heart"
        return title, (f"{percent(dev.error)} of the {dev.part} images are wrong; always naming their commonest class "
                       f"would be wrong on {percent(run.guess_error)}. Of the training images {percent(train.error)} "
                       f"are wrong{heart}.")  # fmt: skip
    problem = split.main_problem
    gap = split.gap(problem) if problem else None
    if gap is None:
        return nothing_large(split)
    title = gap.name[0].upper() + gap.name[1:]
    if gap.undivided:
        title += " or mismatch" if gap.name == VARIANCE else " or dev over-fitting"
    beside = split.problems[1:]
    also = f" Beside it: {' and '.join(_size(split, name) for name in beside)}." if beside else ""
    return title, SENTENCES[gap.name](gap, split) + also


def nothing_large(split: Decomposition) -> tuple[str, str]:
    """Title and sentence where no gap is a problem: all are noise, or too small to be worth a step, if that is sure."""
    small, last, wide = split.largest_small, split.errors[-1], split.widest_open
    if wide is not None:
        end = next(error for error in split.errors if error.part == wide.end)
        return "Too few images to tell", (
            f"{percent(last.error)} of the {last.part} images are wrong. The {wide.name}, {between(wide)}, may be "
            f"nothing or the main problem: {counted(end.n, f'{end.part} image')} {'say' if end.n > 1 else 'says'} no "
            "more."
        )
    if small is None:
        return "No main problem", "No gap between the parts is larger than the noise of so few images."
    finer = "" if split.reference_given else (
        " Give the error of a person with --reference-error to see whether anything is left to gain."
    )  # fmt: skip
    return "Little is left to gain", (
        f"{percent(last.error)} of the {last.part} images are wrong. The largest gap that is more than noise is "
        f"{small.name}, {between(small)}; below {points(split.worth(small))} it is not called a problem.{finer}"
    )


def _size(split: Decomposition, name: str) -> str:
    gap = split.gap(name)
    return f"{name}, {points(gap.value) if gap else ''}"


def _bias(gap: Gap, split: Decomposition) -> str:
    above = f"{points(gap.value)} above the reference of {percent(split.reference)}" if split.reference else (
        "and the reference is taken as 0 %"
    )  # fmt: skip
    wrong = percent(split.errors[0].error)
    return f"It has not learnt its own training images well enough: {wrong} of them are wrong, {above}."


def _variance(gap: Gap, split: Decomposition) -> str:
    return (f"What it learnt does not hold for other images: {gap.end} images are {between(gap)} worse than the "
            "training images.")  # fmt: skip


def _mismatch(gap: Gap, split: Decomposition) -> str:
    return (f"The {gap.end} images are of another kind than the training images: they are {between(gap)} worse than "
            "held-out images of the training kind.")  # fmt: skip


def _dev(gap: Gap, split: Decomposition) -> str:
    return f"The settings fit the validation images: test images are {between(gap)} worse."


SENTENCES = {BIAS: _bias, VARIANCE: _variance, MISMATCH: _mismatch, DEV: _dev}


def between(gap: Gap) -> str:
    """The size of a gap with its interval."""
    return spanned(gap.value, gap.low, gap.high)


def cautions(split: Decomposition, run: Circumstances) -> Iterator[str]:
    """What the split cannot say, or says less surely than it looks."""
    parts = {error.part for error in split.errors}
    bias = split.gaps[0]
    if bias.high < 0:
        yield (f"the training error ({percent(split.errors[0].error)}) is below the reference error "
               f"({percent(split.reference)}): there is no bias to remove; was the reference measured on such images?")
    if not split.reference_given:
        yield "no reference error was given, so 0 % is taken and the bias is an upper limit (--reference-error E)"
    if "validation" not in parts:
        yield ("there is no dev part (validation), so dev over-fitting and mistakes cannot be looked at; hold one out "
               "with --val-fraction 0.1")  # fmt: skip
    if any(gap.undivided for gap in split.gaps):
        yield ("without a train-dev part variance and mismatch stay undivided; hold one out with "
               "--train-dev-fraction 0.1")  # fmt: skip
    elif "train-dev" not in parts and run.dev_drawn and "validation" in parts:
        yield ("the validation images were drawn at random from the training images, so they stand for train-dev too: "
               "the gap to them is variance, and there is no mismatch to measure")  # fmt: skip
    for gap in split.gaps[1:]:
        if gap.high < 0:
            yield f"{gap.end} images are {points(-gap.value)} better than {gap.start} images: they are the easier ones"
        elif gap.noise:
            yield f"{gap.name}, {between(gap)}, is within the noise: as well 0 as not"


def thin_classes(part: str, labels: np.ndarray, class_names: Sequence[str]) -> Iterator[str]:
    """Sentences on a part (labels (N,) from 0) that has one class only, or classes with fewer than two images."""
    counts = np.bincount(labels, minlength=len(class_names))
    present = np.flatnonzero(counts)
    others = len(class_names) - 1
    if len(present) == 1 and others:
        images = f"all {len(labels):,} {part} images are" if len(labels) > 1 else f"the one {part} image is"
        yield (f"{images} of the class '{class_names[present[0]]}': the error there says nothing about the {others} "
               f"other class{'es' * (others > 1)}")  # fmt: skip
        return
    few = np.flatnonzero(counts < FEWEST)
    if len(few):
        names = ", ".join(f"'{class_names[k]}'" for k in few[:NAMED]) + (" ..." if len(few) > NAMED else "")
        yield (f"{len(few)} of {len(class_names)} classes have fewer than {FEWEST} {part} images ({names}): nothing "
               "can be said of them one by one")  # fmt: skip


def guess_error(labels_by_part: Mapping[str, np.ndarray]) -> float | None:
    """The error of always naming the commonest class of the part that `held_out_of` takes; None if it has one class."""
    for part in HELD_OUT:
        if part in labels_by_part:
            counts = np.bincount(labels_by_part[part])
            return float(1 - counts.max() / counts.sum()) if np.count_nonzero(counts) > 1 else None
    return None
