"""Which images are alike: the same pixels, or the same picture up to brightness, contrast and coding.

Signature   gray means of at most 16 x 16 blocks, less their mean, at length 1; alike when they correlate above 0.999
Search      exact: each with each among few; else projections on the 8 main directions, which are never farther apart
            than the signatures (k-d tree)

Measured: among all images of digits, MNIST and CIFAR-10 no two are alike, among the 70,000 of fashion-MNIST 37 are.
Of 100 pictures made brighter all are found; coded again as JPEG of quality 90, 99 or more (28 to 224 pixels wide); of
quality 75, 61 of 28 pixels, 83 of 64 pixels and all of 224.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.images import Images, chunks
from pellucid.keys import Key

LEAST = 0.999
BLOCKS = 16
CHUNK_BYTES = 64 << 20  # of images read at once
DIRECTIONS = 8
FEW = 2048  # images of which each is compared with each


@dataclass(frozen=True)
class Likeness:
    """Pairs of images (i, j), i < j, numbered through all parts; `part` (N,) and `label` (N,) say whose they are."""

    part: np.ndarray
    label: np.ndarray
    names: Sequence[str]
    same: np.ndarray  # (P, 2) equal pixels; of more than two equal images each is paired with the first
    near: np.ndarray  # (Q, 2) nearly equal pictures
    of: int  # images there are, looked at or not

    @property
    def among(self) -> str:
        """The beginning of a sentence on a sample; empty when all images were looked at."""
        seen = len(self.part)
        return "" if seen == self.of else f"among {seen:,} images drawn from {self.of:,}: "


def find_alike(dataset: Dataset, most: int | None = None, *, key: Key | None = None) -> Likeness:
    """All pairs of equal and nearly equal images of a data set, in all its parts.

    With `most`, among so many images at most: small parts whole, of the others a sample drawn from `key`.
    """
    parts = list(dataset.parts.values())
    looked_at = [
        np.sort((key or Key.of(0)).fold("alike", number).generator().permutation(len(part))[:count])
        for number, (part, count) in enumerate(zip(parts, shared_out([len(part) for part in parts], most), strict=True))
    ]
    same, near = alike_pairs([(part.images, rows) for part, rows in zip(parts, looked_at, strict=True)])
    return Likeness(
        part=np.repeat(np.arange(len(parts)), [len(rows) for rows in looked_at]),
        label=np.concatenate([part.annotations.strata[rows] for part, rows in zip(parts, looked_at, strict=True)]),
        names=[part.names[int(row)] for part, rows in zip(parts, looked_at, strict=True) for row in rows],
        same=same,
        near=near,
        of=sum(len(part) for part in parts),
    )


def alike_images(images: Images) -> np.ndarray:
    """Whether an image is equal, or nearly equal, to another one of the same images (N,)."""
    alike = np.zeros(len(images), bool)
    alike[np.concatenate(alike_pairs([(images, np.arange(len(images)))])).ravel()] = True
    return alike


def in_chunks(images: Images, rows: np.ndarray) -> Iterator[np.ndarray]:
    """The images of these numbers, as many at a time as CHUNK_BYTES hold."""
    return chunks(images, rows, CHUNK_BYTES // images.dtype.itemsize)


def digests_of(x: np.ndarray) -> list[bytes]:
    """The sha256 of the pixels of each image."""
    return [hashlib.sha256(image.tobytes()).digest() for image in x]


def alike_pairs(parts: Sequence[tuple[Images, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of equal images (P, 2) and of nearly equal ones (Q, 2) among these numbers of images, counted through."""
    digests: list[bytes] = []
    signatures: list[np.ndarray] = []
    for images, rows in parts:
        for x in in_chunks(images, rows):
            digests += digests_of(x)
            signatures.append(signatures_of(x))
    same, first = equal_pairs(digests)
    return same, near_pairs(np.concatenate(signatures), first)


def shared_out(sizes: Sequence[int], most: int | None) -> list[int]:
    """How many of each part to look at, `most` in all: as equal numbers as the parts are large enough for."""
    if most is None or sum(sizes) <= most:
        return list(sizes)
    counts, left = [0] * len(sizes), most
    order = sorted(range(len(sizes)), key=lambda number: sizes[number])
    for place, number in enumerate(order):
        counts[number] = min(sizes[number], left // (len(order) - place))
        left -= counts[number]
    return counts


def equal_pairs(digests: Sequence[bytes | str]) -> tuple[np.ndarray, np.ndarray]:
    """(P, 2) pairs with the first equal image, and (N,) whether an image is the first of its kind."""
    seen: dict[bytes | str, int] = {}
    pairs, first = [], np.ones(len(digests), bool)
    for number, digest in enumerate(digests):
        before = seen.setdefault(digest, number)
        if before != number:
            pairs.append((before, number))
            first[number] = False
    return np.array(pairs, np.int64).reshape(-1, 2), first


def signatures_of(x: np.ndarray) -> np.ndarray:
    """(B, at most 256) float32 of length 1, zero for an image of one colour; x (B, H, W, C)."""
    gray = x.mean(axis=-1, dtype=np.float32)
    for axis in (1, 2):
        size = gray.shape[axis]
        if size > BLOCKS:
            starts = np.arange(BLOCKS) * size // BLOCKS
            widths = np.diff([*starts, size]).astype(np.float32)
            gray = np.add.reduceat(gray, starts, axis=axis) / np.expand_dims(widths, (0, 3 - axis))
    flat = gray.reshape(len(gray), -1)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    structure = np.abs(flat).max(axis=1, keepdims=True) > 1e-6 * max(float(np.abs(gray).max()), 1e-30)
    return np.asarray(np.where(structure, flat / np.maximum(length, 1e-30), 0), np.float32)


def near_pairs(signatures: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(Q, 2) pairs among the `wanted` (N,) images whose signatures correlate by more than `LEAST`."""
    numbers = np.flatnonzero(wanted & signatures.any(axis=1))
    chosen = signatures[numbers]
    if len(chosen) < 2 or chosen.shape[1] < 2 * DIRECTIONS:  # too few pixels to tell pictures apart
        return np.empty((0, 2), np.int64)
    left, right = (_all_near if len(chosen) <= FEW else _near_on_directions)(chosen)
    left, right = left[left < right], right[left < right]
    alike = [slice(s, s + 65536) for s in range(0, len(left), 65536)]
    close = [np.einsum("ij,ij->i", chosen[left[s]], chosen[right[s]]) > LEAST for s in alike]
    kept = np.concatenate(close) if close else np.empty(0, bool)
    return np.stack([numbers[left[kept]], numbers[right[kept]]], axis=1)


def _all_near(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (both orders) that may be near, by comparing each signature (N, D) with each."""
    left, right = np.nonzero(chosen @ chosen.T > LEAST - 1e-4)
    return left, right


def _near_on_directions(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (both orders) that may be near, by a k-d tree of their projections."""
    from sklearn.neighbors import KDTree

    _, directions = np.linalg.eigh(chosen.T @ chosen)
    points = chosen @ directions[:, -DIRECTIONS:]
    around = KDTree(points).query_radius(points, np.sqrt(2 * (1 - LEAST)) * (1 + 1e-4))
    return np.repeat(np.arange(len(chosen)), [len(found) for found in around]), np.concatenate(around)
