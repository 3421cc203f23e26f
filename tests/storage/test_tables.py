"""Tables: what is written reads back, and a resumed run cuts what lies beyond its checkpoint."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from pellucid.errors import FileError
from pellucid.storage.tables import csv_line, cut_csv, read_csv, write_csv
from pellucid.storage.writer import append_text


def test_columns_are_all_keys_in_the_order_they_are_first_seen(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    second = {"loss": np.float32(0.1), "epoch": 2, "note": 'a "b", c'}
    write_csv(path, [{"epoch": 1, "loss": 0.1 + 0.2}, second, {"flag": None}])
    assert path.read_bytes() == (
        b"epoch,loss,note,flag\n"
        b"1,0.30000000000000004,,\n"
        b'2,0.10000000149011612,"a ""b"", c",\n'
        b",,,\n"
    )  # fmt: skip
    assert read_csv(path)[1] == {"epoch": "2", "loss": "0.10000000149011612", "note": 'a "b", c', "flag": ""}


def test_no_rows(tmp_path: Path) -> None:
    write_csv(tmp_path / "empty.csv", [])
    assert read_csv(tmp_path / "empty.csv") == []


def test_a_cell_with_a_line_end_comes_back(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [{"text": "one\ntwo\r\nthree"}])
    assert read_csv(tmp_path / "a.csv") == [{"text": "one\ntwo\r\nthree"}]


def steps(path: Path, count: int) -> None:
    append_text(path, csv_line(["step", "loss", "seconds"]))
    for step in range(1, count + 1):
        append_text(path, csv_line([step, 1 / step, np.float64(step) / 7]))


def test_rows_beyond_the_checkpoint_are_cut_and_the_rest_keeps_its_bytes(tmp_path: Path) -> None:
    steps(tmp_path / "long.csv", 12)
    steps(tmp_path / "short.csv", 9)
    cut_csv(tmp_path / "long.csv", "step", 9)
    assert (tmp_path / "long.csv").read_bytes() == (tmp_path / "short.csv").read_bytes()


def test_a_line_that_a_kill_left_unfinished_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    steps(path, 3)
    whole = path.read_bytes()
    append_text(path, "4,0.2")
    cut_csv(path, "step", 100)
    assert path.read_bytes() == whole


def test_a_table_that_needs_no_cut_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    steps(path, 3)
    before = path.stat().st_ino
    cut_csv(path, "step", 3)
    assert path.stat().st_ino == before
    cut_csv(tmp_path / "absent.csv", "step", 3)
    assert not (tmp_path / "absent.csv").exists()


@pytest.mark.parametrize(("column", "held"), [("loss", "'0.5'"), ("epoch", "None")])
def test_a_column_without_whole_numbers_is_named(column: str, held: str, tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    path.write_text("step,loss\n1,0.5\n")
    words = rf"steps\.csv, line 2: column '{column}' must hold a whole number, but it holds {held}\. Mend or remove"
    with pytest.raises(FileError, match=words):
        cut_csv(path, column, 1)


FORMULAS = ["=cmd|' /C calc'!A0", "+SUM(A1)", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "-", "+"]
PLAIN = ["-0.5", "+1e5", "-inf", "cat", "a=b", "'quoted'", "'", "", "1-2", "naïve"]


def test_text_that_a_spreadsheet_would_run_is_escaped_and_read_back(tmp_path: Path) -> None:
    texts = [*FORMULAS, *PLAIN, *("'" + text for text in FORMULAS), *("''" + text for text in FORMULAS)]
    write_csv(tmp_path / "a.csv", [{"=name": text, "loss": -0.5, "n": -3} for text in texts])
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        raw = list(csv.reader(file))
    assert not [cell for row in raw for cell in row if cell[:1] in tuple("=+-@\t\r\n＝") and not is_number(cell)]
    assert [row[1:] for row in raw[1:]] == [["-0.5", "-3"]] * len(texts)
    assert [row[0] for row in raw[1:] if row[0] in PLAIN] == PLAIN
    assert [row["=name"] for row in read_csv(tmp_path / "a.csv")] == texts


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_cutting_a_table_changes_no_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_csv(path, [{"step": step, "loss": -0.5, "name": "=1"} for step in (1, 2, 3)])
    whole = path.read_text(encoding="utf-8")
    cut_csv(path, "step", 2)
    assert path.read_text(encoding="utf-8") == "\n".join(whole.split("\n")[:3]) + "\n"
