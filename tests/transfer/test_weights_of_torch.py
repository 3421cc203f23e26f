"""State dicts with torchvision's and timm's names, saved as .safetensors, give the outputs that torch gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as p
from pellucid.architectures import VGG11, ResNet18
from pellucid.errors import ArgumentError, FileError
from pellucid.layers import BatchNormalization, Conv2D, Conv2DTranspose, Dense, DepthwiseConv2D, Flatten, Input, PReLU
from pellucid.models import Model, Sequential
from tests.transfer.nets import copies, moved

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402

from tests.transfer import twins  # noqa: E402


def saved(net: Any, path: Path, **changed: Any) -> Path:
    """The state dict as a .safetensors file; `changed` replaces arrays by name, None leaves one out."""
    arrays = {name: value.contiguous() for name, value in net.state_dict().items()} | changed
    save_file({name: value for name, value in arrays.items() if value is not None}, path)
    return path


def photos(count: int, side: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, side, side, 3)).astype("float32")


def theirs(call: Any, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return np.asarray(call(torch.from_numpy(x.transpose(0, 3, 1, 2).copy())).softmax(dim=1))


@pytest.fixture(scope="module")
def resnet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    net = twins.shaken(twins.ResNet18(7))
    return net, saved(net, tmp_path_factory.mktemp("torch") / "resnet18.safetensors")


def resnet18(**options: Any) -> Model:
    return ResNet18(form="torchvision", **{"input_shape": (40, 40, 3), "classes": 7} | options)


def test_resnet18(resnet: tuple[Any, Path]) -> None:
    net, path = resnet
    model = resnet18()
    report = model.load_weights(path)
    assert report.fits and report.layout == "names of torch" and len(report.matched) == 102
    assert report.parameters == model.count_params() and not report.head and not report.left_out
    x = photos(2, 40)
    np.testing.assert_allclose(model.predict(x), theirs(net, x), rtol=1e-4, atol=1e-6)


def test_other_classes_leave_the_head_out(resnet: tuple[Any, Path]) -> None:
    _, path = resnet
    model = resnet18(classes=3)
    before = copies(model)
    report = model.load_weights(path)
    assert report.head == ("fc/kernel", "fc/bias") and report.left_out == () and len(report.matched) == 100
    assert "the head is left as it is: fc/kernel, fc/bias" in str(report)
    assert not moved(before, copies(model)) & {"fc/kernel", "fc/bias"}
    same = resnet18()
    assert same.load_weights(path, new_head=True).head == ("fc/kernel", "fc/bias")
    trunk = resnet18(include_top=False, pooling="avg")
    report = trunk.load_weights(path)
    assert report.left_out == ("fc.bias", "fc.weight") and len(report.matched) == 100
    same.load_weights(path)
    x = photos(2, 40)
    pooled = Model(same.input, same.get_layer("avgpool").output).predict(x)
    np.testing.assert_allclose(trunk.predict(x), pooled, rtol=1e-5, atol=1e-6)


def test_the_argument_of_an_architecture(resnet: tuple[Any, Path]) -> None:
    net, path = resnet
    x = photos(1, 40)
    np.testing.assert_allclose(resnet18(weights=path).predict(x), theirs(net, x), rtol=1e-4, atol=1e-6)
    model = resnet18(weights=str(path), classes=2)
    assert model.loaded is not None and model.loaded.head == ("fc/kernel", "fc/bias")
    with pytest.raises(ArgumentError, match=r"resnet18: no weights called 'imagenet' are known for it; .* Nothing is "):
        resnet18(weights="imagenet")


def test_what_does_not_fit_is_listed_and_nothing_loaded(resnet: tuple[Any, Path], tmp_path: Path) -> None:
    net, path = resnet
    model = resnet18()
    before = copies(model)
    spoiled = saved(net, tmp_path / "spoiled.safetensors", **{
        "bn1.weight": None, "layer5.0.conv1.weight": torch.zeros(1), "conv1.weight": torch.zeros(64, 3, 5, 5)
    })  # fmt: skip
    words = (r"spoiled.safetensors: its weights are not this model's \(names of torch; 100 match\): 1 missing "
             r"\(bn1/gamma\), 1 unexpected \(layer5.0.conv1.weight\), 1 of another shape \(conv1/kernel "
             r"\(7, 7, 3, 64\) here, \(5, 5, 3, 64\) there\). Nothing was loaded.")  # fmt: skip
    with pytest.raises(ArgumentError, match=words):
        model.load_weights(spoiled)
    assert moved(before, copies(model)) == set()
    with pytest.raises(ArgumentError, match=r"\d+ missing \(.*_conv/"):
        ResNet18(input_shape=(40, 40, 3), classes=7).load_weights(path)  # Keras's form wants biases too
    hole = saved(net, tmp_path / "nan.safetensors", **{"bn1.weight": torch.full((64,), float("nan"))})
    with pytest.raises(FileError, match=r"nan.safetensors: 'bn1.weight' holds NaN or infinity, so nothing was loaded"):
        model.load_weights(hole)
    assert moved(before, copies(model)) == set()


@pytest.mark.parametrize("timm", [False, True])
def test_vgg(timm: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Convolutions by order, and a first dense layer that reads C, H, W (or is a convolution, in timm)."""
    from pellucid.architectures import vgg

    monkeypatch.setattr(vgg, "FILTERS", (6, 8, 10, 12, 12))  # the full one has 100 million weights in fc1
    monkeypatch.setattr(twins, "WIDTHS", (6, "M", 8, "M", 10, 10, "M", 12, 12, "M", 12, 12, "M"))
    net = twins.shaken(twins.vgg11(5, 2, timm=timm))
    path = saved(net, tmp_path / "vgg11.safetensors")
    model = VGG11(input_shape=(64, 64, 3), classes=5)
    report = model.load_weights(path)
    assert report.fits and len(report.matched) == 22
    x = photos(2, 64)
    np.testing.assert_allclose(
        model.predict(x), theirs(lambda image: twins.vgg_logits(net, image), x), rtol=1e-4, atol=1e-6
    )
    trunk = VGG11(include_top=False, input_shape=(64, 64, 3))
    assert len(trunk.load_weights(path).left_out) == 6


def test_every_kind_of_layer_comes_back_from_to_torch(tmp_path: Path) -> None:
    p.set_random_seed(3)
    inner = Sequential([Input((9, 8, 4)), Conv2D(6, 3, groups=2, name="grouped"), PReLU(name="slopes")], name="inner")
    layers = [
        Input((9, 8, 4)), inner, DepthwiseConv2D(3, depth_multiplier=2, name="each"),
        p.layers.SeparableConv2D(5, 3, name="two"), Conv2DTranspose(3, 3, strides=2, name="up"), Flatten(),
        BatchNormalization(name="norm"), p.layers.Dropout(0.2), Dense(4, name="wide"), PReLU(name="last"),
        Dense(3, activation="softmax", name="out"),
    ]  # fmt: skip
    model = Sequential(layers)
    random = np.random.default_rng(5)
    model.set_weights([random.uniform(0.1, 0.9, weight.shape) for weight in model.get_weights()])
    path = saved(model.to_torch(), tmp_path / "own.safetensors")
    wanted = copies(model)
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    assert model.load_weights(path, flatten="HWC").fits
    assert moved(wanted, copies(model)) == set()
    model.load_weights(path)  # as if torch had flattened: another order where dense layers meet the map
    norm = {f"norm/{name}" for name in ("gamma", "beta", "moving_mean", "moving_variance")}
    assert moved(wanted, copies(model)) == {*norm, "wide/kernel"}
    with pytest.raises(ArgumentError, match="flatten must be 'CHW' or 'HWC', but it is 'NCHW'"):
        model.load_weights(path, flatten="NCHW")


@pytest.mark.parametrize("name", ["net.pth", "net.pt", "pytorch_model.bin", "net.ckpt", "net.safetensors"])
def test_pickles_are_refused_with_the_way_round(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    torch.save({"w": torch.zeros(2)}, path)
    words = rf"{name} holds a pickle, .*weights_only=True\), '{path.stem}.safetensors'\)"
    with pytest.raises(FileError, match=words):
        resnet18().load_weights(path)


@pytest.mark.parametrize(("name", "content", "words"), [
    ("none.safetensors", None, "does not exist"),
    ("cut.safetensors", b"\x40\0\0\0\0\0\0\0{", "cut short"),
    ("net.keras", b"PK", "Unzip it: it holds a model.weights.h5"),
    ("net.onnx", b"", "weights are read from .safetensors and .weights.h5 files"),
])  # fmt: skip
def test_other_files(name: str, content: bytes | None, words: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match=words):
        resnet18().load_weights(tmp_path / name)


def test_halves(resnet: tuple[Any, Path], tmp_path: Path) -> None:
    net, _ = resnet
    half = {name: value.half() if value.is_floating_point() else value for name, value in net.state_dict().items()}
    save_file(half, tmp_path / "half.safetensors")
    model = resnet18()
    assert model.load_weights(tmp_path / "half.safetensors").fits
    assert model.weights_by_key()["conv1/kernel"].dtype == np.float32
    save_file({"conv1.weight": torch.zeros(2, dtype=torch.bfloat16)}, tmp_path / "brain.safetensors")
    with pytest.raises(FileError, match=r"'conv1.weight' is bfloat16, which NumPy cannot read\. Save it as float32"):
        model.load_weights(tmp_path / "brain.safetensors")
