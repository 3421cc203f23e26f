"""Whether models know enough to judge labels, and how many of the labels they may call wrong.

Surest     the images of which the models are surest, by the probability of the class that they name: there they hardly
           err themselves, and what they contradict is the labels' fault. The share contradicted is taken where it is
           smallest of the surest tenth, fifth, three tenths and half, and is what all labels are wrong by, at most
Own error  what the models contradict beyond that share r: (d - r) / (1 - r), d the share contradicted of all labels
Verdict    "cannot" where the own error is above a fifth, for what such models contradict says little of labels, where
           they contradict more than a third of all, for then their surest answers may be as wrong as the others (of
           models that only guess they are), or where images are few; "none" where the share is not surely above one
           percent; else "some"

Named      of "some" as many labels as are wrong, those that the models hold least likely; else those that confident
           learning flags. With 10 % of Fashion-MNIST's labels turned at random 93 % of the former were wrong and 56 %
           of the latter (benchmarks/results/label-judges.json)

Random mistakes are counted well by this. Systematic ones, which a model can learn, make it less sure of those classes
and are counted too low.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.intervals import wilson_interval
from pellucid.diagnosis.label_errors import LabelErrors

SURE = (0.1, 0.2, 0.3, 0.5)
FEWEST = 50         # images, below which a share of contradicted labels says nothing
MOST_SHARE = 0.31   # of all: a larger group is not the surest
MOST_OWN = 0.2      # of the models' own error
MOST_CONTRADICTED = 1 / 3  # of the labels
LEAST_WRONG = 0.01  # of the labels
Verdict = Literal["cannot", "none", "some"]


@dataclass(frozen=True)
class Judgement:
    """`share` of the labels are wrong, from `low` to `high`; the models' `own_error`; `n` images were the surest.

    `contradicted`: the share of all labels that the models contradict; `few`: whether images are too few to judge by.
    """

    verdict: Verdict
    share: float
    low: float
    high: float
    own_error: float
    n: int
    contradicted: float
    few: bool

    def to_json(self) -> dict[str, Any]:
        """As diagnosis.json holds it."""
        return asdict(self)


def judge(answers: Answers, judged: np.ndarray | None = None) -> Judgement:
    """What out-of-sample answers can say of the labels; `judged` (N,) leaves samples out as in `find_label_errors`."""
    counted = np.flatnonzero(np.ones(answers.n, bool) if judged is None else judged)
    order = counted[np.argsort(-answers.confidence[counted], kind="stable")]
    contradicted = ~answers.right[order]
    sizes = [size for share in SURE if (size := round(share * len(order))) >= FEWEST] or [len(order)]
    few = sizes[0] > MOST_SHARE * len(order)
    n = min(sizes, key=lambda size: wilson_interval(int(contradicted[:size].sum()), size)[1])
    share, (low, high) = float(contradicted[:n].mean()), wilson_interval(int(contradicted[:n].sum()), n)
    total = float(contradicted.mean())
    own = max((total - share) / max(1 - share, 1e-9), 0.0)
    cannot = few or own > MOST_OWN or total > MOST_CONTRADICTED
    verdict: Verdict = "cannot" if cannot else "some" if low > LEAST_WRONG else "none"
    return Judgement(verdict, share, low, high, own, n, total, few)


def named(judgement: Judgement, answers: Answers, found: LabelErrors) -> np.ndarray:
    """The samples (M,) whose labels are named, the most suspicious first."""
    if judgement.verdict != "some":
        return found.suspects
    own = answers.scores[np.arange(answers.n), found.labels]
    order = np.lexsort((np.arange(answers.n), own, ~found.judged))
    return order[: round(judgement.share * int(found.judged.sum()))]
