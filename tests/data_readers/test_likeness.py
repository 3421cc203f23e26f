"""The search for images that are alike finds what comparing every pair finds, and knows a picture that was changed."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pellucid.data.likeness import LEAST, equal_pairs, near_pairs, signatures_of


def smooth(seed: int, *, size: int = 32, channels: int = 3) -> np.ndarray:
    """A (size, size, channels) uint8 picture with large shapes in it."""
    random = np.random.default_rng(seed)
    coarse = random.integers(20, 200, (4, 4, channels), dtype=np.uint8)
    return np.kron(coarse, np.ones((size // 4, size // 4, 1), np.uint8))


def correlations(x: np.ndarray) -> np.ndarray:
    signatures = signatures_of(x).astype(np.float64)
    return signatures @ signatures.T


def photograph(size: int = 128) -> np.ndarray:
    """A picture of soft shapes with a little grain."""
    rows, columns = np.mgrid[:size, :size] / size
    waves = [128 + 90 * np.sin(6 * rows + shift) * np.cos(5 * columns - shift) for shift in (0.0, 0.4, 0.9)]
    grain = np.random.default_rng(0).normal(0, 4, (size, size, 3))
    return np.clip(np.stack(waves, -1) + grain, 0, 255).astype(np.uint8)


def as_jpeg(picture: np.ndarray) -> np.ndarray:
    held = io.BytesIO()
    Image.fromarray(picture).save(held, format="JPEG", quality=75)
    return np.asarray(Image.open(held))


@pytest.mark.parametrize("patterns", [256, 6, 5])  # 5 and 6 lie wholly in the directions that are looked along
def test_the_search_finds_what_all_pairs_give(patterns: int) -> None:
    random = np.random.default_rng(patterns)
    made_of = np.linalg.qr(random.normal(size=(256, patterns)))[0].T
    base = random.normal(size=(40, patterns))
    near = base[:20] + 0.0447 * random.normal(size=(20, patterns))  # on both sides of the limit
    x = (np.concatenate([base, near]) @ made_of).reshape(-1, 16, 16, 1)
    wanted = random.random(len(x)) < 0.9
    signatures = signatures_of(x)
    close = np.argwhere(np.triu(signatures @ signatures.T, 1) > LEAST)
    all_pairs = {(i, j) for i, j in close if wanted[[i, j]].all()}
    assert {(i, j) for i, j in near_pairs(signatures, wanted)} == all_pairs
    scattered = correlations(x)[np.arange(20), np.arange(40, 60)]
    assert 0 < (scattered > LEAST).sum() < 20


def test_a_picture_that_was_coded_again_or_made_brighter_is_the_same() -> None:
    picture = photograph()
    changed = np.stack([picture, as_jpeg(picture), (picture * 0.7 + 40).astype(np.uint8)])
    assert (correlations(changed) > LEAST).all()


def test_another_picture_and_a_flipped_one_are_not() -> None:
    pictures = np.stack([smooth(seed) for seed in range(20)] + [smooth(0)[:, ::-1]])
    assert (np.triu(correlations(pictures), 1) < LEAST).all()


def test_pictures_of_one_colour_are_like_none() -> None:
    x = np.stack([np.full((16, 16, 1), value, np.uint8) for value in (0, 7, 7, 255)])
    signatures = signatures_of(x)
    assert not signatures.any() and len(near_pairs(signatures, np.ones(4, bool))) == 0


@pytest.mark.parametrize("size", [(5, 7), (16, 16), (17, 33), (32, 32), (100, 50)])
def test_a_signature_is_made_of_the_means_of_blocks(size: tuple[int, int]) -> None:
    x = np.random.default_rng(1).integers(0, 256, (3, *size, 3)).astype(np.uint8)
    rows, columns = ([i * n // min(n, 16) for i in range(min(n, 16))] for n in size)
    gray = x.mean(axis=-1)
    blocks = np.stack([
        [
            gray[:, top:bottom, left:right].mean(axis=(1, 2))
            for left, right in zip(columns, [*columns[1:], size[1]], strict=True)
        ]
        for top, bottom in zip(rows, [*rows[1:], size[0]], strict=True)
    ])  # fmt: skip
    flat = np.moveaxis(blocks, -1, 0).reshape(3, -1)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    np.testing.assert_allclose(signatures_of(x), flat, atol=1e-5)


def test_equal_images_are_paired_with_the_first() -> None:
    pairs, first = equal_pairs([b"a", b"b", b"a", b"c", b"a", b"b"])
    assert pairs.tolist() == [[0, 2], [0, 4], [1, 5]]
    assert first.tolist() == [True, True, False, True, False, False]
