"""Data that are broken or cannot be learnt from: refused with a sentence that names the file and a remedy."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data import open_dataset, pictures, read_image
from pellucid.errors import ArgumentError, DataError, FileError, PellucidError, UsageError

RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def refused(spec: Path | str, kind: type[PellucidError], *words: str, **options: Any) -> None:
    """Opening `spec` raises `kind`, in one line that has every one of `words`."""
    with pytest.raises(kind) as caught:
        open_dataset(str(spec), **options)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and [word for word in words if word not in text] == [], text


def png(shape: tuple[int, ...] = (5, 4, 3)) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(RANDOM.integers(0, 256, shape, dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def folder(root: Path, *names: str, **shapes: tuple[int, ...]) -> Path:
    for name in names or ("cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(png(shapes.get(Path(name).parts[0], (5, 4, 3))))
    return root


# --- what was typed -------------------------------------------------------------------------------------------------

def test_a_name_that_is_nothing(tmp_path: Path) -> None:
    refused("minst", UsageError, "'minst' is neither a known data set (digits, mnist,", "Check the path.")
    refused(tmp_path / "absent", UsageError, "absent' is neither a known data set", "nor a folder or file here")
    (tmp_path / "link").symlink_to(tmp_path / "absent")
    refused(tmp_path / "link", FileError, "link: the link leads nowhere")


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "data.mat").write_bytes(b"MATLAB 5.0")
    refused(tmp_path / "data.mat", DataError, "data.mat: a file of data must end in .npz, .h5, .csv, .tar, .tar.gz")


@pytest.mark.parametrize(("options", "words"), [
    ({"limit": 0}, ["--limit must be 1 or more, but it is 0"]),
    ({"limit": 5}, ["--limit must leave at least one image of each of 10 classes", "Type --limit 10 or more."]),
    ({"channels": "cmyk"}, ["--channels must be gray, rgb, hsv, hsl, yuv, ycbcr or names of its", "'cmyk'"]),
    ({"resize": (0, 4)}, ["--resize must be height x width", "--resize 64x64."]),
    ({"group": "donor"}, ["--group names a column of a CSV table", "Leave --group out"]),
])
def test_options_outside_their_values(options: dict[str, Any], words: list[str]) -> None:
    refused("digits", ArgumentError, *words, **options)


# --- image folders ----------------------------------------------------------------------------------------------------

def test_folders_without_pictures(tmp_path: Path) -> None:
    refused(tmp_path, DataError, str(tmp_path), "there is no picture in it", "train/<class>/*.png")
    folder(tmp_path, "0.png", "1.png")
    refused(tmp_path, DataError, "the picture 0.png lies in no class folder")


@pytest.mark.parametrize(("empty", "told"), [("owl", "the folder owl holds no picture"),
                                             ("train/owl", "the folder train/owl holds no picture"),
                                             ("test", "the folder test holds no picture")])
def test_an_empty_class_or_part(tmp_path: Path, empty: str, told: str) -> None:
    folder(tmp_path, *(["cat/0.png", "dog/0.png"] if empty == "owl" else ["train/cat/0.png", "train/dog/0.png"]))
    (tmp_path / empty).mkdir(parents=True)
    refused(tmp_path, DataError, str(tmp_path), told, "or remove the folder.")


def test_one_class_only(tmp_path: Path) -> None:
    refused(folder(tmp_path, "cat/0.png", "cat/1.png"), DataError, str(tmp_path), "every image is of class 'cat'",
            "Add images of a second class.")


def test_a_class_that_only_the_test_part_has(tmp_path: Path) -> None:
    folder(tmp_path, "train/cat/0.png", "train/dog/0.png", "test/owl/0.png")
    refused(tmp_path, DataError, "test/owl/0.png: the class 'owl' is not in the train part", "'cat', 'dog'")


def test_class_folders_beside_parts(tmp_path: Path) -> None:
    folder(tmp_path, "train/cat/0.png", "train/dog/0.png", "owl/0.png")
    refused(tmp_path, DataError, "the folder 'owl' stands beside")


def test_classes_txt_that_does_not_fit(tmp_path: Path) -> None:
    folder(tmp_path)
    listed = tmp_path / "classes.txt"
    listed.write_text("cat\n")
    refused(tmp_path, DataError, "the class 'dog' is not in classes.txt")
    listed.write_text("cat\ndog\nowl\n")
    refused(tmp_path, DataError, "1 of 3 are empty: 'owl'")
    listed.write_text("cat\ndog\ncat\n")
    refused(tmp_path, DataError, "classes.txt: the class 'cat' is listed twice")
    listed.write_bytes("Käfer".encode("latin-1"))
    refused(tmp_path, FileError, "classes.txt: class names must be UTF-8 text, but byte 1 is not")


@pytest.mark.parametrize(("harm", "told"), [
    (lambda content: b"", "this is not a picture that can be read (the file is empty)"),
    (lambda content: b"I am text", "this is not a picture that can be read (9 bytes of another kind"),
    (lambda content: content[: len(content) // 2], "the picture is truncated or corrupt"),
    (lambda content: content[:60] + bytes(255 - byte for byte in content[60:80]) + content[80:], "corrupt"),
])
@pytest.mark.parametrize("lazy", [False, True])
def test_a_corrupt_or_truncated_picture(tmp_path: Path, harm: Callable[[bytes], bytes], told: str, lazy: bool,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path)
    path = tmp_path / "dog" / "1.png"
    path.write_bytes(harm(png((40, 40, 3))))
    if lazy:                                      # a large set is decoded later: the fault shows when it is read
        monkeypatch.setattr(pictures, "LOAD_BYTES", 0)
    with pytest.raises(FileError) as caught:
        open_dataset(str(tmp_path), resize=(5, 4)).part("train").images.take(np.arange(4))
    assert f"{path}: " in str(caught.value) and told in str(caught.value)
    assert "Replace or remove the file." in str(caught.value)


def test_mixed_depths(tmp_path: Path) -> None:
    folder(tmp_path / "depths", "cat/0.png", "dog/0.png", cat=(5, 4), dog=(5, 4))
    Image.fromarray(np.full((5, 4), 999, np.uint16)).save(tmp_path / "depths" / "dog" / "0.png")
    refused(tmp_path / "depths", DataError, "cat/0.png is uint8 (1 of 2) and dog/0.png is uint16")


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def raw_png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def test_pictures_that_would_be_changed_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(raw_png(2, 1, 16, 2, bytes(13)))
    with pytest.raises(DataError, match=r"a\.png: 16-bit colour would be cut to 8 bits"):
        read_image(path)
    path.write_bytes(raw_png(60_000, 60_000, 8, 2, b""))
    with pytest.raises(DataError, match=r"a\.png: the picture has 3,600,000,000 pixels.*Type --max-pixels 3600000000"):
        read_image(path)
    Image.fromarray(RANDOM.integers(0, 256, (5, 4, 3), dtype=np.uint8)).convert("LAB").save(tmp_path / "b.tif")
    with pytest.raises(DataError, match=r"b\.tif: pictures of colour mode LAB are not read"):
        read_image(tmp_path / "b.tif")
    frames = [Image.fromarray(RANDOM.integers(0, 256, (5, 4), dtype=np.uint8)) for _ in range(2)]
    frames[0].save(tmp_path / "c.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(DataError, match=r"c\.gif: the file holds more than one picture"):
        read_image(tmp_path / "c.gif")
    with pytest.raises(FileError, match=r"d\.png cannot be read: .*Check the path"):
        read_image(tmp_path / "d.png")


# --- tars -------------------------------------------------------------------------------------------------------------

def tar_of(root: Path, *, packed: bool) -> Path:
    path = root.parent / ("set.tar.gz" if packed else "set.tar")
    with tarfile.open(path, "w:gz" if packed else "w") as archive:
        archive.add(folder(root), ".")
    return path


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.8])
def test_a_tar_cut_short(tmp_path: Path, packed: bool, share: float) -> None:
    path = tar_of(tmp_path / "set", packed=packed)
    content = path.read_bytes()
    ends = len(content) if packed else content.rstrip(b"\0").__len__()
    path.write_bytes(content[: int(share * ends)])
    refused(path, FileError, str(path), "cut short or damaged: copy or download it again.")


def test_a_tar_cut_between_two_members_or_with_a_broken_header(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "set", packed=False)
    content = path.read_bytes()
    with tarfile.open(path) as archive:
        third = archive.getmembers()[3].offset
    path.write_bytes(content[:third])
    refused(path, FileError, str(path), "the archive breaks off after", "copy or download it again.")
    path.write_bytes(content[: third + 100] + b"99999999" + content[third + 108 :])
    refused(path, FileError, str(path), "the archive breaks off after")


def test_a_tar_of_links_and_no_tar_at_all(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "links.tar", "w") as archive:
        member = tarfile.TarInfo("cat/0.png")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    refused(tmp_path / "links.tar", DataError, "links.tar:cat/0.png: the member is a link or a device")
    (tmp_path / "text.tar").write_text("hello " * 200)
    refused(tmp_path / "text.tar", FileError, "text.tar: the archive cannot be read")


# --- IDX --------------------------------------------------------------------------------------------------------------

def idx(magic: int, sizes: tuple[int, ...], content: bytes) -> bytes:
    return struct.pack(f">{1 + len(sizes)}I", magic, *sizes) + content


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)  # without the time, so that every worker collects the same test names


@pytest.fixture
def idx_folder(tmp_path: Path) -> Path:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(2051, (6, 3, 2), bytes(range(36))))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(2049, (6,), bytes([0, 1, 2, 0, 1, 2])))
    return tmp_path


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.mark.parametrize(("name", "content", "words"), [
    (IMAGES, idx(2049, (6,), bytes(30)), ["the magic number must be 2051 (IDX images), but it is 2049 (IDX labels)"]),
    (LABELS, idx(77, (6,), bytes(6)), ["must be 2049 (IDX labels), but it is 77 (no format that Pellucid knows)"]),
    (IMAGES, idx(2051, (6, 3, 2), bytes(35)), ["promises 6 x 3 x 2 = 36 bytes, but 35 follow", "cut short or damaged"]),
    (IMAGES, idx(2051, (6, 3, 2), bytes(37)), ["promises 6 x 3 x 2 = 36 bytes, but 37 follow"]),
    (IMAGES, b"\0\0\x08", ["an IDX header needs 16 bytes, but the file holds 3"]),
    (LABELS, b"", ["an IDX header needs 8 bytes, but the file holds 0"]),
    (IMAGES, packed(idx(2051, (6, 3, 2), RANDOM.bytes(36)))[:-12], ["the gzip data cannot be unpacked"]),
    (IMAGES, packed(b"x" * 99)[:-8] + bytes(8), ["the gzip data cannot be unpacked", "damaged: copy"]),
])
def test_broken_idx_files(idx_folder: Path, name: str, content: bytes, words: list[str]) -> None:
    (idx_folder / name).write_bytes(content)
    refused(idx_folder, FileError, str(idx_folder / name), *words)


def test_idx_labels_that_do_not_fit(idx_folder: Path) -> None:
    labels = idx_folder / LABELS
    labels.write_bytes(idx(2049, (5,), bytes(5)))
    refused(idx_folder, DataError, "holds 6 images, but train-labels-idx1-ubyte holds 5 labels")
    labels.write_bytes(idx(2049, (6,), bytes([0, 1, 2, 0, 1, 250])))
    refused(idx_folder, DataError, "labels of the train part go up to 250, but there are 6 images")
    labels.write_bytes(idx(2049, (6,), bytes([0, 1, 2, 0, 1, 5])))
    refused(idx_folder, DataError, "every class from 0 to 5", "2 of 6 are empty: '3', '4'.", "correct a label")
    (idx_folder / "classes.txt").write_text("a\nb\nc\n")
    refused(idx_folder, DataError, "labels of the train part must be in the range 0 to 2 (3 classes), but one is 5")
    labels.write_bytes(idx(2049, (6,), bytes(6)))
    refused(idx_folder, DataError, "every image is of class 'a'", "Add images of a second class.")
    (idx_folder / "classes.txt").unlink()
    refused(idx_folder, DataError, "every image is of class '0'")


def test_idx_files_without_their_pair_or_twice(idx_folder: Path) -> None:
    (idx_folder / (IMAGES + ".gz")).write_bytes(b"")
    refused(idx_folder, DataError, "there are two files of train images", "Remove one of them.")
    (idx_folder / (IMAGES + ".gz")).unlink()
    (idx_folder / "t10k-labels-idx1-ubyte").write_bytes(idx(2049, (1,), b"\1"))
    refused(idx_folder, DataError, "t10k-labels-idx1-ubyte has no file of images beside it")
    (idx_folder / "t10k-labels-idx1-ubyte").rename(idx_folder / "extra-labels-idx1-ubyte")
    refused(idx_folder, DataError, "must begin with train, validation, test or t10k, but it begins with 'extra'")


# --- NPZ --------------------------------------------------------------------------------------------------------------

def npz(path: Path, **arrays: Any) -> Path:
    full = {"x_train": RANDOM.random((6, 3, 2)).astype(np.float32), "y_train": np.arange(6) % 3, **arrays}
    np.savez(path, **{name: array for name, array in full.items() if array is not None})
    return path


def with_value(value: float) -> np.ndarray:
    x = np.zeros((6, 3, 2, 1), np.float32)
    x[4, 1, 0, 0] = value
    return x


@pytest.mark.parametrize(("arrays", "words"), [
    ({"x_train": with_value(np.nan)}, ["x_train must be finite, but 1 value", "the first at [4, 1, 0, 0] (nan)"]),
    ({"x_train": with_value(-np.inf)}, ["the first at [4, 1, 0, 0] (-inf)"]),
    ({"y_train": np.arange(5)}, ["y_train must have one label for each of the 6 images of x_train, but it has 5"]),
    ({"y_train": None}, ["there is x_train but no y_train"]),
    ({"x_train": None, "y_train": None, "a": np.ones(3)}, ["must be called x_train, y_train", "but they are a"]),
    ({"y_train": np.array([0, 1, 2, 0, 1, -1])}, ["must be in the range 0 to 2 (3 classes), but one is -1"]),
    ({"y_train": np.array([0, 1, 2, 0, 1, 9])}, ["go up to 9, but there are 6 images"]),
    ({"x_test": np.zeros((2, 3, 2)), "y_test": np.array([0, 3])}, ["labels of the test part must be in the range 0"]),
    ({"y_train": np.zeros(6, int)}, ["every image is of class '0'"]),
    ({"y_train": np.eye(6)[:, :3]}, ["one label an image", "One-hot? Save y.argmax(axis=1)."]),
    ({"y_train": np.array([0, 1, 2, 0, 1, np.nan])}, ["must be whole numbers from 0", "with fractions or NaN"]),
    ({"y_train": np.array([0.5, 1, 2, np.inf, 1, 3])}, ["y_train must be finite, but 1 value", "at [3] (inf)"]),
    ({"y_train": np.array(list("abcabc"))}, ["must be whole numbers from 0 (the classes), but its dtype is <U1"]),
    ({"x_train": np.zeros((6, 12))}, ["(N, H, W) or (N, H, W, C), but its shape is (6, 12)", "x.reshape"]),
    ({"x_train": np.zeros((6, 3, 9, 9))}, ["channels last", "Save x.transpose(0, 2, 3, 1)."]),
    ({"x_train": np.full((6, 3, 2), -3)}, ["whole numbers from -3 to -3, but pixels are 0 to 255"]),
    ({"x_train": np.zeros((6, 3, 2), complex)}, ["its dtype is complex128"]),
    ({"x_test": np.zeros((3, 4, 2), np.float32), "y_test": np.arange(3)}, ["one size and dtype", "test is (4, 2, 1)"]),
    ({"x_test": np.zeros((3, 3, 2), np.uint8), "y_test": np.arange(3)}, ["test is (3, 2, 1) uint8", "them alike."]),
])
def test_npz_arrays_that_are_no_data_set(tmp_path: Path, arrays: dict[str, Any], words: list[str]) -> None:
    refused(npz(tmp_path / "set.npz", **arrays), DataError, "set.npz", *words)


def test_no_object_is_ever_unpickled(tmp_path: Path) -> None:
    opened = tmp_path / "opened"

    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (opened,))

    path = npz(tmp_path / "object.npz", y_train=np.array([Harm()] * 6, dtype=object))
    refused(path, FileError, "object.npz", "'y_train' holds Python objects (a pickle)", "numpy.savez(")
    (tmp_path / "renamed.npz").write_bytes(pickle.dumps(Harm()))
    refused(tmp_path / "renamed.npz", FileError, "renamed.npz", "it is a pickle, which can run code when it is read")
    assert not opened.exists()


@pytest.mark.parametrize(("harm", "told"), [
    (lambda content: content[: len(content) // 2], "the file is truncated or corrupt"),
    (lambda content: content[:90] + bytes(30) + content[120:], "the file is truncated or corrupt"),
    (lambda content: b"", "it is empty"), (lambda content: b"\x93NUMPY" + content, "it is a single array (.npy)"),
    (lambda content: b"hello" + content, "it begins otherwise"),
])
def test_broken_npz_files(tmp_path: Path, harm: Callable[[bytes], bytes], told: str) -> None:
    path = npz(tmp_path / "set.npz")
    path.write_bytes(harm(path.read_bytes()))
    refused(path, FileError, str(path), told)


# --- CSV tables -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("lines", "words"), [
    (["path,label", "cat/0.png,a", "dog/0.png,b", "cat/0.png,a"],
     ["cat/0.png is listed twice, on lines 2 and 4. Keep one row a picture."]),
    (["path,label", "cat/0.png,a", "gone.png,b", "gone2.png,b"], ["line 3: there is no file gone.png and 1 more in"]),
    (["path,label", "cat/0.png,a", "dog/0.png,"], ["line 3 has nothing in the column 'label'. Fill it in"]),
    (["path,label", "cat/0.png,a", "dog/0.png"], ["line 3 has nothing in the column 'label'"]),
    (["path,label", "cat/0.png,a,b"], ["line 2 has more cells than the header has columns"]),
    (["path,name,age", "cat/0.png,a,3"], ["a column of labels, called label or class, but its columns are path,"]),
    (["a;b", "cat;dog"], ["a column of paths, called path", "but its columns are a, b. Correct the header line."]),
    (["path,label"], ["the table has no rows below its header"]),
    ([""], ["but its columns are missing"]),
    (["path,label,split", "cat/0.png,a,learn"], ["line 2: the column 'split' must be train, validation or test"]),
    (["path,label", "cat/0.png,a", "dog/0.png,a"], ["every image is of class 'a'"]),
    (["path,label,split", "cat/0.png,a,train", "cat/1.png,b,train", "dog/0.png,c,test"], ["1 of 3 are empty: 'c'"]),
    (["path,label", 'cat/0.png,"a" b'], ["line 2 cannot be read"]),
])
def test_tables_that_cannot_be_meant(tmp_path: Path, lines: list[str], words: list[str]) -> None:
    folder(tmp_path)
    table = tmp_path / "table.csv"
    table.write_text("\n".join(lines) + "\n")
    refused(table, DataError, str(table), *words)


def test_table_labels_outside_classes_txt_and_columns_that_are_not_there(tmp_path: Path) -> None:
    folder(tmp_path)
    table = tmp_path / "table.csv"
    table.write_text("path,label\ncat/0.png,0\ndog/0.png,2\n")
    (tmp_path / "classes.txt").write_text("a\nb\n")
    refused(table, DataError, "line 3: the label must be one of the 2 names in classes.txt or a number from 0 to 1",
            "but it is '2'")
    refused(table, DataError, "the table must have a column 'donor', but its columns are path, label", group="donor")
    table.write_bytes(b"\xff\xfepath,label\n")
    refused(table, FileError, "table.csv: a table must be text, but byte")
    table.write_text("path,label\ncat/0.png,a\n")
    (tmp_path / "other.csv").write_text("file,class\ncat/0.png,a\n")
    refused(tmp_path, DataError, "several tables name pictures: other.csv, table.csv", "Type the path of the one")
