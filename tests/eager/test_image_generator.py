"""ImageDataGenerator changes pictures as Keras's does for the same numbers, and feeds fit from arrays and folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pellucid as p
from pellucid.errors import ArgumentError
from pellucid.preprocessing import image
from tests.parity_keras.bridge import keras  # noqa: F401  (chooses Keras's engine)

ImageDataGenerator = image.ImageDataGenerator

X = np.random.default_rng(0).uniform(0, 255, (10, 8, 8, 3)).astype("float32")
NUMBERS = [
    {"theta": 25.0}, {"tx": 2.0, "ty": -1.5}, {"shear": 15.0}, {"zx": 0.8, "zy": 1.3}, {"flip_horizontal": True},
    {"theta": -40.0, "tx": 1.0, "shear": 5.0, "zx": 1.2, "zy": 1.1, "flip_vertical": True}, {"brightness": 1.4},
    {"channel_shift_intensity": 30.0},
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning")  # Keras's own
@pytest.mark.parametrize("numbers", NUMBERS, ids=str)
def test_a_picture_is_changed_as_keras_changes_it(numbers: dict[str, Any]) -> None:
    pytest.importorskip("scipy")
    from keras.src.legacy.preprocessing.image import ImageDataGenerator as Theirs

    told = {"fill_mode": "nearest", "samplewise_center": True, "samplewise_std_normalization": True}
    wanted = Theirs(**told).apply_transform(X[0].copy(), numbers)
    found = ImageDataGenerator(**told).apply_transform(X[0], numbers)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(ImageDataGenerator(**told).standardize(found), Theirs(**told).standardize(wanted.copy()),
                               rtol=1e-3, atol=1e-4)  # fmt: skip


def test_each_picture_draws_for_itself_within_what_was_said() -> None:
    x = np.repeat(X[:1], 64, 0)
    moved = ImageDataGenerator(height_shift_range=[2], rescale=0.5)
    batch = next(moved.flow(x, batch_size=64, seed=1))
    ways = [{way for way in (-2, 2) if np.allclose(one[2:6], 0.5 * np.roll(x[0], -way, 0)[2:6])} for one in batch]
    assert all(len(way) == 1 for way in ways) and {-2, 2} == set().union(*ways)
    zoomed = ImageDataGenerator(rotation_range=30, zoom_range=0.2, horizontal_flip=True)
    drawn = [zoomed.get_random_transform((8, 8, 3), seed=place) for place in range(200)]
    assert max(abs(one["theta"]) for one in drawn) < 30 < 2 * max(abs(one["theta"]) for one in drawn)
    assert min(one["zx"] for one in drawn) > 0.8 and any(one["zx"] != one["zy"] for one in drawn)
    assert 70 < sum(one["flip_horizontal"] for one in drawn) < 130 and not any(one["flip_vertical"] for one in drawn)
    first, second = (zoomed.flow(x, batch_size=64, seed=3) for _ in range(2))
    np.testing.assert_array_equal(next(first), next(second))
    assert not np.array_equal(next(first), next(second)[:1])


def test_it_feeds_fit(tmp_path: Path) -> None:
    for name, shade in (("dark", 40), ("light", 200)):
        (tmp_path / name).mkdir()
        for number in range(10):
            Image.fromarray(np.full((8, 8, 3), shade + number, "uint8")).save(tmp_path / name / f"{number}.png")
    generator = ImageDataGenerator(rescale=1 / 255, width_shift_range=0.2, validation_split=0.3)
    told = {"target_size": (8, 8), "batch_size": 4, "class_mode": "binary", "seed": 1}
    train = generator.flow_from_directory(tmp_path, subset="training", **told)
    held = generator.flow_from_directory(tmp_path, subset="validation", shuffle=False, **told)
    assert (train.samples, held.n, train.class_indices) == (14, 6, {"dark": 0, "light": 1})
    assert len({*train.filenames, *held.filenames}) == 20
    judge = p.layers.Dense(1, activation="sigmoid")
    model = p.Sequential([p.Input((8, 8, 3)), p.layers.GlobalAveragePooling2D(), judge])
    model.compile(p.optimizers.Adam(0.5), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(train, validation_data=held, epochs=8, steps_per_epoch=len(train), verbose=0).history
    assert history["val_accuracy"][-1] == 1
    assert ((model.predict(held, verbose=0)[:, 0] > 0.5) == held.classes).all()
    generator = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True)
    with pytest.raises(ArgumentError, match=r"Call its fit\(x\) first"):
        next(generator.flow(X))
    generator.fit(X)
    np.testing.assert_allclose(next(generator.flow(X)).std((0, 1, 2)), 1, rtol=1e-3)


def test_batches_answer_to_what_is_typed_for_tf_data(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        for number in range(4):
            Image.fromarray(np.full((4, 4, 3), number, "uint8")).save(tmp_path / name / f"{number}.png")
    batches = p.utils.image_dataset_from_directory(tmp_path, image_size=(4, 4), batch_size=3, seed=1)
    chained = batches.cache().shuffle(100).prefetch(2).map(lambda x, y: (x / 255, y))
    assert len(chained) == 3 and chained.class_names == ["a", "b"]
    assert [len(y) for _, y in chained.take(2)] == [3, 3]
    assert max(x.max() for x, _ in chained) == pytest.approx(3 / 255)


@pytest.mark.parametrize(("given", "told"), [
    ({"zca_whitening": True}, "zca_whitening must be False"), ({"zoom_range": "a"}, "must be a number, or two"),
    ({"rotation_range": -1}, "rotation_range must be a number >= 0"), ({"fill_mode": "mirror"}, "must be one of"),
    ({"data_format": "channels_first"}, "data_format must be"), ({"validation_split": 2}, "between 0 and 1"),
])  # fmt: skip
def test_bad_arguments_are_said(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        ImageDataGenerator(**given)
