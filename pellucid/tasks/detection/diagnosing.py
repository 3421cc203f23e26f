"""What is wrong with a detector and what to do next, in points of AP50.

Bias       1 (or what a person reaches) less AP50 on train; variance: train less validation; dev over-fitting: its
           score less that on test. A gap is noise while its 95 % interval (both parts' ones, in quadrature) holds 0
Suspects   boxes of validation and test that the model, which never learnt from them, is sure are wrong: missing (a sure
           answer on nothing), loose (a sure answer that covers 0.3 to 0.7 of it), wrong class (sure of another)
Slices     recall at the operating point of small, middle and large objects, and of crowded pictures
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from pellucid.diagnosis.curves import read_curves
from pellucid.reports.sections import Account, Section, Table, Text
from pellucid.reports.wording import lines_of_curves, lines_of_steps
from pellucid.storage.finite import finite
from pellucid.storage.tables import read_csv
from pellucid.storage.writer import write_json
from pellucid.tasks.detection.evaluation import Evaluation
from pellucid.tasks.detection.judging import BACKGROUND, CLASS, LOOSE
from pellucid.tasks.detection.overlap import iou
from pellucid.tasks.detection.settings import Wishes
from pellucid.tasks.provided import StoredRun

FORMAT = 1
WORTH, HOPELESS = 0.02, 0.05    # AP50: a gap that is spoken of; a training score that is next to nothing
SURE, SUSPECTS = 0.7, 20        # share of the surest answers' score, and how many are listed
SIZES = ((0.0, 32.0**2, "small"), (32.0**2, 96.0**2, "medium"), (96.0**2, math.inf, "large"))
FEWEST = 20                     # objects of a slice


def diagnose(stored: StoredRun, wishes: Wishes) -> Account:
    """Write diagnosis.json; return what it holds, and the same for a reader."""
    folder = stored.folder
    judged = {name: evaluation_of(stored, name) for name in stored.parts}
    best = 1.0 if wishes.reference_ap50 is None else wishes.reference_ap50
    gaps = list(gaps_of(judged, best))
    main = main_problem(judged, gaps)
    history, steps = (read_csv(path) if path.exists() else [] for path in (folder.history, folder.steps))
    dev = judged.get("validation") or judged.get("test")
    found = {
        "format": FORMAT, "run": folder.path.as_posix(), "data": stored.settings["data"], "task": "detection",
        "title": TITLES[main], "sentence": sentence_of(main, judged, gaps),
        "reference": {"ap50": best, "given": wishes.reference_ap50 is not None},
        "parts": [part_of(name, one) for name, one in judged.items()], "gaps": gaps,
        "next_steps": list(steps_of(main, stored)),
        "readings": [reading.to_json() for reading in read_curves(history, steps)],
        "mistakes": [] if dev is None else dev.mistakes(), "slices": [] if dev is None else list(slices_of(dev)),
        "suspects": suspects_of([one for name, one in judged.items() if name in ("validation", "test")]),
        "notes": list(stored.notes),
    }  # fmt: skip
    found = dict(finite(found))
    write_json(folder.diagnosis, found)
    return Account(found, told(found))


def evaluation_of(stored: StoredRun, part: str) -> Evaluation:
    """A part as the model answers it."""
    found = stored.answers(part)
    assert isinstance(found, Evaluation), "the run was one of this task"
    return found


def part_of(name: str, evaluation: Evaluation) -> dict[str, Any]:
    """AP50 of a part, with its interval."""
    return {"part": name, "n": evaluation.n, "AP50": evaluation.headline.value,
            "interval": None if evaluation.interval is None else list(evaluation.interval)}  # fmt: skip


def gaps_of(judged: Mapping[str, Evaluation], best: float) -> Iterator[dict[str, Any]]:
    """From the reference to train, and from each part to the next."""
    ends = [("reference", best, 0.0)]
    for name in ("train", "train-dev", "validation", "test"):
        if name in judged:
            low, high = judged[name].interval or (judged[name].headline.value,) * 2
            ends.append((name, judged[name].headline.value, (high - low) / 2))
    called = {"train": "bias", "train-dev": "variance", "test": "dev over-fitting",
              "validation": "mismatch" if "train-dev" in judged else "variance"}  # fmt: skip
    for (start, before, half), (end, after, other) in pairwise(ends):
        value, room = before - after, math.hypot(half, other)
        yield {"name": called[end], "from": start, "to": end, "value": value, "low": value - room,
               "high": value + room, "noise": not value - room > 0}  # fmt: skip


def main_problem(judged: Mapping[str, Evaluation], gaps: list[dict[str, Any]]) -> str:
    """The name of the gap to work on; "nothing learnt", or "" where none is worth it."""
    if judged["train"].headline.value < HOPELESS:
        return "nothing learnt"
    sure = [gap for gap in gaps if not gap["noise"] and gap["value"] > WORTH]
    return str(max(sure, key=lambda gap: gap["value"])["name"]) if sure else ""


TITLES = {
    "nothing learnt": "Next to nothing was learnt", "bias": "Bias", "variance": "Variance", "mismatch": "Mismatch",
    "dev over-fitting": "Over-fitting of the validation part", "": "No main problem",
}  # fmt: skip
MEANS = {
    "nothing learnt": "Not even objects of its own training pictures are found.",
    "bias": "Objects of its own training pictures are missed, or their boxes are off.",
    "variance": "It does better on the pictures it learnt from than on others like them.",
    "mismatch": "It does better on pictures from where the training pictures come from.",
    "dev over-fitting": "The best epoch was chosen on the validation part, and new pictures do worse.",
    "": "No gap between the parts is both sure and worth more than two points of AP50.",
}


def sentence_of(main: str, judged: Mapping[str, Evaluation], gaps: list[dict[str, Any]]) -> str:
    """What the verdict rests on, in numbers."""
    gap = next((one for one in gaps if one["name"] == main), None)
    if gap is None:
        return f"{MEANS[main]} AP50 on train is {judged['train'].headline.value:.3f}."
    return (f"{MEANS[main]} From {gap['from']} to {gap['to']} AP50 falls by {100 * gap['value']:.1f} points "
            f"({100 * gap['low']:.1f} to {100 * gap['high']:.1f}).")  # fmt: skip


def steps_of(main: str, stored: StoredRun) -> Iterator[dict[str, Any]]:
    """What to do next, with the command where one does it."""
    settings = stored.settings
    epochs = int(stored.record.get("epochs") or settings["epochs"] or 1)

    def step(action: str, because: str, *flags: str) -> dict[str, Any]:
        return {"action": action, "because": because, "command": stored.command_with(flags) if flags else ""}

    if main == "nothing learnt":
        yield step("Look for what hinders learning: type pellucid check with the same data and flags",
                   "a detector that sees a picture hundreds of times finds its objects")  # fmt: skip
    if main in ("nothing learnt", "bias"):
        yield step(f"Train for {2 * epochs} epochs instead of {epochs}", "boxes go on to fit better for long",
                   "--epochs", str(2 * epochs))  # fmt: skip
        yield step("Show pictures larger with --resize", "small objects have few places to be found at")
    if main in ("variance", "mismatch"):
        if not settings["augment"]:
            yield step("Mirror and shift the training pictures; boxes move with them",
                       "what it sees again and again it learns by heart", "--augment",
                       "flip,shift=12,zoom=0.2")  # fmt: skip
        yield step("Mark more pictures, most of all of the class that is found worst",
                   "the gap grows smaller with every picture that is not like those it has")  # fmt: skip
    if main == "dev over-fitting":
        yield step("Hold more pictures for validation", "a larger part is harder to fit by choosing an epoch")


def slices_of(dev: Evaluation) -> Iterator[dict[str, Any]]:
    """Recall of objects by size, and of pictures with many objects."""
    judged, truth = dev.judged, dev.truth
    found = (judged.found >= 0) & np.append(judged.score >= dev.threshold, False)[judged.found]
    counts = np.diff(truth.offsets)[truth.picture]
    crowded = counts > np.median(counts) if len(counts) else counts > 0
    rows = {name: (truth.areas >= low) & (truth.areas < high) for low, high, name in SIZES}
    rows |= {"in crowded pictures": crowded, "in other pictures": ~crowded}
    for name, chosen in rows.items():
        chosen = chosen & judged.counted
        if chosen.sum() >= FEWEST:
            yield {"slice": name, "boxes": int(chosen.sum()), "recall": float(found[chosen].mean())}


def suspects_of(evaluations: list[Evaluation]) -> list[dict[str, Any]]:
    """Annotations that may be wrong, the surest first."""
    found = [row for one in evaluations for row in suspects_in(one)]
    return sorted(found, key=lambda row: -row["score"])[:SUSPECTS]


def suspects_in(one: Evaluation) -> Iterator[dict[str, Any]]:
    """Those of one part: sure answers that its annotations call wrong."""
    judged, truth = one.judged, one.truth
    if not len(judged.score):
        return
    border = max(one.threshold, SURE * float(judged.score[0]))
    words = {BACKGROUND: "missing", LOOSE: "loose", CLASS: "wrong class"}
    for row in np.flatnonzero((judged.score >= border) & np.isin(judged.kind, list(words))).tolist():
        picture, kind = int(judged.picture[row]), int(judged.kind[row])
        span = slice(int(truth.offsets[picture]), int(truth.offsets[picture + 1]))
        shared = iou(judged.boxes[row : row + 1], truth.corners[span])[0]
        if kind == LOOSE and not 0.3 <= float(shared.max(initial=0)) < 0.5:
            continue
        given = truth.names[truth.classes[span][int(shared.argmax())]] if kind == CLASS else ""
        yield {"part": one.split, "picture": str(one.origins[picture]), "what": words[kind], "given": given,
               "class": truth.names[judged.number[row]], "score": round(float(judged.score[row]), 4),
               "box": [round(float(value), 1) for value in judged.boxes[row]]}  # fmt: skip


def told(found: Mapping[str, Any]) -> list[Section]:
    """The diagnosis for a terminal."""
    parts = [[part["part"], f"{part['AP50']:.4f}", "" if part["interval"] is None else
              " to ".join(f"{end:.4f}" for end in part["interval"]), f"{part['n']:,}"] for part in found["parts"]]
    gaps = [[gap["name"], f"{gap['from']} to {gap['to']}", f"{100 * gap['value']:.1f}", "noise" if gap["noise"] else ""]
            for gap in found["gaps"]]  # fmt: skip
    return [
        Text(f"{found['title']}. {found['sentence']}"), Text(""),
        Table(["part", "AP50", "95 % interval", "n"], parts), Text(""),
        Table(["gap", "between", "points of AP50", ""], gaps), Text(""), *map(Text, lines_of(found)),
    ]  # fmt: skip


def lines_of(found: Mapping[str, Any]) -> Iterator[str]:
    """Steps, curves, slices, suspects, notes."""
    yield from lines_of_steps(found["next_steps"])
    yield from lines_of_curves(found["readings"])
    for one in found["slices"]:
        yield f"slice   {one['slice']}: {100 * one['recall']:.1f} % of {one['boxes']:,} objects found"
    for one in found["suspects"]:
        given = f", marked as {one['given']}" if one["given"] else ""
        place = ",".join(f"{value:.0f}" for value in one["box"])
        yield f"label   {one['what']}: {one['class']} {one['score']:.2f} at {place} in {one['picture']}{given}"
    for note in found["notes"]:
        yield f"note    {note}"
