"""A disk that is full while an HDF5 store is written: one sentence at any fill level, never a segmentation fault."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np

from pellucid.data.hdf5 import store_written
from pellucid.errors import FileError
from pellucid.storage import writer

ROOT = Path(__file__).resolve().parents[2]


class Filling(writer.System):
    """A disk with room for `left` bytes."""

    def __init__(self, left: int) -> None:
        self.left = left

    def write(self, file: int, data: memoryview) -> int:
        if self.left <= 0:
            raise OSError(errno.ENOSPC, "full")
        done = super().write(file, data[: self.left])
        self.left -= done
        return done


def write_store(path: Path, parts: tuple[str, ...] = ("train", "validation", "test")) -> None:
    with store_written(path, {"kind": "features"}, ("a", "b")) as store:
        for part in parts:
            rows = (np.full((5, 700), number, np.float32) for number in range(8))
            store.write_part(part, np.arange(40) % 2, np.array(["one", "two"] * 20), rows)


def at_ten_levels(folder: Path) -> list[str]:
    """What was said at each level; the first error is told, and nothing is left."""
    write_store(folder / "whole.h5")
    size = (folder / "whole.h5").stat().st_size
    said = []
    for level in range(10):
        writer.system = Filling(size * level // 10)
        try:
            write_store(folder / "store.h5")
        except FileError as fault:
            said.append(str(fault))
    writer.system = writer.System()
    return said


def test_ten_fill_levels_in_a_process_that_ends_well(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from tests.faults.test_full_store import at_ten_levels
print(*at_ten_levels(Path({str(tmp_path)!r})), sep="\\n")
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    said = ended.stdout.splitlines()
    assert len(said) == 10
    assert all("store.h5 cannot be written: the disk is full. Free some space" in line for line in said)
    assert [path.name for path in tmp_path.iterdir()] == ["whole.h5"]


def test_a_store_holds_what_was_written(tmp_path: Path) -> None:
    write_store(tmp_path / "store.h5", ("train",))
    with h5py.File(tmp_path / "store.h5") as file:
        assert file["x_train"].shape == (40, 700) and file["x_train"][39, 0] == 7
        assert file["y_train"][:4].tolist() == [0, 1, 0, 1]
        assert file["x_train"].id.get_offset() is not None  # in one piece, so that it can be mapped
