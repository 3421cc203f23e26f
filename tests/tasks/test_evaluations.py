"""What the tasks' evaluations have alike: a part without samples is refused, the worst samples come first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from pellucid.errors import DataError
from pellucid.tasks.evaluation import WithFaults


@dataclass(frozen=True, eq=False)
class Counted(WithFaults):
    """An evaluation whose truth is how many faults each sample has."""

    split: str
    truth: np.ndarray

    def faults(self) -> np.ndarray:
        return self.truth


def test_a_part_without_samples_is_refused() -> None:
    with pytest.raises(DataError, match="evaluation of 'test': there is no sample in it"):
        Counted("test", np.zeros(0))


def test_the_worst_samples_come_first_and_those_without_faults_not_at_all() -> None:
    counted = Counted("test", np.array([0, 2, 3, 0, 2]))
    assert counted.n == 5 and counted.worst(9).tolist() == [2, 1, 4] and counted.worst(2).tolist() == [2, 1]
    assert counted.wrong().tolist() == [False, True, True, False, True]
