"""What is wrong with a regression and what to do next: gaps between the parts' errors, and what is systematic in them.

Error     the mean absolute error of each number in standard deviations of the training numbers, averaged over them
Bias      train less what a person or the best method reaches; variance: validation less train; dev over-fitting: test
          less validation. A gap is noise while its 95 % interval (both parts' normal ones, in quadrature) holds 0
Verdict   the largest gap that is no noise and worth more than a twentieth of a constant answer's error
On dev    the mean error, how far answers are drawn to the middle (the slope of predicted on true numbers), and the
          tenth of the true numbers that is answered worst
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from pellucid.diagnosis.curves import read_curves
from pellucid.diagnosis.decomposition import Gap
from pellucid.reports.sections import Account, Section, Table, Text
from pellucid.reports.wording import lines_of_curves, lines_of_steps
from pellucid.storage.finite import finite
from pellucid.storage.tables import read_csv
from pellucid.storage.writer import write_json
from pellucid.tasks.provided import StoredRun
from pellucid.tasks.regression.evaluation import Evaluation
from pellucid.tasks.regression.settings import Wishes
from pellucid.tasks.regression.telling import value

FORMAT = 1
WORTH, HOPELESS = 0.05, 0.9  # of a constant answer's error: a gap that is spoken of; a training error that is no better
TENTHS, LEAST = 10, 100      # of the true numbers, and the samples from which they are looked at
SYSTEMATIC = 0.1             # of the slope, beyond which answers are called drawn to the middle


def diagnose(stored: StoredRun, wishes: Wishes) -> Account:
    """Write diagnosis.json; return what it holds, and the same for a reader."""
    folder = stored.folder
    judged = {name: evaluation_of(stored, name) for name in stored.parts}
    gaps = gaps_of(judged, wishes.reference_mae)
    constant = constant_of(judged["train"])
    main = main_problem(judged, gaps, constant)
    history, steps = (read_csv(path) if path.exists() else [] for path in (folder.history, folder.steps))
    dev = judged.get("validation") or judged.get("test")
    found = {
        "format": FORMAT, "run": folder.path.as_posix(), "data": stored.settings["data"], "task": "regression",
        "title": TITLES[main], "sentence": sentence_of(main, judged, gaps, constant),
        "parts": [part_of(name, one) for name, one in judged.items()],
        "gaps": [told_gap(gap) for gap in gaps],
        "constant": constant,
        "next_steps": list(steps_of(main, stored)),
        "readings": [reading.to_json() for reading in read_curves(history, steps)],
        "dev": [] if dev is None else [on_dev(dev, place) for place in range(len(dev.names))],
        "notes": [*notes_of(wishes, judged), *stored.notes],
    }  # fmt: skip
    found = dict(finite(found))
    write_json(folder.diagnosis, found)
    return Account(found, told(found))


def evaluation_of(stored: StoredRun, part: str) -> Evaluation:
    """A part as the model answers it."""
    found = stored.answers(part)
    assert isinstance(found, Evaluation), "the run was one of this task"
    return found


def error_of(evaluation: Evaluation) -> tuple[float, float]:
    """The error in standard deviations, and half of its 95 % interval."""
    errors = np.abs(evaluation.errors / evaluation.scale).mean(axis=1)
    spread = float(errors.std(ddof=1)) if evaluation.n > 1 else 0.0
    return float(errors.mean()), 1.96 * spread / math.sqrt(evaluation.n)


def constant_of(evaluation: Evaluation) -> float:
    """The error of the best constant answer, in standard deviations."""
    middle = np.median(evaluation.truth, axis=0)
    return float(np.abs((evaluation.truth - middle) / evaluation.scale).mean())


def gaps_of(judged: Mapping[str, Evaluation], reference: float | None) -> list[Gap]:
    """From the reference to train, and from each part to the next; `reference` is in the unit of the only number."""
    scale = float(judged["train"].scale.mean())
    ends = [("reference", (reference or 0.0) / scale, 0.0)]
    ends += [(name, *error_of(judged[name])) for name in ("train", "train-dev", "validation", "test") if name in judged]
    called = {"train": "bias", "train-dev": "variance", "test": "dev over-fitting",
              "validation": "mismatch" if "train-dev" in judged else "variance"}  # fmt: skip
    gaps = []
    for (start, before, half), (end, after, other) in pairwise(ends):
        room = math.hypot(half, other)
        gaps.append(Gap(called[end], start, end, after - before, after - before - room, after - before + room))
    return gaps


def told_gap(gap: Gap) -> dict[str, Any]:
    """A gap as plain values; `noise` unless it is above 0 for sure."""
    return {"name": gap.name, "start": gap.start, "end": gap.end, "value": gap.value, "low": gap.low,
            "high": gap.high, "noise": not gap.sure}  # fmt: skip


def main_problem(judged: Mapping[str, Evaluation], gaps: list[Gap], constant: float) -> str:
    """The name of the gap to work on; "nothing learnt", or "" where none is worth it."""
    if error_of(judged["train"])[0] > HOPELESS * constant:
        return "nothing learnt"
    sure = [gap for gap in gaps if gap.sure and gap.value > WORTH * constant]
    return max(sure, key=lambda gap: gap.value).name if sure else ""


TITLES = {
    "nothing learnt": "No better than a constant answer", "bias": "Bias", "variance": "Variance",
    "mismatch": "Mismatch", "dev over-fitting": "Over-fitting of the validation part", "": "No main problem",
}  # fmt: skip
MEANS = {
    "bias": "It is off on its own training images.",
    "variance": "It does better on the images it learnt from than on others like them.",
    "mismatch": "It does better on images from where the training images come from.",
    "dev over-fitting": "The best epoch was chosen on the validation part, and new images do worse.",
    "": "No gap between the parts is both sure and worth more than a twentieth of a constant answer's error.",
}


def sentence_of(main: str, judged: Mapping[str, Evaluation], gaps: list[Gap], constant: float) -> str:
    """What the verdict rests on, in numbers."""
    mine = error_of(judged["train"])[0]
    if main == "nothing learnt":
        return (f"Its training images are off by {mine:.2f} standard deviations, and always answering the middle would "
                f"be by {constant:.2f}.")
    gap = next((one for one in gaps if one.name == main), None)
    told = "" if gap is None else (f" From {gap.start} to {gap.end} the error grows by {gap.value:.2f} standard "
                                   f"deviations ({gap.low:.2f} to {gap.high:.2f}); a constant answer is off by "
                                   f"{constant:.2f}.")  # fmt: skip
    return MEANS[main] + told


def part_of(name: str, evaluation: Evaluation) -> dict[str, Any]:
    """A part's errors: in standard deviations, and each number's own in its unit."""
    error, half = error_of(evaluation)
    numbers = [{"name": each, "unit": unit, "mae": float(mae)} for each, unit, mae in
               zip(evaluation.names, evaluation.units, evaluation.scores[0], strict=True)]  # fmt: skip
    return {"part": name, "n": evaluation.n, "error": error, "interval": [max(0.0, error - half), error + half],
            "numbers": numbers}  # fmt: skip


def steps_of(main: str, stored: StoredRun) -> Iterator[dict[str, Any]]:
    """What to do next, with the command where one does it."""
    settings = stored.settings
    epochs = int(stored.record.get("epochs") or settings["epochs"] or 1)

    def step(action: str, because: str, *flags: str) -> dict[str, Any]:
        return {"action": action, "because": because, "command": stored.command_with(flags) if flags else ""}

    if main == "nothing learnt":
        yield step("Look for what hinders learning: type pellucid check with the same data and flags",
                   "not even its own training images are answered better than by one number")  # fmt: skip
    if main in ("nothing learnt", "bias"):
        because = f"the training images are still off after {epochs} looks at each"
        yield step(f"Train for {2 * epochs} epochs instead of {epochs}", because, "--epochs", str(2 * epochs))
        yield step("Take a larger network: more filters or units in each layer, or an architecture by name",
                   f"{stored.model.count_params():,} parameters leave it off on its own training images")  # fmt: skip
    if main in ("variance", "mismatch"):
        if not settings["augment"]:
            yield step("Change the training images a little, in ways that leave their numbers true",
                       "what it sees again and again it learns by heart", "--augment", "shift=2")  # fmt: skip
        yield step("Get more training images, most of all of the kind that is answered worst",
                   "the gap grows smaller with every image that is not like those it has")  # fmt: skip
    if main == "dev over-fitting":
        yield step("Hold more images for validation", "a larger part is harder to fit by choosing an epoch",
                   "--val-fraction", f"{min(0.4, 2 * float(settings['val_fraction']) or 0.1):g}")  # fmt: skip


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


def told(found: Mapping[str, Any]) -> list[Section]:
    """The diagnosis for a terminal."""
    parts = [[part["part"], f"{part['error']:.3f}", " to ".join(f"{end:.3f}" for end in part["interval"]),
              ", ".join(f"{one['name']} {value(one['mae'])} {one['unit']}".strip() for one in part["numbers"]),
              f"{part['n']:,}"] for part in found["parts"]]  # fmt: skip
    gaps = [[gap["name"], f"{gap['start']} to {gap['end']}", f"{gap['value']:.3f}", "noise" if gap["noise"] else ""]
            for gap in found["gaps"]]  # fmt: skip
    return [
        Text(f"{found['title']}. {found['sentence']}"), Text(""),
        Table(["part", "error (sd)", "95 % interval", "mae", "n"], parts), Text(""),
        Table(["gap", "between", "size (sd)", ""], gaps), Text(""),
        *map(Text, lines_of(found)),
    ]  # fmt: skip


def lines_of(found: Mapping[str, Any]) -> Iterator[str]:
    """Steps, curves, what dev says, notes."""
    yield from lines_of_steps(found["next_steps"])
    yield from lines_of_curves(found["readings"])
    for one in found["dev"]:
        yield from lines_of_dev(one)
    for note in found["notes"]:
        yield f"note    {note}"


def lines_of_dev(one: Mapping[str, Any]) -> Iterator[str]:
    """What is systematic in one number, where it is sure."""
    if abs(one["mean_error"]) > one["half"]:
        way = "large" if one["mean_error"] > 0 else "small"
        yield f"dev     {one['name']} is answered too {way} by {value(abs(one['mean_error']))} {one['unit']}".rstrip()
    if one["slope"] < 1 - SYSTEMATIC:
        yield (f"dev     {one['name']}: answers are drawn to the middle, {one['slope']:.2f} of a step for each step of "
               "the truth")  # fmt: skip
    if "worst" in one:
        worst = one["worst"]
        yield (f"dev     {one['name']} from {value(worst['low'])} to {value(worst['high'])} is answered worst: mae "
               f"{value(worst['mae'])}, elsewhere {value(worst['rest'])}")  # fmt: skip
