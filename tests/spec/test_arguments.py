"""Every argument of every spec refuses what its rule calls bad, and says which spec, which argument, wanted and got."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

import pellucid as p
from pellucid.errors import ArgumentError, FileError
from pellucid.spec.base import Spec, Table, rules
from pellucid.spec.layer import LAYERS, LayerSpec
from pellucid.spec.legal import Flag, Integer, OneOf, Optional, Padding, Pair, Real, Sides, Sizes, legal
from tests.spec.samples import OTHERS, TABLES, arguments_of, every_spec, table_of

SPOILED = {
    owner: [(name, value) for name, rule in rules(owner).items() for value in rule.bad] for owner in every_spec()
}


@pytest.mark.parametrize("owner", SPOILED, ids=lambda owner: owner.__name__)
def test_every_bad_value_is_refused(owner: type[Spec]) -> None:
    for argument, value in SPOILED[owner]:
        with pytest.raises(ArgumentError) as caught:
            owner(**{**arguments_of(owner), argument: value})
        wanted = rules(owner)[argument].wanted
        assert str(caught.value).startswith(f"{owner.__name__}: {argument} must be {wanted}, but it is {value!r}.")


def test_every_argument_has_bad_values() -> None:
    assert all(rule.bad for owner in every_spec() for rule in rules(owner).values())
    assert sum(map(len, SPOILED.values())) > 3000


@pytest.mark.parametrize("owner", every_spec(), ids=lambda owner: owner.__name__)
def test_a_spec_survives_json(owner: type[Spec]) -> None:
    for more in ({}, OTHERS.get(owner.__name__, {})):
        spec = owner(**{**arguments_of(owner), **more})
        config = json.loads(json.dumps(spec.to_config()))
        again = table_of(owner).revive(config)
        assert again == spec
        assert again.to_config() == spec.to_config()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.kind)
def test_a_file_that_names_an_unknown_type_is_refused(table: Table[Any]) -> None:
    with pytest.raises(FileError, match=f"unknown {table.kind} 'os.system' in the file"):
        table.revive({"type": "os.system", "command": "ls"})
    with pytest.raises(FileError, match=f"unknown {table.kind} None in the file"):
        table.revive({})


@pytest.mark.parametrize("owner", every_spec(), ids=lambda owner: owner.__name__)
def test_an_unknown_argument_is_refused_in_a_file_and_in_a_call(owner: type[Spec]) -> None:
    config = {**owner(**arguments_of(owner)).to_config(), "extra": 1}
    with pytest.raises(FileError, match=rf"{owner.__name__}: unknown argument 'extra' in the file; known are: "):
        table_of(owner).revive(config)
    with pytest.raises(ArgumentError, match=rf"^{owner.__name__}: unknown argument 'extra'; known are: "):
        owner(**arguments_of(owner), extra=1)


def test_missing_and_surplus_arguments_are_named() -> None:
    with pytest.raises(ArgumentError, match=r"ExponentialDecay: missing 2 required positional arguments:"):
        p.optimizers.schedules.ExponentialDecay(0.1)
    with pytest.raises(ArgumentError, match=r"SGD: takes from 1 to 4 positional arguments but 5 were given. Its arg"):
        p.optimizers.SGD(0.1, 0.9, True, 7)
    with pytest.raises(ArgumentError, match="Dense: missing 1 required positional argument: 'units'"):
        p.layers.Dense()
    with pytest.raises(ArgumentError, match=r"Dense: unknown argument 'unit'; known are: units, activation, .*, name"):
        p.layers.Dense(unit=3)


def test_the_old_name_of_the_rate_is_refused_with_the_new_one() -> None:
    with pytest.raises(ArgumentError, match="Adam: unknown argument 'lr'; known are: learning_rate"):
        p.optimizers.Adam(lr=0.1)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.kind)
def test_words_are_known_in_any_case(table: Table[Any]) -> None:
    for word in table.words:
        try:
            spec = table.named(word.upper())
        except ArgumentError as fault:
            assert "missing" in str(fault)  # a class with arguments that have no default
        else:
            assert spec == table.named(word)
    with pytest.raises(ArgumentError, match=f"{table.kind} must be one of .*, but it is 'no such word'"):
        table.named("no such word")


def test_duplicates_are_refused() -> None:
    table: Table[Spec] = Table("thing")

    @table.register("one")
    @dataclass(frozen=True)
    class First(Spec):
        """One."""

    @dataclass(frozen=True)
    class Second(Spec):
        """Another."""

    with pytest.raises(ArgumentError, match=r"thing 'First' is registered already. Choose another class name."):
        table.register()(First)
    with pytest.raises(ArgumentError, match=r"thing word 'ONE' is registered already. Choose another word."):
        table.register("ONE")(Second)
    assert list(table) == [First]  # a refused entry leaves nothing behind


@pytest.mark.parametrize(
    "rule, given, stored",
    [
        (Integer(0), 3, 3),
        (Real(0.0, 1.0), 1, 1.0),
        (Flag(), True, True),
        (OneOf(("valid", "same")), "SAME", "same"),
        (Optional(Integer(1)), None, None),
        (Pair(), 3, (3, 3)),
        (Pair(), [2, 3], (2, 3)),
        (Padding(), "Same", "same"),
        (Padding(), 0, (0, 0)),
        (Sides(), 1, ((1, 1), (1, 1))),
        (Sides(), (1, 2), ((1, 1), (2, 2))),
        (Sides(), [[1, 2], [3, 4]], ((1, 2), (3, 4))),
        (Sizes(), [28, None], (28, None)),
    ],
)
def test_a_value_takes_its_one_stored_form(rule: Any, given: Any, stored: Any) -> None:
    value = rule.check(given)
    assert value == stored
    assert type(value) is type(stored)


def test_numpy_numbers_are_numbers() -> None:
    import numpy as np

    spec = p.layers.Conv2D(np.int64(4), (np.int32(3), 3), use_bias=np.bool_(False)).spec
    assert json.loads(json.dumps(spec.to_config()))["filters"] == 4
    assert p.optimizers.SGD(np.float32(0.5)).learning_rate == 0.5


def test_arguments_that_do_not_fit_together() -> None:
    cases = {
        "Conv2D: strides must be 1 when dilation_rate is above 1, but it is (2, 2). Pass one of the two.":
            lambda: p.layers.Conv2D(4, 3, strides=2, dilation_rate=2),
        "Conv2D: groups must be a divisor of filters=4, but it is 3.": lambda: p.layers.Conv2D(4, 3, groups=3),
        "RReLU: lower must be at most upper=0.1, but it is 0.2.": lambda: p.layers.RReLU(0.2, 0.1),
    }  # fmt: skip
    for text, make in cases.items():
        with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
            make()


def test_channels_first_is_refused_with_the_way_out() -> None:
    with pytest.raises(ArgumentError, match=r"data_format .* 'channels_first'\. Pellucid keeps channels last; pass"):
        p.layers.Conv2D(4, 3, data_format="channels_first")


def test_a_field_without_a_rule_is_no_argument() -> None:
    @dataclass(frozen=True)
    class Odd(LayerSpec):
        """Has one argument."""

        known: int = legal(Integer(1), 1)

    assert list(rules(Odd)) == ["known"]
    assert Odd not in tuple(LAYERS)


def test_a_message_lists_each_word_once() -> None:
    """`ste_sign` and the class's own name without its line are one word to a reader."""
    with pytest.raises(ArgumentError, match=r"one of approx_sign, magnitude_aware_sign, ste_sign, but"):
        p.layers.QuantDense(4, kernel_quantizer="nope")
