"""A cascade from its beginning to its end: round by round negatives, a store, a run, and from where it says yes.

A folder that holds a cascade, whole or begun, is gone on with: windows are drawn from the seed, so the same are found.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.cascades.backgrounds import Backgrounds, divided
from pellucid.cascades.cascade import Cascade, Stage
from pellucid.cascades.measuring import measured
from pellucid.cascades.mining import mine
from pellucid.cascades.plan import Plan
from pellucid.cascades.record import FORMAT, NAME, claim, classifier_at
from pellucid.cascades.sets import PARTS, Negatives, refuse_unfit, write_set
from pellucid.cascades.windows import Look
from pellucid.data.channels import word_of
from pellucid.data.dataset import Dataset
from pellucid.data.fingerprint import fingerprint_files
from pellucid.keys import Key
from pellucid.runs.config import RunConfig
from pellucid.runs.experiment import resume_run, start_run
from pellucid.runs.networks import LINEAR
from pellucid.runs.preparation import load_data
from pellucid.storage.run_folder import RunFolder
from pellucid.storage.writer import write_json
from pellucid.tasks.registry import files_of_tasks
from pellucid.training.events import Event
from pellucid.using.opening import network_named

LOG = logging.getLogger("pellucid")


@dataclass
class Made:
    """What rounds have made so far."""

    negatives: list[Negatives]
    stages: list[Stage]
    rows: list[dict[str, Any]]      # of cascade.json
    stopped: bool = False


@dataclass(frozen=True, eq=False)
class Making:
    """A plan on its data, in a folder."""

    plan: Plan
    objects: Dataset
    backgrounds: dict[str, Backgrounds]
    folder: Path
    command: str
    console: Event | None

    @property
    def key(self) -> Key:
        return Key.of(self.plan.base.seed).fold("cascade")

    def mined(self, made: Made, number: int) -> int:
        """Find the negatives of one round; how many windows of the training pictures were looked at."""
        cascade, looked = Cascade(made.stages) if made.stages else None, 0
        found = {}
        for part in PARTS:
            share = len(self.objects.part(part)) / len(self.objects.part("train"))
            wanted = max(1, round(self.plan.negatives * len(self.objects.part(part))))
            now = mine(self.backgrounds[part], None if part == "test" else cascade, wanted,
                       max(1, round(share * self.plan.crops)), self.key.fold("round", number, part))  # fmt: skip
            found[part] = now.windows
            looked = now.looked if part == "train" else looked
        made.negatives.append(found)
        count = len(found["train"])
        LOG.info("round %d: %s negatives of %s windows looked at", number + 1, f"{count:,}", f"{looked:,}")
        return looked

    def learnt(self, made: Made, number: int, looked: int) -> None:
        """Train the run of one round, or go on with it, and choose from where it says yes."""
        word = f"round-{number + 1}"
        store, place = self.folder / f"{word}.h5", self.folder / word
        write_set(self.objects, made.negatives, store)
        made.stopped = run_in(place, self.plan.config(number, str(store)), self.command, self.console)
        if made.stopped:
            return
        known, validation = classifier_at(str(place), None), self.objects.part("validation")
        stage = known.stage()
        told = stage.told(validation.images.take(np.arange(len(validation))))
        loose, most = (stage.limit(told, share) for share in (self.plan.loosely, self.plan.recall))
        made.stages.append(replace(stage, loose=loose, most=most))
        made.rows.append({"run": word, "mark": known.mark, "loose": loose, "most": most, "looked": looked,
                          "negatives": len(made.negatives[number]["train"])})  # fmt: skip

    def judged(self, stages: Sequence[Stage]) -> list[dict[str, Any]]:
        """Each round on the test part, alone and after those before it."""
        objects, backgrounds = self.objects.part("test"), self.backgrounds["test"]
        every = [Cascade(stages[: number + 1]) for number in range(len(stages))]
        return [{"round": number, "alone": measured(one.alone, objects, backgrounds).to_json(),
                 "cascade": measured(one, objects, backgrounds).to_json()} for number, one in enumerate(every, 1)]


def begun(plan: Plan, out: str | Path, command: str, console: Event | None) -> Making:
    """The plan with its data read. Raises UsageError and DataError for what does not fit, FileError where the folder
    is of another cascade.

    Networks of all rounds are made once, and all pictures read, so that what is wrong with one is told before the
    first round.
    """
    objects = load_data(plan.base)
    refuse_unfit(objects)
    height, width, channels = objects.image_shape
    for model in {model for model in plan.models if model not in (None, LINEAR)}:
        network_named(str(model), f"{height}x{width}x{channels}", len(objects.class_names) + 1, plan.base.activation)
    look = Look((height, width), plan.step, plan.scales)
    reading = {"channels": word_of(objects.channel_names), "alpha": plan.base.alpha,
               "max_pixels": plan.base.max_pixels}  # fmt: skip
    backgrounds = divided(plan.background, Key.of(plan.base.split_seed), reading, look, objects.dtype)
    seen = fingerprint_files({name: part.fingerprint() for name, part in backgrounds.items()})
    claim(Path(out), plan.identity(objects.fingerprint, seen))
    return Making(plan, objects, backgrounds, Path(out), command, console)


def carry_out(making: Making) -> dict[str, Any] | None:
    """The record of cascade.json, which is written; None when a run was stopped before its end."""
    made = Made([], [], [])
    for number in range(len(making.plan.models)):
        looked = making.mined(made, number)
        if number and not len(made.negatives[number]["train"]):
            LOG.info("no window is taken for an object any more; the cascade ends with round %d", number)
            break
        making.learnt(made, number, looked)
        if made.stopped:
            return None
    look = making.backgrounds["test"].look
    record = {"format": FORMAT, "command": making.command, "window": list(look.window), "step": look.step,
              "scales": look.scales, "stages": made.rows, "measured": making.judged(made.stages)}  # fmt: skip
    write_json(making.folder / NAME, record)
    return record


def run_in(place: Path, config: RunConfig, command: str, console: Event | None) -> bool:
    """Begin the run of a round, or continue it; whether it was stopped before its end."""
    folder = RunFolder.create(place, exist_ok=True, of_tasks=files_of_tasks())
    there = folder.config.exists()
    with folder.claimed(new=not there):
        if there and folder.metrics.exists():
            return False
        if there:
            return resume_run(place, allow_different=True, console=console).stopped
        return start_run(config, folder, command=command, console=console).stopped
