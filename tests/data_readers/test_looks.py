"""Looks of the table by the property that defines each; mixing of pictures and targets; what `auto` chooses."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import ArrayImages, Augmentation, Batches, Part, choosing
from pellucid.data.annotations import Classes
from pellucid.data.appearance import LOOKS
from pellucid.data.batches import Batch
from pellucid.data.choosing import Looks
from pellucid.data.mixing import Mix
from pellucid.engines.protocol import Objective, Term
from pellucid.errors import ShapeError
from pellucid.keys import Key
from pellucid.layers import Dense, Input
from pellucid.models import Sequential
from pellucid.spec.losses import CategoricalCrossentropy, SparseCategoricalCrossentropy
from tests.parity_engines.comparing import engines

KEY, RANDOM = Key.of(5), np.random.default_rng(2)
N = 24
SMOOTH = np.add.outer(np.arange(23) * 4, np.arange(18) * 5)[None, :, :, None] + RANDOM.integers(0, 60, (N, 1, 1, 3))
PHOTOS = SMOOTH.astype(np.uint8)
AMOUNTS = {"perspective": 0.3, "elastic": 3, "hue": 0.3, "grey": 1, "pca": 0.5, "blur": 2, "sharpen": 2, "noise": 0.2,
           "jpeg": 90, "erase": 1, "brightness": 0.5, "contrast": 0.6, "saturation": 0.8}  # fmt: skip


def made(text: str, images: np.ndarray = PHOTOS, epoch: int = 0, ids: np.ndarray | None = None) -> np.ndarray:
    ids = np.arange(len(images)) if ids is None else ids
    return Augmentation.parse(text).apply(images, key=KEY, epoch=epoch, ids=ids)


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_depends_on_key_epoch_and_sample_keeps_shape_and_dtype_and_takes_16_bits(name: str) -> None:
    text = f"{name}={AMOUNTS[name]}"
    whole, chosen = made(text), np.array([17, 3, 20])
    assert np.array_equal(made(text, PHOTOS[chosen], ids=chosen), whole[chosen])
    assert (not np.array_equal(whole, PHOTOS) and not np.array_equal(made(text, epoch=1), whole)) or name == "grey"
    deep = made(text, PHOTOS.astype(np.uint16) * 257)
    assert (deep.dtype == np.uint16 and np.abs(deep / 257.0 - whole).max() <= 1.01) or name == "jpeg"
    assert whole.dtype == np.uint8 and whole.shape == PHOTOS.shape
    five = RANDOM.integers(0, 256, (4, 11, 9, 5), dtype=np.uint8)
    if name == "hue":
        with pytest.raises(ShapeError, match="hue must be used on pictures of 3 channels, but it is 5 channels"):
            made(text, five)
    else:
        assert made(text, five).shape == five.shape


def test_what_looks_leave_alone() -> None:
    x = RANDOM.integers(60, 190, (N, 12, 10, 3)).astype(np.float64) / 255
    luma = np.array([0.299, 0.587, 0.114])
    for text in ("hue=0.5", "saturation=0.9", "grey=1"):  # the grey of every pixel
        np.testing.assert_allclose(made(text, x) @ luma, x @ luma, atol=2e-5)
    np.testing.assert_allclose((made("contrast=0.5", x) @ luma).mean((1, 2)), (x @ luma).mean((1, 2)), atol=1e-5)
    bright = made("brightness=0.3", x) / x
    np.testing.assert_allclose(bright, bright[:, :1, :1, :1] * np.ones_like(bright), rtol=1e-4)
    assert 0.7 <= bright.min() < 0.75 and 1.25 < bright.max() <= 1.3
    assert np.ptp(made("grey=1", x), axis=-1).max() < 1e-6
    flat = np.full((3, 12, 10, 3), 0.4)
    for text in ("blur=3", "sharpen=3", "elastic=4", "perspective=0.4", "jpeg=80", "contrast=0.9", "saturation=0.9"):
        np.testing.assert_allclose(made(text, flat), flat, atol=4e-3, err_msg=text)
    edges = np.abs(np.diff(x, axis=1)).mean()
    assert np.abs(np.diff(made("blur=3", x), axis=1)).mean() < 0.7 * edges
    assert np.abs(np.diff(made("sharpen=3", x), axis=1)).mean() > 1.3 * edges
    assert np.abs(made("noise=0.2", x) - x).std() > 0.03 and abs((made("noise=0.2", x) - x).mean()) < 0.005
    changed = (np.abs(made("erase=1", x) - x) > 1e-5).any(-1)
    for one in changed:  # one rectangle
        rows, columns = np.where(one.any(1))[0], np.where(one.any(0))[0]
        assert one[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].mean() > 0.9
        assert 0.01 < one.mean() < 0.4
    off = (made("pca=1", x) - x).reshape(N, -1, 3)
    np.testing.assert_allclose(off, off[:, :1] * np.ones_like(off), atol=1e-5)  # one step for all pixels of a picture


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("channels", [1, 3, 6])
def test_pictures_of_one_pixel_keep_their_shape_and_have_nothing_to_blur(name: str, channels: int) -> None:
    if name == "hue":
        channels = 3
    few = RANDOM.integers(0, 256, (3, 1, 1, channels), dtype=np.uint8)
    seen = made(f"{name}={AMOUNTS[name]}", few)
    assert seen.shape == few.shape and (np.array_equal(seen, few) or name not in ("pca", "blur", "erase"))


@pytest.mark.parametrize("name", LOOKS)
def test_what_is_not_a_number_stays_so_that_whoever_learns_from_it_can_say_it(name: str) -> None:
    x = RANDOM.random((2, 9, 11, 3), np.float32)
    x[0, 4, 5] = np.nan
    seen = np.isnan(made(f"{name}={AMOUNTS[name]}", x))
    assert seen[0].any() and not seen[1].any()


def part_of(images: np.ndarray, labels: np.ndarray | None = None) -> Part:
    labels = np.arange(len(images)) % 3 if labels is None else labels
    return Part(ArrayImages(images), Classes(labels), tuple(map(str, range(len(images)))), np.arange(len(images)))


@pytest.mark.parametrize("text", ["mixup=1", "cutmix=1"])
def test_mixed_pictures_are_their_parts_and_the_same_after_a_resume(text: str) -> None:
    flat = np.broadcast_to((np.arange(N) * 10.0)[:, None, None, None], (N, 8, 8, 1)).astype(np.float32)
    batches = Batches(part_of(flat), batch_size=8, key=KEY, augmentation=Augmentation.parse(text))
    epoch = list(batches.epoch(1))
    for batch in epoch:
        mix, own = batch.mix, batch.ids * 10.0
        assert mix is not None and mix.share.min() >= (0.5 if text == "mixup=1" else 0.0)
        np.testing.assert_allclose(batch.inputs["input"].mean((1, 2, 3)),
                                   mix.share * own + (1 - mix.share) * own[mix.partner], rtol=1e-5)  # fmt: skip
    again = next(iter(batches.epoch(1, start=2)))
    assert np.array_equal(again.inputs["input"], epoch[2].inputs["input"])


def test_the_loss_of_mixed_targets_is_that_of_soft_ones_on_both_engines() -> None:
    graph = Sequential([Input((4,)), Dense(3, activation="softmax")]).graph
    mix = Mix(RANDOM.permutation(7), RANDOM.random(7))
    inputs, labels = {"input": RANDOM.normal(size=(7, 4))}, RANDOM.integers(0, 3, 7)
    share = mix.share[:, None]
    soft = share * np.eye(3)[labels] + (1 - share) * np.eye(3)[labels[mix.partner]]
    found = []
    for engine in engines("float64"):
        params, state = engine.init(graph, KEY)
        sparse, plain = SparseCategoricalCrossentropy, CategoricalCrossentropy
        for loss, batch in ((sparse(label_smoothing=0.1), Batch(inputs, {"output": labels}, mix=mix)),
                            (plain(label_smoothing=0.1), Batch(inputs, {"output": soft}))):
            run = engine.forward(graph, params, state, engine.put(inputs), training=True, key=KEY)
            sums, gradients = engine.grad(Objective((Term("output", loss),)), run, batch, wrt=("parameters",))
            found.append((sums["loss:output"][0], engine.get(gradients.parameters)["dense/kernel"]))
    for value, gradient in found[1:]:
        assert value == pytest.approx(found[0][0], rel=1e-10)
        np.testing.assert_allclose(gradient, found[0][1], rtol=1e-9)


def test_auto_is_for_photos_and_mirrors_for_those_that_allow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = ("red", "green", "blue")
    noise = RANDOM.integers(0, 256, (60, 32, 40, 3), dtype=np.uint8)
    photos = Looks(part_of(noise), rgb, KEY)
    assert photos.augmentation.words.startswith("flip,shift=2,zoom")
    assert (photos.shifts.words, photos.mirrors.words) == ("shift=2", "flip")
    handed = noise // 4
    labels = np.arange(60) % 2
    handed[labels == 0, :, :20] += 120  # bright on the left, or on the right
    handed[labels == 1, :, 20:] += 120
    turned = Looks(part_of(handed, labels), rgb, KEY).augmentation
    assert turned.words.startswith("shift=2") and "no flip" in turned.why
    assert Looks(part_of(handed, labels), rgb, KEY).mirrors.words == ""
    for images, channels in ((noise.mean(-1, keepdims=True).astype(np.uint8), ("gray",)), (noise[:, :20, :20], rgb),
                             (np.repeat(noise[..., :1], 3, -1), rgb), (noise, ("a", "b", "c"))):
        found = Looks(part_of(images), channels, KEY).augmentation
        assert found.words == "" and found.why.startswith("none, as")
        assert Looks(part_of(images), channels, KEY).shifts.why == found.why
    monkeypatch.setattr(choosing, "MANY", 60)
    assert Looks(part_of(noise), rgb, KEY).shifts.words == ""


def test_pictures_are_looked_at_once_and_large_ones_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    part, taken = part_of(RANDOM.integers(0, 256, (60, 32, 40, 3), dtype=np.uint8)), []
    monkeypatch.setattr(choosing, "VALUES", 32 * 40 * 3 * 10)
    monkeypatch.setattr(choosing, "CHUNK", 32 * 40 * 3 * 4)
    take = type(part.images).take
    monkeypatch.setattr(type(part.images), "take", lambda self, places: taken.append(len(places)) or take(self, places))
    looks = Looks(part, ("red", "green", "blue"), KEY)
    assert looks.no_photos == "" and looks.augmentation.words and looks.augmentation.words
    assert taken == [4, 4, 2]
