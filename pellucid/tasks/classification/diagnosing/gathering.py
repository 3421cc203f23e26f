"""What the diagnosis of a classification is made from: a stored run, and its answers on every part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pellucid.tasks.classification.evaluation import Evaluation
from pellucid.tasks.provided import StoredRun


@dataclass(frozen=True, eq=False)
class Gathered:
    """A run with its answers by part."""

    stored: StoredRun
    evaluations: Mapping[str, Evaluation]

    @classmethod
    def of(cls, stored: StoredRun) -> Gathered:
        """Ask the run for its answers on every part."""
        return cls(stored, {name: of_classes(stored, name) for name in stored.parts})

    @property
    def dev(self) -> Evaluation | None:
        """The answers on the validation part, if there is one."""
        return self.evaluations.get("validation")


def of_classes(stored: StoredRun, part: str) -> Evaluation:
    """The answers on one part."""
    found = stored.answers(part)
    assert isinstance(found, Evaluation), "a run of this task is asked"
    return found
