"""The pictures of a diagnosis: what they say; nothing cut off, nothing on top of something else."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.diagnosis.answers import Answers
from pellucid.diagnosis.calibration import reliability
from pellucid.diagnosis.decomposition import Decomposition, PartError, decompose
from pellucid.reports import drawing as d
from pellucid.reports.reliability import reliability_figure
from pellucid.reports.waterfall import colour_of, waterfall_figure


def split(n: int = 10_000, reference: float | None = 0.002, **percent: float) -> Decomposition:
    errors = [PartError(part.replace("_", "-"), round(value * n / 100), n) for part, value in percent.items()]
    return decompose(errors, reference=reference)


@pytest.mark.parametrize(
    "found",
    [
        split(train=1, train_dev=2.5, validation=10, test=11),
        split(train=0.3, train_dev=0.4, validation=0.5, test=0.6),
        split(n=100, reference=None, train=0, validation=40, test=35),
        split(n=20, train=0, validation=0),
        split(reference=0.5, train=1, validation=90, test=2),
        split(train=100),
        split(train=99, test=100),
    ],
)
def test_the_waterfall_names_every_gap_and_both_ends(found: Decomposition, drawn: list[str]) -> None:
    d.to_png(waterfall_figure(found))
    text = " ".join(drawn)
    for gap in found.gaps:
        assert gap.name.split()[0] in text
    last = found.errors[-1]
    assert f"{last.wrong:,} of {last.n:,}" in text
    assert ("no reference" in text) == (not found.reference_given)
    assert text.count("noise") == sum(gap.noise for gap in found.gaps) + (found.main_problem is None)


def test_colours_of_the_waterfall_follow_the_problems() -> None:
    found = split(reference=0.0, train=5, train_dev=9, validation=9.1, test=6)
    assert [colour_of(gap, found) for gap in found.gaps] == [d.VERMILION, d.ORANGE, "#98a1b0", d.GREEN]


@pytest.mark.parametrize("sharpened", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("n", [3, 2000])
def test_reliability_says_which_way_the_confidence_errs(sharpened: float, n: int, drawn: list[str]) -> None:
    random = np.random.default_rng(1)
    logits = random.normal(size=(n, 5)) * 1.5
    truth, said = (np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) for z in (logits, sharpened * logits))
    labels = np.array([random.choice(5, p=p) for p in truth])
    found = reliability(Answers(labels, said, tuple("abcde")))
    d.to_png(reliability_figure(found))
    text = " ".join(drawn)
    assert f"ECE {found.ece:.3f}" in text and f"of {n:,}" in text
    if n > 1000 and sharpened != 1.0:
        assert ("too high" in text) == (sharpened > 1)
