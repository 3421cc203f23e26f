"""Keras's .weights.h5 gives the outputs that Keras gives; an HDF5 file that could hurt is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.architectures import VGG16, MobileNetV2, ResNet50
from pellucid.errors import ArgumentError, FileError
from pellucid.models import Model, Sequential
from tests.transfer.nets import copies, moved, small

keras = pytest.importorskip("tests.parity_keras.bridge").keras
h5py = pytest.importorskip("h5py")

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # of Keras itself
    pytest.mark.filterwarnings("ignore:.*HDF5 file via.*:UserWarning"),
]


def shaken(model: Any, seed: int = 0) -> Any:
    """Weights as after some training: every one drawn anew, small enough that maps keep their size."""
    random = np.random.default_rng(seed)
    values = []
    for weight in model.weights:
        shape, name = tuple(weight.shape), weight.path
        if name.endswith(("moving_variance", "gamma")):
            values.append(random.uniform(0.8, 1.2, shape))
        else:
            fan = int(np.prod(shape[:-1])) if len(shape) > 1 else 400
            values.append(random.normal(0, (2 / fan) ** 0.5, shape))
    model.set_weights(values)
    return model


def outputs(model: Any, x: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(x))


def photos(count: int, side: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, side, side, 3)).astype("float32")


@pytest.fixture(scope="module")
def resnet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    keras.config.set_floatx("float32")
    theirs = shaken(keras.applications.ResNet50(weights=None, input_shape=(33, 33, 3), classes=6))
    path = tmp_path_factory.mktemp("keras") / "resnet50.weights.h5"
    theirs.save_weights(path)
    return theirs, path


def test_resnet50(resnet: tuple[Any, Path]) -> None:
    theirs, path = resnet
    x = photos(2, 33)
    ours = ResNet50(weights=path, input_shape=(33, 33, 3), classes=6)
    assert ours.loaded is not None and len(ours.loaded.matched) == len(theirs.weights)
    np.testing.assert_allclose(ours.predict(x), outputs(theirs, x), rtol=1e-3, atol=1e-5)


def test_resnet50_with_another_head_and_without(resnet: tuple[Any, Path]) -> None:
    theirs, path = resnet
    report = ResNet50(weights=path, input_shape=(33, 33, 3), classes=4).loaded
    assert report is not None and report.head == ("predictions/kernel", "predictions/bias")
    trunk = ResNet50(include_top=False, pooling="avg", weights=path, input_shape=(33, 33, 3))
    assert trunk.loaded is not None and trunk.loaded.left_out == ("layers/dense/vars/0", "layers/dense/vars/1")
    x = photos(1, 33)
    pooled = keras.Model(theirs.input, theirs.get_layer("avg_pool").output)
    np.testing.assert_allclose(trunk.predict(x), outputs(pooled, x), rtol=1e-3, atol=1e-4)


def test_vgg16_without_top(tmp_path: Path) -> None:
    theirs = shaken(keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3)))
    theirs.save_weights(tmp_path / "vgg16.weights.h5")
    ours = VGG16(include_top=False, weights=tmp_path / "vgg16.weights.h5", input_shape=(32, 32, 3))
    x = photos(2, 32)
    np.testing.assert_allclose(ours.predict(x), outputs(theirs, x), rtol=1e-3, atol=1e-5)


def test_mobilenetv2_and_its_other_form(tmp_path: Path) -> None:
    """All shapes of torchvision's form are Keras's, in the same order, but its maps are not: such a file is refused."""
    theirs = shaken(keras.applications.MobileNetV2(weights=None, input_shape=(40, 40, 3), classes=6))
    theirs.save_weights(tmp_path / "mobile.weights.h5")
    ours = MobileNetV2(weights=tmp_path / "mobile.weights.h5", input_shape=(40, 40, 3), classes=6)
    x = photos(2, 40)
    np.testing.assert_allclose(ours.predict(x), outputs(theirs, x), rtol=1e-3, atol=1e-5)
    other = MobileNetV2(form="torchvision", input_shape=(40, 40, 3), classes=6)
    before = copies(other)
    words = (r"\(names of Keras; 262 match\): the shapes are the same, the arithmetic is not\. Nothing was loaded\. "
             r"The file has Keras's form: build mobilenetv2 with form='keras' \(--model without ")  # fmt: skip
    with pytest.raises(ArgumentError, match=words):
        other.load_weights(tmp_path / "mobile.weights.h5")
    with h5py.File(tmp_path / "mobile.weights.h5", "a") as file:  # as Keras 3.0 wrote it
        for layer in file["layers"].values():
            layer["vars"].attrs.pop("name", None)
    with pytest.raises(ArgumentError, match="build mobilenetv2 with form='keras'"):
        other.load_weights(tmp_path / "mobile.weights.h5")
    assert moved(before, copies(other)) == set()


def every_kind(library: Any) -> Any:
    """Each layer with weights, names of its own, a sub-model, two of a kind out of order of creation."""
    layers = library.layers
    late = layers.Conv2D(4, 1, name="late")
    inner = library.Sequential([layers.Input((9, 8, 3)), layers.Conv2D(4, 3, name="zz"), layers.BatchNormalization()],
                               name="inner")  # fmt: skip
    image = layers.Input((9, 8, 3))
    seen = inner(image)
    first = layers.Conv2D(4, 1, name="early")(seen)
    joined = layers.Add()([late(first), layers.SeparableConv2D(4, 1)(seen)])
    x = layers.PReLU(shared_axes=[1, 2])(joined)
    x = layers.Conv2DTranspose(2, 3, strides=2)(layers.DepthwiseConv2D(3)(x))
    x = layers.Flatten()(x)
    return library.Model(image, layers.Dense(3, name="predictions")(layers.BatchNormalization(scale=False)(x)))


@pytest.mark.parametrize("name", ["all.weights.h5", "older.h5"])
def test_every_kind_of_layer_in_both_layouts(name: str, tmp_path: Path) -> None:
    theirs, ours = shaken(every_kind(keras)), every_kind(p)
    (theirs.save_weights if "weights" in name else theirs.save)(tmp_path / name)
    report = ours.load_weights(tmp_path / name)
    assert report.fits and report.layout == "names of Keras" and len(report.matched) == len(theirs.weights)
    x = np.random.default_rng(2).normal(size=(2, 9, 8, 3)).astype("float32")
    np.testing.assert_allclose(ours.predict(x), outputs(theirs, x), rtol=1e-4, atol=1e-5)


def twin() -> Any:
    layers = keras.layers
    return shaken(keras.Sequential([
        layers.Input((7, 6, 2)), layers.Conv2D(4, 3, activation="relu", name="conv1"),
        layers.BatchNormalization(name="bn1"), layers.Conv2D(5, 3, strides=2, name="conv2"),
        layers.BatchNormalization(name="bn2"), layers.Flatten(), layers.Dense(3, activation="softmax", name="out"),
    ]))  # fmt: skip


def test_automatic_names_that_went_on_counting(tmp_path: Path) -> None:
    """In a process that has built networks before, Keras calls the first convolution conv2d_7."""
    layers = [keras.layers.Conv2D(2, 3, name=f"conv2d_{number}") for number in (1, 2)]
    theirs = shaken(keras.Sequential([keras.layers.Input((7, 7, 2)), *layers]))
    theirs.save_weights(tmp_path / "two.weights.h5")
    ours = Sequential([p.Input((7, 7, 2)), p.layers.Conv2D(2, 3), p.layers.Conv2D(2, 3)])  # conv2d, conv2d_1
    ours.load_weights(tmp_path / "two.weights.h5")
    for own, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(own, other)


def test_what_does_not_fit_is_listed(tmp_path: Path) -> None:
    twin().save_weights(tmp_path / "net.weights.h5")
    model = Sequential([p.Input((7, 6, 2)), p.layers.Conv2D(4, 5, name="conv1"), p.layers.Flatten(), p.layers.Dense(9)])
    before = copies(model)
    words = r"net.weights.h5: its weights are not this model's .* 10 unexpected \(.*\), 3 of another shape \(conv1/kern"
    with pytest.raises(ArgumentError, match=words):
        model.load_weights(tmp_path / "net.weights.h5")
    assert moved(before, copies(model)) == set()


# --- files that could hurt --------------------------------------------------------------------------------------------

@pytest.fixture
def good(tmp_path: Path) -> Path:
    twin().save_weights(tmp_path / "net.weights.h5")
    small().load_weights(tmp_path / "net.weights.h5")
    return tmp_path / "net.weights.h5"


def link_outside(file: Any, folder: Path) -> None:
    with h5py.File(folder / "other.h5", "w") as other:
        other["secret"] = np.zeros((3, 3, 2, 4), np.float32)
    file["layers/conv2d/vars/0"] = h5py.ExternalLink(str(folder / "other.h5"), "secret")


def link_inside(file: Any, folder: Path) -> None:
    file["layers/conv2d/vars/0"] = h5py.SoftLink("/layers/conv2d_1/vars/0")


def numbers_outside(file: Any, folder: Path) -> None:
    (folder / "numbers").write_bytes(bytes(288 * 4))
    file["layers/conv2d/vars"].create_dataset("0", (3, 3, 2, 4), "f4", external=[(str(folder / "numbers"), 0, 288 * 4)])


def a_view(file: Any, folder: Path) -> None:
    layout = h5py.VirtualLayout((3, 3, 2, 4), "f4")
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "secret", shape=(3, 3, 2, 4))
    file["layers/conv2d/vars"].create_virtual_dataset("0", layout)


def objects(file: Any, folder: Path) -> None:
    file["layers/conv2d/vars"].create_dataset("0", data=["text", "of any length"])


def a_loop(file: Any, folder: Path) -> None:
    file["layers/conv2d/again"] = file["layers"]


@pytest.mark.parametrize(("spoil", "words"), [
    (link_outside, "'layers/conv2d/vars/0' is a link to another place"),
    (link_inside, "'layers/conv2d/vars/0' is a link to another place"),
    (numbers_outside, "the numbers of 'layers/conv2d/vars/0' lie in another file"),
    (a_view, "'layers/conv2d/vars/0' is a view of other data sets"),
    (objects, "'layers/conv2d/vars/0' holds text of any length, which is not read"),
    (a_loop, "several ways lead to 'layers/conv2d/again'"),
])  # fmt: skip
def test_a_file_that_could_hurt(spoil: Any, words: str, good: Path, tmp_path: Path) -> None:
    with h5py.File(good, "a") as file:
        if spoil is not a_loop:
            del file["layers/conv2d/vars/0"]
        spoil(file, tmp_path)
    with pytest.raises(FileError, match=words):
        small().load_weights(good)


def test_broken_files(good: Path, tmp_path: Path) -> None:
    whole = good.read_bytes()
    for content, words in ((whole[: len(whole) // 2], "damaged or cut short"), (b"", "it is empty"),
                           (b"no such thing", "is not an HDF5 file")):  # fmt: skip
        (tmp_path / "broken.weights.h5").write_bytes(content)
        with pytest.raises(FileError, match=f"broken.weights.h5 .*{words}"):
            small().load_weights(tmp_path / "broken.weights.h5")
    with pytest.raises(FileError, match="does not exist"):
        small().load_weights(tmp_path / "none.weights.h5")


def test_a_model_is_cut_from_what_was_read(good: Path) -> None:
    model = small()
    model.load_weights(good)
    cut = Model(model.input, model.get_layer("bn2").output)
    assert cut.predict(np.ones((1, 7, 6, 2), "float32")).shape == (1, 2, 1, 5)
