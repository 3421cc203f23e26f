"""IDX: the format of MNIST, a folder of image and label files, gzipped or not.

File    magic (big-endian 2051 images, 2049 labels), then the sizes as 32-bit integers, then one byte a value
Names   train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-..., also with dots (train-images.idx3-ubyte) and .gz
Source  Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits, section "file formats".
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pellucid.data.arrays import dataset_of_arrays
from pellucid.data.dataset import Dataset
from pellucid.data.images import Array
from pellucid.data.naming import part_name, read_class_list
from pellucid.data.options import Options
from pellucid.errors import DataError, FileError, shown
from pellucid.storage.limits import ENTRIES, FREE, PIXELS, check_claim
from pellucid.storage.memory import check_room
from pellucid.storage.reading import open_regular, stored_bytes
from pellucid.storage.unpacking import unpacked_blocks

IMAGES, LABELS = 2051, 2049
KINDS = {IMAGES: "IDX images", LABELS: "IDX labels"}
FILE_NAME = re.compile(r"(?P<part>[a-z0-9]+)[-_.](?P<kind>images|labels)[-_.]idx[13][-_.]ubyte(\.gz)?", re.IGNORECASE)


def is_idx_folder(names: list[str]) -> bool:
    """Whether one of the file names is an IDX file's."""
    return any(FILE_NAME.fullmatch(name) for name in names)


def open_idx_folder(folder: Path, options: Options) -> Dataset:
    """Read a folder of IDX files. Raises FileError (broken file) or DataError (labels), each naming the file."""
    files = _files_by_part(folder)
    pixels: dict[str, Array] = {}
    labels: dict[str, Array] = {}
    for part, pair in files.items():
        pixels[part] = read_idx(pair["images"], magic=IMAGES)
        labels[part] = read_idx(pair["labels"], magic=LABELS).astype(np.int64)
        if len(pixels[part]) != len(labels[part]):
            raise DataError(f"{pair['images']} holds {len(pixels[part])} images, but {pair['labels'].name} holds "
                            f"{len(labels[part])} labels. Put the two files of one set side by side.")
    return dataset_of_arrays(folder.resolve().name, str(folder), pixels, labels, read_class_list(folder),
                             options=options, files={part: pair["images"].name for part, pair in files.items()})


def _files_by_part(folder: Path) -> dict[str, dict[str, Path]]:
    """{"train": {"images": path, "labels": path}, ...}, train first. Raises DataError for half a pair or a double."""
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.iterdir()):
        match = FILE_NAME.fullmatch(path.name)
        if match is None:
            continue
        part = "test" if match["part"].lower() == "t10k" else part_name(match["part"])
        if part is None:
            raise DataError(f"{path}: the name must begin with train, validation, test or t10k, "
                            f"but it begins with '{match['part']}'. Rename the file.")
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


def read_idx(path: Path, *, magic: int) -> Array:
    """The uint8 array of one IDX file: (N, H, W) for images, (N,) for labels. Raises FileError naming the file."""
    start = 4 * (1 + (3 if magic == IMAGES else 1))
    with open_regular(path) as file:
        try:
            if file.peek(2)[:2] == GZIP:  # by content, not by name
                return _unpacked(path, unpacked_blocks(file, path), start, magic)
            sizes = _sizes(path, file.read(start), start, magic)
            follow = os.fstat(file.fileno()).st_size - start
            _check_length(path, sizes, follow, str(follow))
            check_claim(follow, stored_bytes(file), path)
            if follow > FREE:
                return np.memmap(path, np.uint8, "r", start, sizes).view(np.ndarray)
            return np.frombuffer(file.read(), np.uint8).reshape(sizes)
        except FileError:
            raise
        except (OSError, ValueError) as error:
            raise FileError(f"{path}: the file cannot be read ({shown(error)}). {AGAIN}") from error


AGAIN = "The file is cut short or damaged: copy or download it again."
GZIP = b"\x1f\x8b"


def _unpacked(path: Path, blocks: Iterator[bytes], start: int, magic: int) -> Array:
    """The array in unpacked blocks; no more than its header promises is kept."""
    kept = bytearray()
    for block in blocks:
        kept += block
        if len(kept) >= start:
            break
    sizes = _sizes(path, bytes(kept[:start]), start, magic)
    wanted = math.prod(sizes)
    check_room(wanted, path, "unpacking it", "Unpack it with gunzip: then it is read as needed.")
    for block in blocks:
        kept += block
        if len(kept) - start > wanted:
            _check_length(path, sizes, len(kept) - start, "more")
    _check_length(path, sizes, len(kept) - start, str(len(kept) - start))
    return np.frombuffer(kept, np.uint8, offset=start).reshape(sizes)


def _sizes(path: Path, head: bytes, start: int, magic: int) -> tuple[int, ...]:
    """The sizes in a header. Raises FileError for another format, or for more images or pixels than are read."""
    if len(head) < start:
        raise FileError(f"{path}: an IDX header needs {start} bytes, but the file holds {len(head)}. {AGAIN}")
    found = int.from_bytes(head[:4], "big")
    if found != magic:
        kind = KINDS.get(found, "no format that Pellucid knows")
        raise FileError(f"{path}: the magic number must be {magic} ({KINDS[magic]}), but it is {found} ({kind}). "
                        "Check that the file has the right name and is not another file renamed.")
    sizes = tuple(int.from_bytes(head[i : i + 4], "big") for i in range(4, start, 4))
    ENTRIES.check(sizes[0], path)
    PIXELS.check(math.prod(sizes[1:]), path)
    return sizes


def _check_length(path: Path, sizes: tuple[int, ...], follow: int, told: str) -> None:
    wanted = math.prod(sizes)
    if follow != wanted:
        raise FileError(f"{path}: the header promises {' x '.join(map(str, sizes))} = {wanted} bytes, but {told} "
                        f"follow. {AGAIN}")
