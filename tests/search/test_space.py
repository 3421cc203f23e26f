"""Ranges and choices as they are typed: what they mean, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pellucid.errors import UsageError
from pellucid.search.space import Choice, Kind, Range, as_words, parse_choice, parse_range

KINDS: dict[str, Kind] = {"lr": "number", "l2": "number", "dropout": "number", "batch_size": "whole",
                          "optimizer": "word", "model": "word", "nesterov": "flag"}  # fmt: skip


def test_a_range_as_it_is_typed() -> None:
    assert parse_range("lr=1e-5:1e-1:log", KINDS) == Range("lr", 1e-5, 0.1, log=True)
    assert parse_range("dropout=0:0.6", KINDS) == Range("dropout", 0.0, 0.6)
    assert parse_range(" --batch-size=8:64", KINDS) == Range("batch_size", 8, 64, whole=True)


def test_a_choice_as_it_is_typed() -> None:
    assert parse_choice("optimizer=adam,rmsprop", KINDS, ["model"]) == Choice("optimizer", ("adam", "rmsprop"))
    assert parse_choice("model=conv_8,pool|lenet5", KINDS, ["model"]) == Choice("model", ("conv_8,pool", "lenet5"))
    assert parse_choice("batch_size=16, 32", KINDS, []) == Choice("batch_size", (16, 32))
    assert parse_choice("lr=0.1,0.01", KINDS, []) == Choice("lr", (0.1, 0.01))
    assert parse_choice("nesterov=true,False", KINDS, []) == Choice("nesterov", (True, False))


@pytest.mark.parametrize("text", ["lr=1e-5:0.1:log", "dropout=0:0.6", "l2=1.23456789e-06:0.5:log", "batch_size=8:64"])
def test_a_range_is_typed_as_it_was_read(text: str) -> None:
    first = parse_range(text, KINDS)
    assert parse_range(f"{first.name}={first.text}", KINDS) == first


def test_shares_of_the_width() -> None:
    rate = Range("lr", 1e-4, 1.0, log=True)
    # a quarter of four decades is one decade
    assert [rate.at(share) for share in (0.0, 0.25, 0.5)] == pytest.approx([1e-4, 1e-3, 1e-2])
    assert rate.at(1.0) == 1.0 and rate.place(1e-2) == pytest.approx(0.5)
    plain = Range("dropout", 0.2, 0.6)
    assert plain.at(0.75) == pytest.approx(0.5) and plain.place(0.5) == pytest.approx(0.75)
    shares = np.linspace(0, 1, 200)
    for parameter in (rate, plain, Range("lr", 3e-7, 0.9, log=True)):
        assert all(parameter.low <= parameter.at(share) <= parameter.high for share in shares)
        assert [parameter.place(parameter.at(share)) for share in shares] == pytest.approx(list(shares), abs=1e-9)


def test_whole_numbers_take_equal_parts_and_both_ends() -> None:
    shares = (np.arange(7000) + 0.5) / 7000
    found = [Range("batch_size", 3, 9, whole=True).at(share) for share in shares]
    assert {type(value) for value in found} == {int}
    assert [found.count(value) for value in range(3, 10)] == [1000] * 7
    logged = [Range("batch_size", 1, 100, log=True, whole=True).at(share) for share in [*shares, 1.0]]
    assert min(logged) == 1 and max(logged) == 100
    # log 2 / log 101 of the width is the part of 1
    assert logged.count(1) / 7000 == pytest.approx(math.log(2) / math.log(101), abs=1e-3)


def test_a_choice_gives_each_word_the_same_part() -> None:
    choice = Choice("optimizer", ("a", "b", "c"))
    assert [choice.at(share) for share in (0.0, 0.33, 0.34, 0.66, 0.67, 1.0)] == ["a", "a", "b", "b", "c", "c"]


def test_a_space_in_words() -> None:
    space = (Range("lr", 1.23456e-5, 0.1, log=True), Choice("optimizer", ("sgd", "adam")))
    assert as_words(space) == "lr 1.23e-05:0.1:log, optimizer sgd,adam"


@pytest.mark.parametrize(("text", "parts"), [
    ("lr", ["--range must be NAME=..., e.g. lr=1e-5:1e-1:log", "'lr'"]),
    ("lr=", ["NAME=..."]),
    ("lr=1e-5", ["NAME=LOW:HIGH", "'lr=1e-5'"]),
    ("lr=a:b", ["NAME=LOW:HIGH", "'lr=a:b'"]),
    ("lr=0.1:inf", ["NAME=LOW:HIGH"]),
    ("lr=nan:1", ["NAME=LOW:HIGH"]),
    ("lr=1:2:square", ["NAME=LOW:HIGH:log"]),
    ("lr=1:2:log:log", ["NAME=LOW:HIGH"]),
    ("lr=0.1:0.1", ["a lower end, then a higher one", "0.1:0.1"]),
    ("lr=0.1:0.01:log", ["a lower end, then a higher one"]),
    ("l2=0:1e-3:log", ["a log scale never reaches 0", "--range l2=1e-07:0.001:log"]),
    ("lr=-2:-1:log", ["a log scale never reaches -2", "Leave out :log"]),
    ("speed=1:2", ["must be one of lr, l2, dropout", "'speed'"]),
    ("optimizer=1:2", ["optimizer is no number", "--choice optimizer=ONE,OTHER"]),
    ("batch_size=8.5:64", ["whole at both ends", "8.5:64"]),
])  # fmt: skip
def test_ranges_that_mean_nothing(text: str, parts: list[str]) -> None:
    with pytest.raises(UsageError) as refused:
        parse_range(text, KINDS)
    assert [part for part in parts if part not in str(refused.value)] == [], str(refused.value)


@pytest.mark.parametrize(("text", "parts"), [
    ("optimizer", ["--choice must be NAME=..., e.g. optimizer=adam,rmsprop"]),
    ("optimizer=adam", ["two different words or more, with , between them", "'adam'"]),
    ("optimizer=adam,adam", ["two different words"]),
    ("model=lenet5,cifar10cnn", ["with | between them"]),
    ("colour=red,blue", ["must be one of", "'colour'"]),
    ("batch_size=16,many", ["--choice batch_size must be whole numbers", "'many'"]),
    ("batch_size=16,1.5", ["whole numbers", "'1.5'"]),
    ("lr=slow,fast", ["--choice lr must be numbers", "'slow'"]),
    ("nesterov=yes,no", ["true,false", "'yes'"]),
])  # fmt: skip
def test_choices_that_mean_nothing(text: str, parts: list[str]) -> None:
    with pytest.raises(UsageError) as refused:
        parse_choice(text, KINDS, ["model"])
    assert [part for part in parts if part not in str(refused.value)] == [], str(refused.value)
