"""Pictures that cannot be read: all named at once, left out up to a share, counted, and never a class of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data import open_dataset, parse_percent, pictures
from pellucid.errors import ArgumentError, DataError, FileError

RANDOM = np.random.default_rng(4)


@pytest.fixture
def photos(tmp_path: Path) -> Callable[..., str]:
    """Make 3 classes of 12 noisy JPEGs in which number `which` of each is spoiled by `harm`."""
    def make(harm: Callable[[Path], None], which: int = 5) -> str:
        for name in ("ant", "bee", "cat"):
            (tmp_path / name).mkdir()
            for number in range(12):
                path = tmp_path / name / f"x{number:02d}.jpg"
                Image.fromarray(RANDOM.integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(path)
                if number == which:
                    harm(path)
        return str(tmp_path)

    return make


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


HARMS: dict[str, Callable[[Path], None]] = {
    "cut off": cut, "empty": lambda path: path.write_bytes(b"") and None,
    "text": lambda path: path.write_text("x") and None,
    "two pages": lambda path: Image.new("RGB", (24, 24)).save(
        path, "GIF", save_all=True, append_images=[Image.new("RGB", (24, 24), "red")]),
    "too large": lambda path: Image.new("1", (300, 300)).save(path, "PNG"),
}  # fmt: skip


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("large", [False, True])
def test_all_are_named_at_once(harm: str, large: bool, photos: Callable[..., str],
                               monkeypatch: pytest.MonkeyPatch) -> None:
    if large:                                 # a set that is not decoded when it is opened: headers tell
        monkeypatch.setattr(pictures, "LOAD_BYTES", 0)
    folder = photos(HARMS[harm])
    with pytest.raises((FileError, DataError)) as caught:
        open_dataset(folder, max_pixels=80_000)
    told = str(caught.value)
    assert "ant/x05.jpg: " in told and ", and 2 more: bee/x05.jpg, cat/x05.jpg. " in told
    assert told.endswith("To go on without them, type --skip-broken 9%.")     # 3 of 36: 8.3 %


@pytest.mark.parametrize("harm", HARMS)
def test_they_are_left_out_when_they_are_few(harm: str, photos: Callable[..., str],
                                             caplog: pytest.LogCaptureFixture) -> None:
    folder = photos(HARMS[harm])
    with caplog.at_level(logging.INFO, "pellucid"):
        dataset = open_dataset(folder, skip_broken=9, max_pixels=80_000)
    part = dataset.part("train")
    assert len(part) == len(part.images) == len(part.labels) == 33 and part.images.shape == (33, 24, 24, 3)
    assert np.bincount(part.labels).tolist() == [11, 11, 11] and "ant/x05.jpg" not in list(part.names)
    assert len(part.images.take(np.arange(33))) == 33 and 5 not in part.ids and part.ids[5] == 6
    assert ("left out, as they cannot be read: 3 pictures (8.3 %), ant/x05.jpg, bee/x05.jpg, cat/x05.jpg"
            in dataset.notes)
    assert [record.getMessage().split(": ")[0] for record in caplog.records] == ["left out"] * 3


def test_more_than_allowed_are_refused_with_what_would_do(photos: Callable[..., str]) -> None:
    with pytest.raises(FileError, match=r"and 2 more.*To go on without them \(more than 8 %\), type --skip-broken 9%"):
        open_dataset(photos(cut), skip_broken=8)


def test_the_fingerprint_is_that_of_what_is_left(photos: Callable[..., str]) -> None:
    folder = photos(cut)
    without = open_dataset(folder, skip_broken=10).fingerprint
    for path in Path(folder).glob("*/x05.jpg"):
        path.unlink()
    assert open_dataset(folder).fingerprint == without


def test_a_class_is_never_left_out_whole(photos: Callable[..., str]) -> None:
    folder = photos(lambda path: None)
    for path in Path(folder, "bee").glob("*.jpg"):
        cut(path)
    with pytest.raises(DataError, match="no picture of the class 'bee' can be read"):
        open_dataset(folder, skip_broken=50)


def test_when_all_are_broken_there_is_nothing_to_go_on_with(photos: Callable[..., str]) -> None:
    folder = photos(lambda path: None)
    for path in Path(folder).glob("*/*.jpg"):
        cut(path)
    with pytest.raises(FileError, match=r"and 35 more: .* and 25 more\. Replace or remove the files\.$"):
        open_dataset(folder, skip_broken=100)


def test_percentages() -> None:
    assert [parse_percent(text) for text in ("5%", "5", "0.5 %", "100")] == [5, 5, 0.5, 100]
    for text in ("many", "-1%", "", "5%%", "1e2", "٥"):
        with pytest.raises(ArgumentError, match="--skip-broken must be a percentage"):
            parse_percent(text)
    with pytest.raises(ArgumentError, match="from 0 to 100 percent, but it is 101"):
        open_dataset("digits", skip_broken=101)
