"""Small files that ask for much: each is refused by name within 300 MB, from the library as from the command line."""

from __future__ import annotations

import gzip
import io
import itertools
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.data import open_dataset
from pellucid.layers import Dense, Input
from pellucid.models import Sequential
from tests.faults.bounded import refusal

h5py = pytest.importorskip("h5py")
X = np.random.default_rng(0).integers(0, 255, (12, 5, 4, 3), dtype=np.uint8)
Y = np.arange(12) % 3


def refused(path: Path, *words: str) -> None:
    told = refusal(lambda: open_dataset(str(path)))
    assert told.startswith(("FileError", "DataError")), told
    for word in (path.name, *words):
        assert word in told, told


# --- HDF5 -------------------------------------------------------------------------------------------------------------

HOLLOW: dict[str, tuple[dict[str, Any], str]] = {
    "never written": ({"shape": (12, 10000, 10000, 5)}, "beyond 64 MB"),
    "never written and chunked": ({"shape": (12, 10**4, 10**4, 17), "chunks": (1, 100, 100, 17)}, "beyond 64 MB"),
    "8.9 PiB": ({"shape": (10**6, 10**5, 10**5), "chunks": (1, 1000, 1000)}, "beyond 64 MB"),
    "200 MB": ({"shape": (12, 4000, 4000), "chunks": (1, 4000, 4000)}, "beyond 64 MB"),
    "gzip": ({"shape": (12, 10**4, 10**4), "chunks": (1, 1000, 1000), "compression": "gzip"}, "beyond 64 MB"),
    "a chunk of 4 GB": ({"shape": (12, 5, 4, 3), "maxshape": (None,) * 4, "chunks": (12, 5000, 5000, 12),
                         "compression": "gzip"}, "beyond 64 MB"),
}


@pytest.mark.parametrize("kind", HOLLOW)
def test_hdf5_never_written(kind: str, tmp_path: Path) -> None:
    given, told = HOLLOW[kind]
    path = tmp_path / "hollow.h5"
    with h5py.File(path, "w") as file:
        entry = file.create_dataset("x_train", dtype=np.uint8, **given)
        if "maxshape" in given:
            entry.id.write_direct_chunk((0,) * 4, b"0123456789")
        file["y_train"] = Y
    refused(path, "'x_train'", told)
    with h5py.File(path, "a") as file:  # under another name it costs nothing
        file.move("x_train", "spare")
        file["x_train"] = X
    with h5py.File(path) as file:
        assert "spare" in file
    assert refusal(lambda: open_dataset(str(path))) == ""
    assert any("arrays not used: spare" in note for note in open_dataset(str(path)).notes)


def test_a_chunk_of_hdf5_that_unpacks_to_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pellucid.storage.hdf5.UNCHECKED", 1 << 20)  # 300 MB take a while to make
    path = tmp_path / "bomb.h5"
    with h5py.File(path, "w") as file:
        entry = file.create_dataset("x_train", (12, 5, 4, 3), np.uint8, chunks=(12, 5, 4, 3), compression="gzip")
        machine = zlib.compressobj(9)
        packed = b"".join(machine.compress(bytes(1 << 20)) for _ in range(8)) + machine.flush()
        entry.id.write_direct_chunk((0, 0, 0, 0), packed)
        file["y_train"] = Y
    refused(path, "'x_train'", "a chunk of 720 bytes unpacks to more")


def test_hdf5_of_odd_things(tmp_path: Path) -> None:
    path = tmp_path / "odd.h5"
    with h5py.File(path, "w") as file:
        file["x_train"], file["y_train"] = X, Y
        file["elsewhere"], file["soft"] = h5py.ExternalLink("/etc/passwd", "/"), h5py.SoftLink("/x_train")
        file.create_dataset("outside", (10,), "u1", external=[("/etc/passwd", 0, 10)])
        file["group/deep"] = X
    assert "arrays not used: elsewhere, group, outside, soft" in open_dataset(str(path)).notes
    for name, told in (("elsewhere", "is a link"), ("soft", "is a link"), ("outside", "in another file")):
        with h5py.File(path, "a") as file:
            del file["x_train"]
            file.move(name, "x_train")
        refused(path, f"'x_train' {told}" if "link" in told else told)


def test_hdf5_names_as_h5py_writes_them_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "names.h5"
    for names, told in ((["cat", "hühnchen", "dog"], ""), (["a" * 2000, "b", "c"], "at most 1,024 bytes")):
        with h5py.File(path, "w") as file:
            file["x_train"], file["y_train"], file["classes"] = X, Y, names
        if told:
            refused(path, "'classes'", told)
        else:
            assert open_dataset(str(path)).class_names == tuple(names)


# --- NPZ --------------------------------------------------------------------------------------------------------------

def npy(shape: str, dtype: str = "|u1", data: bytes = b"", order: str = "False") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + data


def saved(array: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


def npz(path: Path, method: int = zipfile.ZIP_STORED, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in ({"x_train": saved(X), "y_train": saved(Y)} | members).items():
            archive.writestr(f"{name}.npy", content)
    return path


NPZ: dict[str, tuple[bytes, str]] = {
    "a shape of 10 TB": (npy("(10000000, 1000, 1000)"), "should hold 10,000,000,000,000 bytes of numbers"),
    "a shape beyond 64 bits": (npy(f"({10**30}, 1)"), "no array has the shape"),
    "a shape below 0": (npy("(-3, 4)"), "no array has the shape"),
    "nested text": (npy("(" * 3000 + ")" * 3000), "its header cannot be read"),
    "a header of 4 GB": (b"\x93NUMPY\2\0" + struct.pack("<I", 2**32 - 1) + b"{", "its header would take"),
    "version 9": (b"\x93NUMPY\x09\0" + bytes(100), "no NumPy array"),
    "objects": (npy("(2,)", "|O", bytes(16)), "holds Python objects (a pickle)"),
    "no array": (b"hello", "no NumPy array"),
}


@pytest.mark.parametrize("kind", NPZ)
def test_npz_headers_that_lie(kind: str, tmp_path: Path) -> None:
    content, told = NPZ[kind]
    refused(npz(tmp_path / "lie.npz", x_train=content), "'x_train'", told)
    spare = npz(tmp_path / "spare.npz", spare=content)
    assert any("arrays not used: spare" in note for note in open_dataset(str(spare)).notes)


def test_npz_that_swells(tmp_path: Path) -> None:
    many = npy("(2000, 200, 200)", data=bytes(80_000_000))
    path = npz(tmp_path / "bomb.npz", zipfile.ZIP_DEFLATED, x_train=many)
    refused(path, "'x_train'", "what is packed, beyond 64 MB")


def test_npz_packed_in_another_way_twice_or_with_many_members(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        refused(npz(tmp_path / "other.npz", method), f"is packed by method {method}")
    path = npz(tmp_path / "twice.npz")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("x_train.npy", saved(X))
    refused(path, "two arrays called 'x_train'")
    refused(npz(tmp_path / "long.npz", **{"n" * 2000: b""}), "the name of an array may be at most 1,024 bytes")
    path = npz(tmp_path / "wide.npz")
    content = path.read_bytes()
    end = content.rindex(b"PK\5\6")
    path.write_bytes(content[: end + 12] + struct.pack("<I", 5 << 20) + content[end + 16 :])
    refused(path, "wide.npz")


def test_npz_in_the_order_of_fortran_and_mapped_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turned = np.asfortranarray(X)
    np.savez(tmp_path / "a.npz", x_train=X, y_train=Y)
    np.savez(tmp_path / "b.npz", x_train=turned, y_train=Y)
    plain = [open_dataset(str(tmp_path / name)).fingerprint for name in ("a.npz", "b.npz")]
    monkeypatch.setattr("pellucid.storage.npz.FREE", 10)
    for name, fingerprint in zip(("a.npz", "b.npz"), plain, strict=True):
        mapped = open_dataset(str(tmp_path / name))
        assert mapped.fingerprint == fingerprint == plain[0]
        np.testing.assert_array_equal(mapped.part("train").images.take(np.array([3, 1])), X[[3, 1]])
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[300] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    refused(tmp_path / "a.npz", "truncated or corrupt")


# --- IDX --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("sizes", "told"), [
    ((60_000, 28, 28), "promises 60000 x 28 x 28"), ((2**32 - 1, 28, 28), "at most 2,000,000 entries"),
    ((10, 2**32 - 1, 2**32 - 1), "at most 50,000,000 pixels"),
])  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_idx_headers_that_lie(sizes: tuple[int, int, int], told: str, packed: bool, tmp_path: Path) -> None:
    content = struct.pack(">IIII", 2051, *sizes) + bytes(100)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(gzip.compress(content) if packed else content)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, 6) + bytes([0, 1, 2, 0, 1, 2]))
    told_of = refusal(lambda: open_dataset(str(tmp_path)))
    assert "train-images-idx3-ubyte" in told_of and told in told_of, told_of


def test_idx_that_swells(tmp_path: Path) -> None:
    bomb = gzip.compress(struct.pack(">IIII", 2051, 6, 2, 2) + bytes(100_000_000), 1)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(bomb)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, 6) + bytes([0, 1, 2, 0, 1, 2]))
    told = refusal(lambda: open_dataset(str(tmp_path)), 50 << 20)
    assert "promises 6 x 2 x 2 = 24 bytes, but more follow" in told


# --- tars -------------------------------------------------------------------------------------------------------------

def tarred(path: Path, *members: tarfile.TarInfo, mode: str = "w") -> Path:
    with tarfile.open(path, mode, format=tarfile.GNU_FORMAT) as archive:  # type: ignore[call-overload]
        for member in members:
            archive.addfile(member, io.BytesIO(bytes(member.size)))
    return path


def member(name: str, size: int = 0, **given: Any) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.size = size
    for key, value in given.items():
        setattr(found, key, value)
    return found


def claimed(kind: bytes, size: int) -> bytes:
    return tarfile.TarInfo("x").tobuf(tarfile.GNU_FORMAT) if not kind else (
        member("././@LongLink", size, type=kind).tobuf(tarfile.GNU_FORMAT))


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_tar_headers_of_gigabytes(kind: bytes, tmp_path: Path) -> None:
    path = tmp_path / "long.tar"
    with path.open("wb") as file:
        file.write(claimed(kind, 2**32))
        file.truncate(2**33)
    refused(path, "a name or a header in it takes 4,294,967,", "shorter names")


def test_tar_of_long_names_sparse_members_and_a_chain_of_headers(tmp_path: Path) -> None:
    refused(tarred(tmp_path / "names.tar", member("cat/" + "n" * 3000 + ".png")), "at most 1,024 bytes")
    refused(tarred(tmp_path / "sparse.tar", member("cat/0.png", type=tarfile.GNUTYPE_SPARSE)), "sparse")
    chain = claimed(tarfile.GNUTYPE_LONGNAME, 5) + b"name\0".ljust(512, b"\0")
    (tmp_path / "chain.tar").write_bytes(chain * 3000 + bytes(1024))
    refused(tmp_path / "chain.tar", "the archive cannot be read")


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: lzma.compress(content, preset=0)], ids=["gz", "xz"])
def test_packed_tars_that_swell(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    head = member("cat/0.png", 70_000_000).tobuf(tarfile.GNU_FORMAT)
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(pack(head + bytes(70_000_256)))
    told = refusal(lambda: open_dataset(str(path)))
    assert "bomb.tar.gz" in told and "beyond 64 MB" in told, told
    path.write_bytes(pack(member("cat/0.png", 3 << 30).tobuf(tarfile.GNU_FORMAT) + bytes(1000)))
    refused(path, "a file in a packed archive may be at most 256,000,000 bytes")


def test_a_member_of_a_plain_tar_that_claims_more_than_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.tar"
    with path.open("wb") as file:
        for place, name in ((0, "cat/0.png"), (10**11 + 512, "dog/0.png")):
            file.seek((place + 511) // 512 * 512)
            file.write(member(name, 10**11).tobuf(tarfile.GNU_FORMAT))
        file.truncate(2 * 10**11 + 10240)
    refused(path, "at most 256,000,000 bytes")


def test_an_npz_whose_records_disagree_on_the_list_of_members(tmp_path: Path) -> None:
    """One record lies where the locator says, the other just before it: readers take the one or the other."""
    path, size = tmp_path / "d.npz", 1 << 30
    with path.open("wb") as file:
        file.write(b"PK\3\4" + bytes(96))
        decoy = file.tell()
        file.write(struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 0, 0, 46, 0))
        file.seek(size)
        file.write(struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size - 200, 200))
        file.write(struct.pack("<4sLQL", b"PK\6\7", 0, decoy, 1))
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
    told = refusal(lambda: open_dataset(str(path)))
    assert told.startswith("FileError") and str(path) in told and "list of its members" in told, told


@pytest.mark.parametrize("way", ["chain", "link to a file", "layer that is a link"])
def test_weights_of_keras_that_lead_elsewhere(way: str, tmp_path: Path) -> None:
    path, fifo = tmp_path / "w.weights.h5", tmp_path / "fifo"
    os.mkfifo(fifo)
    with h5py.File(path, "w") as file:
        if way == "chain":  # 2^30 ways to the last group, in a few kB
            groups = [file.create_group(f"n{number}") for number in range(30)]
            for first, second in itertools.pairwise(groups):
                first["a"] = first["b"] = second
        elif way == "link to a file":
            file["model_weights"] = h5py.ExternalLink(str(fifo), "/")
        else:
            file.create_group("model_weights").attrs["layer_names"] = np.array([b"ext"])
            file["model_weights/ext"] = h5py.ExternalLink(str(fifo), "/")
            file["model_weights"].attrs["layer_names"] = np.array([b"/ext", b"ext"])
    told = refusal(lambda: Sequential([Input((4,)), Dense(3)]).load_weights(path))
    assert told.startswith("FileError") and str(path) in told, told
