"""Preprocessing: worked numbers, scikit-learn as second opinion, and what a model file keeps of it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.decomposition import PCA as TheirPCA

from pellucid.data import PCA, ArrayImages, Center, MinMax, Part, Pipeline, Standardize, Whiten, preprocessing
from pellucid.data.annotations import Classes
from pellucid.errors import ArgumentError, DataError, FileError
from pellucid.keys import Key

RANDOM = np.random.default_rng(0)
KEY = Key.of(1)


def part_of(pixels: np.ndarray) -> Part:
    n = len(pixels)
    return Part(ArrayImages(pixels), Classes(np.arange(n) % 2), tuple(map(str, range(n))), np.arange(n))


def everything(part: Part) -> np.ndarray:
    return part.images.take(np.arange(len(part)))


def test_standardize_by_hand() -> None:
    # one channel holds 1, 3, 5, 7: mean 4, variance (9 + 1 + 1 + 9) / 4 = 5; the other is always 2
    pixels = np.array([[1.0, 2], [3, 2], [5, 2], [7, 2]], np.float32).reshape(2, 2, 1, 2)
    fitted = Pipeline((Standardize(),)).fit(part_of(pixels), key=KEY)
    assert fitted.apply(pixels)[..., 0].reshape(-1) == pytest.approx(np.array([-3, -1, 1, 3]) / np.sqrt(5))
    assert (fitted.apply(pixels)[..., 1] == 0).all()


def test_center_and_min_max_per_pixel_and_per_channel() -> None:
    pixels = RANDOM.normal(3.0, 2.0, (40, 5, 4, 3)).astype(np.float32)
    part = part_of(pixels)
    for per, axes in (("channel", (0, 1, 2)), ("pixel", (0,))):
        centred = Pipeline((Center(per=per),)).fit(part, key=KEY).apply(pixels)
        assert np.abs(centred - (pixels - pixels.mean(axes, dtype=np.float64))).max() < 1e-5
        spread = Pipeline((MinMax(per=per),)).fit(part, key=KEY).apply(pixels)
        assert spread.min(axes) == pytest.approx(-1) and spread.max(axes) == pytest.approx(1)
    assert np.abs(Pipeline((Center(),)).fit(part, key=KEY).apply(pixels).mean((1, 2))).max() > 0.1


def test_pca_agrees_with_scikit_learn_up_to_sign() -> None:
    pixels = (RANDOM.normal(size=(60, 6)) @ RANDOM.normal(size=(6, 20)) + 3).reshape(60, 5, 4, 1)
    part = part_of(pixels)
    theirs = TheirPCA(n_components=0.95, svd_solver="full").fit(pixels.reshape(60, -1))
    ours = Pipeline((PCA(),)).fit(part, key=KEY)
    expected = theirs.transform(pixels.reshape(60, -1))
    got = ours.apply(pixels)
    assert got.shape == expected.shape == (60, *ours.output_shape((5, 4, 1)))
    assert np.abs(np.abs(got) - np.abs(expected)).max() < 1e-4 * np.abs(expected).max()
    basis = ours.arrays()["0_pca/basis"]
    assert (basis[np.abs(basis).argmax(0), np.arange(basis.shape[1])] > 0).all()
    assert Pipeline((PCA(components=2),)).fit(part, key=KEY).apply(pixels) == pytest.approx(got[:, :2], abs=1e-5)


def test_whitened_images_have_the_identity_as_covariance() -> None:
    pixels = (RANDOM.normal(size=(300, 12)) @ RANDOM.normal(size=(12, 12))).reshape(300, 2, 3, 2)
    white = Pipeline((Whiten(epsilon=0.0),)).fit(part_of(pixels), key=KEY).apply(pixels)
    assert np.abs(white.T @ white / 300 - np.eye(12)).max() < 1e-3
    # with epsilon the variance of an axis of variance v is v / (v + epsilon)
    damped = Pipeline((Whiten(epsilon=0.5),)).fit(part_of(pixels), key=KEY).apply(pixels)
    values = np.sort(np.linalg.eigvalsh(np.cov(pixels.reshape(300, -1).T, bias=True)))[::-1]
    assert damped.var(axis=0) == pytest.approx(values / (values + 0.5), rel=1e-3)


def test_fitting_in_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    part = part_of(RANDOM.integers(0, 256, (50, 3, 4, 2), dtype=np.uint8))
    pipeline = Pipeline.parse("scale,standardize=pixel,min_max,pca=5")
    whole = pipeline.fit(part, key=KEY)
    monkeypatch.setattr(preprocessing, "CHUNK_BYTES", 7 * 3 * 4 * 2 * 4)
    chunked = pipeline.fit(part, key=KEY)
    assert list(whole.arrays()) == list(chunked.arrays())
    assert np.allclose(whole.apply(everything(part)), chunked.apply(everything(part)), atol=1e-4)


def test_a_file_keeps_all_of_it() -> None:
    part = part_of(RANDOM.integers(0, 256, (50, 3, 4, 2), dtype=np.uint8))
    for text in ("scale", "", "scale,center,standardize=pixel,min_max=pixel,whiten"):
        fitted = Pipeline.parse(text).fit(part, key=KEY)
        again = Pipeline.from_config(json.loads(json.dumps(fitted.to_config())), fitted.arrays())
        assert np.array_equal(again.apply(everything(part)), fitted.apply(everything(part)))
        assert again.apply(everything(part)).dtype == np.float32 and again.to_config() == fitted.to_config()


def test_a_fit_leaves_the_pipeline_and_the_pixels_as_they_were() -> None:
    part = part_of(RANDOM.normal(size=(8, 3, 4, 2)).astype(np.float32))
    before = everything(part)
    pipeline = Pipeline.parse("scale,standardize")
    pipeline.fit(part, key=KEY).apply(part.images.array)  # type: ignore[attr-defined]
    assert np.array_equal(everything(part), before)
    with pytest.raises(ArgumentError, match=r"step 'scale' has not been fitted. Call pipeline.fit"):
        pipeline.apply(before)


@pytest.mark.parametrize(("text", "message"), [
    ("scale,blur", r"there is no step 'blur'. The steps are: scale, center, standardize, min_max, pca, whiten"),
    ("scale=2", r"the step 'scale' takes no value, but 'scale=2' was given"),
    ("center=row", r"per must be 'channel' or 'pixel', but it is 'row'"),
    ("pca=much", r"'pca=much' must be a share of the variance"),
    ("pca=1.5", r"variance must be in \(0, 1\], but it is 1.5"),
])
def test_steps_that_cannot_be_meant_are_refused(text: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Pipeline.parse(text)


def test_a_covariance_that_would_not_fit_is_refused_with_the_flag() -> None:
    with pytest.raises(DataError, match=r"at most 4096 values an image, but there are 10000. Type --resize"):
        Pipeline((PCA(),)).fit(part_of(np.zeros((3, 100, 100, 1))), key=KEY)


def test_a_file_without_an_array_or_with_an_unknown_setting_is_refused() -> None:
    fitted = Pipeline((Center(),)).fit(part_of(np.ones((3, 2, 2, 1))), key=KEY)
    with pytest.raises(FileError, match=r"'center' needs the array '0_center/mean', but the file has none"):
        Pipeline.from_config(fitted.to_config(), {})
    config = {"steps": [{"name": "scale", "divisor": 1.0, "gamma": 2}]}
    with pytest.raises(FileError, match=r"'scale' cannot be read .* another version of Pellucid"):
        Pipeline.from_config(config)
