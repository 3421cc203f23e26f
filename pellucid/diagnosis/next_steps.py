"""Three next steps, in order, each with the number that argues for it.

Order     first what the curves and the parts themselves show to be wrong, then the list of the main problem (with room
          for the first step of the one beside it), then what would make the next diagnosis say more
Lists     bias: rate, more epochs, less regularisation, a larger or another network; variance: augmentation, more data,
          dropout, penalty, a smaller network; mismatch: error analysis, training data like dev; dev over-fitting: more
          and fresh dev images
Source    Ng 2018, "Machine Learning Yearning", chapters 14-19 (error analysis) and 20-43 (the lists).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pellucid.diagnosis.circumstances import Circumstances
from pellucid.diagnosis.curves import FEW_STEPS, NOTICED, Reading
from pellucid.diagnosis.decomposition import BIAS, DEV, MISMATCH, VARIANCE, Decomposition, PartError
from pellucid.diagnosis.wording import counted, points
from pellucid.diagnosis.wording import small_percent as percent
from pellucid.settings import spelled

HOW_MANY = 3
FEW_A_CLASS = 1000  # training images of a class, below which more of them are a likely help
FEWEST_A_CLASS = 5  # below which nothing can be said of anything else
FEW_TO_START = 100  # below which edges and textures are better not learnt anew
NOT_WITH_PRETRAINED = ("--model", "--resize", "--channels", "--preprocess", "--activation", "--dropout", "--l2")
FEW_EPOCHS, TOO_FEW_EPOCHS = 5, 2
LARGE_SHARE = 0.25  # of the mistakes on dev: wrong labels that make up so much are worth mending first
LARGE = 100  # parameters for each training image, above which a smaller network is worth a try
NOTHING_HOLDS = "No remedy against it helps where dev is a guess: see first whether the labels belong to the images."
ABOUT = 0.9  # of the error of a guess is about a guess; a part of three images is never surely below it
MOST_HELD_OUT = 0.4  # of the training images
FAR_OFF = 30  # times the optimizer's own learning rate, or below it: then the rate is the first to doubt
WORTH_A_PERSON = 3  # wrong training images: fewer are no bias to ask about
BY_A_PERSON, TOO_FEW_BY_A_PERSON = 100, 20  # images, from which the error of a person is known well enough, or at all
HELD_OUT = ("train-dev", "validation", "test")
SHORT = ("not-finished", "few-steps", "too-short", "rate-fell")  # readings of a run that was too short
WORDS = re.compile(r"(conv_|FC_)(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Step:
    """What to do, the number that argues for it, and the flags that do it in a new training (empty: none do).

    `without`: flags that do not go with them; `checks`: it is done by the checks before training, with the same flags.
    """

    action: str
    because: str
    flags: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    checks: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"action": self.action, "because": self.because, "flags": list(self.flags)}


def next_steps(split: Decomposition, curves: Sequence[Reading], run: Circumstances) -> tuple[Step, ...]:
    """The three next steps, the most promising first; fewer where nothing was learnt that would argue for a third."""
    read = {reading.name: reading for reading in curves}
    lists: dict[str, Callable[[Decomposition, dict[str, Reading], Circumstances], Iterator[Step]]] = {
        BIAS: for_bias, VARIANCE: for_variance, MISMATCH: for_mismatch, DEV: for_dev,
    }  # fmt: skip
    found = [*too_few(split, run), *guessing(split, read, run), *labels(split, run)]
    by_problem = [] if learnt_nothing(split, run) else [
        list(lists[problem](split, read, run)) for problem in split.problems
    ]  # fmt: skip
    if len(by_problem) > 1:  # room for the first step of the problem beside the main one
        found += [*by_problem[0][: HOW_MANY - 1], by_problem[1][0]]
    for steps in by_problem:
        found += steps
    if not learnt_nothing(split, run):
        found += to_see_more(split, run)
    first: dict[str, Step] = {}
    for step in found:
        first.setdefault(step.action, step)
    return tuple(first.values())[:HOW_MANY]


def too_few(split: Decomposition, run: Circumstances) -> Iterator[Step]:
    """Nothing else helps before there are a few images of each class, if anything is wrong at all."""
    a_class = run.train_images // max(run.classes, 1)
    if a_class < FEWEST_A_CLASS and any(error.wrong for error in split.errors):
        yield Step("Collect more images", f"with {a_class} training images of a class it is chance what is learnt, and "
                   "too few are left to see whether anything else helps")  # fmt: skip


def guesses(error: PartError | None, run: Circumstances) -> bool:
    """Whether a part's error is about that of always naming the commonest class, or worse, and not surely below it."""
    if error is None or run.guess_error is None:
        return False
    return error.interval[1] >= run.guess_error and error.error >= ABOUT * run.guess_error


def held_out_of(split: Decomposition) -> PartError | None:
    """The part not trained on that is most like the training images: a guess there means that nothing was learnt."""
    return next((found for part in HELD_OUT if (found := split.error_of(part)) is not None), None)


def dev_of(split: Decomposition) -> PartError | None:
    """The first part that was not trained on and is there: validation, else train-dev, else test."""
    parts = ("validation", "train-dev", "test")
    return next((found for part in parts if (found := split.error_of(part)) is not None), None)


def learnt_nothing(split: Decomposition, run: Circumstances) -> bool:
    """Whether the training images, too, are answered no better than by a guess."""
    return guesses(held_out_of(split), run) and guesses(split.errors[0], run)


def agreeing(curves: Sequence[Reading], split: Decomposition, run: Circumstances) -> tuple[Reading, ...]:
    """The readings, without advice against over-fitting where what was learnt by heart holds for no other image."""
    if not guesses(held_out_of(split), run):
        return tuple(curves)
    return tuple(replace(curve, remedy=NOTHING_HOLDS) if curve.name == "over-fitting" else curve for curve in curves)


def guessing(split: Decomposition, read: dict[str, Reading], run: Circumstances) -> Iterator[Step]:
    """A network that does no better than guess has a fault that no list mends."""
    train, dev = split.errors[0], held_out_of(split)
    if not guesses(dev, run) or dev is None or run.guess_error is None:
        return
    level = f"the error of always naming the commonest class is {percent(run.guess_error)}"
    if learnt_nothing(split, run):
        wrong = f"{percent(train.error)} of the training images themselves are wrong, and {level}"
        checks = Step("Look for what hinders learning", wrong, checks=True)
        few = 0 < run.steps < FEW_STEPS
        more = longer(run, f"{counted(run.steps, 'step')} are too few to learn much")
        rate = next(iter([*far_rate(run), *rates(read, run)]), None)
        if few and rate is not None:
            yield replace(rate, action=f"{rate.action}, for {more.flags[1]} epochs",
                          because=f"{rate.because}; {more.because}", flags=(*rate.flags, *more.flags))  # fmt: skip
        elif few:
            yield more
        elif any(far_rate(run)):
            yield from far_rate(run)
        yield checks
        if few:  # they say nothing of the labels
            return
        yield from rates(read, run)
        yield Step("See whether the labels belong to the images: look at 20 training images with their labels",
                   f"a network that learns them beats a guess on at least the {train.n:,} images that it was shown")
        return
    yield Step("See whether the labels belong to the images: look at 20 training images with their labels",
               f"{percent(dev.error)} of the {dev.part} images are wrong, no better than a guess ({level}), although "
               f"only {percent(train.error)} of the training images are: they were learnt by heart")  # fmt: skip
    yield Step("Check how images and labels were joined: the order of files, an offset, a shuffle",
               f"{run.parameters / max(run.train_images, 1):,.0f} parameters for each training image can learn any "
               "labels by heart, so a low training error is no sign that they are right")  # fmt: skip
    yield Step("Label 20 images of each class anew by hand and train on those alone",
               f"dev must then beat the guess of {percent(run.guess_error)}, if images tell the classes apart at all")


def labels(split: Decomposition, run: Circumstances) -> Iterator[Step]:
    """Wrong labels come first where they are a large share of the error."""
    dev = dev_of(split)
    if run.labels is None or dev is None or not run.labels.wrong or not dev.wrong:
        return
    share = run.labels.wrong / run.labels.n
    if share < LARGE_SHARE * dev.error:
        return
    of_mistakes = f"{min(share / dev.error, 1):.0%}" if share < dev.error else "all"
    yield Step("Mend the labels listed in diagnosis-labels.csv",
               f"about {run.labels.wrong:,.0f} of {run.labels.n:,} training labels are wrong ({percent(share)}); "
               f"as many of the {dev.part} labels would be {of_mistakes} of its {counted(dev.wrong, 'mistake')}; "
               f"{run.labels.named:,} are listed")  # fmt: skip


def rates(read: dict[str, Reading], run: Circumstances) -> Iterator[Step]:
    """Another learning rate, where the curves ask for it."""
    for name, factor in (("loss-rises", 1 / 3), ("fast-then-flat", 1 / 3), ("falls-slowly", 3.0)):
        hardly = name == "falls-slowly" and name in read and (read[name].value or 0) < NOTICED
        if name in read and not hardly:  # which a rate that is too high does as well
            yield another_rate(run, run.rate * factor, read[name].meaning)


def far_rate(run: Circumstances) -> Iterator[Step]:
    """The optimizer's own learning rate, where the run's is far from it."""
    if run.usual_rate and not 1 / FAR_OFF < run.rate / run.usual_rate < FAR_OFF:
        times = run.rate / run.usual_rate
        far = f"{times:,.0f} times" if times > 1 else f"1/{1 / times:,.0f} of"
        yield another_rate(run, run.usual_rate, f"it is {far} the rate that {run.optimizer} has of itself")


def another_rate(run: Circumstances, rate: float, because: str) -> Step:
    """The step to another learning rate, of one figure."""
    told = spelled(float(f"{rate:.1g}"))
    return Step(f"Take the learning rate {told} instead of {spelled(run.rate)}", because, ("--lr", told))


def longer(run: Circumstances, because: str) -> Step:
    """The step to more epochs."""
    epochs = more_epochs(run.epochs, run.steps)
    return Step(f"Train for {epochs} epochs instead of {run.epochs}", because, ("--epochs", f"{epochs}"))


def more_epochs(epochs: int, steps: int) -> int:
    """Twice the epochs, and where there were few steps (0: not known) as many as are twice enough."""
    enough = math.ceil(2 * FEW_STEPS * epochs / steps) if 0 < steps < FEW_STEPS else 0
    return max(2 * max(epochs, FEW_EPOCHS), enough)


def for_bias(split: Decomposition, read: dict[str, Reading], run: Circumstances) -> Iterator[Step]:
    """Learn the training images better."""
    gap, train = split.gap(BIAS), split.errors[0]
    assert gap is not None, "every decomposition has a bias"
    yield from rates(read, run)
    size = f"the bias is {points(gap.value)}"
    short = next((read[name].meaning for name in SHORT if name in read), "")
    more = longer(run, short or f"{size} after {counted(run.epochs, 'look')} at each image")
    if short or run.epochs <= FEW_EPOCHS:
        yield more
    if run.epochs <= TOO_FEW_EPOCHS or 0 < run.steps < FEW_STEPS:  # to say what else holds it back
        yield from reference(split, run)
        yield from error_analysis(split, run)
    alone = VARIANCE not in split.problems  # else what holds the training error up keeps the other one down
    if run.dropout > 0 and alone:
        yield Step("Train without dropout", f"a rate of {run.dropout:g} holds it back while {size}", ("--dropout", "0"))
    if run.l2 > 0 and alone:
        yield Step("Take a tenth of the penalty", f"l2 is {run.l2:g} while {size}", ("--l2", f"{run.l2 / 10:g}"))
    left = f"{counted(run.parameters, 'parameter')} leave {percent(train.error)} of the training images wrong"
    if run.notation:
        wider = WORDS.sub(lambda word: f"{word[1]}{2 * int(word[2])}", run.notation)
        yield Step("Take twice as many filters and units in each layer", left, ("--model", wider))
    else:
        yield Step("Take a larger network", left)
    yield from reference(split, run)
    yield more
    yield Step("Try another architecture or optimizer", f"{size} with {run.optimizer}")


def for_variance(split: Decomposition, read: dict[str, Reading], run: Circumstances) -> Iterator[Step]:
    """Make what was learnt hold for other images."""
    gap = split.gap(VARIANCE)
    assert gap is not None, "variance is among the problems"
    size = f"the error rises by {points(gap.value)} from the training images to {gap.end} images"
    late = f"; {read['over-fitting'].meaning}" if "over-fitting" in read else ""
    a_class = run.train_images // max(run.classes, 1)
    if run.pretrained and a_class < FEW_TO_START:
        yield Step("Begin with weights that have learnt other pictures (pellucid weights lists them)",
                   f"{a_class:,} training images of a class are too few to learn edges and textures anew, and {size}",
                   ("--pretrained", run.pretrained), NOT_WITH_PRETRAINED)  # fmt: skip
    if not run.augment:
        shift = max(1, round(run.image_shape[0] / 14))
        words = "auto" if run.suits else f"shift={shift},rotate=10"  # mirrors are for whoever has looked at them
        yield Step("Augment the training images",
                   f"{run.train_images:,} images were shown {counted(run.epochs, 'time')} each, unchanged, and {size}",
                   ("--augment", words))  # fmt: skip
    if a_class < FEW_A_CLASS:
        yield Step("Collect more training images", f"there are {a_class:,} of a class, and {size}")
    if run.dropout == 0:
        yield Step("Put dropout before the later dense layers", size + late,
                   ("--dropout", "0.5") if run.notation else ())  # fmt: skip
    if run.l2 == 0:
        yield Step("Put a penalty on the weights", size + late, ("--l2", "0.0001") if run.notation else ())
    each = run.parameters / max(run.train_images, 1)
    if each > LARGE:
        yield Step("Take a smaller network", f"there are {each:,.0f} parameters for each training image")
    yield Step("Collect more training images", f"there are {a_class:,} of a class, and {size}")


def for_mismatch(split: Decomposition, read: dict[str, Reading], run: Circumstances) -> Iterator[Step]:
    """Bring training and dev images together."""
    gap = split.gap(MISMATCH)
    assert gap is not None, "mismatch is among the problems"
    size = f"{gap.end} images are {points(gap.value)} worse than held-out images of the training kind"
    if run.shift is not None:
        shift = run.shift
        yield Step(f"Make the training images like the {gap.end} images, in {shift.name} first",
                   f"their mean {shift.name} is {shift.train:.3g} in training and {shift.dev:.3g} there, "
                   f"{abs(shift.deviations):.1f} standard deviations apart; {size}")  # fmt: skip
    yield from error_analysis(split, run)
    end = split.error_of(gap.end)
    assert end is not None, "a gap ends at a part that was measured"
    yield Step(f"Move some of the {end.n:,} {gap.end} images into the training part, or collect more like them", size)


def for_dev(split: Decomposition, read: dict[str, Reading], run: Circumstances) -> Iterator[Step]:
    """Make dev speak for new images again."""
    gap, dev = split.gap(DEV), split.error_of("validation")
    assert gap is not None and dev is not None, "dev over-fitting is among the problems"
    size = f"new images are {points(gap.value)} worse than the dev images"
    low, high = dev.interval
    yield Step("Take more images for validation", f"{dev.n:,} of them say of the error only that it is between "
               f"{percent(low)} and {percent(high)}, and {size}", larger_dev(run))  # fmt: skip
    chosen = "settings were" if run.last_kept else f"the best of {counted(run.epochs, 'epoch')} was"
    yield Step("Take other images for validation", f"{chosen} chosen on the same {dev.n:,} images, and {size}",
               ("--split-seed", "1") if run.dev_drawn else ())  # fmt: skip
    yield Step("Report the test error, and choose fewer settings by dev", size)


def larger_dev(run: Circumstances) -> tuple[str, ...]:
    """The flags that hold twice as many images out; none where that leaves too few to learn from."""
    share = 2 * run.val_fraction
    return ("--val-fraction", f"{share:g}") if run.dev_drawn and 0 < share <= MOST_HELD_OUT else ()


def to_see_more(split: Decomposition, run: Circumstances) -> Iterator[Step]:
    """What would make the next diagnosis say more, whatever the problem is."""
    dev = dev_of(split)
    yield from error_analysis(split, run)
    if dev is not None and not split.problems:
        low, high = dev.interval
        yield Step("Take more images for validation, so that smaller differences show",
                   f"{dev.n:,} {dev.part} images say of the error only that it is between {percent(low)} and "
                   f"{percent(high)}", larger_dev(run))  # fmt: skip
    if any(gap.undivided for gap in split.gaps):
        gap = next(gap for gap in split.gaps if gap.undivided)
        yield Step("Hold a train-dev part out of the training images", f"the {points(gap.value)} from {gap.start} to "
                   f"{gap.end} are variance and mismatch undivided", ("--train-dev-fraction", "0.1"))  # fmt: skip
    yield from reference(split, run)
    if dev is not None and dev.wrong:
        yield Step("Look at the wrong images one by one and tag them (diagnose --tags)",
                   f"{counted(dev.wrong, 'mistake')} of {dev.n:,}; mending a tag gains at most its share of them")
    if dev is not None and dev.wrong and run.labels is None:
        yield Step("Rank the labels that look wrong (diagnose --label-errors)",
                   f"a wrong label among the {counted(dev.wrong, 'mistake')} is no fault of the network")  # fmt: skip
    yield Step("Hold images out of the training part, to see how new ones fare",
               f"all {split.errors[0].n:,} scored images were trained on", ("--val-fraction", "0.1"))  # fmt: skip


def error_analysis(split: Decomposition, run: Circumstances) -> Iterator[Step]:
    """The images that are surely worse, the commonest mistake, and what mending each can gain at most."""
    if guesses(held_out_of(split), run):
        return  # what a guess takes for what says nothing
    if run.worse is not None:
        worse = run.worse
        yield Step(f"Look at the images tagged '{worse.tag}' first",
                   f"{percent(worse.error)} of them are wrong and {percent(worse.rest_error)} of the rest; mending all "
                   f"{counted(worse.mistakes, 'mistake')} gains {points(worse.cap)}")  # fmt: skip
    if run.confused is not None:
        pair = run.confused
        share = pair.count / pair.wrong
        yield Step(f"Look at the images of {pair.true} that are taken for {pair.said}",
                   f"{pair.count:,} of {pair.wrong:,} mistakes: mending them all gains at most {percent(share)} of the "
                   "error")  # fmt: skip


def reference(split: Decomposition, run: Circumstances) -> Iterator[Step]:
    """Bias means nothing without a level to compare with."""
    if split.reference_given:
        return
    train, dev = split.errors[0], dev_of(split)
    few = dev is None or dev.n < BY_A_PERSON
    asked = train if dev is None or (few and run.dev_drawn and train.n > dev.n) else dev  # of the same kind
    if asked.n < TOO_FEW_BY_A_PERSON or train.wrong < WORTH_A_PERSON:
        return
    part = "training" if asked is train else asked.part
    which = f"{BY_A_PERSON} {part} images" if asked.n > BY_A_PERSON else f"all {asked.n} {part} images"
    yield Step(f"Measure the error of a person on {which} and give it with --reference-error",
               f"without it all {percent(train.error)} of training error count as bias")  # fmt: skip
