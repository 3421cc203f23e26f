"""Drawing, narrowing and borders: numbers worked by hand, and what must hold for any."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.keys import Key
from pellucid.search.borders import at_borders
from pellucid.search.narrowing import narrowed
from pellucid.search.sampling import drawn
from pellucid.search.space import Choice, Range, parse_range
from pellucid.search.trials import DIVERGED, PRUNED, Trial, ranked
from pellucid.tasks.classification.evaluation import ACCURACY
from tests.search.conftest import MakeTrial

RATE = Range("lr", 1e-5, 1e-1, log=True)
DROPOUT = Range("dropout", 0.0, 0.6)
WORDS = Choice("optimizer", ("sgd", "adam", "rmsprop"))
SPACE = (RATE, DROPOUT, WORDS)


@pytest.mark.parametrize("method", ["random", "qmc"])
def test_a_trial_is_drawn_from_its_key_and_place_alone(method: str) -> None:
    key = Key.of(3)
    forwards = [drawn(method, SPACE, key, place) for place in range(16)]
    assert [drawn(method, SPACE, key, place) for place in reversed(range(16))] == forwards[::-1]
    assert len({str(values) for values in forwards}) == 16
    assert drawn(method, SPACE, Key.of(4), 0) != forwards[0]
    for values in forwards:
        assert list(values) == ["lr", "dropout", "optimizer"]
        assert 1e-5 <= float(values["lr"]) <= 0.1 and 0 <= float(values["dropout"]) <= 0.6
        assert values["optimizer"] in WORDS.words


@pytest.mark.parametrize("method", ["random", "qmc"])
def test_every_decade_is_as_likely_as_the_next(method: str) -> None:
    decades = [int(np.floor(np.log10(float(drawn(method, (RATE,), Key.of(0), place)["lr"])))) for place in range(400)]
    counts = np.array([decades.count(decade) for decade in (-5, -4, -3, -2)])
    assert counts.sum() == 400
    assert np.abs(counts - 100).max() < (30 if method == "random" else 4)  # 3.5 deviations; evenly spread


def test_the_best_is_complete_and_among_equals_of_a_later_round_and_then_of_a_smaller_loss() -> None:
    def make(number: int, score: float | None, loss: float | None, state: str = "complete") -> Trial:
        return Trial(number, 0, 1, {}, state, score, loss, by=ACCURACY)

    trials = [make(0, 0.9, 0.5), make(1, 0.9, 0.3), make(2, 0.99, 0.1, PRUNED), make(3, None, None, DIVERGED),
              make(4, 0.8, 0.1), make(5, 0.9, 0.3), make(6, 0.9, None)]  # fmt: skip
    assert [trial.number for trial in ranked(trials)] == [1, 5, 0, 6, 4]
    longer = Trial(7, 1, 5, {}, "complete", 0.9, 0.4, by=ACCURACY)
    assert [trial.number for trial in ranked([*trials, longer])] == [7, 1, 5, 0, 6, 4]


def test_narrowing_worked_by_hand(trial: MakeTrial) -> None:
    values = [(1e-2, 0.1, "adam"), (1e-3, 0.2, "adam"), (1e-4, 0.5, "sgd"), (1e-5, 0.6, "rmsprop")]
    trials = [trial(number, 0.9 - number / 10, lr=lr, dropout=dropout, optimizer=word)
              for number, (lr, dropout, word) in enumerate(values)]  # fmt: skip
    # a quarter of four is one, so the best three count; of four decades a tenth is 0.4 decades, of 0.6 it is 0.06
    rate, dropout, words = narrowed(SPACE, SPACE, trials)
    assert isinstance(rate, Range) and rate.log
    assert (rate.low, rate.high) == pytest.approx((10**-4.4, 10**-1.6))
    assert isinstance(dropout, Range) and (dropout.low, dropout.high) == pytest.approx((0.04, 0.56))
    assert words == Choice("optimizer", ("sgd", "adam"))


def test_a_range_is_never_wider_than_what_was_typed(trial: MakeTrial) -> None:
    trials = [trial(number, 0.5, lr=lr, dropout=0.0, optimizer="sgd") for number, lr in enumerate((1e-5, 1e-1, 1e-3))]
    rate, dropout, _ = narrowed(SPACE, SPACE, trials)
    assert rate == RATE
    assert isinstance(dropout, Range) and dropout.low == 0.0 and dropout.high == pytest.approx(0.06)


def test_narrowing_may_go_back_to_what_was_typed_but_not_to_the_round_before(trial: MakeTrial) -> None:
    narrow = (Range("lr", 1e-3, 1e-2, log=True),)
    trials = [trial(number, 0.5, lr=lr) for number, lr in enumerate((1e-3, 2e-3))]
    (rate,) = narrowed((RATE,), narrow, trials)
    assert isinstance(rate, Range) and rate.low == pytest.approx(10**-3.4)


def test_nothing_is_narrowed_around_a_single_trial(trial: MakeTrial) -> None:
    trials = [trial(0, 0.5, lr=1e-3), trial(1, None, DIVERGED, lr=1e-1), trial(2, 0.4, PRUNED, lr=1e-2)]
    before = (Range("lr", 1e-4, 1e-2, log=True),)
    assert narrowed((RATE,), before, trials) == before


def test_whole_numbers_stay_whole_and_apart(trial: MakeTrial) -> None:
    size = Range("batch_size", 8, 128, whole=True)
    trials = [trial(number, 0.5, batch_size=32) for number in range(3)]
    (found,) = narrowed((size,), (size,), trials)
    assert found == Range("batch_size", 20, 44, whole=True)  # 32 -+ 12
    (tight,) = narrowed((Range("n", 1, 4, whole=True),), (), [trial(k, 0.5, n=4) for k in range(2)])
    assert tight == Range("n", 3, 4, whole=True)


SIDES = [(1.1e-5, "lower"), (0.09, "upper"), (1e-3, ""), (1.7e-5, ""), (1e-1, "upper")]


@pytest.mark.parametrize(("value", "side"), SIDES)
def test_a_rate_at_a_border(value: float, side: str) -> None:
    # a twentieth of four decades is 0.2 decades: up to 1.58e-5, and from 0.063
    found = at_borders((RATE,), {"lr": value}, lambda name, value: value > 0)
    assert [border.side for border in found] == ([side] if side else [])
    if side == "upper":
        # half of four decades further on
        assert (found[0].next.low, found[0].next.high, found[0].next.log) == (1e-3, 10.0, True)
        assert f"--range lr={found[0].next.text}" in found[0].text and "lr 0." in found[0].text
        assert parse_range(f"lr={found[0].next.text}", {"lr": "number"}) == found[0].next


def test_where_nothing_beyond_is_legal_there_is_no_border() -> None:
    def legal(name: str, value: float) -> bool:
        return 0 <= value < 1

    assert at_borders((DROPOUT,), {"dropout": 0.01}, legal) == []
    (border,) = at_borders((DROPOUT,), {"dropout": 0.59}, legal)
    assert border.next == Range("dropout", 0.3, 0.9)
    (near,) = at_borders((Range("dropout", 0.5, 0.9),), {"dropout": 0.89}, legal)
    assert near.next == Range("dropout", 0.55, 0.95)  # 1.1 and 1.0 are refused, an eighth further is not


def test_whole_numbers_and_words_at_a_border() -> None:
    size = Range("batch_size", 8, 64, log=True, whole=True)
    (border,) = at_borders((size, WORDS), {"batch_size": 8, "optimizer": "sgd"}, lambda name, value: value >= 1)
    assert (border.next.low, border.next.high, border.side) == (2, 23, "lower")
