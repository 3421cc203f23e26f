"""The split of the error: the sources' worked cases, parts that are missing, and gaps that are only noise."""

from __future__ import annotations

import pytest

from pellucid.diagnosis.decomposition import Decomposition, PartError, decompose
from pellucid.errors import ArgumentError, DataError


def split(
    n: int = 10_000, reference: float | None = 0.0, dev_drawn_from_train: bool = False, **percent: float
) -> Decomposition:
    """Errors in per cent of n images each."""
    errors = [PartError(part.replace("_", "-"), round(value * n / 100), n) for part, value in percent.items()]
    return decompose(errors, reference=reference, dev_drawn_from_train=dev_drawn_from_train)


# sources, section 6: (reference, training, dev) and (training, train-dev, dev)
@pytest.mark.parametrize(
    ("percent", "problems"),
    [
        ({"train": 5, "validation": 6}, ("bias",)),
        ({"train": 0.5, "validation": 5}, ("variance",)),
        ({"train": 5, "validation": 10}, ("bias", "variance")),
        ({"train": 1, "train_dev": 9, "validation": 10}, ("variance",)),
        ({"train": 1, "train_dev": 1.5, "validation": 10}, ("mismatch",)),
    ],
)
def test_worked_cases_of_the_sources(percent: dict[str, float], problems: tuple[str, ...]) -> None:
    found = split(**percent)
    assert found.problems == problems and found.main_problem == problems[0]


def test_every_gap_by_hand() -> None:
    found = split(n=10_000, reference=0.002, train=1, train_dev=2.5, validation=6, test=7)
    values = {gap.name: round(gap.value, 9) for gap in found.gaps}
    assert values == {"bias": 0.008, "variance": 0.015, "mismatch": 0.035, "dev over-fitting": 0.01}
    assert found.problems == ("mismatch",)
    assert sum(values.values()) + 0.002 == pytest.approx(0.07)  # the waterfall ends at the test error
    assert [(gap.start, gap.end) for gap in found.gaps] == [
        ("reference", "train"), ("train", "train-dev"), ("train-dev", "validation"), ("validation", "test"),
    ]  # fmt: skip
    low, high = found.gaps[0].low, found.gaps[0].high
    assert (low, high) == pytest.approx((0.00823 - 0.002, 0.01215 - 0.002), abs=1e-5)  # Wilson, 100 of 10,000


def test_a_gap_inside_the_noise_is_no_problem() -> None:
    assert split(n=10_000, train=0, validation=1).problems == ("variance",)
    small = split(n=100, train=0, validation=1)  # one image
    assert small.problems == () and small.main_problem is None
    gap = small.gap("variance")
    assert gap is not None and gap.noise and gap.low < 0 < gap.high


def test_a_gap_that_is_sure_but_small_is_no_problem() -> None:
    """99.3 % right after dropout, and nobody said what a person reaches: bias was called the problem."""
    found = split(n=60_000, reference=None, train=0.7, validation=1.1)
    assert all(gap.sure for gap in found.gaps) and found.problems == ()
    assert found.largest_small is found.gap("bias") and [gap["small"] for gap in found.to_json()["gaps"]] == [True] * 2
    assert split(n=60_000, reference=None, train=2.1, validation=2.3).problems == ("bias",)
    assert split(n=60_000, reference=None, train=0.7, validation=1.8).problems == ("variance",)
    assert split(n=60_000, reference=0.002, train=0.7, validation=0.8).problems == ("bias",)  # what a person told apart
    assert split(n=60_000, reference=0.02, train=2.9, validation=2.9).problems == ()


def test_the_earlier_of_two_alike_is_the_main_problem() -> None:
    assert split(train=4.5, validation=9.5).problems == ("bias", "variance")  # 4.5 and 5.0
    assert split(train=3.5, validation=8.5).problems == ("variance", "bias")  # 3.5 and 5.0
    assert split(train=2, validation=8).problems == ("variance",)


@pytest.mark.parametrize(
    ("percent", "drawn", "name", "undivided"),
    [
        ({"train": 1, "validation": 9}, False, "variance", True),
        ({"train": 1, "validation": 9}, True, "variance", False),
        ({"train": 1, "test": 9}, False, "variance", True),
        ({"train": 1, "train_dev": 1, "test": 9}, False, "mismatch", True),
        ({"train": 1, "train_dev": 1, "validation": 9}, False, "mismatch", False),
    ],
)
def test_what_a_missing_part_leaves_undivided(
    percent: dict[str, float], drawn: bool, name: str, undivided: bool
) -> None:
    found = split(dev_drawn_from_train=drawn, **percent)
    assert found.main_problem == name
    assert found.gaps[-1].undivided is undivided


def test_reference_above_the_training_error_gives_a_negative_bias_and_the_rest_stands() -> None:
    found = split(reference=0.05, train=1, validation=9)
    assert found.gaps[0].value == pytest.approx(-0.04) and not found.gaps[0].sure and not found.gaps[0].noise
    assert found.problems == ("variance",)


def test_without_a_reference_zero_is_taken_and_said() -> None:
    found = split(reference=None, train=5, validation=6)
    assert (found.reference, found.reference_given) == (0.0, False)
    assert found.to_json()["reference"] == {"error": 0.0, "given": False}


def test_what_cannot_be_split_is_said() -> None:
    with pytest.raises(DataError, match="the parts must be 'train' and others, but it is validation"):
        split(validation=3)
    with pytest.raises(ArgumentError, match=r"a share from 0 to 1, e\.g\. 0\.002 for 0\.2 %, but it is 5"):
        split(reference=5, train=1)
    with pytest.raises(DataError, match="0 <= wrong <= n and n at least 1, but it is 3 of 0"):
        PartError("train", 3, 0)
