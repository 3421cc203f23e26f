"""RxRx1: its tables joined, its images as a data set, what is missing, and tables that are not as they should be."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data import open_dataset
from pellucid.data.listing import scan_folder
from pellucid.data.rxrx1.images import listed_images, missing_images
from pellucid.data.rxrx1.plates import CHANNELS, PLATES, SITES, used_wells
from pellucid.data.rxrx1.summary import summarize
from pellucid.data.rxrx1.tables import COLUMNS, Wells, join
from pellucid.errors import ArgumentError, DataError, FileError, UsageError

TRAIN = "id_code,experiment,plate,well,sirna\n"
CONTROLS = "id_code,experiment,plate,well,sirna,well_type\n"
SITES_OF_2020 = "site_id,well_id,cell_type,dataset,experiment,plate,well,site,well_type,sirna,sirna_id\n"


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Wells:
    wells = join(scan_folder(shared_data / "rxrx1"))
    assert wells is not None
    return wells


def screen(root: Path, *, sites: tuple[int, ...] = (1, 2), channels: int = 6) -> Path:
    """Four experiments of two treated wells and a control, of 2019's layout; every pixel says where it is from."""
    rows, controls = TRAIN, CONTROLS
    for number, experiment in enumerate(("U2OS-01", "U2OS-02", "RPE-01", "RPE-02")):
        for place, (well, label) in enumerate((("B03", 979), ("B04", 12), ("B02", 1138))):
            line = f"{experiment}_2_{well},{experiment},2,{well},{label}"
            rows, controls = (rows + line + "\n", controls) if label < 1108 else (
                rows, controls + line + ",negative_control\n")
            for site in sites:
                for channel in range(channels):
                    file = root / "images" / "train" / experiment / "Plate2" / f"{well}_s{site}_w{channel + 1}.png"
                    file.parent.mkdir(parents=True, exist_ok=True)
                    value = 40 * number + 10 * place + 3 * (site - 1) + channel
                    Image.fromarray(np.full((8, 8), value, np.uint8)).save(file)
    (root / "train.csv").write_text(rows)
    (root / "train_controls.csv").write_text(controls)
    return root


def test_the_real_tables_have_the_columns_and_counts_of_the_chapter(real: Wells) -> None:
    told = summarize(real)
    assert (told["rows"], told["columns"], told["missing_values"]) == (62_755, list(COLUMNS), 0)
    assert told["parts"] == {"train": 36_515, "train_controls": 4_097, "test": 19_897, "test_controls": 2_246}
    assert told["labels"] == {"train": 1_108, "train_controls": 31, "test": 0, "test_controls": 31}
    assert told["shared_labels"]["train and train_controls"] == 0
    assert told["shared_labels"]["train_controls and test_controls"] == 31
    assert told["experiments"] == {"HEPG2": 11, "HUVEC": 24, "RPE": 11, "U2OS": 5}
    assert sum(told["cell_types"]["U2OS"].values()) == 3_324 + 372 + 2_205 + 247
    assert "release of 2019" in told["release"] and "62,759" in told["release"]
    assert real.row("U2OS-01_2_B12")["sirna"] == "979"          # sirna_1018 in the chapter's copy
    with pytest.raises(UsageError, match="there is no well U2OS-09_1_B02 among 62,755"):
        real.row("U2OS-09_1_B02")


def test_900_missing_images_of_753_984_are_found(real: Wells) -> None:
    paths = [f"images/train/{experiment}/Plate{plate}/{well}_s{site}_w{channel}.png"
             for experiment in sorted(set(real.columns["experiment"])) for plate in PLATES for well in used_wells()
             for site in SITES for channel in range(1, 7)]
    assert len(paths) == 753_984
    lost = set(random.Random(3).sample(range(len(paths)), 900))
    listing = "\n".join(path for place, path in enumerate(paths) if place not in lost).encode()
    missing = missing_images(real, listed_images(listing, "listing.txt"))
    by_hand = {name: sum(f"_w{number}." in paths[place] for place in lost) for number, name in enumerate(CHANNELS, 1)}
    assert (missing.expected, missing.found, missing.missing) == (753_984, 753_084, 900)
    assert dict(missing.by_channel) == by_hand and sum(missing.by_experiment.values()) == 900
    assert "900 of 753,984 channel images are missing" in missing.said


def test_a_listing_may_be_the_table_of_pixels(real: Wells) -> None:
    rows = "id_code,experiment,plate,well,site,channel,mean\nU2OS-01_1_B02,U2OS-01,1,B02,1,3,4.5\n"
    missing = missing_images(real, listed_images(rows.encode(), "pixel_stats.csv"))
    assert (missing.found, missing.sites, missing.wells_without) == (1, 1, 62_754)
    with pytest.raises(FileError, match=r"x.txt: no line names an image .*find FOLDER"):
        listed_images(b"a.png\nb.png\n", "x.txt")


def test_the_real_wells_are_a_data_set(shared_data: Path) -> None:
    dataset = open_dataset(str(shared_data / "rxrx1"), label="cell_type")
    assert dataset.channel_names == CHANNELS and dataset.image_shape == (512, 512, 6) and dataset.dtype == np.uint8
    assert dataset.class_names == ("HEPG2", "HUVEC", "RPE", "U2OS")
    assert {name: len(part) for name, part in dataset.parts.items()} == {"train": 16, "test": 2}
    assert any("18 of 36 pictures lack channels (golgi, mitochondria)" in note for note in dataset.notes)
    train = dataset.part("train")
    assert train.names[0] == "HEPG2-01_1_B02_1" and train.groups is None       # one site a well
    both = open_dataset(str(shared_data / "rxrx1"), label="cell_type", channels="er,nuclei", group="experiment")
    assert len(both.part("train")) == 32 and both.channel_names == ("er", "nuclei")
    place = list(both.part("train").names).index("HEPG2-01_1_B02_1")
    few, six = (one.images.take(np.array([at]))[0] for one, at in ((both.part("train"), place), (train, 0)))
    assert np.array_equal(few, six[..., [1, 0]])
    with pytest.raises(DataError, match=r"all 18 images are of one sirna, 1138, .* Type --label cell_type"):
        open_dataset(str(shared_data / "rxrx1"))
    with pytest.raises(DataError, match=r"18 of 36 pictures lack channels .* leave --require-all-channels out"):
        open_dataset(str(shared_data / "rxrx1"), label="cell_type", require_all_channels=True)


def test_labels_stay_names_and_both_sites_of_a_well_stay_together(tmp_path: Path) -> None:
    dataset = open_dataset(str(screen(tmp_path)))
    train = dataset.part("train")
    assert dataset.class_names == ("12", "979") and len(train) == 16 and len(np.unique(train.groups)) == 8
    assert any("images of control wells, left out: 8" in note for note in dataset.notes)
    for place, name in enumerate(train.names):
        value = int(train.images.take(np.array([place]))[0, 0, 0, 0])
        assert value == 40 * ("U2OS-01", "U2OS-02", "RPE-01", "RPE-02").index(name.split("_")[0]) + 10 * (
            "B04" in name) + 3 * (name[-1] == "2"), name
        assert dataset.class_names[train.labels[place]] == {"B03": "979", "B04": "12"}[name[-5:-2]]
    by_plate = open_dataset(str(tmp_path), group="plate", label="sirna")
    assert by_plate.class_names == ("12", "979", "1138")
    assert set(np.asarray(by_plate.part("train").groups).tolist()) == {"U2OS-01_2", "U2OS-02_2", "RPE-01_2", "RPE-02_2"}
    assert open_dataset(str(tmp_path), channels="rgb").channel_names == ("red", "green", "blue")


def test_rows_are_chosen_by_their_values(tmp_path: Path) -> None:
    screen(tmp_path)
    chosen = open_dataset(str(tmp_path), where="cell_type=U2OS, site=2")
    assert sorted(chosen.part("train").names) == ["U2OS-01_2_B03_2", "U2OS-01_2_B04_2", "U2OS-02_2_B03_2",
                                                  "U2OS-02_2_B04_2"]
    assert "rows where cell_type=U2OS, site=2: 6 sites" in chosen.notes
    both = open_dataset(str(tmp_path), where="experiment=U2OS-01|RPE-02", label="cell_type")
    assert len(both.part("train")) == 12 and both.class_names == ("RPE", "U2OS")
    with pytest.raises(DataError, match="no row has cell_type=MCF7"):
        open_dataset(str(tmp_path), where="cell_type=MCF7")
    with pytest.raises(UsageError, match="--where must be one of id_code, experiment"):
        open_dataset(str(tmp_path), where="cells=U2OS")
    for text in ("U2OS", "cell_type=", "a=1,a=2", "=U2OS", "a=|b"):
        with pytest.raises(ArgumentError, match="--where must be COLUMN=VALUE for different columns"):
            open_dataset(str(tmp_path), where=text)
    with pytest.raises(ArgumentError, match="--where names columns of a CSV table"):
        open_dataset("digits", where="a=b")


def test_rows_of_any_table_are_chosen_by_their_values(tmp_path: Path) -> None:
    for place in range(6):
        Image.fromarray(np.full((4, 4), place, np.uint8)).save(tmp_path / f"{place}.png")
    rows = "".join(f"{place}.png,{'xy'[place % 2]},d{place // 2}\n" for place in range(6))
    (tmp_path / "list.csv").write_text(f"path,label,donor\n{rows}")
    chosen = open_dataset(str(tmp_path), where="donor=d0|d2")
    assert list(chosen.part("train").names) == ["0.png", "1.png", "4.png", "5.png"]
    assert "rows where donor=d0|d2" in chosen.notes
    for text, words in (("donor=d9", "no row has donor=d9"), ("giver=d0", "must have a column 'giver'")):
        with pytest.raises(DataError, match=words):
            open_dataset(str(tmp_path), where=text)


def test_the_layout_of_2020_and_its_names(tmp_path: Path) -> None:
    screen(tmp_path)
    (tmp_path / "train.csv").unlink()
    (tmp_path / "train_controls.csv").unlink()
    rows = SITES_OF_2020
    for experiment, part in (("U2OS-01", "train"), ("U2OS-02", "test"), ("RPE-01", "train"), ("RPE-02", "test")):
        for well, name, number in (("B03", "s22721", 979), ("B04", "s15652", 12), ("B02", "EMPTY", 1138)):
            kind = "negative_control" if name == "EMPTY" else "treatment"
            rows += "".join(f"{experiment}_2_{well}_{site},{experiment}_2_{well},{experiment[:-3]},{part},{experiment},"
                            f"2,{well},{site},{kind},{name},{number}\n" for site in (1, 2))
    (tmp_path / "metadata.csv").write_text(rows)
    dataset = open_dataset(str(tmp_path))
    assert dataset.class_names == ("s15652", "s22721")
    assert {name: len(part) for name, part in dataset.parts.items()} == {"train": 8, "test": 8}
    assert any("release of 2020 (metadata.csv, 24 sites)" in note for note in dataset.notes)
    (tmp_path / "metadata.csv").write_text(rows + rows.splitlines()[1] + "\n")
    with pytest.raises(DataError, match="the site U2OS-01_2_B03_1 is on lines 2 and 26"):
        open_dataset(str(tmp_path))
    (tmp_path / "metadata.csv").write_text(rows.replace("s22721,979", "s999,979", 1))
    with pytest.raises(DataError, match="the well U2OS-01_2_B03 stands in 2 rows that differ"):
        open_dataset(str(tmp_path))


@pytest.mark.parametrize(("file", "old", "new", "words"), [
    ("train.csv", "U2OS-02_2_B03,U2OS-02,2,B03,979", "U2OS-01_2_B03,U2OS-01,2,B03,979", "in 2 rows, of train.csv"),
    ("train.csv", ",979", ",sirna_1018", "the labels of train, train_controls are numbers and those of train names"),
    ("train.csv", ",979", ",1500", "the label 1500 in train.csv does not exist: there they are from 0 to 1107"),
    ("train_controls.csv", ",1138", ",12", "the label 12 in train_controls.csv does not exist: .* another release"),
    ("train.csv", ",979", ",", "train.csv: 1 wells have no sirna, such as U2OS-01_2_B03"),
    ("train.csv", "U2OS-01_2_B03,", "U2OS-01_9_B03,", "line 2: the well of U2OS-01_2_B03 is called 'U2OS-01_9_B03'"),
    ("train.csv", "U2OS-01_2_B04,U2OS-01,2,B04,12", "U2OS-01_2_B04,U2OS", "line 3 has 2 cells, and 5"),
    ("train_controls.csv", "well_type", "kind", "must have the columns .*, but well_type is not among"),
])
def test_tables_that_are_not_as_they_should_be(tmp_path: Path, file: str, old: str, new: str, words: str) -> None:
    table = screen(tmp_path, sites=(1,), channels=1) / file
    table.write_text(table.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=words):
        open_dataset(str(tmp_path), channels="nuclei")


def images_of(root: Path) -> Iterator[Path]:
    yield from sorted((root / "images").rglob("*.png"))


def test_images_that_are_not_as_they_should_be(tmp_path: Path) -> None:
    screen(tmp_path)
    with pytest.raises(ArgumentError, match="RxRx1's channels are known"):
        open_dataset(str(tmp_path), channels="w1=nuclei")
    with pytest.raises(ArgumentError, match=r"--channels must be gray, .*\(nuclei, er, actin"):
        open_dataset(str(tmp_path), channels="nuclei,dna")
    with pytest.raises(UsageError, match="--label must be one of id_code, experiment"):
        open_dataset(str(tmp_path), label="batch")
    first = next(images_of(tmp_path))
    kept = first.read_bytes()
    Image.fromarray(np.zeros((8, 9), np.uint8)).save(first)
    with pytest.raises(DataError, match=r"the channel has 8x8 pixels, but that in .* 8x9"):
        open_dataset(str(tmp_path), label="cell_type")
    Image.fromarray(np.zeros((8, 8), np.uint16)).save(first)
    with pytest.raises(DataError, match=r"the channel is uint8, but that in .* uint16"):
        open_dataset(str(tmp_path), label="cell_type")
    first.write_bytes(kept)
    copy = tmp_path / "more" / "/".join(first.parts[-3:])
    copy.parent.mkdir(parents=True)
    copy.write_bytes(kept)
    with pytest.raises(DataError, match="are the same channel of the same site"):
        open_dataset(str(tmp_path))
    copy.unlink()
    for file in images_of(tmp_path):
        file.unlink()
    with pytest.raises(DataError, match="the tables are RxRx1's, but there is no image of it here"):
        open_dataset(str(tmp_path))
