"""What is wrong with a detector and what to do next, in points of AP50."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from pellucid.diagnosis.walk import NOTHING
from pellucid.reports.diagnosis import write_found
from pellucid.reports.sections import Account
from pellucid.tasks.detection.diagnosing.page import evidence_of
from pellucid.tasks.detection.diagnosing.suspects import slices_of, suspects_of
from pellucid.tasks.detection.diagnosing.telling import told
from pellucid.tasks.detection.evaluation import AP50, Evaluation
from pellucid.tasks.detection.settings import Wishes
from pellucid.tasks.diagnosing import answered, dev_of, first_steps, held_out_of, last_steps, step_of
from pellucid.tasks.lacking import found_of, split_of, write_page
from pellucid.tasks.provided import StoredRun

FORMAT = 1


def diagnose(stored: StoredRun, wishes: Wishes, *, images: bool) -> Account:
    """Write diagnosis.json, diagnosis.html and its pictures; return what the JSON holds, and the same for a reader.

    `images`: those of the data may be shown.
    """
    judged = answered(stored, Evaluation)
    split = split_of(judged, wishes.reference_ap50)
    main, dev = split.problem, dev_of(judged)
    steps = steps_of(main, stored, len(stored.folder.logged()[1]))
    found = write_found(stored.folder, {
        "format": FORMAT, **found_of(stored, judged, split, AP50, task="detection", means=MEANS, steps=steps),
        "mistakes": [] if dev is None else dev.mistakes(),
        "slices": [] if dev is None or main == NOTHING else list(slices_of(dev)),
        "suspects": suspects_of(held_out_of(judged)),
    })  # fmt: skip
    write_page(stored, split, found, AP50, *evidence_of(stored, judged, found, images=images))
    return Account(found, told(found))


MEANS = {
    NOTHING: "Not even objects of its own training pictures are found.",
    "bias": "Objects of its own training pictures are missed, or their boxes are off.",
}


def steps_of(main: str, stored: StoredRun, made: int) -> Iterator[dict[str, Any]]:
    """What to do next after `made` steps, with the command where one does it."""
    step = partial(step_of, stored)
    yield from first_steps(
        main, stored, made, possible="a detector that sees a picture hundreds of times finds its objects",
        longer="boxes go on to fit better for long",
    )  # fmt: skip
    if main == "bias":
        yield step("Show pictures larger with --resize", "small objects have few places to be found at")
    if main in ("variance", "mismatch") and not stored.settings["augment"]:
        yield step("Mirror and shift the training pictures; boxes move with them",
                   "what it sees again and again it learns by heart", "--augment",
                   "flip,shift=12,zoom=0.2")  # fmt: skip
    yield from last_steps(main, stored, worst="class")
