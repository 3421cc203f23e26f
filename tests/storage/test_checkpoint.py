"""A checkpoint gives back the same bits, the same sections and the same order."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import ArgumentError
from pellucid.storage.checkpoint import read_checkpoint, write_checkpoint

NOTHING: dict[str, Any] = {"position": {}, "history": [], "events": {}, "environment": {}}


def test_the_state_comes_back_with_its_sections_and_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    state: dict[str, dict[str, np.ndarray[Any, Any]]] = {
        "slots": {"dense/kernel/velocity": rng.normal(size=(2, 3)).astype(np.float32)},
        "params": {"dense/kernel": rng.normal(size=(3, 2)).T, "conv/bias": rng.normal(size=4)},
        "state": {},
    }
    write_checkpoint(tmp_path / "last.safetensors", state=state, **NOTHING)
    got = read_checkpoint(tmp_path / "last.safetensors").state
    assert list(got) == ["slots", "params", "state"]
    assert {section: list(named) for section, named in got.items()} == {s: list(named) for s, named in state.items()}
    for section, named in state.items():
        for name, array in named.items():
            assert got[section][name].dtype == array.dtype
            assert got[section][name].tobytes() == array.tobytes()


def test_position_history_events_and_environment_come_back(tmp_path: Path) -> None:
    known: dict[str, Any] = {
        "position": {"epoch": 3, "step": 17, "key": 2**127 + 1},
        "history": [{"epoch": 1, "loss": 0.1 + 0.2, "val_loss": math.inf}, {"epoch": 2, "loss": math.nan}],
        "events": {"early": {"best": -math.inf, "waited": 2, "stopped": False, "note": "nan"}},
        "environment": {"threads": 2, "engine": "reference", "device": None},
    }
    write_checkpoint(tmp_path / "last.safetensors", state={}, **known)
    got = read_checkpoint(tmp_path / "last.safetensors")
    assert got.position == known["position"]
    assert got.history[0] == known["history"][0]
    assert math.isnan(got.history[1]["loss"])
    assert got.events == known["events"]
    assert got.environment == known["environment"]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=20))
def test_every_float_keeps_its_bits(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    path = tmp_path_factory.getbasetemp() / "floats.safetensors"
    write_checkpoint(path, state={}, **{**NOTHING, "history": [{"loss": value} for value in values]})
    got = [row["loss"] for row in read_checkpoint(path).history]
    assert [value.hex() for value in got] == [value.hex() for value in values]


def test_numpy_scalars_become_numbers(tmp_path: Path) -> None:
    write_checkpoint(
        tmp_path / "last.safetensors", state={}, **{**NOTHING, "events": {"best": np.float32(0.1), "at": np.int64(3)}}
    )
    assert read_checkpoint(tmp_path / "last.safetensors").events == {"best": float(np.float32(0.1)), "at": 3}


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ({3: 1}, r"last\.safetensors: events: a key must be text other than '\$float', but it is 3\. Pass str"),
        ({"$float": 1}, r"events: a key must be text other than '\$float', but it is '\$float'"),
        ({"a": [object()]}, r"events: a\[0\]: JSON holds text, .*, but this is a object\."),
    ],
)
def test_what_json_cannot_give_back_is_refused(events: dict[Any, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=words):
        write_checkpoint(tmp_path / "last.safetensors", state={}, **{**NOTHING, "events": events})
    assert not list(tmp_path.iterdir())


def test_a_section_with_a_slash_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"section 'a/b': a slash ends the name of a section\. Choose"):
        write_checkpoint(tmp_path / "last.safetensors", state={"a/b": {}}, **NOTHING)
