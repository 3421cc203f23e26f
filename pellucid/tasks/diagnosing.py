"""What the tasks' diagnoses begin with: the parts as the model answers them, and the next steps of any task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pellucid.diagnosis.curves import FEW_STEPS
from pellucid.diagnosis.next_steps import more_epochs
from pellucid.diagnosis.walk import NOTHING
from pellucid.diagnosis.wording import counted
from pellucid.tasks.evaluation import Evaluation
from pellucid.tasks.provided import StoredRun

Found = TypeVar("Found", bound=Evaluation)


def answered(stored: StoredRun, kind: type[Found]) -> dict[str, Found]:
    """Each part by name as the model answers it; `kind` is the evaluation of the run's task."""
    judged = {}
    for name in stored.parts:
        found = stored.answers(name)
        assert isinstance(found, kind), "the run was one of this task"
        judged[name] = found
    return judged


def dev_of(judged: Mapping[str, Found]) -> Found | None:
    """The validation part, or where there is none the test part."""
    return judged.get("validation") or judged.get("test")


def held_out_of(judged: Mapping[str, Found]) -> list[Found]:
    """The parts from which nothing was learnt."""
    return [one for name, one in judged.items() if name in ("validation", "test")]


def epochs_of(stored: StoredRun) -> int:
    """How many epochs the run was to have."""
    return int(stored.record.get("epochs") or stored.settings["epochs"] or 1)


def step_of(stored: StoredRun, action: str, because: str, *flags: str) -> dict[str, Any]:
    """A next step; `flags` (flag, value, flag, value) are those of the training that does it, if one does."""
    return {"action": action, "because": because, "command": stored.command_with(flags) if flags else ""}


def first_steps(main: str, stored: StoredRun, made: int, *, possible: str, longer: str) -> Iterator[dict[str, Any]]:
    """The steps after `made` ones where too little was learnt.

    `possible` says why something must hinder learning where nothing was learnt, `longer` why more epochs help.
    """
    if main == NOTHING:
        yield {"action": "Look for what hinders learning", "command": stored.command_to_check(), "because": possible}
    if main in (NOTHING, "bias"):
        epochs = epochs_of(stored)
        more = more_epochs(epochs, made)
        because = f"{counted(made, 'step')} are too few to learn much" if 0 < made < FEW_STEPS else longer
        yield step_of(stored, f"Train for {more} epochs instead of {epochs}", because, "--epochs", str(more))


def last_steps(main: str, stored: StoredRun, *, worst: str) -> Iterator[dict[str, Any]]:
    """The steps where pictures are lacking; `worst`: of which there should be more, a noun."""
    if main in ("variance", "mismatch"):
        yield step_of(stored, f"Mark more pictures, most of all of the {worst} that is found worst",
                      "the gap grows smaller with every picture that is not like those it has")  # fmt: skip
    if main == "dev over-fitting":
        yield step_of(stored, "Hold more pictures for validation",
                      "a larger part is harder to fit by choosing an epoch")  # fmt: skip
