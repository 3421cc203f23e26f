"""IDX: the format of MNIST, a folder of image and label files, gzipped or not.

File    magic (big-endian 2051 images, 2049 labels; labels of 32 bits 3073, several a sample, as QMNIST's, 3074), then
        the sizes as 32-bit integers, then one byte a value, or four
Names   train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-..., also with dots (train-images.idx3-ubyte) and .gz,
        and with the set's name in front (emnist-letters-train-images-idx3-ubyte)
Classes lines of classes.txt, or of EMNIST's mapping.txt (label, code of a letter, codes of others that count as it)
Source  Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits, section "file formats".
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.annotations import Classes
from pellucid.data.arrays import dataset_of_arrays
from pellucid.data.dataset import Dataset
from pellucid.data.images import Array
from pellucid.data.naming import part_name, read_class_list, some_names
from pellucid.data.options import Options
from pellucid.errors import DataError, FileError, shown
from pellucid.storage.limits import ENTRIES, FREE, PIXELS, check_claim
from pellucid.storage.memory import check_room
from pellucid.storage.reading import open_regular, read_text, stored_bytes

IMAGES, LABELS = 2051, 2049
LONGEST_HEADER = 16


@dataclass(frozen=True)
class Kind:
    """What a magic number stands for, the dtype of the values, how many sizes follow."""

    meaning: str
    dtype: np.dtype[Any]
    rank: int


KNOWN = {
    IMAGES: Kind("IDX images", np.dtype(np.uint8), 3), LABELS: Kind("IDX labels", np.dtype(np.uint8), 1),
    3073: Kind("IDX labels", np.dtype(">i4"), 1), 3074: Kind("IDX labels", np.dtype(">i4"), 2),
}  # fmt: skip
FILE_NAME = re.compile(
    r"(?:(?P<set>.+)[-_.])?(?P<part>[a-z0-9]+)[-_.](?P<kind>images|labels)[-_.]idx[0-9][-_.](?:ubyte|byte|int)(?:\.gz)?",
    re.IGNORECASE,
)
NEARLY = re.compile(r"(images|imgs|labels).*(idx|ubyte)|idx[0-9].?ubyte", re.IGNORECASE)
MAPPING = "mapping.txt"
MOST_MAPPING = 1 << 20


def is_idx_folder(names: list[str]) -> bool:
    """Whether one of the file names is an IDX file's."""
    return any(FILE_NAME.fullmatch(name) for name in names)


def refuse_nearly_idx(folder: Path, names: list[str]) -> None:
    """Raise DataError for a file that is called nearly as IDX files are."""
    near = next((name for name in names if NEARLY.search(name)), None)
    if near is not None:
        raise DataError(f"{folder}: {shown(near)} seems to be an IDX file, but those are called "
                        "train-images-idx3-ubyte, train-labels-idx1-ubyte, and t10k-... or test-... alike (.gz too). "
                        "Rename the files.")


def open_idx_folder(folder: Path, options: Options) -> Dataset:
    """Read a folder of IDX files. Raises FileError (broken file) or DataError (labels), each naming the file."""
    files = _files_by_part(folder)
    pixels: dict[str, Array] = {}
    labels: dict[str, Classes] = {}
    for part, pair in files.items():
        pixels[part] = read_idx(pair["images"], magic=IMAGES)
        labels[part] = Classes(read_idx(pair["labels"], magic=LABELS).astype(np.int64))
        if len(pixels[part]) != len(labels[part]):
            raise DataError(f"{pair['images']} holds {len(pixels[part])} images, but {pair['labels'].name} holds "
                            f"{len(labels[part])} labels. Put the two files of one set side by side.")
    return dataset_of_arrays(folder.resolve().name, str(folder), pixels, labels, class_names_in(folder, files),
                             options=options, files={part: pair["images"].name for part, pair in files.items()})


def _files_by_part(folder: Path) -> dict[str, dict[str, Path]]:
    """{"train": {"images": path, "labels": path}, ...}, train first. Raises DataError for half a pair or a double."""
    found: dict[str, dict[str, Path]] = {}
    sets: set[str] = set()
    for path in sorted(folder.iterdir()):
        match = FILE_NAME.fullmatch(path.name)
        if match is None:
            continue
        part = "test" if match["part"].lower() == "t10k" else part_name(match["part"])
        if part is None:
            begin = path.name[: match.start("kind") - 1]
            raise DataError(f"{path}: the name must begin with train, validation, test or t10k, "
                            f"but it begins with '{shown(begin)}'. Rename the file.")
        sets.add((match["set"] or "").lower())
        if len(sets) > 1:
            raise DataError(f"{folder}: it holds the files of several sets: {some_names(sorted(sets))}. "
                            "Put those of the one you mean into a folder of their own.")
        pair = found.setdefault(part, {})
        kind = match["kind"].lower()
        if kind in pair:
            raise DataError(f"{folder}: there are two files of {part} {kind}, {pair[kind].name} and {path.name}. "
                            "Remove one of them.")
        pair[kind] = path
    for part, pair in found.items():
        for kind in ("images", "labels"):
            if kind not in pair:
                other = next(iter(pair.values()))
                raise DataError(f"{folder}: {other.name} has no file of {kind} beside it. "
                                f"Put the {kind} of the {part} part into the folder.")
    return {part: found[part] for part in ("train", "validation", "test") if part in found}


def class_names_in(folder: Path, files: Mapping[str, Mapping[str, Path]]) -> tuple[str, ...] | None:
    """The names of the classes by classes.txt, or by EMNIST's mapping.txt; None without them."""
    listed = read_class_list(folder)
    if listed is not None:
        return listed
    match = FILE_NAME.fullmatch(next(iter(files.values()))["images"].name)
    prefix = f"{match['set']}-" if match is not None and match["set"] else ""
    path = next((place for name in (prefix + MAPPING, MAPPING) if (place := folder / name).is_file()), None)
    return None if path is None else parse_mapping(read_text(path, most=MOST_MAPPING), str(path))


def parse_mapping(text: str, where: str) -> tuple[str, ...]:
    """The letters of a mapping.txt, in the order of its labels. Raises DataError for a line of another form."""
    letters: dict[int, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        if len(words) < 2 or not all(word.isdecimal() and len(word) < 7 for word in words):
            raise DataError(f"{where}: line {number} must be a label and the code of its letter, as in '10 65', but it "
                            f"is '{shown(line)}'. Correct it, or write a classes.txt with one name a line.")
        letters[int(words[0])] = "".join(map(chr, map(int, words[1:])))
    begin = min(letters, default=0)
    if begin > 1 or sorted(letters) != list(range(begin, begin + len(letters))):
        raise DataError(f"{where}: the labels must be numbered from 0 or 1 without gaps. Write a classes.txt with one "
                        "name a line.")
    return tuple(letters[label] for label in sorted(letters))


@dataclass(frozen=True)
class Header:
    """What an IDX file says of itself: dtype and sizes of its array, and the byte where it begins."""

    dtype: np.dtype[Any]
    sizes: tuple[int, ...]
    start: int

    @property
    def bytes(self) -> int:
        """How many bytes follow."""
        return math.prod(self.sizes) * self.dtype.itemsize


def read_idx(path: Path, *, magic: int) -> Array:
    """The array of one IDX file: (N, H, W) uint8 for images, (N,) for labels. Raises FileError naming the file."""
    with open_regular(path) as file:
        try:
            if file.peek(2)[:2] == GZIP:  # by content, not by name
                from pellucid.storage.unpacking import unpacked_blocks

                array = _unpacked(path, unpacked_blocks(file, path), magic)
            else:
                array = _stored(path, file, magic)
        except FileError:
            raise
        except (OSError, ValueError) as error:
            raise FileError(f"{path}: the file cannot be read ({shown(error)}). {AGAIN}") from error
    return array[:, 0] if magic == LABELS and array.ndim == 2 else array  # QMNIST: the class, then where it comes from


AGAIN = "The file is cut short or damaged: copy or download it again."
GZIP = b"\x1f\x8b"


def _stored(path: Path, file: BufferedReader, magic: int) -> Array:
    header = _header(path, file.read(LONGEST_HEADER), magic)
    follow = os.fstat(file.fileno()).st_size - header.start
    _check_length(path, header, follow, str(follow))
    check_claim(follow, stored_bytes(file), path)
    if follow > FREE:
        return np.memmap(path, header.dtype, "r", header.start, header.sizes).view(np.ndarray)
    file.seek(header.start)
    return np.frombuffer(file.read(), header.dtype).reshape(header.sizes)


def _unpacked(path: Path, blocks: Iterator[bytes], magic: int) -> Array:
    """The array in unpacked blocks; no more than its header promises is kept."""
    kept = bytearray()
    for block in blocks:
        kept += block
        if len(kept) >= LONGEST_HEADER:
            break
    header = _header(path, bytes(kept[:LONGEST_HEADER]), magic)
    check_room(header.bytes, path, "unpacking it", "Unpack it with gunzip: then it is read as needed.")
    for block in blocks:
        kept += block
        if len(kept) - header.start > header.bytes:
            _check_length(path, header, len(kept) - header.start, "more")
    _check_length(path, header, len(kept) - header.start, str(len(kept) - header.start))
    return np.frombuffer(kept, header.dtype, offset=header.start).reshape(header.sizes)


def _header(path: Path, head: bytes, magic: int) -> Header:
    """The header in the first bytes. Raises FileError for another format, or more images or pixels than are read."""
    found = int.from_bytes(head[:4], "big")
    rank = KNOWN.get(found, KNOWN[magic]).rank
    start = 4 * (1 + rank)
    if len(head) < start:
        raise FileError(f"{path}: an IDX header needs {start} bytes, but the file holds {len(head)}. {AGAIN}")
    if found not in KNOWN or KNOWN[found].meaning != KNOWN[magic].meaning:
        kind = KNOWN[found].meaning if found in KNOWN else "no format that Pellucid knows"
        raise FileError(f"{path}: the magic number must be {magic} ({KNOWN[magic].meaning}), but it is {found} "
                        f"({kind}). Check that the file has the right name and is not another file renamed.")
    sizes = tuple(int.from_bytes(head[i : i + 4], "big") for i in range(4, start, 4))
    ENTRIES.check(sizes[0], path)
    PIXELS.check(math.prod(sizes[1:]), path)
    return Header(KNOWN[found].dtype, sizes, start)


def _check_length(path: Path, header: Header, follow: int, told: str) -> None:
    if follow != header.bytes:
        raise FileError(f"{path}: the header promises {' x '.join(map(str, header.sizes))} = {header.bytes} bytes, but "
                        f"{told} follow. {AGAIN}")
