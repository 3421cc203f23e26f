"""What is wrong with a model of poses and what to do next, in points of OKS-AP."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from pellucid.diagnosis.walk import NOTHING
from pellucid.reports.diagnosis import write_found
from pellucid.reports.sections import Account
from pellucid.tasks.diagnosing import answered, dev_of, first_steps, held_out_of, last_steps, step_of
from pellucid.tasks.lacking import found_of, split_of, write_page
from pellucid.tasks.pose.diagnosing.mistakes import mistakes_of
from pellucid.tasks.pose.diagnosing.page import evidence_of
from pellucid.tasks.pose.diagnosing.suspects import slices_of, suspects_of
from pellucid.tasks.pose.diagnosing.telling import told
from pellucid.tasks.pose.evaluation import OKS_AP, Evaluation
from pellucid.tasks.pose.settings import Wishes
from pellucid.tasks.provided import StoredRun

FORMAT = 1
MEANS = {
    NOTHING: "Not even the people of its own training pictures are found.",
    "bias": "People of its own training pictures are missed, or their joints are off.",
}


def diagnose(stored: StoredRun, wishes: Wishes, *, images: bool) -> Account:
    """Write diagnosis.json, diagnosis.html and its pictures; return what the JSON holds, and the same for a reader.

    `images`: those of the data may be shown.
    """
    judged = answered(stored, Evaluation)
    split = split_of(judged, wishes.reference_oks_ap)
    main, dev = split.problem, dev_of(judged)
    steps = steps_of(main, stored, len(stored.folder.logged()[1]))
    found = write_found(stored.folder, {
        "format": FORMAT, **found_of(stored, judged, split, OKS_AP, task="pose", means=MEANS, steps=steps),
        "mistakes": [] if dev is None or main == NOTHING else mistakes_of(dev),
        "slices": [] if dev is None or main == NOTHING else slices_of(dev),
        "suspects": suspects_of(held_out_of(judged)),
    })  # fmt: skip
    write_page(stored, split, found, OKS_AP, *evidence_of(stored, judged, found, images=images))
    return Account(found, told(found))


def steps_of(main: str, stored: StoredRun, made: int) -> Iterator[dict[str, Any]]:
    """What to do next after `made` steps, with the command where one does it."""
    step = partial(step_of, stored)
    yield from first_steps(
        main, stored, made, possible="a network that sees a picture hundreds of times finds the people in it",
        longer="maps and fields go on to sharpen for long",
    )  # fmt: skip
    if main == "bias":
        yield step("Show pictures larger with --resize", "joints of small people share a place of the maps")
    if main in ("variance", "mismatch") and not stored.settings["augment"]:
        yield step("Mirror, turn and shift the training pictures; joints move with them, and flip changes the "
                   "names of mirror pairs", "what it sees again and again it learns by heart", "--augment",
                   "flip,rotate=15,zoom=0.15,shift=6")  # fmt: skip
    yield from last_steps(main, stored, worst="kind")
