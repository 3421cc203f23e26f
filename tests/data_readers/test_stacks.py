"""Pictures in several files, one a channel, and files of many channels."""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data import open_dataset, read_image
from pellucid.data.dataset import Dataset
from pellucid.data.stacks import parse_pattern
from pellucid.errors import ArgumentError, DataError, FileError, PellucidError
from tests.data_readers.conftest import png_bytes

tifffile = pytest.importorskip("tifffile")
RANDOM = np.random.default_rng(5)
PATTERN = "w1=nuclei,w2=er,w3=actin"


def planes(root: Path, *names: str, channels: int = 3, dtype: str = "uint8") -> dict[str, np.ndarray]:
    """A file a channel for each picture, w1 to w3; the pictures (7, 5, C)."""
    made = {}
    for name in names:
        made[name] = RANDOM.integers(0, np.iinfo(dtype).max + 1, (7, 5, channels)).astype(dtype)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        for channel in range(channels):
            (root / f"{name}_w{channel + 1}.png").write_bytes(png_bytes(made[name][..., channel]))
    return made


def first(dataset: Dataset, place: int = 0, part: str = "train") -> np.ndarray:
    return dataset.part(part).images.take(np.array([place]))[0]


def tiff(pixels: np.ndarray, **words: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **{"photometric": "minisblack", **words})
    return buffer.getvalue()


@pytest.mark.parametrize(("path", "words", "split"), [
    ("train/U2OS-01/B02_s1_w1.png", "w1,w2", ("train/U2OS-01/B02_s1.png", "w1")),
    ("a_w10.png", "w1,w10", ("a.png", "w10")), ("a_w10.png", "w1", None), ("aw1_b.png", "w1", None),
    ("AS_D03f00d0.tif", "d0,d1", ("AS_D03f00.tif", "d0")), ("0_1_N_G.png", "G,R", ("0_1_N.png", "G")),
    ("dna/x/7.png", "dna,er", ("x/7.png", "dna")), ("x/dna/7.png", "dna,er", ("x/7.png", "dna")),
    ("w1_s2.png", "w1", ("s2.png", "w1")), ("w1_w2.png", "w1,w2", ("w1.png", "w2")),
])
def test_what_a_name_tells(path: str, words: str, split: tuple[str, str] | None) -> None:
    pattern = parse_pattern(",".join(f"{word}=name of {word}" for word in words.split(",")))
    assert pattern.split(path) == split


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_planes_become_one_picture_in_the_order_asked_for(tmp_path: Path, dtype: str) -> None:
    made = planes(tmp_path, "cat/a", "cat/b", "dog/c", dtype=dtype)
    dataset = open_dataset(str(tmp_path), channels="w3=actin,w1=nuclei")
    assert dataset.channel_names == ("actin", "nuclei") and dataset.class_names == ("cat", "dog")
    assert dataset.part("train").names == ("cat/a.png", "cat/b.png", "dog/c.png")
    assert np.array_equal(first(dataset, 2), made["dog/c"][..., [2, 0]]) and str(dataset.dtype) == dtype
    assert "pictures whose names hold no channel, left out: 3" in " ".join(dataset.notes)
    again = open_dataset(str(tmp_path), channels="w3=actin,w1=nuclei")
    assert again.fingerprint == dataset.fingerprint != open_dataset(str(tmp_path), channels="w1=nuclei").fingerprint


def test_planes_in_a_tar_and_named_by_a_table(tmp_path: Path) -> None:
    made = planes(tmp_path / "pictures", "a", "b", "c", "d")
    (tmp_path / "list.csv").write_text("id,label\na,x\nb,y\nc,x\nd,y\n")
    dataset = open_dataset(str(tmp_path), channels=PATTERN)
    assert np.array_equal(first(dataset, 1), made["b"]) and dataset.class_names == ("x", "y")
    with tarfile.open(tmp_path / "t.tar", "w") as archive:
        for place, file in enumerate(sorted((tmp_path / "pictures").iterdir())):
            archive.add(file, f"{'xy'[place // 6]}/{file.name}")
    dataset = open_dataset(str(tmp_path / "t.tar"), channels=PATTERN)
    assert np.array_equal(first(dataset, 3), made["d"]) and len(dataset.part("train")) == 4


def test_missing_channels_are_told_and_left_out_unless_all_are_required(tmp_path: Path) -> None:
    planes(tmp_path, "cat/a", "cat/b", "dog/c")
    (tmp_path / "cat" / "b_w2.png").unlink()
    (tmp_path / "cat" / "b_w3.png").unlink()
    dataset = open_dataset(str(tmp_path), channels=PATTERN)
    told = "left out: 1 of 3 pictures lack channels (actin, er), such as cat/b.png: er, actin"
    assert any(note.startswith(told) for note in dataset.notes) and len(dataset.part("train")) == 2
    assert len(open_dataset(str(tmp_path), channels="w1=nuclei").part("train")) == 3
    with pytest.raises(DataError, match=r"1 of 3 pictures lack channels .* leave --require-all-channels out"):
        open_dataset(str(tmp_path), channels=PATTERN, require_all_channels=True)


def test_planes_that_do_not_fit_are_one_sentence(tmp_path: Path) -> None:
    planes(tmp_path, "cat/a", "cat/c", "dog/b")
    odd, kept = tmp_path / "cat" / "a_w2.png", (tmp_path / "cat" / "a_w2.png").read_bytes()
    for content, words in (
        (png_bytes(np.zeros((7, 6), np.uint8)), r"a_w2\.png: the channel has 7x6 pixels, but that in .*a_w1\.png 7x5"),
        (png_bytes(np.zeros((7, 5), np.uint16)), r"a_w2\.png: the channel is uint16, but that in cat/a_w1\.png uint8"),
        (tiff(np.zeros((4, 7, 5), np.uint8)), r"a_w2\.png: the file holds 4 channels"),
        (kept[:40], r"a_w2\.png: "),
    ):
        odd.write_bytes(content)
        with pytest.raises(PellucidError, match=words):
            open_dataset(str(tmp_path), channels=PATTERN)
        assert len(open_dataset(str(tmp_path), channels=PATTERN, skip_broken=50).part("train")) == 2
    odd.write_bytes(kept)
    (tmp_path / "cat" / "a-w2.png").write_bytes(kept)
    with pytest.raises(DataError, match=r"both cat/a-w2.png and cat/a_w2.png claim the channel w2"):
        open_dataset(str(tmp_path), channels=PATTERN)
    with pytest.raises(DataError, match="no picture's name holds q7, which --channels says"):
        open_dataset(str(tmp_path), channels="q7=x")
    for text, words in (("w1=", "WORD=NAME for each channel"), ("w1=a,w1=b", "different words in names of files"),
                        ("w1=a,w2=a", "different names of channels"), ("w1=a,b", "WORD=NAME for each channel")):
        with pytest.raises(ArgumentError, match=words):
            open_dataset(str(tmp_path), channels=text)


def test_of_a_palette_in_a_plane_the_places_are_what_was_measured(tmp_path: Path) -> None:
    measured = RANDOM.integers(0, 256, (7, 5), dtype=np.uint8)
    for place in range(4):
        picture = Image.fromarray(measured).convert("P")
        picture.putdata(measured.ravel().tolist())
        picture.putpalette([(7 * place + 31 * k) % 256 for k in range(768)])        # a lookup table of false colours
        file = tmp_path / "xy"[place % 2] / f"{place}_w1.tif"
        file.parent.mkdir(exist_ok=True)
        picture.save(file)
    assert np.array_equal(first(open_dataset(str(tmp_path), channels="w1=cells"))[..., 0], measured)


def test_one_deep_picture_among_others_is_named(tmp_path: Path) -> None:
    planes(tmp_path, "cat/a", "cat/b", "dog/c")
    planes(tmp_path, "dog/d", dtype="uint16")
    with pytest.raises(DataError, match=r"must have one depth, but cat/a.png is uint8 \(3 of 4\) and dog/d"):
        open_dataset(str(tmp_path), channels=PATTERN)


@pytest.mark.parametrize(("words", "dtype"), [
    ({}, "uint16"), ({"bigtiff": True, "byteorder": ">"}, "uint16"), ({"compression": "lzw"}, "uint8"),
    ({"compression": "packbits", "byteorder": ">"}, "uint16"), ({"compression": "zlib", "predictor": True}, "float32"),
    ({"planarconfig": "separate"}, "uint8"), ({"photometric": "miniswhite"}, "uint8"), ({}, "float64"),
])
def test_tiff_of_many_channels(tmp_path: Path, words: dict[str, Any], dtype: str) -> None:
    pixels = (RANDOM.random((5, 9, 8)) * (200 if dtype[0] == "u" else 1)).astype(dtype)
    (tmp_path / "x.tif").write_bytes(tiff(pixels, **words))
    read = read_image(tmp_path / "x.tif")
    expected = 255 - pixels if words.get("photometric") else pixels
    assert read.dtype == ("float32" if dtype == "float64" else dtype)
    assert np.array_equal(read, np.moveaxis(expected, 0, -1).astype(read.dtype))
    assert read_image(tmp_path / "x.tif", resize=(4, 4), channels="channel_3,channel_0").shape == (4, 4, 2)


def test_names_of_ome_tiff_reach_the_data_set(tmp_path: Path) -> None:
    names = ["DNA, DAPI", "ER", "Golgi", "Actin"]
    for place in range(4):
        file = tmp_path / "xy"[place % 2] / f"{place}.ome.tif"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(tiff(RANDOM.integers(0, 4000, (4, 6, 5), np.uint16), ome=True,
                              metadata={"axes": "CYX", "Channel": {"Name": names}}))
    dataset = open_dataset(str(tmp_path))
    assert dataset.channel_names == ("DNA DAPI", "ER", "Golgi", "Actin") and dataset.image_shape == (6, 5, 4)
    chosen = open_dataset(str(tmp_path), channels="Actin,DNA DAPI")
    assert np.array_equal(first(chosen), first(dataset)[..., [3, 0]]) and chosen.dtype == np.uint16
    (tmp_path / "y" / "1.ome.tif").write_bytes(tiff(RANDOM.integers(0, 4000, (2, 6, 5), np.uint16)))
    with pytest.raises(DataError, match=r"but x/0.* has DNA DAPI, ER, .* and y/1.* channel_0, channel_1"):
        open_dataset(str(tmp_path))


@pytest.mark.parametrize(("content", "words"), [
    (tiff(np.zeros((3, 6, 5), np.uint8), ome=True, metadata={"axes": "ZYX"}), "it holds 3 slices and 1 times"),
    (tiff(np.zeros((3, 6, 5), np.uint8), imagej=True, metadata={"axes": "TYX"}), "it holds 1 slices and 3 times"),
    (tiff(np.zeros((3, 6, 5), np.uint8), compression="lzma"), "TIFF packed as LZMA is not read"),
    (tiff(np.zeros((3, 6, 5), np.int32)), "colour mode I are not read"),
    (tiff(np.zeros((6, 7, 5), np.int16), planarconfig="contig"), "TIFF of int16 is not read"),
    (tiff(np.zeros((300, 2, 2), np.uint8)), "pages of a picture may be at most 256 channels, but it is 257"),
    (tiff(np.zeros((6, 40, 30), np.uint16))[:-5000], "truncated or corrupt"),
    (tiff(np.zeros((6, 9000, 9000), np.uint8), compression="zlib"), "the picture has 81,000,000 pixels"),
])
def test_tiff_that_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "x.tif").write_bytes(content)
    with pytest.raises((DataError, FileError), match=words):
        read_image(tmp_path / "x.tif")


def test_a_tiff_that_leads_back_to_itself_or_swells_is_refused(tmp_path: Path) -> None:
    content = bytearray(tiff(RANDOM.integers(0, 9, (3, 6, 5), np.uint8)))
    with tifffile.TiffFile(io.BytesIO(content)) as file:
        offsets, last = [page.offset for page in file.pages], file.pages.next_page_offset
    content[last : last + 4] = offsets[0].to_bytes(4, "little")
    (tmp_path / "x.tif").write_bytes(content)
    with pytest.raises(FileError, match=r"truncated or corrupt|lead back"):
        read_image(tmp_path / "x.tif")
    (tmp_path / "y.tif").write_bytes(tiff(np.zeros((64, 2000, 2000), np.uint8), compression="zstd", rowsperstrip=2000))
    with pytest.raises(FileError, match="may be at most 1,000 times its packed size"):
        read_image(tmp_path / "y.tif")


def test_without_the_extra_the_sentence_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.tif").write_bytes(tiff(RANDOM.integers(0, 9, (3, 6, 5), np.uint8)))
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(DataError, match=r'x.tif: the file holds more .*pip install "pellucid\[cells\]"'):
        read_image(tmp_path / "x.tif")


def test_arrays_are_pictures_where_there_are_no_others(tmp_path: Path) -> None:
    made = [RANDOM.random((6, 5, 4)).astype(np.float32) for _ in range(4)]
    for place, pixels in enumerate(made):
        (tmp_path / "xy"[place % 2]).mkdir(exist_ok=True)
        np.save(tmp_path / "xy"[place % 2] / f"{place}.npy", np.asfortranarray(pixels) if place else pixels)
    dataset = open_dataset(str(tmp_path), channels="channel_3,channel_1")
    assert np.array_equal(first(dataset, 2), made[1][..., [3, 1]]) and dataset.dtype == np.float32
    (tmp_path / "x" / "p.png").write_bytes(png_bytes(np.zeros((4, 4), np.uint8)))
    (tmp_path / "y" / "q.png").write_bytes(png_bytes(np.ones((4, 4), np.uint8)))
    assert "arrays beside pictures, not read: 4 .npy" in open_dataset(str(tmp_path)).notes
    for array, words in ((np.zeros((6, 50, 300), np.uint8), "channels come first"), (np.zeros(3), "is no picture"),
                         (np.zeros((2, 2), np.complex64), "is no picture"), (np.array([[{}]]), "is no picture")):
        np.save(tmp_path / "z.npy", array, allow_pickle=True)
        with pytest.raises(PellucidError, match=words):
            read_image(tmp_path / "z.npy")
    (tmp_path / "z.npy").write_bytes((tmp_path / "x" / "0.npy").read_bytes()[:-9])
    with pytest.raises(FileError, match="the array is cut short"):
        read_image(tmp_path / "z.npy")


def test_every_real_microscopy_file_opens_right(shared_data: Path, tmp_path: Path) -> None:
    """Their README tells the ranges; Pillow's conversion to RGB shows the 16-bit ones white."""
    with tarfile.open(shared_data / "cell-files" / "cell-files.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    ranges = {"D03f00d0.tif": (7, 255), "D03f00d1.tif": (7, 245), "D03f00d2.tif": (2, 255), "N_G.png": (23808, 65535),
              "N_R.png": (13824, 47871), "hrhoe2.tif": (294, 2319), "cherry.tif": (32993, 36863),
              "F54A05F3EA94.tif": (1976, 65279), "f00d2.TIF": (0, 255), "f01d2.TIF": (0, 255), "f02d2.TIF": (0, 255)}
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) == len(ranges) == 11
    for file in files:
        pixels = read_image(file)
        low, high = next(told for end, told in ranges.items() if file.name.endswith(end))
        assert (pixels.min(), pixels.max()) == (low, high) and pixels.dtype == ("uint16" if high > 255 else "uint8")
    human = tmp_path / "cell-files" / "ExampleHuman"
    three = open_dataset(str(shaped(human, tmp_path / "one")), channels="d0=DNA,d1=pH3,d2=cytoplasm", learning=False)
    assert three.channel_names == ("DNA", "pH3", "cytoplasm") and three.image_shape == (512, 512, 3)
    for place, file in enumerate(sorted(human.iterdir())):
        assert np.array_equal(first(three)[..., place], np.array(Image.open(file)))
    palettes = tmp_path / "cell-files" / "ExampleIlluminationCorrection"
    sites = open_dataset(str(shaped(palettes, tmp_path / "two")), channels="d2=cells", learning=False)
    assert len(sites.part("train")) == 3 and sites.image_shape == (512, 512, 1)
    assert np.array_equal(first(sites)[..., 0], np.array(Image.open(palettes / "AS_09047_050428030001_O01f00d2.TIF")))


def shaped(folder: Path, root: Path) -> Path:
    """A folder of one class whose pictures are those of another folder."""
    root.mkdir()
    (root / "wells").symlink_to(folder)
    return root
