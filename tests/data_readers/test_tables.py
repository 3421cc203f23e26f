"""CSV tables: columns under their usual names, splits, groups, labels as names or numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pellucid.data import leaking_groups, open_dataset

Save = Callable[..., np.ndarray]


@pytest.fixture
def pictures(tmp_path: Path, save_png: Save) -> Path:
    for i in range(6):
        save_png(tmp_path / "images" / f"{i}.png")
    return tmp_path


def table(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("header", ["path,label", "file,class", "Image, Class", "\ufefffilename,label"])
def test_columns_under_their_usual_names(pictures: Path, header: str) -> None:
    path = table(pictures, header, "images/3.png,owl", "images/1.png,ant", './images/0.png,"owl"')
    for spec in (path, pictures):
        dataset = open_dataset(str(spec))
        train = dataset.part("train")
        assert dataset.class_names == ("ant", "owl") and train.labels.tolist() == [1, 0, 1]
        assert train.names == ("images/3.png", "images/1.png", "images/0.png") and train.groups is None


def test_splits_and_groups(pictures: Path) -> None:
    rows = [f"images/{i}.png,{'ab'[i % 2]},{('train', 'train', 'Val', 'val', 'Test', 'test')[i]},plate{i // 2}"
            for i in range(6)]
    dataset = open_dataset(str(table(pictures, "path,label,split,group", *rows)))
    assert {name: part.names[0] for name, part in dataset.parts.items()} == {
        "train": "images/0.png", "validation": "images/2.png", "test": "images/4.png"}
    assert dataset.part("test").groups is not None and dataset.part("test").groups.tolist() == ["plate2", "plate2"]
    assert leaking_groups(dataset) == {}


def test_other_columns_by_name_and_leaks_seen(pictures: Path) -> None:
    rows = [f"images/{i}.png,{i % 2},{i % 3},{'train' if i < 4 else 'test'},x" for i in range(6)]
    path = table(pictures, "path,kind,donor,split,remark", *rows)
    dataset = open_dataset(str(path), label="kind", group="donor")
    assert leaking_groups(dataset) == {"1": ("train", "test"), "2": ("train", "test")}
    assert "columns not used: remark" in dataset.notes


def test_numbers_are_lines_of_classes_txt(pictures: Path) -> None:
    (pictures / "classes.txt").write_text("yak\nbee\n")
    dataset = open_dataset(str(table(pictures, "path,label", "images/3.png,0", "images/1.png,1", "images/2.png,yak")))
    assert dataset.class_names == ("yak", "bee") and dataset.part("train").labels.tolist() == [0, 1, 0]


def test_a_changed_label_changes_the_fingerprint(pictures: Path) -> None:
    first = open_dataset(str(table(pictures, "path,label", "images/3.png,a", "images/1.png,b"))).fingerprint
    second = open_dataset(str(table(pictures, "path,label", "images/3.png,b", "images/1.png,a"))).fingerprint
    assert first != second


def test_flowers_lie_in_a_tar_beside_their_table(shared_data: Path) -> None:
    dataset = open_dataset("flowers10", data_dir=shared_data, channels="rgb", resize=(32, 32))
    train = dataset.part("train")
    assert np.bincount(train.labels).tolist() == [21, 20, 19, 22, 21, 25, 23, 15, 26, 18]
    assert dataset.image_shape == (32, 32, 3) and train.names[207] == "flower_images/0208.png"
    assert "alpha put over white: 210 pictures" in dataset.notes
