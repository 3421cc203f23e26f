"""Schedules at steps worked by hand, and the books' forms written with ours."""

from __future__ import annotations

import math

import pytest

from pellucid.errors import ArgumentError
from pellucid.spec.optimizers import SGD
from pellucid.spec.schedules import (
    SCHEDULES,
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseSquareRootDecay,
    InverseTimeDecay,
    OneCycle,
    PiecewiseConstantDecay,
    PolynomialDecay,
    RisingCosineDecay,
    Schedule,
    WarmUp,
    rate_at,
)

EPOCH = 100  # steps
BY_HAND = [
    ("half each 5 epochs", ExponentialDecay(0.8, 5 * EPOCH, 0.5, True),
     {0: 0.8, 499: 0.8, 500: 0.4, 999: 0.4, 1000: 0.2, 1500: 0.1}),
    ("a tenth each 20 epochs", ExponentialDecay(0.5, 20 * EPOCH, 0.1, True), {1999: 0.5, 2000: 0.05, 4000: 0.005}),
    ("0.95^epoch", ExponentialDecay(1.0, EPOCH, 0.95, True), {0: 1.0, 99: 1.0, 100: 0.95, 200: 0.9025, 350: 0.857375}),
    ("a0 e^-kt, k = 0.1 an epoch", ExponentialDecay(0.2, EPOCH, math.exp(-0.1)),
     {0: 0.2, 50: 0.2 * 0.9512294245007140, 1000: 0.2 * 0.36787944117144233}),
    ("a0 / (1 + kt), k = 0.5 an epoch", InverseTimeDecay(0.3, EPOCH, 0.5),
     {0: 0.3, 200: 0.15, 400: 0.1, 50: 0.24}),
    ("the same by whole epochs", InverseTimeDecay(0.3, EPOCH, 0.5, True), {50: 0.3, 199: 0.2, 200: 0.15}),
    ("k / sqrt(epoch)", InverseSquareRootDecay(0.6, EPOCH), {0: 0.6, 99: 0.6, 300: 0.3, 800: 0.2}),
    ("a straight line", PolynomialDecay(0.1, 10, 0.0), {0: 0.1, 5: 0.05, 10: 0.0, 99: 0.0}),
    ("a parabola down to an end", PolynomialDecay(1.0, 10, 0.2, 2.0), {0: 1.0, 5: 0.4, 10: 0.2, 11: 0.2}),
    ("cosine", CosineDecay(0.4, 100), {0: 0.4, 50: 0.2, 100: 0.0, 500: 0.0}),
    ("cosine to a tenth", CosineDecay(0.4, 100, 0.1), {50: 0.22, 100: 0.04}),
    # warm-up: step k of 4 has (k + 1) / 4 of the rate, then the cosine begins
    ("cosine after a warm-up", CosineDecay(0.0, 100, 0.0, 0.4, 4), {0: 0.0, 1: 0.1, 3: 0.3, 4: 0.4, 54: 0.2, 104: 0.0}),
    ("restarts after 10, 20, 40", CosineDecayRestarts(0.4, 10, 2.0, 0.5),
     {0: 0.4, 5: 0.2, 10: 0.2, 20: 0.1, 30: 0.1, 50: 0.05}),
    ("given rates", PiecewiseConstantDecay((9, 19), (0.3, 0.2, 0.1)), {0: 0.3, 9: 0.3, 10: 0.2, 19: 0.2, 20: 0.1}),
    ("one cycle", OneCycle(0.4, 21, 0.5238095238095238, 4.0, 10.0), {0: 0.1, 5: 0.25, 10: 0.4, 20: 0.01, 99: 0.01}),
    ("a rise over four steps of any schedule", WarmUp(ExponentialDecay(0.8, 10, 0.5, True), 4),
     {0: 0.2, 1: 0.4, 3: 0.8, 9: 0.8, 10: 0.4}),
    ("a straight line, again and again", PolynomialDecay(0.1, 10, 0.0, 1.0, True), {5: 0.05, 10: 0.0, 15: 0.025}),
    ("an older rise", RisingCosineDecay(0.4, 100, 0.0, 4), {0: 0.1, 1: 0.2, 3: 0.4, 4: 0.4, 54: 0.2, 104: 0.0}),
]  # fmt: skip


@pytest.mark.parametrize("schedule, rates", [case[1:] for case in BY_HAND], ids=[case[0] for case in BY_HAND])
def test_a_schedule_has_its_rates(schedule: Schedule, rates: dict[int, float]) -> None:
    assert {step: schedule.rate(step) for step in rates} == pytest.approx(rates, rel=1e-12, abs=1e-15)
    assert {step: rate_at(SGD(schedule).learning_rate, step) for step in rates} == pytest.approx(rates, abs=1e-15)


def test_every_schedule_is_among_them() -> None:
    assert {type(schedule) for _, schedule, _ in BY_HAND} == set(SCHEDULES)


def test_a_number_is_a_rate_that_stays() -> None:
    assert [rate_at(SGD(0.3).learning_rate, step) for step in (0, 7, 10**6)] == [0.3] * 3


def test_a_cosine_of_an_older_file_rises_as_it_did() -> None:
    written = {"type": "CosineDecay", "initial_learning_rate": 0.4, "decay_steps": 100, "alpha": 0.0, "warmup_steps": 4}
    assert SCHEDULES.revive(written) == RisingCosineDecay(0.4, 100, 0.0, 4)
    assert SCHEDULES.revive(written | {"warmup_steps": 0}) == CosineDecay(0.4, 100)
    with pytest.raises(ArgumentError, match=r"CosineDecay: warmup_target must be given with warmup_steps"):
        CosineDecay(0.4, 100, warmup_steps=4)
