"""What is wrong with a model of points and what to do next, in its NME."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from pellucid.diagnosis.curves import read_curves
from pellucid.diagnosis.walk import NOTHING, Walk
from pellucid.reports.curves import curve_panels
from pellucid.reports.diagnosis import write_found
from pellucid.reports.sections import Account
from pellucid.tasks.diagnosing import answered, dev_of, first_steps, held_out_of, last_steps, step_of
from pellucid.tasks.keypoints.attributes import is_head
from pellucid.tasks.keypoints.diagnosing.clusters import clusters_of
from pellucid.tasks.keypoints.diagnosing.page import write_page
from pellucid.tasks.keypoints.diagnosing.split import constant_of, split_of
from pellucid.tasks.keypoints.diagnosing.suspects import suspects_of
from pellucid.tasks.keypoints.diagnosing.telling import told
from pellucid.tasks.keypoints.evaluation import NME, Evaluation
from pellucid.tasks.keypoints.record import codec_of
from pellucid.tasks.keypoints.settings import Wishes
from pellucid.tasks.provided import StoredRun
from pellucid.tasks.wording import percent

FORMAT = 1
RAYLEIGH = float(np.sqrt(np.pi) / 2)  # the mean distance of a plane Gaussian, over its root mean square


def diagnose(stored: StoredRun, wishes: Wishes, *, images: bool) -> Account:
    """Write diagnosis.json, diagnosis.html and its pictures; return what the JSON holds, and the same for a reader.

    `images`: those of the data may be shown.
    """
    folder = stored.folder
    judged = answered(stored, Evaluation)
    split = split_of(judged, wishes.reference_nme)
    main, constant = split.problem, constant_of(judged["train"])
    history, steps = folder.logged()
    dev = dev_of(judged)
    found = {
        "format": FORMAT, "run": folder.path.as_posix(), "data": stored.settings["data"], "task": "keypoints",
        "title": TITLES[main], "sentence": sentence_of(split, constant),
        "reference": {"nme": wishes.reference_nme, "given": split.reference_given},
        "normaliser": judged["train"].by.normaliser, "constant": constant,
        "parts": [part_of(name, one) for name, one in judged.items()],
        **split.to_json(),
        "next_steps": list(steps_of(main, stored, len(steps))),
        "readings": [reading.to_json() for reading in
                     read_curves(history, steps, stored.kept_epoch, least=least_of(stored))],
        "points": [] if dev is None else points_of(dev),
        "clusters": [] if dev is None or main == NOTHING else clusters_of(dev),
        "suspects": [] if main == NOTHING else suspects_of(held_out_of(judged)),
        "notes": list(stored.notes),
    }  # fmt: skip
    found = write_found(folder, found)
    write_page(stored, split, judged, found, curve_panels(history, steps, NME), images=images)
    return Account(found, told(found))


def least_of(stored: StoredRun) -> float:
    """The loss of perfect answers, as often as the network gives maps; where objects weigh by their length, unknown."""
    if stored.settings["weigh"] != "alike":
        return 0.0
    codec = codec_of((stored.model.task or {})["record"]["codec"])
    inner = [name for name in stored.model.graph.training_only if not is_head(name)]
    return codec.least * (1 + len(inner))


def part_of(name: str, one: Evaluation) -> dict[str, Any]:
    """The NME of a part, with its interval."""
    headline = one.headline
    return {"part": name, "n": one.n, "nme": headline.value,
            "interval": None if headline.interval is None else list(headline.interval)}  # fmt: skip


def points_of(dev: Evaluation) -> list[dict[str, Any]]:
    """Each point on dev, the worst first, and where the annotators' spread is known how many times theirs it is off."""
    human = RAYLEIGH * np.sqrt(dev.truth.areas)[:, np.newaxis] * np.array(dev.by.spreads)
    rows = []
    for k, name in enumerate(dev.truth.skeleton.names):
        away, known = dev.away[:, k], np.isfinite(dev.away[:, k])
        if known.any():
            share = (away / dev.lengths)[known]
            times = float((away / human[:, k])[known].mean()) if dev.by.known else None
            nme = float(np.nanmean(share)) if np.isfinite(share).any() else None
            rows.append({"name": name, "n": int(known.sum()), "nme": nme, "part": dev.split, "times_annotators": times})
    return sorted(rows, key=lambda row: -(row["nme"] or 0))


TITLES = {
    NOTHING: "No better than the mean shape", "bias": "Bias", "variance": "Variance", "mismatch": "Mismatch",
    "dev over-fitting": "Over-fitting of the validation part", "": "No main problem",
}  # fmt: skip
MEANS = {
    "bias": "It is off on its own training pictures.",
    "variance": "It does better on the pictures it learnt from than on others like them.",
    "mismatch": "It does better on pictures from where the training pictures come from.",
    "dev over-fitting": "Settings and epoch were chosen by the validation part, and new pictures do worse.",
    "": "No gap between the parts is both sure and worth more than a twentieth of the mean shape's error.",
}


def sentence_of(split: Walk, constant: float) -> str:
    """What the verdict rests on, in numbers."""
    main, gap = split.problem, split.gap(split.problem)
    if main == NOTHING:
        return (f"Its training pictures are off by {percent(split.errors[0].error)}, and always answering the mean "
                f"shape would be by {percent(constant)}.")
    if gap is None:
        return f"{MEANS[main]} NME on train is {percent(split.errors[0].error)}."
    return (f"{MEANS[main]} From {gap.start} to {gap.end} the NME grows by {percent(gap.value)} ({percent(gap.low)} to "
            f"{percent(gap.high)}); the mean shape is off by {percent(constant)}.")


def steps_of(main: str, stored: StoredRun, made: int) -> Iterator[dict[str, Any]]:
    """What to do next after `made` steps, with the command where one does it."""
    step = partial(step_of, stored)
    yield from first_steps(
        main, stored, made, possible="a network that sees a picture hundreds of times finds its points",
        longer="points go on to fit better for long",
    )  # fmt: skip
    if main in ("variance", "mismatch") and not stored.settings["augment"]:
        yield step("Turn, zoom and shift the training pictures; points move with them, and flip changes the names "
                   "of mirror pairs", "what it sees again and again it learns by heart", "--augment",
                   "rotate=15,zoom=0.15,shift=6")  # fmt: skip
    yield from last_steps(main, stored, worst="posture")
