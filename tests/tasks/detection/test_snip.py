"""SNIP: sizes with valid ranges, objects that are invalid and give no gradient, and boxes joined in the picture."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.batches import Batch
from pellucid.data.boxes.column import Placed
from pellucid.engines.protocol import Objective
from pellucid.errors import UsageError
from pellucid.graph.summary import summarize
from pellucid.keys import Key
from pellucid.layers import Input, Reshape
from pellucid.models import Sequential, load_model
from pellucid.settings import listed
from pellucid.tasks.detection.answering import detected
from pellucid.tasks.detection.codecs.anchors import AnchorCodec
from pellucid.tasks.detection.codecs.center import CenterCodec
from pellucid.tasks.detection.codecs.encoded import Codec
from pellucid.tasks.detection.codecs.snip import Scale, SnipCodec
from pellucid.tasks.detection.codecs.tiles import TileCodec
from pellucid.tasks.detection.kinds import KINDS
from pellucid.tasks.detection.pyramids import WANTED, at_sizes, scales_of, words_of
from pellucid.tasks.detection.record import codec_of
from pellucid.tasks.detection.settings import Settings
from pellucid.training.session import engine_named
from tests.cli.terminal import Terminal

SIZE = (64, 96)
SCALES = (Scale((32, 48), 30, math.inf), Scale((64, 96), 12, 40), Scale((128, 192), 0, 16))
CODECS: dict[str, Codec] = {
    "center": CenterCodec(SIZE, 2),
    "anchors": AnchorCodec(SIZE, 2, (16,), (((14.0, 14), (25, 18)),)),
    "tiles": TileCodec(SIZE, 2, (8,), (((12.0, 12), (24, 24), (48, 48)),)),
}


def placed_of(corners: list[list[float]]) -> Placed:
    """All in the first of two pictures, the first of class 1."""
    count = len(corners)
    return Placed(np.array(corners, float), (np.arange(count) == 0).astype(int), np.zeros(count, bool),
                  np.zeros(count, int), np.arange(count))  # fmt: skip


OBJECTS = placed_of([[8, 10, 18, 20], [30, 20, 54, 44], [40, 4, 92, 60]])  # sides 10, 24 and 54: a size each


def test_words_say_sizes_and_no_object_is_left_out() -> None:
    words = words_of("0.5:15-, 1:12-40 ,2:-32")
    assert [(one.factor, one.least, one.most) for one in words] == [(0.5, 30, math.inf), (1, 12, 40), (2, 0, 16)]
    assert scales_of(words, SIZE, 16) == SCALES
    assert scales_of(words_of("0.7:-"), SIZE, 16) == (Scale((48, 64), 0, math.inf),)
    boxes = np.zeros((500, 4))
    boxes[:, 2:] = 2 ** np.random.default_rng(0).uniform(-2, 6, (500, 2))
    assert np.any([scale.holds(boxes) for scale in SCALES], axis=0).all()


def test_the_words_that_help_and_refusals_say_to_type_leave_no_object_out() -> None:
    (told,) = (known.help for known in listed(Settings) if known.name == "snip")
    for text in (told, WANTED):
        (example,) = re.findall(r"[\d.]+:[\d.,:-]+", text)
        assert len(words_of(example)) == 3


@pytest.mark.parametrize(("words", "said"), [
    ("half:1-2", "FACTOR:LEAST-MOST"), ("1:8", "FACTOR:LEAST-MOST"), ("1:9-3", "FACTOR:LEAST-MOST"),
    ("0:-", "FACTOR:LEAST-MOST"), ("99:-", "FACTOR:LEAST-MOST"), ("", "FACTOR:LEAST-MOST"),
    ("1:5-", "a side of 0 to 5 pixels"), ("1:-40,0.5:30-", "a side of 40 to 60 pixels"), ("1:-40", "more than 40"),
])  # fmt: skip
def test_words_that_make_no_sense_or_leave_objects_out_are_refused(words: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        words_of(words)


@pytest.mark.parametrize("name", list(CODECS))
def test_what_is_written_at_each_size_is_read_again_in_pixels_of_the_input(name: str) -> None:
    codec = SnipCodec(CODECS[name], SCALES)
    made = codec.encode(OBJECTS, 2)
    assert made.targets.shape == (2, codec.places, codec.numbers)
    told = codec.decode(codec.sure(made.targets[0].astype(np.float64)), 0.9)
    found = detected(codec, codec.sure(made.targets[:1].astype(np.float64)), np.eye(2, 3)[None], np.array([SIZE]),
                     threshold=0.5, form="linear")[0]  # fmt: skip
    assert len(told.scores) >= 3 and sorted(found.above(0.9).classes.tolist()) == [0, 0, 1]
    best = np.abs(found.above(0.9).boxes[:, None] - OBJECTS.corners).max(axis=2).min(axis=0)
    assert best.max() < 1e-3
    assert not np.any(codec.lost(OBJECTS)) and codec_of(json.loads(json.dumps(codec.record()))) == codec


@pytest.mark.parametrize(("number", "side", "kept"), [
    (0, 24, False), (0, 40, True), (1, 24, True), (1, 50, False), (2, 14, True), (2, 24, False),
])  # fmt: skip
def test_boxes_outside_the_range_of_their_size_are_dropped(number: int, side: int, kept: bool) -> None:
    """A box told by one size alone: its range is that of sides in pixels of the input, not in those of its size."""
    told = alone(SnipCodec(CODECS["center"], SCALES), number, [30, 8, 30 + side, 8 + side])
    assert len(told) == kept and np.allclose(told, [[30, 8, 30 + side, 8 + side]])


def test_boxes_come_back_from_a_size_of_another_shape() -> None:
    """64 x 96 brought to 48 x 64: three quarters of the rows and two thirds of the columns."""
    told = alone(SnipCodec(CODECS["center"], (Scale((48, 64), 0, math.inf),)), 0, [30, 8, 54, 44])
    assert len(told) == 1 and np.allclose(told, [[30, 8, 54, 44]])


def alone(codec: SnipCodec, number: int, box: list[float]) -> np.ndarray:
    """(M,4) what is read of a box of the input that one size is sure of, and no other."""
    own, scale = codec.codecs[number], codec.scales[number]
    down, across = (new / old for new, old in zip(scale.size, SIZE, strict=True))
    made = own.encode(placed_of([[box[0] * across, box[1] * down, box[2] * across, box[3] * down]]), 1)
    outputs = np.full((codec.places, codec.numbers), -20.0)
    outputs[codec.spans[number]] = own.sure(made.targets[0].astype(np.float64))
    return codec.decode(outputs, 0.5).boxes


@pytest.mark.parametrize("engine", ["reference", "pytorch"])
@pytest.mark.parametrize("name", list(CODECS))
def test_an_object_gives_no_gradient_at_the_sizes_where_it_is_not_valid(name: str, engine: str) -> None:
    """One object of side 24, valid at the middle size: at the other two the gradient at its place is exactly 0."""
    if engine == "pytorch":
        pytest.importorskip("torch")
    codec, runner = SnipCodec(CODECS[name], SCALES), engine_named(engine, "float64", None)
    made = codec.encode(placed_of([[30, 20, 54, 44]]), 1)
    graph = Sequential([Input((codec.places, codec.numbers)), Reshape((codec.places, codec.numbers))]).graph
    x = np.random.default_rng(0).normal(size=(1, codec.places, codec.numbers))
    run = runner.forward(graph, {}, {}, runner.put({"input": x}), training=True, key=Key.of(0))
    batch = Batch({}, {"output": made.targets.astype(np.float64)}, dict(made.weights), dict(made.masks), np.arange(1))
    _, slopes = runner.grad(Objective(codec.terms()), run, batch, wrt=("inputs",))
    slope = runner.get(slopes.inputs)["input"][0]
    for number, (scale, own, span) in enumerate(zip(SCALES, codec.codecs, codec.spans, strict=True)):
        valid, stride = number == 1, own.strides[0]  # type: ignore[attr-defined]
        row, column = (int(middle * scale.size[0] / SIZE[0] / stride) for middle in (32, 42))
        first = (row * (scale.size[1] // stride) + column) * (own.places * stride**2 // np.prod(scale.size))
        place = int(first) + (number if name == "tiles" else 0)     # the anchor that is as large as the object there
        assert slope[span][place].any() == valid and slope[span].any()
        assert made.targets[0, span].any() == valid
        boxed = slope[span][:, :4] if name != "center" else slope[span][:, 2:]
        assert boxed.any() == valid


def test_the_loss_is_that_of_the_sizes_by_their_shares_of_valid_objects() -> None:
    """Two sizes alike, without limits: what they lose is what the base loses, whatever lies in the pictures."""
    base = CODECS["center"]
    both = SnipCodec(base, (Scale(SIZE, 0, math.inf), Scale(SIZE, 0, math.inf)))
    engine = engine_named("reference", "float64", None)
    x = np.random.default_rng(0).normal(size=(2, base.places, base.numbers))

    def loss(codec: Codec, outputs: np.ndarray) -> float:
        made = codec.encode(OBJECTS, 2)
        graph = Sequential([Input(outputs.shape[1:]), Reshape(outputs.shape[1:])]).graph
        run = engine.forward(graph, {}, {}, {"input": outputs}, training=True, key=Key.of(0))
        batch = Batch({}, {"output": made.targets}, dict(made.weights), dict(made.masks), np.arange(2))
        objective = Objective(codec.terms())
        return objective.report(engine.measure(objective, run, batch))["loss"]

    assert loss(both, np.concatenate([x, x], axis=1)) == pytest.approx(loss(base, x), rel=1e-5)


@pytest.mark.parametrize("name", ["center-small", "pyramid", "tridentnet"])
def test_a_network_at_several_sizes_has_the_weights_of_one(name: str) -> None:
    kind = KINDS[name]
    scales = (Scale((32, 64), 20, math.inf), Scale((64, 96), 0, 30))
    base = kind.codec((64, 96), 2, OBJECTS, Settings())
    codec = SnipCodec(base, scales)
    plain = kind.network((64, 96, 3), 2, base)
    model = at_sizes(plain, codec, name)
    assert summarize(model.graph).trainable == summarize(plain.graph).trainable
    assert len(model.graph.training_only) == len(plain.graph.training_only)
    if name == "tridentnet":
        return
    x = np.random.default_rng(0).normal(size=(2, 64, 96, 3)).astype(np.float32)
    whole, alone = model.predict(x, verbose=0), plain.predict(x, verbose=0)
    assert whole.shape == (2, codec.places, codec.numbers)
    assert np.allclose(whole[:, codec.spans[1]], alone, atol=1e-5)


def test_a_network_of_one_size_is_refused() -> None:
    kind = KINDS["localiser"]
    codec = SnipCodec(kind.codec((64, 96), 2, OBJECTS, Settings()), SCALES)
    with pytest.raises(UsageError, match="localiser reads pictures of one size"):
        at_sizes(kind.network((64, 96, 3), 2, codec.base), codec, "localiser")


def test_shapes_are_found_at_two_sizes(terminal: Terminal) -> None:
    """From the command to the file: trained, scored, asked, exported, and refused where it means nothing."""
    words = ["--snip", "1:12-,2:-40", "--model", "center-small", "--epochs", "6", "--batch-size", "8", "--lr", "0.01",
             "--no-checks", "--engine", "pytorch", "--score-every", "6"]  # fmt: skip
    pytest.importorskip("torch")
    trained = terminal.type("train", "shapes", *words, "--out", "run", "--json")
    assert trained.code == 0, trained.err
    told = load_model("run/model.safetensors").task
    assert told is not None
    assert told["record"]["suppression"] == "linear"
    assert [one["size"] for one in told["record"]["codec"]["scales"]] == [[64, 80], [128, 160]]
    assert json.loads(trained.out)["AP50"] > 0.3
    torch, plain = ([box["box"] for one in json.loads(terminal.type(
        "predict", "run", "shapes/test", "--engine", engine, "--json").out)["predictions"] for box in one["boxes"]]
        for engine in ("pytorch", "reference"))  # fmt: skip
    assert len(torch) == len(plain) > 0
    assert np.allclose(torch, plain, atol=0.02)
    Path("model").mkdir()
    Path("run/model.safetensors").rename("model/m.safetensors")
    for flags, said in (
        (["--snip", "1:-", "--multi-scale", "0.25"], "does not go with --snip"),
        (["--snip", "1:-", "--model", "model/m.safetensors"], "a model file has its sizes"),
        (["--snip", "1:5-"], "--snip must be ranges that leave no object out"),
        (["--suppression", "softly"], "--suppression must be"),
    ):
        terminal.refused(2, [said], "train", "shapes", "--no-checks", "--out", "other", *flags)
