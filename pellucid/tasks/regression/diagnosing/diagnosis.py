"""What is wrong with a regression and what to do next: gaps between the parts' errors, and what is systematic in them.

On dev    the mean error, how far answers are drawn to the middle (the slope of predicted on true numbers), and the
          tenth of the true numbers that is answered worst
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from pellucid.diagnosis.curves import read_curves
from pellucid.diagnosis.walk import NOTHING, Walk
from pellucid.diagnosis.wording import counted
from pellucid.reports.curves import curve_panels
from pellucid.reports.diagnosis import write_found
from pellucid.reports.sections import Account
from pellucid.tasks.diagnosing import answered, dev_of, epochs_of, first_steps, step_of
from pellucid.tasks.provided import StoredRun
from pellucid.tasks.regression.diagnosing.page import write_page
from pellucid.tasks.regression.diagnosing.split import constant_of, error_of, split_of
from pellucid.tasks.regression.diagnosing.telling import told
from pellucid.tasks.regression.evaluation import MAE, Evaluation
from pellucid.tasks.regression.settings import Wishes

FORMAT = 1
TENTHS, LEAST = 10, 100  # of the true numbers, and the samples from which they are looked at


def diagnose(stored: StoredRun, wishes: Wishes, *, images: bool) -> Account:
    """Write diagnosis.json, diagnosis.html and its pictures; return what the JSON holds, and the same for a reader.

    `images`: those of the data may be shown.
    """
    folder = stored.folder
    judged = answered(stored, Evaluation)
    split = split_of(judged, wishes.reference_mae)
    main, constant = split.problem, constant_of(judged["train"])
    history, steps = folder.logged()
    dev = dev_of(judged)
    found = {
        "format": FORMAT, "run": folder.path.as_posix(), "data": stored.settings["data"], "task": "regression",
        "title": TITLES[main], "sentence": sentence_of(split, constant),
        "reference": {"mae": wishes.reference_mae, "given": split.reference_given},
        "parts": [part_of(name, one) for name, one in judged.items()],
        **split.to_json(),
        "constant": constant,
        "next_steps": list(steps_of(main, stored, len(steps))),
        "readings": [reading.to_json() for reading in read_curves(history, steps, stored.kept_epoch)],
        "dev": [] if dev is None else [on_dev(dev, place) for place in range(len(dev.names))],
        "notes": [*notes_of(wishes, judged), *stored.notes],
    }  # fmt: skip
    found = write_found(folder, found)
    write_page(stored, split, dev, found, curve_panels(history, steps, MAE), images=images)
    return Account(found, told(found))


TITLES = {
    NOTHING: "No better than a constant answer", "bias": "Bias", "variance": "Variance",
    "mismatch": "Mismatch", "dev over-fitting": "Over-fitting of the validation part", "": "No main problem",
}  # fmt: skip
MEANS = {
    "bias": "It is off on its own training images.",
    "variance": "It does better on the images it learnt from than on others like them.",
    "mismatch": "It does better on images from where the training images come from.",
    "dev over-fitting": "Settings and epoch were chosen by the validation part, and new images do worse.",
    "": "No gap between the parts is both sure and worth more than a twentieth of a constant answer's error.",
}


def sentence_of(split: Walk, constant: float) -> str:
    """What the verdict rests on, in numbers."""
    main = split.problem
    if main == NOTHING:
        return (f"Its training images are off by {split.errors[0].error:.2f} standard deviations, and always answering "
                f"the middle would be by {constant:.2f}.")
    gap = split.gap(main)
    told = "" if gap is None else (f" From {gap.start} to {gap.end} the error grows by {gap.value:.2f} standard "
                                   f"deviations ({gap.low:.2f} to {gap.high:.2f}); a constant answer is off by "
                                   f"{constant:.2f}.")  # fmt: skip
    return MEANS[main] + told


def part_of(name: str, evaluation: Evaluation) -> dict[str, Any]:
    """A part's errors: in standard deviations, and each number's own in its unit."""
    error = error_of(name, evaluation)
    numbers = [{"name": each, "unit": unit, "mae": float(mae)} for each, unit, mae in
               zip(evaluation.names, evaluation.units, evaluation.scores[0], strict=True)]  # fmt: skip
    return {"part": name, "n": evaluation.n, "error": error.error, "interval": list(error.interval),
            "numbers": numbers}  # fmt: skip


def steps_of(main: str, stored: StoredRun, made: int) -> Iterator[dict[str, Any]]:
    """What to do next after `made` steps, with the command where one does it."""
    step = partial(step_of, stored)
    yield from first_steps(
        main, stored, made, possible="not even its own training images are answered better than by one number",
        longer=f"the training images are still off after {counted(epochs_of(stored), 'look')} at each",
    )  # fmt: skip
    if main in (NOTHING, "bias"):
        yield step("Take a larger network: more filters or units in each layer, or an architecture by name",
                   f"{stored.model.count_params():,} parameters leave it off on its own training images")  # fmt: skip
    if main in ("variance", "mismatch"):
        if not stored.settings["augment"]:
            yield step("Change the training images a little, in ways that leave their numbers true",
                       "what it sees again and again it learns by heart", "--augment", "shift=2")  # fmt: skip
        yield step("Get more training images, most of all of the kind that is answered worst",
                   "the gap grows smaller with every image that is not like those it has")  # fmt: skip
    if main == "dev over-fitting":
        yield step("Hold more images for validation", "a larger part is harder to fit by choosing an epoch",
                   "--val-fraction", f"{min(0.4, 2 * float(stored.settings['val_fraction']) or 0.1):g}")  # fmt: skip


def on_dev(evaluation: Evaluation, place: int) -> dict[str, Any]:
    """What is systematic in the errors of one number."""
    true, errors = evaluation.truth[:, place], evaluation.errors[:, place]
    centred = true - true.mean()
    slope = float((centred * (errors + true)).sum() / max((centred**2).sum(), 1e-300))
    half = 1.96 * float(errors.std(ddof=1)) / math.sqrt(evaluation.n) if evaluation.n > 1 else 0.0
    found: dict[str, Any] = {"name": evaluation.names[place], "unit": evaluation.units[place], "part": evaluation.split,
                             "mean_error": float(errors.mean()), "half": half, "slope": slope}  # fmt: skip
    if evaluation.n < LEAST:
        return found
    edges = np.quantile(true, np.linspace(0, 1, TENTHS + 1))
    tenth = np.searchsorted(edges[1:-1], true, side="right")
    rows = [(float(np.abs(errors[tenth == k]).mean()), k) for k in range(TENTHS) if (tenth == k).any()]
    worst, k = max(rows)
    return found | {"worst": {"low": float(edges[k]), "high": float(edges[k + 1]), "mae": worst,
                              "rest": float(np.abs(errors[tenth != k]).mean())}}  # fmt: skip


def notes_of(wishes: Wishes, judged: Mapping[str, Evaluation]) -> Iterator[str]:
    """What limits the verdict."""
    if wishes.reference_mae is None:
        yield "no reference was given, so 0 is taken and the bias is an upper limit (--reference-mae E)"
    elif len(judged["train"].names) > 1:
        yield "the reference is taken as the mean error of all numbers, in their own units"
