"""Heat maps on the layers of a network with a name: weights from a file, kept; sizes; what has no such maps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pellucid.architectures import SqueezeNet
from pellucid.errors import UsageError
from pellucid.models import load_model
from pellucid.tasks.keypoints.networks import maps_on
from tests.cli.terminal import Terminal

TRAIN = ["train", "kites", "--points-codec", "heatmaps", "--epochs", "1", "--no-checks", "--augment", "none"]


def test_points_begin_with_the_weights_of_a_classifier_and_keep_them(terminal: Terminal) -> None:
    SqueezeNet(weights=None, input_shape=(48, 48, 3), classes=7, version="1.1").save("known.safetensors")
    typed = terminal.type(*TRAIN, "--resize", "48x64", "--model", "squeezenet-1.1", "--weights", "known.safetensors",
                          "--freeze", "all-but-head", "--out", "run")  # fmt: skip
    assert typed.code == 0 and "the file's head is left out: conv_final/bias, conv_final/kernel" in typed.out, typed
    was, now = load_model("known.safetensors").weights_by_key(), load_model("run").weights_by_key()
    shared = [key for key in was if not key.startswith("conv_final/")]
    assert len(shared) == len(was) - 2 and all(np.array_equal(was[key], now[key]) for key in shared)
    assert {"side4/kernel", "up8/kernel", "points_maps/kernel"} <= now.keys() and "conv_final/kernel" not in now
    scored = json.loads(terminal.type("evaluate", "run", "--json").out)
    assert scored["nme"] == json.loads(Path("run/metrics.json").read_text(encoding="utf-8"))["nme"]
    longer = terminal.type(*TRAIN, "--resize", "48x64", "--model", "run/model.safetensors", "--freeze", "all-but-head",
                           "--out", "on")  # fmt: skip
    assert longer.code == 0, longer
    assert np.array_equal(was["conv1/kernel"], load_model("on").weights_by_key()["conv1/kernel"])


@pytest.mark.parametrize(
    "name, size", [("squeezenet-1.1", (48, 64)), ("resnet18", (48, 32)), ("cifarresnet20", (32, 32))])  # fmt: skip
def test_maps_have_four_pixels_a_place_however_the_network_halves(name: str, size: tuple[int, int]) -> None:
    model = maps_on(name, (*size, 3), 5)
    assert model.output_shape == (None, 5, size[0] // 4 * (size[1] // 4))
    assert np.isfinite(model.predict(np.ones((1, *size, 3), np.float32), verbose=0)).all()


def test_what_has_no_such_maps_is_told_of_one_that_has(terminal: Terminal) -> None:
    with pytest.raises(UsageError, match=r"maps of 4 pixels a place, such as resnet18.*which has none of 4"):
        maps_on("clothesmlp", (32, 32, 3), 5)
    for words, said in ((["--model", "conv_8,pool,FC_16"], "--points-codec heatmaps does not go with --model conv_8"),
                        (["--model", "squeezenet", "--resize", "40x64"], "The next size that fits is --resize 48x64")):
        typed = terminal.type(*TRAIN, *words)
        assert typed.code == 2 and said in typed.err, typed
