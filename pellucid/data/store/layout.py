"""What lies in an HDF5 store of images, by name; another program reads it as a plain HDF5 file.

Arrays   of each part (train, dev, val, test): x_ (N, H, W, C), a chunk a sample, not packed; y_ (N,) int64, the class,
         or (N, K) float64, numbers; ids_ (N,) int64; names_ (N,) text; groups_ (N,) text, if any; contents_
         (N,) the sha256 of the file, or of the pixels, that a sample was made of; crc_ (N,) uint32 of its pixels here
         of all: classes (K,), channels (C,), checksum (1,): the sha256 of the record and of all arrays but x_
Text     bytes of fixed length, UTF-8
Record   the attribute `pellucid`, JSON: kind, format, name, fingerprint, annotations, numbers (names and units),
         undivided, parts (how many of each), reading (fit and alpha, with which pictures came to this size)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.data.images import Array
from pellucid.storage.checksums import sha256_of_arrays

RECORD = "pellucid"
KIND, FORMAT = "images", 1
SHORT = {"train": "train", "train-dev": "dev", "validation": "val", "test": "test"}  # of the parts in names of arrays
CHECKSUM, CLASSES, CHANNELS = "checksum", "classes", "channels"
OF_ALL = (CHECKSUM, CLASSES, CHANNELS)
OF_PART = ("y", "ids", "names", "groups", "contents", "crc")  # beside x


def fixed(texts: Any) -> Array:
    """Text as bytes of one length, which HDF5 keeps without Python objects."""
    return np.array([str(text).encode() for text in texts] or [b""], "S")


def sum_of(record: bytes, columns: Mapping[str, Array]) -> str:
    """The sha256, in hex, of the record and of all columns by name."""
    return hashlib.sha256(record + sha256_of_arrays(columns).encode()).hexdigest()
