"""The three next steps: each problem's list, the evidence that changes their order, and a number in every one."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pellucid.diagnosis.circumstances import Circumstances, Confused, Shift
from pellucid.diagnosis.curves import Reading
from pellucid.diagnosis.decomposition import Decomposition, PartError, decompose
from pellucid.diagnosis.next_steps import Step, agreeing, next_steps

RUN = Circumstances(
    data="digits", epochs=20, rate=0.001, optimizer="adam", augment="", dropout=0.0, l2=0.0, train_images=900,
    classes=3, parameters=123_456, image_shape=(28, 28, 1), notation="conv_8,pool,FC_32", guess_error=0.6,
)  # fmt: skip


def split(reference: float | None = 0.001, n: int = 10_000, **percent: float) -> Decomposition:
    errors = [PartError(part.replace("_", "-"), round(value * n / 100), n) for part, value in percent.items()]
    return decompose(errors, reference=reference, dev_drawn_from_train=True)


def actions(steps: tuple[Step, ...]) -> list[str]:
    return [step.action for step in steps]


CASES = {
    "bias": (split(train=5, validation=6), "twice as many filters"),
    "variance": (split(train=0.5, validation=5), "Augment"),
    "both": (split(train=5, validation=10), "twice as many filters"),
    "mismatch": (split(train=1, train_dev=1.5, validation=10), "Move some of the 10,000 validation images"),
    "dev": (split(train=1, validation=1.1, test=4), "Take more images for validation"),
    "none": (split(train=0.1, validation=0.1, n=1000), "Take more images for validation, so that"),
    "only train": (split(train=0.1, n=1000), "Hold images out"),
}


@pytest.mark.parametrize("name", CASES)
def test_every_problem_has_three_steps_with_a_number_each(name: str) -> None:
    found, first = CASES[name]
    steps = next_steps(found, [], RUN)
    assert first in steps[0].action
    assert len(steps) == 3 or name == "only train"
    assert len(set(actions(steps))) == len(steps)
    for step in steps:
        assert re.search(r"\d", step.because), f"no number argues for {step.action!r}"


def test_flags_are_what_the_command_takes() -> None:
    steps = next_steps(CASES["variance"][0], [], RUN)
    assert steps[0].flags == ("--augment", "shift=2,rotate=10") and "4.5 points" in steps[0].because
    assert actions(steps)[1] == "Collect more training images" and "300 of a class" in steps[1].because
    assert steps[2].flags == ("--dropout", "0.5")
    photos = replace(RUN, image_shape=(64, 64, 3), suits="shift=4,zoom=0.15")
    assert next_steps(CASES["variance"][0], [], photos)[0].flags == ("--augment", "auto")
    unknown = next_steps(CASES["variance"][0], [], replace(photos, suits=""))
    assert unknown[0].flags == ("--augment", "shift=5,rotate=10")  # no mirrors unseen
    wider = next_steps(CASES["bias"][0], [], RUN)
    assert wider[0].flags == ("--model", "conv_16,pool,FC_64") and "123,456 parameters" in wider[0].because


def test_what_is_done_already_is_not_proposed() -> None:
    run = replace(RUN, augment="shift=2", dropout=0.5, l2=1e-4, train_images=9_000_000)
    assert "Augment the training images" not in actions(next_steps(CASES["variance"][0], [], run))
    assert all(step.flags not in (("--dropout", "0.5"), ("--l2", "0.0001"))
               for step in next_steps(CASES["variance"][0], [], run))  # fmt: skip
    held_back = next_steps(CASES["bias"][0], [], run)
    assert [step.flags for step in held_back[:2]] == [("--dropout", "0"), ("--l2", "1e-05")]


def test_a_network_with_a_name_of_its_own_is_given_no_flags_it_refuses() -> None:
    named = replace(RUN, notation=None)
    for case in ("bias", "variance"):
        for step in next_steps(CASES[case][0], [], named):
            assert not {"--model", "--dropout", "--l2"} & set(step.flags)


@pytest.mark.parametrize(
    ("reading", "flags"),
    [
        ("loss-rises", ("--lr", "0.0003")),
        ("fast-then-flat", ("--lr", "0.0003")),
        ("falls-slowly", ("--lr", "0.003")),
        ("not-finished", ("--epochs", "40")),
    ],
)
def test_the_curves_come_before_the_list(reading: str, flags: tuple[str, ...]) -> None:
    steps = next_steps(CASES["bias"][0], [Reading(reading, 0.5, "the loss did 0.5")], RUN)
    assert steps[0].flags == flags and steps[0].because == "the loss did 0.5"


def test_both_problems_are_served_bias_first() -> None:
    run = replace(RUN, notation=None, dropout=0.2)
    steps = next_steps(split(train=5, validation=10), [], run)
    assert actions(steps)[0] == "Take a larger network" and actions(steps)[2] == "Augment the training images"
    assert "Train without dropout" not in actions(steps)  # it keeps the variance down
    assert actions(next_steps(split(train=50, validation=52), [], run))[0] == "Train without dropout"


def test_evidence_of_mismatch_and_mistakes() -> None:
    run = replace(RUN, shift=Shift("brightness", 0.5, 0.2, -1.9), confused=Confused("cat", "dog", 30, 120))
    steps = next_steps(CASES["mismatch"][0], [], run)
    assert "in brightness first" in steps[0].action and "1.9 standard deviations" in steps[0].because
    assert "cat that are taken for dog" in steps[1].action and "at most 25.0 % of the error" in steps[1].because


def test_learnt_by_heart_and_no_better_than_a_guess_points_at_the_labels() -> None:
    steps = next_steps(split(train=1, validation=61), [], RUN)
    assert "labels belong to the images" in steps[0].action
    assert "61.0 % of the validation images" in steps[0].because and "60.0 %" in steps[0].because
    assert "Check how images and labels were joined" in steps[1].action and "137 parameters" in steps[1].because

def test_the_curves_advise_nothing_against_over_fitting_where_dev_is_a_guess() -> None:
    over = Reading("over-fitting", 2.5, "over-fitting begins at epoch 1", "more data, augmentation", epoch=1)
    flat = Reading("fast-then-flat", 2.31, "the training loss stayed at 2.31", "another rate")
    guess, ordinary = (agreeing([over, flat], split(train=1, validation=share), RUN) for share in (61, 30))
    assert "labels" in guess[0].remedy and "augmentation" not in guess[0].remedy and guess[1] == flat
    assert ordinary == (over, flat)


def test_a_network_that_learnt_nothing_is_not_to_learn_longer() -> None:
    flat = Reading("fast-then-flat", 2.31, "the training loss stayed at 2.31")
    stuck = next_steps(split(train=60, validation=61), [flat], RUN)
    assert stuck[0].checks and stuck[1].flags == ("--lr", "0.0003")
    assert "20 training images with their labels" in stuck[2].action and "10,000 images" in stuck[2].because
    assert not any("epochs" in action or "filters" in action for action in actions(stuck))


def test_a_loss_that_hardly_moved_does_not_ask_for_a_higher_rate() -> None:
    still = [Reading("falls-slowly", 0.0, "the training loss has lost 0% of its first value 2.3")]
    for share in (5, 60):
        steps = next_steps(split(train=share, validation=share + 1), still, RUN)
        assert all("--lr" not in step.flags for step in steps)


def test_more_images_for_validation_are_more_than_there_were() -> None:
    few = split(reference=None, n=100, train=1, validation=6)
    flags = {share: next_steps(few, [], replace(RUN, val_fraction=share))[0].flags for share in (0.1, 0.2, 0.3)}
    assert flags == {0.1: ("--val-fraction", "0.2"), 0.2: ("--val-fraction", "0.4"), 0.3: ()}


def test_a_missing_reference_and_an_undivided_gap_are_said() -> None:
    found = decompose([PartError("train", 100, 10_000), PartError("test", 105, 10_000)])
    steps = next_steps(found, [], replace(RUN, notation=None))
    assert "--reference-error" in " ".join(actions(steps)) and "all 1.0 %" in " ".join(step.because for step in steps)
    quiet = decompose([PartError("train", 0, 100), PartError("test", 1, 100)], reference=0.0)
    assert ("--train-dev-fraction", "0.1") in [step.flags for step in next_steps(quiet, [], RUN)]
    brought = next_steps(CASES["dev"][0], [], replace(RUN, dev_drawn=False))
    assert brought[0].flags == () and brought[1].flags == ()
    assert brought[0].to_json()["flags"] == []


def test_few_pictures_begin_with_weights_that_have_learnt_and_are_augmented() -> None:
    few = replace(RUN, train_images=150, classes=10, pretrained="squeezenet", augment="")
    first, second, *_ = next_steps(split(train=1, validation=40), [], few)
    assert first.flags == ("--pretrained", "squeezenet") and "15 training images of a class" in first.because
    assert "--model" in first.without and "--resize" in first.without and second.flags[0] == "--augment"
    assert set(first.to_json()) == {"action", "because", "flags"}
    for other in (replace(few, pretrained=""), replace(few, train_images=1000)):
        assert all("--pretrained" not in step.flags for step in next_steps(split(train=1, validation=40), [], other))


@pytest.mark.parametrize("name", ["few-steps", "rate-fell"])
def test_a_run_cut_short_is_made_longer_before_the_network_wider(name: str) -> None:
    read = [Reading(name, 2.2, "the training loss fell from 2.55 to 2.25")]
    assert actions(next_steps(CASES["bias"][0], read, RUN))[0] == "Train for 40 epochs instead of 20"


@pytest.mark.parametrize(("rate", "lr"), [(1.0, ("--lr", "0.001")), (1e-5, ("--lr", "0.001")), (1e-3, ())])
def test_few_steps_that_taught_nothing_ask_for_more_and_for_the_usual_rate_and_doubt_no_label(
    rate: float, lr: tuple[str, ...]
) -> None:
    run = replace(RUN, steps=36, epochs=3, rate=rate, usual_rate=0.001, confused=Confused("cat", "dog", 30, 120))
    first, second = next_steps(split(train=60, validation=61), [], run)
    assert first.flags == (*lr, "--epochs", "17") and "36 steps" in first.because and second.checks
    assert ("1,000 times" in first.because) == (rate == 1) and ("1/100 of" in first.because) == (rate == 1e-5)
    long = next_steps(split(train=60, validation=61), [], replace(run, steps=9000))
    assert (long[0].flags == lr or long[0].checks) and not any("taken for" in action for action in actions(long))


@pytest.mark.parametrize(("n", "drawn", "which"), [
    (10, True, "100 training images"), (42, False, "all 42 validation images"), (5000, True, "100 validation images"),
])  # fmt: skip
def test_a_person_is_asked_about_as_many_images_as_there_are(n: int, drawn: bool, which: str) -> None:
    found = decompose([PartError("train", 100, 900), PartError("validation", n // 10, n)], dev_drawn_from_train=drawn)
    steps = next_steps(found, [], replace(RUN, notation=None, epochs=2, dev_drawn=drawn))
    assert any(f"Measure the error of a person on {which} " in action for action in actions(steps))
