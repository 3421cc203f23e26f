"""The sampler that learns: Optuna's TPE, its random numbers drawn from the key of the trial's place.

Optuna seeds a sampler once a process, so a search that goes on would draw the numbers it began with once more, and two
workers the same ones. Here every place and every parameter has a stream of its own.
Source    Bergstra et al. 2011, "Algorithms for hyper-parameter optimization" (tree-structured Parzen estimator).
"""

from __future__ import annotations

from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from pellucid.keys import Key
from pellucid.search.sampling import LEARNING
from pellucid.search.settings import Plan

FIRST = 10  # at most so many trials at random before it learns; a third of a round that is short


def sampler_of(plan: Plan, key: Key) -> BaseSampler:
    """TPE, or for values that are in the queue already the plainest there is."""
    return PlacedTPE(key, max(2, min(FIRST, max(plan.shares) // 3))) if plan.method == LEARNING else RandomSampler()


class PlacedTPE(BaseSampler):
    """TPE, every parameter by itself."""

    def __init__(self, key: Key, first: int) -> None:
        self.key, self.first = key, first

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """No parameter is drawn together with another."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing, as the space above is empty."""
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A value from what the finished trials came to, or at random while they are few."""
        place = int(trial.user_attrs.get("place", trial.number))
        seed = self.key.fold(place, param_name).bits % 2**32
        tpe = TPESampler(seed=seed, n_startup_trials=self.first)
        return tpe.sample_independent(study, trial, param_name, param_distribution)
