"""Tables in other forms than ours: separators, encodings, names of columns, paths of other machines, ids, one-hot."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from pellucid.data import Dataset, open_dataset
from pellucid.errors import DataError, PellucidError

Save = Callable[..., object]
NAMES = [f"{word}{i}.png" for word in ("ant", "bee") for i in range(3)]


@pytest.fixture
def pictures(tmp_path: Path, save_png: Save) -> Path:
    for name in NAMES:
        save_png(tmp_path / "set" / "pics" / name)
    return tmp_path / "set"


def write(folder: Path, header: str, row: str, *, name: str = "labels.csv", encoding: str = "utf-8") -> Path:
    """A table with a line a picture: {f} its name, {s} without ending, {c} its class, {n} and {m} 0 or 1."""
    lines = [row.format(f=f, s=f[:-4], c=f[:3], n=int(f[0] == "a"), m=int(f[0] != "a")) for f in NAMES]
    (folder / name).write_bytes("\n".join([header, *lines, ""]).encode(encoding))
    return folder / name


def right(dataset: Dataset, classes: tuple[str, str] = ("ant", "bee")) -> None:
    train = dataset.part("train")
    assert dataset.class_names == classes and train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert [name.rpartition("/")[2] for name in train.names] == NAMES


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", ", ", "; "])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_separators_and_encodings(pictures: Path, separator: str, encoding: str) -> None:
    header, row = (separator.join(cells) for cells in (["path", "label", "née"], ["pics/{f}", "{c}", "é"]))
    write(pictures, header, row, encoding=encoding)
    dataset = open_dataset(str(pictures))
    right(dataset)
    assert "columns not used: née" in dataset.notes


@pytest.mark.parametrize("path", ["image_id", "id", "Image_Name", "filepath", "img", "name", "picture", "scan"])
@pytest.mark.parametrize("label", ["target", "category", "species", "Breed", "diagnosis", "labels", "kind"])
def test_names_of_columns(pictures: Path, path: str, label: str) -> None:
    for spec in (write(pictures, f"{path},{label}", "{s},{c}"), pictures):
        right(open_dataset(str(spec)))


@pytest.mark.parametrize("cell", [
    "{f}", "{s}", "pics/{f}", "./pics/{f}", "pics\\{f}", "/home/me/data/set/pics/{f}", "C:\\Users\\me\\set\\pics\\{f}",
    "c:/pics/{f}", "\\\\server\\share\\pics\\{f}", "set/pics/{f}", "elsewhere/{f}", "/kaggle/input/{s}", "{s}.jpg",
])  # fmt: skip
def test_paths_and_ids(pictures: Path, cell: str) -> None:
    write(pictures, "path,label", cell + ",{c}")
    right(open_dataset(str(pictures)))
    write(pictures, "image_id,target", cell + ",{c}")
    right(open_dataset(str(pictures)))


def test_ids_that_are_numbers_and_other_columns(pictures: Path) -> None:
    for number, name in enumerate(NAMES):
        (pictures / "pics" / name).rename(pictures / "pics" / f"{1000 + number}.png")
    lines = [f"{1000 + number},{30 + number},{name[:3]},p{number}" for number, name in enumerate(NAMES)]
    (pictures / "meta.csv").write_text("\n".join(["id,age,diagnosis,patient", *lines]))
    dataset = open_dataset(str(pictures), group="patient")
    assert dataset.class_names == ("ant", "bee") and dataset.part("train").groups is not None
    assert "pictures from column 'id'" in dataset.notes and "classes from column 'diagnosis'" in dataset.notes


def test_one_column_a_class(pictures: Path) -> None:
    write(pictures, "id,ant,bee", "{s},{n},{m}")
    right(open_dataset(str(pictures)))
    write(pictures, "id,ant,bee", "{s},{n}.0,{m}.0")
    right(open_dataset(str(pictures)))
    write(pictures, "id,ant,bee", "{s},{n},1")
    with pytest.raises(DataError, match="line 2: one of the 2 columns of classes must be 1 and the others 0, but 2"):
        open_dataset(str(pictures))


@pytest.mark.parametrize(("header", "row", "told"), [
    ("id,age,weight", "{s},3,4", "its columns are id, age, weight. Name the column of the classes: --label COLUMN."),
    ("id,species,breed", "{s},{c},{c}", "its columns are id, species, breed. Name the column of the classes: --label"),
    ("a,b", "1,2", "labels.csv names no picture of the folder (its columns are a, b)"),
])
def test_tables_whose_columns_do_not_fit_are_named(pictures: Path, header: str, row: str, told: str) -> None:
    write(pictures, header, row)
    with pytest.raises(DataError) as caught:
        open_dataset(str(pictures))
    assert told in str(caught.value), caught.value


def test_label_names_the_column_of_a_table_beside_pictures(pictures: Path) -> None:
    write(pictures, "id,species,breed", "{s},x,{c}")
    right(open_dataset(str(pictures), label="Breed"))
    with pytest.raises(DataError, match="must have a column 'kind', but its columns are id, species, breed"):
        open_dataset(str(pictures), label="kind")


@pytest.mark.parametrize("parts", [("train_images", "test_images"), ("train", "test"), ("Train-Images", "Test-Images")])
@pytest.mark.parametrize("ids", ["{s}", "{f}"])
def test_the_layout_of_kaggle(tmp_path: Path, save_png: Save, parts: tuple[str, str], ids: str) -> None:
    for name in NAMES:
        save_png(tmp_path / parts[0] / name)
        save_png(tmp_path / parts[1] / name, seed=1)               # the same names, other pictures, no labels
    write(tmp_path, "image_id,label", ids + ",{c}", name="train.csv")
    write(tmp_path, "image_id", ids, name="test.csv")
    write(tmp_path, "image_id,label", ids + ",ant", name="sample_submission.csv")
    dataset = open_dataset(str(tmp_path))
    right(dataset)
    assert list(dataset.parts) == ["train"] and dataset.part("train").names[0] == f"{parts[0]}/ant0.png"
    assert f"pictures not in the table, left out: 6 (such as {parts[1]}/ant0.png)" in dataset.notes


def test_a_name_that_several_pictures_have_is_told(pictures: Path, save_png: Save) -> None:
    save_png(pictures / "more" / "ant0.png")
    write(pictures, "image_id,label", "{f},{c}")
    with pytest.raises(DataError, match=r"line 2: 2 pictures in .* may be meant by ant0\.png.* Write their paths"):
        open_dataset(str(pictures / "labels.csv"))
    with pytest.raises(DataError, match="gives the pictures in the folder 'pics' 2 classes"):
        open_dataset(str(pictures))


def test_tables_beside_class_folders(tmp_path: Path, save_png: Save) -> None:
    for name in NAMES:
        save_png(tmp_path / name[:3] / name)
    before = open_dataset(str(tmp_path)).fingerprint
    write(tmp_path, "id,age,sex", "{s},3,f")
    dataset = open_dataset(str(tmp_path))
    told = "classes from folders; labels.csv not used (its columns are id, age, sex)"
    assert dataset.fingerprint == before and any(note.startswith(told) for note in dataset.notes)
    write(tmp_path, "id,species", "{s},{c}s")                      # as the folders say
    assert open_dataset(str(tmp_path)).fingerprint == before
    (tmp_path / "labels.csv").write_text("\n".join(["id,species"] + [f"{n[:-4]},{i % 2}" for i, n in enumerate(NAMES)]))
    with pytest.raises(DataError, match="gives the pictures in the folder 'ant' 2 classes by its column 'species'"):
        open_dataset(str(tmp_path))
    assert open_dataset(str(tmp_path / "labels.csv")).class_names == ("0", "1")


def test_unicode_forms_in_paths_labels_and_classes(tmp_path: Path, save_png: Save) -> None:
    lines = ["path,label"]
    for i in range(4):
        for word in ("crème", "bee"):
            save_png(tmp_path / f"{unicodedata.normalize('NFD', word)}{i}.png")
            lines.append(f"{word}{i}.png,{unicodedata.normalize(('NFC', 'NFD')[i % 2], word)}")
    (tmp_path / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    assert open_dataset(str(tmp_path)).class_names == ("bee", "crème")
    (tmp_path / "classes.txt").write_text(unicodedata.normalize("NFD", "crème") + "\nbee\n", encoding="utf-8")
    assert open_dataset(str(tmp_path)).part("train").labels.tolist() == [0, 1] * 4


def test_labels_from_one_with_a_list_of_classes(pictures: Path) -> None:
    (pictures / "classes.txt").write_text("ant\nbee\n")
    write(pictures, "path,label", "pics/{f},{n}")
    assert open_dataset(str(pictures)).part("train").labels.tolist() == [1, 1, 1, 0, 0, 0]
    lines = [f"pics/{name},{1 + (name[0] == 'b')}" for name in NAMES]
    (pictures / "labels.csv").write_text("\n".join(["path,label", *lines]))
    dataset = open_dataset(str(pictures))
    right(dataset)
    assert "labels begin with 1: the first line of classes.txt names label 1" in dataset.notes


@pytest.mark.parametrize("content", [b"", b"\0\0\0\0", b"\xff\xfe\x00", b"path\0label\n", b'"', b"path,label\n\"x",
                                     b"\x80\x81", b"PK\x03\x04" + bytes(range(256))])  # fmt: skip
def test_a_file_that_is_no_table_is_refused_in_one_sentence(pictures: Path, content: bytes) -> None:
    (pictures / "labels.csv").write_bytes(content)
    for spec in (pictures / "labels.csv", pictures):
        with pytest.raises(PellucidError) as caught:
            open_dataset(str(spec))
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 700
