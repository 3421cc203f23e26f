"""The walk of docs/house.md: a training passes the functions that the page names, in the page's order."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.structure.picture import PAGE
from tests.structure.test_picture import links

WORDS = ("train", "photos", "--model", "conv_8,pool,FC_8", "--augment", "flip", "--engine", "reference",
         "--epochs", "1", "--batch-size", "4", "--no-checks", "--threads", "1", "--out", "run")  # fmt: skip


class Arrived(BaseException):
    """The last function of the walk was passed."""


def stations() -> list[tuple[str, str]]:
    """File and name of each function on the walk; classes are things on the way, not steps of it."""
    text = PAGE.read_text(encoding="utf-8")
    begin, end = text.index("\n1. "), text.index("\nThe PyTorch engine has")
    named = [(path.resolve(), words) for words, path in links(PAGE, text[begin:end])]
    return [(str(path), words) for path, words in named if words.split(".")[-1][:1].islower() or "._" in words]


def missed(stations: list[tuple[str, str]], end: tuple[str, str]) -> list[tuple[str, str]]:
    """Train until `end` is reached, and return the stations that were not passed by then, or not in this order."""
    from pellucid.cli import main

    left = list(stations)

    def passed(frame: FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        here = (frame.f_code.co_filename, frame.f_code.co_qualname)
        if left and here == left[0]:
            del left[0]
        if here == end:
            raise Arrived

    threading.setprofile(passed)
    sys.setprofile(passed)
    try:
        main(list(WORDS))
    except Arrived:
        pass
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return left


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of noise, eight pictures a class, in two parts."""
    monkeypatch.chdir(tmp_path)
    numbers = np.random.default_rng(0)
    for place in ("train/cat", "train/dog", "test/cat", "test/dog"):
        folder = Path("photos", place)
        folder.mkdir(parents=True)
        for number in range(8):
            Image.fromarray(numbers.integers(0, 255, (10, 12, 3), np.uint8)).save(folder / f"{number}.png")


def test_a_picture_walks_as_the_page_says(photos: None) -> None:
    named = stations()
    assert len(named) > 25
    assert missed(named, named[-1]) == []


def test_a_station_out_of_order_is_noticed(photos: None) -> None:
    named = stations()
    assert missed([named[1], named[0], *named[2:]], named[-1]) != []
