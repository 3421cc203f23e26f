"""Tables of numbers: which columns, how they are written, what is refused, and when nobody says what is learnt."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pellucid.data import Dataset, describe_dataset, leaking_groups, open_dataset, split_validation
from pellucid.data.annotations import Numbers
from pellucid.data.directory import flow_from_directory
from pellucid.errors import ArgumentError, DataError

Save = Callable[..., np.ndarray]
COUNT = 24


@pytest.fixture
def pictures(tmp_path: Path, save_png: Save) -> Path:
    for i in range(COUNT):
        save_png(tmp_path / "set" / "pics" / f"p{i}.png")
    return tmp_path / "set"


def table(folder: Path, header: str, *rows: str, name: str = "table.csv") -> str:
    """A table whose row i is pics/p<i>.png, the header's separator, and the cells of rows[i]."""
    separator = next(mark for mark in ";\t|," if mark in header)
    lines = [header, *(f"pics/p{i}.png{separator}{row}" for i, row in enumerate(rows))]
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    return str(folder / name)


def numbers(dataset: Dataset, part: str = "train") -> Numbers:
    found = dataset.part(part).annotations
    assert isinstance(found, Numbers) and dataset.class_names == ()
    return found


def refused(spec: str, *words: str, kind: str | None = "numbers", label: str | None = None) -> str:
    with pytest.raises(DataError) as caught:
        open_dataset(spec, annotations=kind, label=label)
    told = str(caught.value)
    assert all(word in told for word in words) and "\n" not in told, told
    return told


@pytest.mark.parametrize(("header", "row", "label", "names", "units"), [
    ("path,target", "{}", None, ["target"], [""]),
    ("path,target,target2,sharpness", "{},{},3", None, ["target", "target2"], ["", ""]),
    ("path,target_x (px),target_y (px),who", "{},{},anna", None, ["target_x", "target_y"], ["px", "px"]),
    ("file,Angle (degrees)", "{}", None, ["Angle"], ["degrees"]),
    ("path,length [mm],width [mm]", "{},{}", "length,width", ["length", "width"], ["mm", "mm"]),
    ("path,x,y,weather", "{},{},{}", None, ["x", "y"], ["", ""]),
    ("path,label,age", "cat,{}", None, ["age"], [""]),
    ("path,label", "{}", None, ["label"], [""]),
    ("path,hue,remark,size", "{},dark,{}", None, ["hue", "size"], ["", ""]),
    ("path,index,hue", "7,{}", None, ["hue"], [""]),
    ("path,hue,size", "{},{}", "size", ["size"], [""]),
    ("path,hue (of skin),hue (of sky)", "{},{}", None, ["hue (of skin)", "hue (of sky)"], ["of skin", "of sky"]),
    ("path;value", "{}", None, ["value"], [""]),
    ("path\tscore", "{}", None, ["score"], [""]),
])  # fmt: skip
def test_which_columns(pictures: Path, header: str, row: str, label: str | None, names: list[str],
                       units: list[str]) -> None:
    spec = table(pictures, header, *(row.format(i, i, i) for i in range(6)))
    for place in (spec, str(pictures)):
        dataset = open_dataset(place, annotations="numbers", label=label)
        found = numbers(dataset)
        assert list(found.names) == names and list(found.units) == units
        assert found.values.tolist() == [[i] * len(names) for i in range(6)] and found.values.dtype == np.float64
        assert any(note.startswith(f"numbers from column{'s' * (len(names) > 1)} '") for note in dataset.notes)


@pytest.mark.parametrize(("cells", "values"), [
    (["1", "-2.5", "+3.", ".5", "1e3", "-1.5E-2"], [1, -2.5, 3, 0.5, 1000, -0.015]),
    (["\u22121.5", " 2 ", '"3.5"', "1e308", "-0", "007"], [-1.5, 2, 3.5, 1e308, 0, 7]),
])
def test_how_numbers_are_written(pictures: Path, cells: list[str], values: list[float]) -> None:
    assert numbers(open_dataset(table(pictures, "path,value", *cells), annotations="numbers")).values.tolist() == [
        [value] for value in values]


@pytest.mark.parametrize("header", ["path;value", "path\tvalue", "path|value"])
def test_decimal_commas_are_read_with_a_note(pictures: Path, header: str) -> None:
    dataset = open_dataset(table(pictures, header, "1,5", "-2,25", "3", "0,125", "1,000"), annotations="numbers")
    assert numbers(dataset).values[:, 0].tolist() == [1.5, -2.25, 3, 0.125, 1]
    assert "decimal commas read as points" in dataset.notes


@pytest.mark.parametrize(("cell", "words"), [
    ("", ["line 4 has nothing in the column 'size (mm)'. Fill it in or remove the row."]),
    ("NaN", ["line 4: the column 'size (mm)' must be a number, but it is 'NaN'. Fill it in, or remove the row."]),
    ("inf", ["line 4: the column 'size (mm)'", "but it is 'inf'"]),
    ("-Infinity", ["but it is '-Infinity'. Fill it in"]),
    ("1e400", ["but it is '1e400', beyond 1.8e308, the largest that is kept. Correct it"]),
    ("9" * 400, ["beyond 1.8e308"]), ("1" * 60_000 + "x", ["line 4", "1111"]),
    ("cat", ["line 4", "but it is 'cat'. Correct it, or name another column of numbers: --label COLUMN."]),
    ("12 mm", ["but it is '12 mm'. Write the number alone; a unit belongs in the header, as in 'length (mm)'."]),
    ('"1,234.5"', ["but it is '1,234.5', which may have marks of thousands. Write it with a decimal point"]),
    ('"1,234"', ["which may have marks of thousands"]), ("1'234", ["marks of thousands"]),
    ("1 234.5", ["marks of thousands"]), ("1.234.567", ["marks of thousands"]),
    ('"1,5"', ["but it is '1,5', where other rows have a decimal point. Write all with a decimal point."]),
    ("1,5", ["line 4 has more cells than the header has columns", "write 1.5 for 1,5."]),
    ("1_000", ["but it is '1_000'"]), ("0x10", ["but it is '0x10'"]), ("\u0663", ["but it is '\u0663'"]),
])  # fmt: skip
def test_a_cell_that_is_no_number_is_named(pictures: Path, cell: str, words: list[str]) -> None:
    refused(table(pictures, "path,size (mm)", "1.5", "2", cell, "4"), "table.csv", *words)
    if cell not in ("", "1,5"):
        refused(table(pictures, "path,label,size (mm)", "a,1.5", "b,2", f"c,{cell}", "d,4"), *words, label="size")


@pytest.mark.parametrize(("header", "rows", "words"), [
    ("path,label", ["cat", "dog"], ["table.csv: line 2: the column 'label' must be a number, but it is 'cat'"]),
    ("path,kind", ["cat", "dog"], ["line 2: the column 'kind' must be a number, but it is 'cat'"]),
    ("path,kind,who", ["cat,a", "dog,b"], ["must have a column of numbers, called target or value, but its columns are",
                                           "path, kind, who. Name the columns of the numbers: --label COLUMN,COLUMN."]),
    ("path,angle", ["7", "7", "7.0"], ["table.csv: 'angle' is 7 in all 3 images to learn from, so there is nothing to",
                                       "learn. Correct it, or add images with other values."]),
    ("path,value,value", ["1,2", "3,4"], ["two columns are called 'value'"]),
])  # fmt: skip
def test_tables_that_hold_no_numbers_to_learn(pictures: Path, header: str, rows: list[str], words: list[str]) -> None:
    refused(table(pictures, header, *rows), *words)


def test_a_column_that_is_not_there(pictures: Path) -> None:
    refused(table(pictures, "path,hue,size", "1,2", "2,3"), "must have a column 'weight', but its columns are path",
            label="hue,weight")


def test_parts_groups_limit_and_splits(pictures: Path) -> None:
    rows = [f"{i / 2},{'train' if i < 16 else 'test'},plate{i // 2}" for i in range(COUNT)]
    dataset = open_dataset(table(pictures, "path,value (cm),split,group", *rows))
    assert {name: len(part) for name, part in dataset.parts.items()} == {"train": 16, "test": 8}
    assert numbers(dataset, "test").values[:, 0].tolist() == [i / 2 for i in range(16, 24)]
    assert leaking_groups(dataset) == {} and not dataset.undivided
    parted = split_validation(dataset, fraction=0.25, seed=1)
    assert len(parted.part("validation")) == 4 and numbers(parted, "validation").units == ("cm",)
    cut = open_dataset(str(pictures / "table.csv"), limit=5)
    assert {name: len(part) for name, part in cut.parts.items()} == {"train": 5, "test": 5}
    assert "limit: 5 of 16 images of the train part, small and large numbers alike" in cut.notes
    for name in cut.parts:
        where = dataset.part(name).names.index(cut.part(name).names[0])
        assert (numbers(cut, name).values[0] == numbers(dataset, name).values[where]).all()


def test_a_broken_picture_takes_its_number_along(pictures: Path) -> None:
    spec = table(pictures, "path,value", *(f"{i}.5" for i in range(COUNT)))
    (pictures / "pics" / "p3.png").write_bytes(b"x")
    dataset = open_dataset(spec, skip_broken=10)
    assert numbers(dataset).values[:, 0].tolist() == [i + 0.5 for i in range(COUNT) if i != 3]


def test_a_changed_number_changes_the_fingerprint(pictures: Path) -> None:
    first = open_dataset(table(pictures, "path,value", "1.5", "2")).fingerprint
    assert first != open_dataset(table(pictures, "path,value", "1.5", "2.1")).fingerprint


FRACTIONS = [str(i + 0.5) for i in range(COUNT)]
COUNTED = [str(7 * i) for i in range(COUNT)]
FEW = [str(i % 4) for i in range(COUNT)]
DECIDED = "; to learn classes, type --task classification"


@pytest.mark.parametrize(("header", "rows", "note"), [
    ("path,target", FRACTIONS, "numbers from column 'target'" + DECIDED),
    ("path,angle", COUNTED, "numbers from column 'angle'" + DECIDED),
    ("path,target,target2", [f"{a},{a}" for a in FEW], "numbers from columns 'target', 'target2'" + DECIDED),
    ("path,hue,size", [f"{a},{b}" for a, b in zip(FEW, FRACTIONS, strict=True)],
     "numbers from columns 'hue', 'size'" + DECIDED),
    ("path,hue,split", [f"{a},train" for a in FRACTIONS], "numbers from column 'hue'" + DECIDED),
])  # fmt: skip
def test_numbers_where_classes_would_be_absurd(pictures: Path, header: str, rows: list[str], note: str) -> None:
    dataset = open_dataset(table(pictures, header, *rows))
    assert numbers(dataset).kind == "numbers" and note in dataset.notes
    if header == "path,target":
        assert len(open_dataset(str(pictures), annotations="classes").class_names) == COUNT


@pytest.mark.parametrize(("header", "rows", "note"), [
    ("path,label", FRACTIONS, "labels from table.csv"), ("path,class", COUNTED, "labels from table.csv"),
    ("path,species", COUNTED, "classes from column 'species'"), ("path,target", FEW, "classes from column 'target'"),
    ("path,kind", FEW, "numbers in column 'kind' name classes; to learn numbers, type --task regression"),
    ("path,kind", COUNTED[:12], "classes from column 'kind'"),
    ("path,target_a,target_b", [f"{int(a)},{int(not a)}" for a in (True, False) * 5],
     "classes from 2 columns of 0 and 1: target_a, target_b"),
    ("path,kind", ["1a", "2b", "3.5"] * 4, "classes from column 'kind'"),
])  # fmt: skip
def test_classes_wherever_they_may_be(pictures: Path, header: str, rows: list[str], note: str) -> None:
    dataset = open_dataset(table(pictures, header, *rows))
    assert dataset.class_names and dataset.part("train").annotations.kind == "classes" and note in dataset.notes


def test_a_table_that_is_only_scored_keeps_its_classes(pictures: Path) -> None:
    assert open_dataset(table(pictures, "path,kind", *COUNTED), learning=False).part("train").labels.max() == COUNT - 1


@pytest.mark.parametrize(("rows", "kind"), [(["1,0", "0,1", "1,0"], "classes"), (["1,2", "0,1", "5,0"], "numbers")])
def test_several_columns_that_are_named(pictures: Path, rows: list[str], kind: str) -> None:
    spec = table(pictures, "path,a,b", *rows)
    assert open_dataset(spec, label="a, b").part("train").annotations.kind == kind
    if kind == "numbers":
        refused(spec, "each row of the columns a, b must hold one 1 and else 0 to be classes", kind="classes",
                label="a,b")


def test_numbers_stand_in_a_table_beside_class_folders(tmp_path: Path, class_folder: Callable[..., Path]) -> None:
    class_folder(tmp_path, "ant", "bee")
    rows = "\n".join(f"{word}/{word}_{i}.png,{i}" for word in ("ant", "bee") for i in range(3))
    (tmp_path / "ages.csv").write_text("path,age\n" + rows)
    (tmp_path / "names.csv").write_text("path,label\n" + rows.replace(",", ",n"))
    assert numbers(open_dataset(str(tmp_path), annotations="numbers")).names == ("age",)
    (tmp_path / "ages.csv").unlink()
    (tmp_path / "names.csv").unlink()
    refused(str(tmp_path), "numbers are wanted, but there are only classes here", "a CSV table beside the pictures")
    refused("digits", "digits: numbers are wanted, but there are only classes here")


def test_the_layout_of_kaggle_with_numbers(tmp_path: Path, save_png: Save) -> None:
    for i in range(COUNT):
        save_png(tmp_path / ("train" if i < 20 else "test") / f"p{i}.png")
    (tmp_path / "train.csv").write_text("id,x,y\n" + "\n".join(f"p{i},{i},{i}.5" for i in range(20)))
    (tmp_path / "test.csv").write_text("id\n" + "\n".join(f"p{i}" for i in range(20, COUNT)))
    (tmp_path / "sample_submission.csv").write_text("id,x,y\n" + "\n".join(f"p{i},0,0" for i in range(20, COUNT)))
    for kind in (None, "numbers"):
        found = numbers(open_dataset(str(tmp_path), annotations=kind))
        assert found.names == ("x", "y") and len(found) == 20


def test_a_kind_that_there_is_not() -> None:
    wanted = "classes or numbers or boxes or points or people"
    with pytest.raises(ArgumentError, match=f"annotations must be {wanted}, but it is 'masks'"):
        open_dataset("digits", annotations="masks")


def turned_digits(folder: Path, shared_data: Path) -> list[float]:
    """24 of MNIST's digits turned by known angles, as PNG files beside a table of path, angle and split."""
    from PIL import Image

    part = open_dataset("mnist", data_dir=shared_data, limit=COUNT).part("train")
    angles = np.random.default_rng(7).uniform(-45, 45, COUNT).round(3).tolist()
    folder.mkdir()
    for i, (image, angle) in enumerate(zip(part.images.take(np.arange(COUNT)), angles, strict=True)):
        Image.fromarray(image[..., 0]).rotate(angle, Image.Resampling.BILINEAR).save(folder / f"{i:02d}.png")
    rows = [f"{i:02d}.png,{angle},{'train' if i < 18 else 'test'}" for i, angle in enumerate(angles)]
    (folder / "angles.csv").write_text("\n".join(["path,angle (degrees),split", *rows]))
    return angles


def test_digits_turned_by_known_angles(tmp_path: Path, shared_data: Path) -> None:
    angles = turned_digits(tmp_path / "turned", shared_data)
    dataset = open_dataset(str(tmp_path / "turned"))
    assert "numbers from column 'angle (degrees)'" + DECIDED in dataset.notes and dataset.image_shape == (28, 28, 1)
    assert numbers(dataset).values[:, 0].tolist() + numbers(dataset, "test").values[:, 0].tolist() == angles
    info = describe_dataset(dataset)
    train, test = info["parts"]["train"], info["parts"]["test"]
    assert info["annotations"] == "numbers" and info["classes"] == [] and (train["n"], test["n"]) == (18, 6)
    assert "per_class" not in train and train["numbers"] == [
        {"name": "angle", "unit": "degrees", "min": min(angles[:18]), "mean": pytest.approx(np.mean(angles[:18])),
         "max": max(angles[:18])}]
    assert train["pixels"]["max"] > 250 and json.loads(json.dumps(info, allow_nan=False)) == info


def test_the_mean_of_numbers_near_the_largest(pictures: Path) -> None:
    dataset = open_dataset(table(pictures, "path,value", "1.5e308", "1.4e308", "1.6e308"), annotations="numbers")
    assert describe_dataset(dataset)["parts"]["train"]["numbers"][0]["mean"] == pytest.approx(1.5e308)


def test_batches_of_a_folder_are_of_classes(pictures: Path) -> None:
    table(pictures, "path,target", *FRACTIONS)
    assert flow_from_directory(pictures, (5, 4)).classes.max() == COUNT - 1
