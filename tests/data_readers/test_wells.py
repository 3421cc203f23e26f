"""Pictures of one well stay in one part, whatever is split by; groups of several columns, and of several brackets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data import leaking_groups, open_dataset, split_validation
from pellucid.data.dataset import Dataset
from pellucid.errors import DataError
from pellucid.runs.config import RunConfig
from pellucid.runs.preparation import load_data

WELLS = ("B02", "B03", "C02", "C03")


def screen(folder: Path, columns: str = "path,label,experiment,plate,well,site", split: str = "") -> Path:
    """3 experiments of 2 plates, 4 wells and 2 sites each: a table, and pictures at EXPERIMENT/PlateP/WELL_sS.png."""
    rows, random = [], np.random.default_rng(0)
    for experiment in ("HUVEC-01", "HUVEC-02", "U2OS-01"):
        for plate in (1, 2):
            for number, well in enumerate(WELLS):
                for site in (1, 2):
                    path = Path(experiment, f"Plate{plate}", f"{well}_s{site}.png")
                    (folder / path).parent.mkdir(parents=True, exist_ok=True)
                    pixels = random.integers(0, 255, (4, 5), dtype=np.uint8)
                    Image.fromarray(pixels).save(folder / path)
                    part = [("train", "test")[site - 1]] if split else []
                    rows.append(",".join([str(path), "ab"[number % 2], experiment, str(plate), well, str(site), *part]))
    table = folder / "screen.csv"
    table.write_text("\n".join([columns + split, *rows]) + "\n", encoding="utf-8")
    return table


def groups(dataset: Dataset) -> list[str]:
    """The groups there are."""
    found = dataset.part("train").groups
    return [] if found is None else sorted(set(found.tolist()))


def test_a_well_is_a_group(tmp_path: Path) -> None:
    path = str(screen(tmp_path))
    dataset = open_dataset(path)
    assert len(groups(dataset)) == 24 and "HUVEC-02/1/C03" in groups(dataset)
    assert any("pictures of one well stay in one part (24 wells)" in note for note in dataset.notes)
    parted = split_validation(dataset, fraction=0.25, seed=0)
    wells = [{name[: name.index("_s")] for name in part.names} for part in parted.parts.values()]
    assert wells[0] and wells[1] and not wells[0] & wells[1]
    assert groups(open_dataset(path, wells="apart")) == []
    for asked, many, one in (("experiment", 3, "U2OS-01"), ("plate", 2, "1"), ("experiment,plate", 6, "U2OS-01/2"),
                             ("Experiment, plate ,well", 24, "HUVEC-01/2/B03")):
        parted = split_validation(open_dataset(path, group=asked), fraction=0.3, seed=0)
        assert leaking_groups(parted) == {}
        assert len(groups(open_dataset(path, group=asked))) == many and one in groups(open_dataset(path, group=asked))
    with pytest.raises(DataError, match=r"the table must have a column 'donor', but its columns are path, label"):
        open_dataset(path, group="plate,donor")


def test_a_group_that_parts_a_well_is_refused(tmp_path: Path) -> None:
    path = str(screen(tmp_path))
    said = (r"screen.csv: --group site puts pictures of the well HUVEC-01/1/B02 into the groups '1' and '2', so a well "
            r"could be in two parts and scores would look better than they are\. Group by well, plate or experiment")
    with pytest.raises(DataError, match=said):
        open_dataset(path, group="site")
    with pytest.raises(DataError, match=r"--group-pattern puts pictures of the well"):
        open_dataset(path, group_pattern="_s([12])")
    assert groups(open_dataset(path, group="site", allow_leak=True)) == ["1", "2"]
    assert groups(open_dataset(path, group="site", wells="apart")) == ["1", "2"]
    (tmp_path / "sited").mkdir()
    given = str(screen(tmp_path / "sited", split=",split"))
    with pytest.raises(DataError, match=r"group 'HUVEC-01/1/B02' is in train and test \(24 such groups\)"):
        load_data(RunConfig(data=given))
    assert len(load_data(RunConfig(data=given, allow_leak=True)).part("test")) == 24


def test_wells_elsewhere_are_no_matter(tmp_path: Path) -> None:
    """One picture a well, wells that are learnt, and runs from before wells were known."""
    table = screen(tmp_path)
    lines = table.read_text(encoding="utf-8").splitlines()
    (tmp_path / "one.csv").write_text("\n".join([lines[0], *lines[1::2]]), encoding="utf-8")
    assert groups(open_dataset(str(tmp_path / "one.csv"))) == []
    assert groups(open_dataset(str(table), label="well")) == []
    plain = screen(tmp_path, columns="path,label,experiment,plate,place,site")
    assert groups(open_dataset(str(plain))) == []
    settings = RunConfig(data=str(table)).to_json()
    assert settings.pop("wells") == "together" and RunConfig.from_json(settings, "config.json").wells == "apart"


def test_several_brackets(tmp_path: Path) -> None:
    screen(tmp_path).unlink()
    found = open_dataset(str(tmp_path), group_pattern=r"([A-Z0-9]+-\d+)/Plate(\d)/([A-P]\d\d)_s")
    assert len(groups(found)) == 24 and "U2OS-01/2/B02" in groups(found)
