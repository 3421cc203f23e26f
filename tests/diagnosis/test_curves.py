"""Readings of learning curves: worked synthetic courses, each with its number, and what cannot be read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.diagnosis.curves import Reading, read_curves

STEPS, EPOCHS = 1000, 10


def rows_of(loss: np.ndarray, noise: float = 0.02, seed: int = 0, ratio: float | None = 1e-3) -> list[dict[str, Any]]:
    """Rows of steps.csv with a loss a step, noisy, and the update ratio of two layers every 50 steps."""
    noisy = loss * (1 + noise * np.random.default_rng(seed).standard_normal(len(loss)))
    rows: list[dict[str, Any]] = []
    for step, value in enumerate(noisy):
        row = {"step": step + 1, "epoch": step * EPOCHS // len(loss) + 1, "loss": str(value)}
        if ratio is not None:
            measured = step % 50 == 0
            row |= {"update_ratio/conv2d": ratio if measured else "", "update_ratio/dense": 1.2e-3 if measured else ""}
        rows.append(row)
    return rows


def history_of(loss: list[float], val_loss: list[float]) -> list[dict[str, Any]]:
    return [{"epoch": k + 1, "loss": a, "val_loss": b} for k, (a, b) in enumerate(zip(loss, val_loss, strict=True))]


def names(readings: tuple[Reading, ...]) -> list[str]:
    return [reading.name for reading in readings]


at = np.linspace(0, 1, STEPS)
COURSES = {
    "loss-rises": 2.3 * np.where(at < 0.3, 1 - 2 * at, 0.4 + 1.2 * (at - 0.3)),  # 2.3, down to 0.92, up to 2.9
    "fast-then-flat": 1.1 + 1.2 * np.exp(-60 * at),
    "falls-slowly": 2.3 * (1 - 0.3 * at),
    "not-finished": 2.3 * np.exp(-3 * at),
    "settled": 0.05 + 2.25 * np.exp(-25 * at),
}


@pytest.mark.parametrize("name", COURSES)
@pytest.mark.parametrize("seed", range(5))
def test_a_worked_course_is_read_as_what_it_is(name: str, seed: int) -> None:
    assert names(read_curves([], rows_of(COURSES[name], seed=seed))) == [name]


@pytest.mark.parametrize("name", COURSES)
def test_what_perfect_answers_cost_is_no_loss(name: str) -> None:
    (found,) = read_curves([], rows_of(COURSES[name] + 9.0, noise=0), least=9.0)
    (plain,) = read_curves([], rows_of(COURSES[name], noise=0))
    assert found.name == plain.name and found.value == pytest.approx(plain.value, rel=0.05)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loss-rises", 1.21 / 0.43),  # the middles of the last window, 0.975, and of the one at the turn, 0.325
        ("fast-then-flat", 1.1),  # where it stays
        ("falls-slowly", 0.3),  # share that is gone
        ("not-finished", 1 - np.exp(-0.75)),  # a quarter of the run takes exp(-3/4)
        ("settled", 0.05),
    ],
)
def test_the_number_of_a_reading(name: str, value: float) -> None:
    reading = read_curves([], rows_of(COURSES[name], noise=0))[0]
    assert reading.value == pytest.approx(value, rel=0.03)


def test_a_loss_that_only_rises_or_never_moves() -> None:
    rising = read_curves([], rows_of(2.3 * (1 + at)))[0]
    assert rising.name == "loss-rises" and "rose from 2.3" in rising.meaning and "third" in rising.remedy
    still = read_curves([], rows_of(np.full(STEPS, 2.3)))[0]
    assert still.name == "falls-slowly" and still.value == pytest.approx(0, abs=0.02) and "check" in still.remedy


def test_noise_of_single_steps_is_not_a_rise() -> None:
    for seed in range(20):
        assert names(read_curves([], rows_of(COURSES["settled"], noise=0.3, seed=seed))) == ["settled"]


def test_a_small_fall_in_much_noise_is_not_a_rise() -> None:
    course = 2.0 + 0.3 * np.exp(-10 * at)  # windows differ by chance by more than a twentieth of the fall
    for seed in range(20):
        assert "loss-rises" not in names(read_curves([], rows_of(course, noise=0.15, seed=seed)))


def test_a_fall_over_half_of_the_run_is_not_fast() -> None:
    assert names(read_curves([], rows_of(np.where(at < 0.5, 2.3 - 2.4 * at, 1.1)))) == ["settled"]


def test_one_epoch_does_not_show_where_a_loss_settles() -> None:
    (found,) = read_curves(history_of([0.7], [0.5]), rows_of(COURSES["settled"]))
    assert found.name == "one-epoch" and "settled" not in found.meaning and not found.remedy


def test_few_steps_or_a_fallen_rate_do_not_show_where_a_loss_settles() -> None:
    epochs = history_of([2.55, 2.4, 2.26, 2.25, 2.25, 2.25, 2.25, 2.25], [2.3] * 8)
    (few,) = read_curves(epochs, rows_of(np.full(24, 2.55)))
    assert few.name == "few-steps" and "24 steps" in few.meaning and "epochs" in few.remedy
    rows = rows_of(np.where(at < 0.5, 2.3 - 1.2 * at, 1.7))
    assert names(read_curves([], rows)) == ["settled"]  # at a rate that stayed
    for row, share in zip(rows, at, strict=True):
        row["learning_rate"] = 1e-3 * (1 + np.cos(np.pi * share)) / 2
    (fell,) = read_curves([], rows)
    assert fell.name == "rate-fell" and "may have stopped it" in fell.meaning and "epochs" in fell.remedy


@pytest.mark.parametrize("course", ["falls-slowly", "fast-then-flat", "not-finished"])
def test_few_steps_say_nothing_of_the_rate_but_that_it_is_far_too_high(course: str) -> None:
    for count in (24, 36, 99):
        loss = np.interp(np.linspace(0, 1, count), at, COURSES[course])
        epochs = history_of(list(loss[:: count // 6]), [2.3] * len(loss[:: count // 6]))
        assert names(read_curves(epochs, rows_of(loss)))[0] == "few-steps"
    rising = rows_of(np.linspace(2.3, 40, 36))
    assert names(read_curves([], rising))[0] == "loss-rises"


def test_single_epochs_go_up_and_down_and_the_rate_is_not_to_blame() -> None:
    uneven = [2.30, 2.28, 2.25, 2.24, 2.26, 2.255]
    assert "loss-rises" not in names(read_curves(history_of(uneven, uneven), rows_of(np.full(12, 2.3))))
    assert names(read_curves(history_of([2.3, 5.0, 50.0, 400.0], [9.0] * 4), []))[0] == "loss-rises"


def test_a_fall_to_the_loss_of_a_guess_is_not_yet_learning() -> None:
    course = np.where(at < 0.05, 8 - 95 * at, 3.26 - 0.4 * at)  # first weights that are sure of wrong answers
    rows = rows_of(course, noise=0.005)
    for row, share in zip(rows, at, strict=True):
        row["learning_rate"] = 1e-3 * (1 + np.cos(np.pi * share)) / 2
    told = read_curves([], rows)
    assert names(told) == ["fast-then-flat"]
    told = read_curves([], rows, guess=np.log(26))
    assert names(told) in (["rate-fell"], ["falls-slowly"]) and "guess" in told[0].meaning
    settled = rows_of(COURSES["settled"])
    assert read_curves([], settled, guess=2.4) == read_curves([], settled)


def test_over_fitting_begins_at_the_epoch_of_the_lowest_validation_loss() -> None:
    dev = [1.0, 0.7, 0.5, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9]
    loss = [2.3 * 0.6**k for k in range(10)]
    found = {reading.name: reading for reading in read_curves(history_of(loss, dev), rows_of(COURSES["not-finished"]))}
    assert list(found) == ["over-fitting"]  # the training loss falls on, but not because the run was too short
    assert found["over-fitting"].epoch == 4 and found["over-fitting"].value == pytest.approx(0.9 / 0.4)
    assert "from 0.4 to 0.9" in found["over-fitting"].meaning


def test_a_validation_loss_that_falls_or_hardly_rises_is_no_over_fitting() -> None:
    falling = [2.3 * 0.6**k for k in range(10)]
    for dev in (falling, [0.5, 0.4, 0.3] + [0.305] * 7):
        assert "over-fitting" not in names(read_curves(history_of(falling, dev), rows_of(COURSES["settled"])))
    few = [2.0, 1.4, 0.95, 1.03, 1.04, 0.96, 0.95, 0.99, 1.0, 1.01]  # of 34 images: up and down by as much as it rose
    assert "over-fitting" not in names(read_curves(history_of(falling, few), rows_of(COURSES["settled"])))
    rising = falling[::-1]  # the training loss rises as well: that is the rate, not over-fitting
    assert "over-fitting" not in names(read_curves(history_of(rising, rising), []))


@pytest.mark.parametrize(("ratio", "word"), [(5e-6, "Raise"), (0.2, "Lower")])
def test_update_ratio_a_hundredfold_off(ratio: float, word: str) -> None:
    found = read_curves([], rows_of(COURSES["settled"], ratio=ratio))
    assert names(found) == ["update-ratio"] and found[0].value == pytest.approx(ratio)
    assert "'conv2d'" in found[0].meaning and "1 of 2 layers" in found[0].meaning and word in found[0].remedy


@pytest.mark.parametrize(
    ("course", "ratio", "told"),
    [("settled", 2e-5, False), ("settled", 0.05, False), ("falls-slowly", 2e-5, True), ("falls-slowly", 0.05, False),
     ("loss-rises", 0.05, True), ("loss-rises", 2e-5, False)],
)  # fmt: skip
def test_update_ratio_tenfold_off_is_told_where_the_fall_agrees(course: str, ratio: float, told: bool) -> None:
    assert names(read_curves([], rows_of(COURSES[course], ratio=ratio))) == [course, *["update-ratio"] * told]


def test_the_small_updates_at_the_end_of_a_schedule_are_meant() -> None:
    rows = rows_of(COURSES["not-finished"])
    for row, share in zip(rows, at, strict=True):
        row["learning_rate"] = 1e-3 * (1 + np.cos(np.pi * share)) / 2
        row["update_ratio/conv2d"] = row["update_ratio/conv2d"] and 3 * row["learning_rate"] ** 2 * 100
    assert float(np.nanmedian([row["update_ratio/conv2d"] or np.nan for row in rows])) < 1e-4
    assert names(read_curves([], rows)) == ["not-finished"]


@pytest.mark.parametrize("ratio", [1.1e-4, 9e-3, None])
def test_update_ratio_within_a_decade_or_not_measured(ratio: float | None) -> None:
    assert names(read_curves([], rows_of(COURSES["settled"], ratio=ratio))) == ["settled"]


def test_a_loss_that_is_nearly_gone_asks_for_no_more_epochs() -> None:
    assert names(read_curves([], rows_of(2.3 * np.exp(-5 * at)))) == ["settled"]


def test_epochs_are_read_where_steps_are_few() -> None:
    loss = [float(2.3 * np.exp(-3 * k / 9)) for k in range(10)]
    found = read_curves(history_of(loss, loss), [])
    assert names(found) == ["not-finished"]


@pytest.mark.parametrize("history", [[], [{"epoch": "1", "loss": ""}], [{"epoch": "1", "loss": "nan"}] * 9])
def test_too_little_is_said(history: list[dict[str, Any]]) -> None:
    found = read_curves(history, [])
    assert names(found) == ["too-short"] and "too few to read" in found[0].meaning
    assert found[0].to_json()["name"] == "too-short"
