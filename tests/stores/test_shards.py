"""Shards: few tars that are read as the folder they came from, to the same bits; killed and resumed; cut short."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.data.opening import open_dataset
from pellucid.data.store import shards
from pellucid.data.store.shards import tree_to_pack, write_shards
from pellucid.errors import DataError, FileError
from pellucid.storage import writer
from tests.cli.terminal import Terminal, write_npz
from tests.data_readers.test_wells import screen
from tests.stores.killing import Killing, killed_at
from tests.stores.sets import write_folder

SMALL = 3000  # bytes of a tar: a few pictures each


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD", SMALL)


def test_shards_are_read_as_the_folder(terminal: Terminal) -> None:
    write_folder(Path("pictures"))
    screen(Path("screen"))
    words = ["--model", "conv_3,pool,FC_4", "--epochs", "2", "--no-checks", "--engine", "reference"]
    for data, files in (("pictures", 37), ("screen/screen.csv", 49)):
        out, name = Path(f"{Path(data).stem}-shards"), Path(data).stem
        typed = terminal.type("data", "convert", data, "--to", "shards", "--out", out)
        assert typed.code == 0 and f"{out}: {files} files in " in typed.out, typed
        assert len(list(out.glob("*.tar"))) > 3 and not list(Path().glob("*.partial"))
        assert all(path.stat().st_size < 2 * SMALL + 10_240 for path in out.glob("*.tar"))
        assert terminal.type("train", data, *words, "--out", f"{name}-plain").code == 0
        assert terminal.type("train", out, *words, "--out", f"{name}-packed").code == 0
        assert Path(f"{name}-plain/history.csv").read_bytes() == Path(f"{name}-packed/history.csv").read_bytes()
        plain, packed = open_dataset(data), open_dataset(str(out))
        assert plain.fingerprint == packed.fingerprint
        for part, held in plain.parts.items():
            rows = np.arange(len(held))
            np.testing.assert_array_equal(held.images.take(rows), packed.part(part).images.take(rows))
            assert list(held.names) == list(packed.part(part).names)
            assert (held.groups is None) == (packed.part(part).groups is None)
    write_npz(Path("data.npz"))
    convert = ["data", "convert", "--to", "shards", "--out"]
    for code, parts, more in (
        (1, ["data.npz: only picture files are packed into shards, and there are none. Type --to hdf5"],
         ["x", "data.npz"]),
        (1, ["pictures-shards exists already. Choose another --out"], ["pictures-shards", "pictures"]),
        (2, ["--resize goes with --to hdf5; shards keeps pictures as they are"], ["x", "pictures", "--resize", "4x4"]),
        (2, ["there is no nowhere here. Check the path"], ["x", "nowhere"]),
    ):  # fmt: skip
        terminal.refused(code, parts, *convert, *more)
    assert not Path("x").exists() and not Path("x.partial").exists()


@pytest.mark.parametrize("moments", [3, pytest.param(10, marks=pytest.mark.soak)])
def test_killed_it_goes_on(moments: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is there whole or not at all; whole tars of the first try are kept, and the bytes are the same."""
    tree, out = tree_to_pack(write_folder(tmp_path / "pictures")), tmp_path / "shards"
    counting = Killing()
    monkeypatch.setattr(writer, "system", counting)
    write_shards(tree, tmp_path / "whole")
    monkeypatch.setattr(writer, "system", writer.System())
    whole = {path.name: path.read_bytes() for path in (tmp_path / "whole").iterdir()}
    kept = 0
    for moment in np.linspace(1, counting.calls - 1, moments, dtype=int).tolist():
        killed_at(moment, lambda: write_shards(tree, out))
        assert not out.exists(), moment
        kept += write_shards(tree, out)[1] > 0
        assert {path.name: path.read_bytes() for path in out.iterdir()} == whole, moment
        assert not (tmp_path / "shards.partial").exists()
        for path in out.iterdir():
            path.unlink()
        out.rmdir()
    assert kept >= moments // 2
    killed_at(counting.calls - 1, lambda: write_shards(tree, out))
    (tmp_path / "pictures/train/day/0.png").write_bytes((tmp_path / "pictures/train/day/2.png").read_bytes())
    assert write_shards(tree_to_pack(tmp_path / "pictures"), out)[1] == 0  # of other files nothing is kept


def test_what_is_in_the_way_stays(tmp_path: Path) -> None:
    tree, mine = tree_to_pack(write_folder(tmp_path / "pictures")), tmp_path / "shards.partial" / "mine.txt"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    with pytest.raises(FileError, match=r"shards\.partial is in the way, and is none that a conversion left"):
        write_shards(tree, tmp_path / "shards")
    assert mine.read_bytes() == b"mine" and not (tmp_path / "shards").exists()


def test_a_shard_cut_short(tmp_path: Path) -> None:
    out = tmp_path / "shards"
    write_shards(tree_to_pack(write_folder(tmp_path / "pictures")), out)
    first = sorted(out.glob("*.tar"))[1]
    whole = first.read_bytes()
    for size in (len(whole) - 10_240, 1_300, 700):
        first.write_bytes(whole[:size])
        with pytest.raises(FileError, match=r"0002-of-\d{4}\.tar: the archive .*copy or download it again"):
            open_dataset(str(out))
    first.write_bytes(whole)
    assert len(open_dataset(str(out)).part("train")) == 25
    first.unlink()
    with pytest.raises(DataError, match=r"shards: of \d+ shards, number 2 is missing\. Bring it back"):
        open_dataset(str(out))
