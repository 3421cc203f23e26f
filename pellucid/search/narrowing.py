"""Coarse to fine: the ranges of a round, from the best few trials of the round before.

The best few are a quarter of the complete trials, at least three. A range goes from the lowest of their values to the
highest, and a tenth of the full width further on either side, but never beyond what was typed; of a choice the words
among them stay. With fewer than two complete trials nothing is known, and nothing is narrowed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pellucid.search.space import Choice, Parameter, Space
from pellucid.search.trials import Trial, ranked

SHARE, FEWEST, ROOM = 0.25, 3, 0.1


def narrowed(full: Space, before: Space, trials: Sequence[Trial]) -> Space:
    """The space of the next round; `full` is what was typed, `before` the space of the round that `trials` were in."""
    best = ranked(trials)
    few = best[: max(FEWEST, math.ceil(SHARE * len(best)))]
    if len(few) < 2:
        return before
    return tuple(narrow(parameter, few) for parameter in full)


def narrow(parameter: Parameter, few: Sequence[Trial]) -> Parameter:
    """One parameter around the values of the best few."""
    values = [trial.values[parameter.name] for trial in few]
    if isinstance(parameter, Choice):
        return Choice(parameter.name, tuple(word for word in parameter.words if word in values))
    places = [parameter.place(value) for value in values]
    return parameter.between(max(0.0, min(places) - ROOM), min(1.0, max(places) + ROOM))
