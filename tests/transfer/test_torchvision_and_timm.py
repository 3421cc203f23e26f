"""Each architecture that torchvision or timm computes as we do reads a file with their names and gives their logits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.architectures import AlexNet, MobileNetV2
from pellucid.architectures.resnet import BOTTLENECK, resnet
from pellucid.architectures.squeeze import squeeze_excite
from pellucid.errors import ArgumentError
from pellucid.models import Model
from tests.transfer.nets import copies, moved

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402

from tests.transfer import twins_of_timm as twins  # noqa: E402
from tests.transfer.twins import shaken  # noqa: E402

SIZE, CLASSES = (45, 70, 5), 6  # odd and even axes meet every stride
NAMES: dict[str, Callable[[str], str]] = {"torchvision": str, "timm": twins.timm_name}


def saved(net: Any, path: Path, named: Callable[[str], str] = str) -> Path:
    save_file({named(name): value.contiguous() for name, value in net.state_dict().items()}, path)
    return path


def assert_same_logits(model: Model, net: Any) -> None:
    """Outputs in eval mode, held to 1e-4 of the largest."""
    x = np.random.default_rng(1).normal(size=(3, *model.input_shape[1:])).astype("float32")
    with torch.no_grad():
        wanted = np.asarray(net(torch.from_numpy(x.transpose(0, 3, 1, 2).copy())))
    assert wanted.std(axis=0).min() > 1e-3 * np.abs(wanted).max()  # the images are told apart
    np.testing.assert_allclose(model.predict(x), wanted, rtol=0, atol=1e-4 * np.abs(wanted).max())


@pytest.fixture(scope="module")
def mobile() -> Any:
    return shaken(twins.MobileNetV2(SIZE[2], CLASSES))


def mobilenet(**options: Any) -> Model:
    return MobileNetV2(**{"form": "torchvision", "input_shape": SIZE, "classes": CLASSES} | options)


@pytest.mark.parametrize("names", NAMES)
def test_mobilenetv2(names: str, mobile: Any, tmp_path: Path) -> None:
    path = saved(mobile, tmp_path / "net.safetensors", NAMES[names])
    model = mobilenet(classifier_activation=None)
    report = model.load_weights(path)
    assert report.fits and report.layout == "names of torch" and len(report.matched) == 52 * 5 + 2
    assert report.parameters == model.count_params() and not report.head and not report.left_out
    assert_same_logits(model, mobile)


@pytest.mark.parametrize("names", NAMES)
def test_mobilenetv2_with_another_head_and_without(names: str, mobile: Any, tmp_path: Path) -> None:
    path = saved(mobile, tmp_path / "net.safetensors", NAMES[names])
    assert mobilenet(classes=3).load_weights(path).head == ("classifier_1/kernel", "classifier_1/bias")
    head = "classifier.1" if names == "torchvision" else "classifier"
    assert mobilenet(include_top=False).load_weights(path).left_out == (f"{head}.bias", f"{head}.weight")


@pytest.mark.parametrize("names", NAMES)
def test_mobilenetv2_in_keras_form_says_which_form_to_take(names: str, mobile: Any, tmp_path: Path) -> None:
    path = saved(mobile, tmp_path / "net.safetensors", NAMES[names])
    model = mobilenet(form="keras")
    before = copies(model)
    words = (r"net.safetensors: its weights are not this model's \(names of torch; 0 match\): 262 missing .*Nothing "
             r"was loaded. The file has torchvision's form: build mobilenetv2 with form='torchvision' \(--model "
             r"NAME-torchvision\), then load again\.")  # fmt: skip
    with pytest.raises(ArgumentError, match=words):
        model.load_weights(path)
    assert moved(before, copies(model)) == set()


@pytest.mark.parametrize("squeeze", [False, True])
def test_a_resnet_of_bottlenecks(squeeze: bool, tmp_path: Path) -> None:
    """ResNet-50 to 152 and timm's seresnet50, with one block a stack."""
    net = shaken(twins.ResNet14(CLASSES, squeeze))
    options: Any = {"input_shape": (70, 45, 3), "classes": CLASSES, "classifier_activation": None}

    def built(form: str) -> Model:
        return resnet("small", BOTTLENECK, (1, 1, 1, 1), form, True, None, options, squeeze_excite if squeeze else None)

    model, path = built("torchvision"), saved(net, tmp_path / "net.safetensors")
    assert model.load_weights(path).fits
    assert_same_logits(model, net)
    with pytest.raises(ArgumentError, match="build small with form='torchvision'"):
        built("keras").load_weights(path)


def test_alexnet(tmp_path: Path) -> None:
    net = shaken(twins.alexnet(CLASSES, 2))
    model = AlexNet(form="torchvision", input_shape=(95, 95, 3), classes=CLASSES, classifier_activation=None)
    assert model.load_weights(saved(net, tmp_path / "net.safetensors")).fits
    assert_same_logits(model, net)
