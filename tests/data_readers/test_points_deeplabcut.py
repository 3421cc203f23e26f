"""DeepLabCut's folders: headers of three and four rows, frames of one cell or three, films, config.yaml."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.opening import open_dataset
from pellucid.data.points.column import Points
from pellucid.errors import ArgumentError, DataError

HEAD = ["scorer,Me,Me,Me,Me", "bodyparts,snout,snout,tail,tail", "coords,x,y,x,y"]


@pytest.fixture
def project(tmp_path: Path, save_png: Callable[..., np.ndarray]) -> Callable[..., Path]:
    """project(films, head, cells): labeled-data with two frames a film; the second frame has no tail."""
    def make(films: int, head: list[str], cells: int = 1) -> Path:
        for film in range(films):
            folder = tmp_path / "labeled-data" / f"mouse{film}"
            rows = []
            for frame in range(2):
                save_png(folder / f"img{frame:03d}.png", (40, 60, 3))
                path = f"labeled-data,mouse{film},img{frame:03d}.png"
                place = [10 + film, 20.5, *(["", ""] if frame else [30, 12])]
                rows.append(",".join([path if cells == 3 else path.replace(",", "/"), *map(str, place)]))
            lines = [line.replace(",", ",,,", 1) if cells == 3 else line for line in head]
            (folder / "CollectedData_Me.csv").write_text("\n".join([*lines, *rows]))
        return tmp_path

    return make


@pytest.mark.parametrize("cells", [1, 3])
def test_a_project_is_found_by_itself_with_its_films_as_groups(project: Callable[..., Path], cells: int) -> None:
    folder = project(5, HEAD, cells)
    (folder / "config.yaml").write_text("bodyparts: [snout, tail]\nskeleton:\n- [snout, tail]\n")
    dataset = open_dataset(str(folder))
    points = dataset.part("train").annotations
    assert isinstance(points, Points) and points.form == "DeepLabCut" and len(points) == 10
    assert points.skeleton.names == ("snout", "tail") and points.skeleton.edges == ((0, 1),)
    assert points.xy[2].tolist() == [[11.5, 21], [30.5, 12.5]] and points.visible[3].tolist() == [2, 0]
    groups = dataset.part("train").groups
    assert groups is not None and len(set(groups)) == 5 and groups[0] == groups[1]


def test_few_films_cannot_be_parted_which_is_said(project: Callable[..., Path]) -> None:
    folder = project(2, HEAD)
    dataset = open_dataset(str(folder / "labeled-data"))
    assert dataset.part("train").groups is None
    assert any("films: 2, too few to be parted by film" in note for note in dataset.notes)
    alone = open_dataset(str(folder / "labeled-data" / "mouse1" / "CollectedData_Me.csv"))
    assert len(alone.part("train")) == 2


def test_individuals_are_objects_of_their_own(project: Callable[..., Path]) -> None:
    head = ["scorer,Me,Me,Me,Me", "individuals,one,one,two,two", "bodyparts,snout,snout,snout,snout", "coords,x,y,x,y"]
    folder = project(1, head)
    with pytest.raises(DataError, match=r"CollectedData_Me\.csv: line 5: .*has a second object"):
        open_dataset(str(folder))
    with pytest.raises(ArgumentError, match="each has one point alone and no box"):
        open_dataset(str(folder), crop="2")
    table = folder / "labeled-data" / "mouse0" / "CollectedData_Me.csv"
    lines = table.read_text().splitlines()
    lines = [f"{lines[0]},Me,Me,Me,Me", f"{lines[1]},one,one,two,two", f"{lines[2]},tail,tail,tail,tail",
             f"{lines[3]},x,y,x,y", f"{lines[4]},15,26.5,35,18", f"{lines[5]},15,26.5,,"]  # fmt: skip
    table.write_text("\n".join(lines))
    points = open_dataset(str(folder), crop="2").part("train").annotations
    assert isinstance(points, Points) and points.skeleton.names == ("snout", "tail")
    assert points.xy[:, 0].tolist() == [[10.5, 21], [30.5, 12.5], [10.5, 21]]
    assert points.xy[1, 1].tolist() == [35.5, 18.5]


@pytest.mark.parametrize(("change", "said"), [
    (("coords,x,y,x,y\n", ""), "no row of the header begins with coords"),
    (("coords,x,y,x,y", "coords,a,b,a,b"), "has no x and y"),
    (("bodyparts,snout,snout,tail", "bodyparts,snout,snout,snout"), "columns 2 and 4 both are x of snout"),
    (("20.5", "high"), "line 4: y of snout must be a number of pixels, or empty .*'high'"),
    (("img001", "img009"), r"line 5: there is no picture called labeled-data/mouse0/img009\.png"),
])  # fmt: skip
def test_a_bad_table_is_one_sentence_with_file_and_line(project: Callable[..., Path], change: tuple[str, str],
                                                        said: str) -> None:  # fmt: skip
    folder = project(1, HEAD)
    table = folder / "labeled-data" / "mouse0" / "CollectedData_Me.csv"
    table.write_text(table.read_text().replace(*change))
    with pytest.raises(DataError, match=said) as fault:
        open_dataset(str(folder))
    assert "CollectedData_Me.csv" in str(fault.value)


@pytest.mark.parametrize(("skeleton", "said"), [
    ("[[snout, paw]]", "has a point 'paw' that is not among the bodyparts"), ("[[snout]]", "must join two bodyparts"),
    ("5", r"config\.yaml: skeleton must be a list"), ("[[tail, tail]]", r"config\.yaml: .* must join two points")])
def test_an_edge_of_config_to_a_point_that_is_not_there_is_refused(project: Callable[..., Path], skeleton: str,
                                                                   said: str) -> None:  # fmt: skip
    folder = project(1, HEAD)
    (folder / "config.yaml").write_text(f"bodyparts: [snout, tail]\nskeleton: {skeleton}\n")
    with pytest.raises(DataError, match=said):
        open_dataset(str(folder))


def test_films_with_other_points_are_refused(project: Callable[..., Path]) -> None:
    folder = project(2, HEAD)
    table = folder / "labeled-data" / "mouse1" / "CollectedData_Me.csv"
    table.write_text(table.read_text().replace("tail", "paw"))
    with pytest.raises(DataError, match=r"mouse1.*its bodyparts are not those of .*mouse0"):
        open_dataset(str(folder))
