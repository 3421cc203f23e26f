"""Broken data on the command line: exit code 1 or 2, one sentence that names file and remedy, and no folder left."""

from __future__ import annotations

import gzip
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.terminal import Terminal, pictures, write_folder, write_npz


def idx(array: np.ndarray, *, magic: int | None = None) -> bytes:
    """An IDX file of bytes."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return struct.pack(">I", 0x800 + array.ndim if magic is None else magic) + sizes + array.astype(np.uint8).tobytes()


def idx_folder(path: Path) -> Path:
    """MNIST's four files, of 24 and 12 images."""
    path.mkdir()
    for part, seed, count in (("train", 0, 24), ("t10k", 1, 12)):
        files = {"images-idx3": pictures(seed, count)[..., 0], "labels-idx1": np.arange(count) % 2}
        for name, array in files.items():
            (path / f"{part}-{name}-ubyte.gz").write_bytes(gzip.compress(idx(array)))
    return path


def spoil_folder(change: Callable[[Path], None]) -> Callable[[], str]:
    def make() -> str:
        change(write_folder(Path("photos")))
        return "photos"

    return make


def spoil_idx(name: str, content: bytes) -> Callable[[], str]:
    def make() -> str:
        (idx_folder(Path("idx")) / name).write_bytes(content)
        return "idx"

    return make


def spoil_npz(**changed: object) -> Callable[[], str]:
    return lambda: str(write_npz(Path("data.npz"), **changed))


def pickled(name: str) -> Callable[[], str]:
    def make() -> str:
        Path(name).write_bytes(pickle.dumps({"x_train": [1], "y_train": [0]}))
        return name

    return make


def one_bad_pixel() -> np.ndarray:
    x = pictures().astype(np.float32)
    x[3, 2, 1, 0] = np.nan
    return x


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


CASES: dict[str, tuple[Callable[[], str], int, list[str]]] = {
    "missing folder": (lambda: "photoz", 2, ["'photoz' is neither", "Check the path."]),
    "empty class": (spoil_folder(lambda root: (root / "owl").mkdir()), 1, ["photos", "owl holds no picture"]),
    "corrupt image": (spoil_folder(lambda root: Path(root / "cat/4.png").write_bytes(b"\x89PNG nonsense") and None), 1,
                      ["cat/4.png", "Replace or remove the file."]),
    "truncated image": (spoil_folder(lambda root: truncate(root / "dog/5.png")), 1, ["dog/5.png", "remove the file."]),
    "mixed depths": (spoil_folder(lambda root: Image.new("I;16", (9, 9)).save(root / "cat/0.png")), 1,
                     ["photos", "must have one depth", "number of bits"]),
    "one class only": (spoil_npz(y_train=np.zeros(24, int), y_test=np.zeros(12, int)), 1, ["data.npz", "class"]),
    "NaN": (spoil_npz(x_train=one_bad_pixel()), 1, ["data.npz", "x_train", "NaN"]),
    "label out of range": (spoil_npz(y_test=np.arange(12) % 2 * 7), 1, ["data.npz", "7"]),
    "negative label": (spoil_npz(y_train=np.arange(24) % 2 - 1), 1, ["data.npz", "-1"]),
    "objects in an NPZ": (spoil_npz(y_train=np.array([{"a": 1}] * 24, object)), 1, ["data.npz", "y_train"]),
    "pickle named .npz": (pickled("evil.npz"), 1, ["evil.npz"]),
    "wrong magic": (spoil_idx("train-images-idx3-ubyte.gz", gzip.compress(idx(pictures()[..., 0], magic=0x0905))), 1,
                    ["train-images-idx3-ubyte.gz"]),
    "truncated IDX": (spoil_idx("train-labels-idx1-ubyte.gz", gzip.compress(idx(np.arange(24) % 2)[:-5])), 1,
                      ["train-labels-idx1-ubyte.gz"]),
    "truncated gzip": (spoil_idx("t10k-images-idx3-ubyte.gz", gzip.compress(idx(pictures(1, 12)[..., 0]))[:-9]), 1,
                       ["t10k-images-idx3-ubyte.gz"]),
    "IDX label out of range": (spoil_idx("t10k-labels-idx1-ubyte.gz", gzip.compress(idx(np.arange(12) % 2 * 9))), 1,
                               ["idx: labels of the test part", "9", "Correct that label"]),
}


@pytest.mark.parametrize("case", CASES)
def test_broken_data(terminal: Terminal, case: str) -> None:
    make, code, parts = CASES[case]
    data = make()
    sentence = terminal.refused(code, parts, "train", data, "--out", "run")
    assert not Path("run").exists()  # it came to nothing and leaves nothing
    assert sentence.rstrip().endswith(".")
    typed = terminal.type("train", data, "--json", "--out", "run")
    assert (typed.code, typed.out) == (code, "") and typed.err.splitlines()[-1] == sentence.rstrip()


@pytest.mark.parametrize("case", ["missing folder", "empty class", "NaN", "wrong magic"])
def test_data_info_refuses_in_the_same_words(terminal: Terminal, case: str) -> None:
    make, code, parts = CASES[case]
    terminal.refused(code, parts, "data", "info", make())


def test_the_same_data_unspoilt_are_read(terminal: Terminal) -> None:
    """Or the cases above would be refused for some other reason."""
    for path in (write_folder(Path("photos")), write_npz(Path("data.npz")), idx_folder(Path("idx"))):
        assert terminal.type("data", "info", path).code == 0


def test_pictures_that_cannot_be_judged(terminal: Terminal) -> None:
    write_npz(Path("data.npz"))
    words = ["train", "data.npz", "--model", "FC_4", "--epochs", "1", "--out", "run"]
    assert terminal.type(*words).code == 0
    write_folder(Path("photos"))
    truncate(Path("photos/cat/0.png"))
    terminal.refused(1, ["photos/cat/0.png", "remove the file."], "predict", "run", "photos/cat/0.png")
    terminal.refused(1, ["nothing.png"], "predict", "run", "nothing.png")
    typed = terminal.type("predict", "run", "photos/cat")  # the others get their answers all the same
    assert typed.code == 1 and "photos/cat/2.png" in typed.out, typed
    assert "photos/cat/0.png" in typed.err and "photos/cat/0.png" not in typed.out, typed
    write_folder(Path("others"))
    terminal.refused(1, ["others: classes must be those of the model ('0', '1')", "cat"], "evaluate", "run", "others")
