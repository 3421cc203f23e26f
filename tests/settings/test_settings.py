"""A list of settings: legal values in words and as a check, config.json to and fro for several lists at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pytest

from pellucid.data.channels import CHANNELS
from pellucid.data.fitting import FITS
from pellucid.data.options import ALPHAS
from pellucid.errors import ArgumentError, FileError, UsageError
from pellucid.runs.config import RunConfig
from pellucid.settings import from_json, listed, setting, to_json
from tests.settings.toy import Toy


@pytest.mark.parametrize(("given", "words"), [
    ({"delta": -0.5}, "--delta must be from 0 to below 8, but it is -0.5"),
    ({"delta": 8.0}, "--delta must be from 0 to below 8, but it is 8.0"),
    ({"delta": float("nan")}, "--delta must be from 0 to below 8, but it is nan"),
    ({"rings": 0}, "--rings must be from 1 to 9, but it is 0"),
    ({"rings": 10}, "--rings must be from 1 to 9, but it is 10"),
    ({"colour": "pink"}, "--colour must be 'red', 'green' or 'blue', but it is 'pink'"),
    ({"weight": 0.0}, "--weight must be above 0, but it is 0.0"),
])  # fmt: skip
def test_what_is_not_legal_is_told(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as told:
        Toy(**given)
    assert str(told.value) == f"train: {words}."


def test_what_is_legal_passes() -> None:
    assert Toy(delta=0.0, rings=9, colour="blue", weight=0.1) == Toy(0.0, 9, "blue", False, 0.1)
    assert Toy(rings=None).rings is None


def test_every_setting_of_a_run_has_a_help_and_a_legal_default() -> None:
    for known in listed(RunConfig):
        assert known.help.endswith("."), known.name
        assert known.allows(known.default) and (known.panel or known.flag is None), known.name
        assert known.flag in (None, "--" + known.name.replace("_", "-"))


def test_what_data_may_be_asked_for_is_what_the_readers_know() -> None:
    """The readers have doors of their own, and their lists would cost the help page an import of NumPy."""
    choices = {known.name: known.choices for known in listed(RunConfig)}
    assert (choices["fit"], choices["alpha"]) == (FITS, ALPHAS)
    told = next(known.help for known in listed(RunConfig) if known.name == "channels")
    assert [word for word in CHANNELS if word not in told] == []


def test_several_lists_are_written_and_read_as_one() -> None:
    config, toy = RunConfig(data="x.npz", epochs=3), Toy(rings=2)
    record = to_json(config, toy)
    assert record | {"own": None} == asdict(config) | asdict(toy)
    assert from_json(record, "config.json", RunConfig, Toy, remedy="Again.") == (config, toy)


@pytest.mark.parametrize(("changed", "words"), [
    ({"warp": 9}, "config.json: unknown setting 'warp'. It was written by another version of Pellucid."),
    ({"rings": "two"}, "config.json is damaged: rings must be int | None, but it is 'two'. Again."),
    ({"rings": 0}, "config.json is damaged: train: --rings must be from 1 to 9, but it is 0. Again."),
    ({"weight": None}, "config.json is damaged: weight must be float, but it is None. Again."),
    ({"upside_down": 1}, "config.json is damaged: upside_down must be bool, but it is 1. Again."),
])  # fmt: skip
def test_a_damaged_record_is_told(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(FileError) as told:
        from_json(to_json(Toy()) | changed, "config.json", Toy, remedy="Again.")
    assert str(told.value) == words


def test_a_setting_that_is_absent_is_as_its_list_means_it() -> None:
    record = to_json(Toy())
    del record["delta"]
    assert from_json(record, "config.json", Toy, remedy="Again.")[0].delta == 0.0
    assert from_json(record | {"delta": None}, "config.json", Toy, remedy="Again.")[0].delta == 0.0
    del record["weight"]
    with pytest.raises(FileError, match=r"config\.json is damaged: it has no weight\. Again\."):
        from_json(record, "config.json", Toy, remedy="Again.")
    with pytest.raises(FileError, match="unknown setting 'delta'"):
        from_json(to_json(RunConfig(), Toy()), "config.json", RunConfig, remedy="Again.")


def test_a_list_that_is_written_wrongly() -> None:
    @dataclass(frozen=True)
    class Plain:
        size: int = 3

    with pytest.raises(ArgumentError, match=r"Plain: fields must be made with setting\(\.\.\.\), but size is not"):
        listed(Plain)
    with pytest.raises(ArgumentError, match=r"a flag switches on, so 'Shuffle\.' must be False without it"):
        setting(True, "Shuffle.")
