"""Hostile arrays and archives: IDX, NPZ, HDF5, tar and CSV, spoiled at random and bombs made by hand."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import h5py
import numpy as np

from benchmarks.walls.mangling import spoiled
from benchmarks.walls.pictures import encoded, picture
from benchmarks.walls.trial import Trial

PACKERS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
TABLE = "path,label\n" + "".join(f"{i}.png,{('ant', 'bee')[i % 2]}\n" for i in range(8))
CELLS = (
    "",
    '"',
    "a\0b",
    "nan",
    "-1",
    "1e400",
    "../x.png",
    "/dev/zero",
    "x" * 70_000,
    "=1+1",
    "\ufeff",
    "é",
    ";",
    "\t",
    "'",
    "\r",
)


def arrays(draw: random.Random) -> dict[str, np.ndarray]:
    """A small set of two classes."""
    x = np.frombuffer(draw.randbytes(20 * 8 * 8), np.uint8).reshape(20, 8, 8, 1)
    return {"x_train": x[:14], "y_train": np.arange(14) % 2, "x_test": x[14:], "y_test": np.arange(6) % 2}


def npz(entries: dict[str, np.ndarray], *, packed: bool = False) -> bytes:
    """The bytes of an NPZ."""
    content = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(content, **entries)
    return content.getvalue()


def hdf5(fill: Callable[[h5py.File], None]) -> bytes:
    """The bytes of an HDF5 file that `fill` writes."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        fill(file)
    return content.getvalue()


def idx(draw: random.Random) -> dict[str, bytes]:
    """MNIST's four files, small."""
    files = {}
    for part, count in (("train", 20), ("t10k", 8)):
        files[f"{part}-images-idx3-ubyte"] = struct.pack(">IIII", 2051, count, 8, 8) + draw.randbytes(count * 64)
        files[f"{part}-labels-idx1-ubyte"] = struct.pack(">II", 2049, count) + bytes(i % 2 for i in range(count))
    return files


def tar(draw: random.Random, *, kind: str = "") -> bytes:
    """Two classes of pictures in a tar, with one member of `kind` among them."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for number in range(8):
            data = encoded(picture(draw), "PNG")
            info = tarfile.TarInfo(f"{('ant', 'bee')[number % 2]}/{number}.png")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        odd = tarfile.TarInfo(
            {"name": "n" * 3_000 + ".png", "above": "../../victims/notes.txt", "root": "/etc/passwd.png"}.get(
                kind, "ant/odd.png"
            )
        )
        types = {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "device": tarfile.CHRTYPE, "fifo": tarfile.FIFOTYPE}
        if kind in types:
            odd.type, odd.linkname = types[kind], "../../victims/notes.txt"
        if kind:
            archive.addfile(odd, io.BytesIO(b""))
        if kind == "deep":
            archive.addfile(tarfile.TarInfo("/".join(["d"] * 1_500) + "/a.png"), io.BytesIO(b""))
    return content.getvalue()


def zero_bomb(pack: str, megabytes: int) -> bytes:
    """`megabytes` of zeros behind an IDX header, packed."""
    head = struct.pack(">IIII", 2051, megabytes << 20, 1, 1)
    if pack == "gz":
        content = io.BytesIO()
        with gzip.GzipFile(fileobj=content, mode="wb") as file:
            file.write(head)
            for _ in range(megabytes):
                file.write(bytes(1 << 20))
        return content.getvalue()
    maker = bz2.BZ2Compressor() if pack == "bz2" else lzma.LZMACompressor()
    return b"".join([maker.compress(head), *(maker.compress(bytes(1 << 20)) for _ in range(megabytes)), maker.flush()])


def npy_header(shape: str, kind: str = "|u1") -> bytes:
    """A .npy whose header claims a shape, without the numbers."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (64 - (len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def zipped(members: dict[str, bytes], *, packed: bool = True) -> bytes:
    """A zip of these members."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def bombs(draw: random.Random) -> Iterator[tuple[str, str, bytes, str]]:
    """(name, file name, bytes, what is wanted) of every bomb."""
    good = {f"{name}.npy": None for name in arrays(draw)}
    for shape in (
        "(100000000000, 8, 8, 1)",
        "(2**40,)",
        "(-1, 8, 8)",
        "(9223372036854775807, 9223372036854775807)",
        "('a',)",
    ):
        for kind in ("|u1", "<f8", "|O", "<U99999999"):
            members = {name: npy_header(shape, kind) for name in good}
            yield f"npz header {shape} {kind}", "d.npz", zipped(members), "refused"
    huge = npz({**arrays(draw), "x_train": np.zeros((14, 6_000, 6_000, 1), np.uint8)}, packed=True)
    yield "npz of 500 MB of zeros", "d.npz", huge, "either"
    yield "npz with 20,000 members", "d.npz", zipped({f"a{i}.npy": npy_header("(0,)") for i in range(20_000)}), "either"
    yield (
        "npz with an unused array of 1 GB",
        "d.npz",
        zipped(
            {
                **{f"{k}.npy": _npy(v) for k, v in arrays(draw).items()},
                "z.npy": npy_header(f"({1 << 30},)") + bytes(1 << 20),
            }
        ),
        "either",
    )
    for shape in ((10**6, 5_000), (10**9, 100, 100, 1), (2**62,)):
        for layout in ({}, {"chunks": True}, {"chunks": True, "compression": "gzip"}):
            for unused in (False, True):

                def fill(
                    file: h5py.File, shape: tuple[int, ...] = shape, layout: dict = layout, unused: bool = unused
                ) -> None:
                    for name, value in arrays(draw).items():
                        if unused or name != "x_train":
                            file[name] = value
                    file.create_dataset("extra" if unused else "x_train", shape, "u1", **layout)

                try:
                    yield (
                        f"hdf5 never written {shape} {layout} unused={unused}",
                        "d.h5",
                        hdf5(fill),
                        "either" if unused else "refused",
                    )
                except (ValueError, OSError, TypeError):
                    continue
    yield from odd_labels(draw)
    yield from packed_bombs(draw)


def odd_labels(draw: random.Random) -> Iterator[tuple[str, str, bytes, str]]:
    """Labels that number nothing."""
    for name, value in (
        ("labels of 10^8", np.array([10**8] * 14)),
        ("a label of -1", np.full(14, -1)),
        ("labels of half", np.full(14, 0.5)),
        ("labels of NaN", np.full(14, np.nan)),
        ("labels of 2^63", np.full(14, 2**63, np.uint64)),
        ("labels of text", np.full(14, "a" * 9_000)),
        ("complex labels", np.full(14, 1j)),
        ("labels in three axes", np.zeros((14, 1, 2))),
        ("no labels", np.zeros(0)),
    ):
        yield (
            f"npz, {name}",
            "d.npz",
            npz({**arrays(draw), "y_train": value}),
            "refused" if "text" not in name else "either",
        )
        if value.dtype.kind != "U":
            yield (
                f"hdf5, {name}",
                "d.h5",
                hdf5(
                    lambda file, value=value: [
                        file.__setitem__(k, value if k == "y_train" else v) for k, v in arrays(draw).items()
                    ]
                ),
                "refused",
            )  # type: ignore[misc]


def packed_bombs(draw: random.Random) -> Iterator[tuple[str, str, bytes, str]]:
    """Two gigabytes behind a few kilobytes, and odd members of a tar."""
    for pack in PACKERS:
        yield f"idx of 2 GB in {pack}", f"idx:{pack}", zero_bomb(pack, 2_000), "refused"
        yield f"tar of 2 GB in {pack}", f"d.tar.{pack}", zero_bomb(pack, 2_000), "refused"
    for kind in ("link", "hard", "device", "fifo", "name", "above", "root", "deep"):
        yield f"tar with {kind}", "d.tar", tar(draw, kind=kind), "either"


def _npy(value: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, value)
    return content.getvalue()


def random_stores(draw: random.Random, count: int) -> Iterator[tuple[str, str, bytes, str]]:
    """`count` spoiled files, the formats by turns."""
    good: dict[str, bytes] = {
        "d.npz": npz(arrays(draw)),
        "e.npz": npz(arrays(draw), packed=True),
        "d.tar": tar(draw),
        "d.tar.gz": gzip.compress(tar(draw)),
        "d.h5": hdf5(lambda file: [file.__setitem__(k, v) for k, v in arrays(draw).items()]),  # type: ignore[arg-type, return-value]
        "e.h5": hdf5(
            lambda file: [
                file.create_dataset(k, data=v, compression="gzip", chunks=True) for k, v in arrays(draw).items()
            ]
        ),  # type: ignore[arg-type, return-value]
    }
    for number in range(count):
        name = draw.choice(list(good))
        what, data = spoiled(good[name], draw)
        yield f"{name} {what} ({number})", name, data, "either"


def trials(place: Path, draw: random.Random, count: int, model: Path) -> Iterator[Trial]:
    """Bombs, spoiled stores, spoiled IDX folders and tables."""
    for number, (name, file, data, wanted) in enumerate(chain(bombs(draw), random_stores(draw, count))):
        folder = place / f"s{number}"
        folder.mkdir()
        if file.startswith("idx:"):
            pack = file.removeprefix("idx:")
            for each, content in idx(draw).items():
                (folder / f"{each}.{pack}").write_bytes(data if each.startswith("train-im") else PACKERS[pack](content))
            file = "."
        else:
            (folder / file).write_bytes(data)
        yield Trial("stores", name, folder, ["data", "info", file], wanted)
        if number % 4 == 0:
            yield Trial("stores", f"evaluate: {name}", folder, ["evaluate", str(model), file], "either")
    for number in range(count // 3):
        folder = place / f"i{number}"
        folder.mkdir()
        files = idx(draw)
        chosen = draw.choice(list(files))
        what, files[chosen] = spoiled(files[chosen], draw)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        yield Trial("stores", f"idx {chosen} {what}", folder, ["data", "info", "."])
    for number in range(count // 3):
        yield _table(place / f"t{number}", draw)


def _table(folder: Path, draw: random.Random) -> Trial:
    folder.mkdir()
    for i in range(8):
        (folder / f"{i}.png").write_bytes(encoded(picture(draw), "PNG"))
    lines = [line.split(",") for line in TABLE.splitlines()]
    row = draw.randrange(len(lines))
    lines[row][draw.randrange(2)] = cell = draw.choice(CELLS)
    text = "\n".join(draw.choice((",", ",", ",", ";", "\t", "|")).join(line) for line in lines)
    encoding = draw.choice(("utf-8", "utf-8-sig", "utf-16", "latin-1"))
    (folder / "t.csv").write_bytes(text.encode(encoding, "replace"))
    return Trial(
        "stores", f"table {encoding} {cell[:20]!r} in row {row}", folder, ["data", "info", draw.choice(("t.csv", "."))]
    )
